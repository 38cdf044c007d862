package target

import (
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// An entry is a server as the clients' files describe it, all dialects in one.
type entry struct {
	Type      string            `json:"type"`
	Transport string            `json:"transport"`
	Command   *string           `json:"command"`
	Args      []string          `json:"args"`
	Env       map[string]scalar `json:"env"`
	EnvFile   string            `json:"envFile"`
	Cwd       string            `json:"cwd"`
	URL       *string           `json:"url"`
	ServerURL *string           `json:"serverUrl"` // Windsurf
	HTTPURL   *string           `json:"httpUrl"`   // Gemini
	Headers   map[string]string `json:"headers"`
	Disabled  bool              `json:"disabled"`
	Enabled   *bool             `json:"enabled"`
	Endpoint  json.RawMessage   `json:"endpoint"` // of a registry, which this is not
}

func (e entry) off() bool { return e.Disabled || e.Enabled != nil && !*e.Enabled }

// A scalar is the value of an environment variable: clients take numbers and
// booleans too, and null for none.
type scalar struct {
	text string
	set  bool
}

func (s *scalar) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		s.set = true
		return json.Unmarshal(raw, &s.text)
	case '{', '[':
		return errNotScalar
	}
	s.text, s.set = string(raw), true
	return nil
}

var errNotScalar = usagef("a variable in %q is an object or an array, want a string", "env")

// server makes a server of an entry, as the client would start or reach it.
func (f *clientFile) server(e entry) (Server, error) {
	transport, err := e.transport()
	if err != nil {
		return Server{}, err
	}
	address, err := e.address()
	if err != nil {
		return Server{}, err
	}
	var s Server
	switch {
	case e.Command != nil && address != nil:
		return s, usagef("it has both a command and a URL, want one")
	case e.Command != nil && transport != "" && transport != spec.Stdio:
		return s, usagef("its type is %q, but it has a command and no URL", cmp.Or(e.Type, e.Transport))
	case address != nil && transport == spec.Stdio:
		return s, usagef("its type is %q, but it has a URL and no command", cmp.Or(e.Type, e.Transport))
	case e.Command != nil:
		s, err = f.started(e)
	case address != nil:
		s, err = f.reached(e, *address)
	case e.Endpoint != nil:
		return s, usagef("it has an endpoint, as in the registry of a cluster; did you mean --registry")
	default:
		return s, usagef("it has neither a command nor a URL")
	}
	s.Transport = transport
	if e.Command != nil {
		s.Transport = spec.Stdio
	}
	return s, err
}

func (e entry) transport() (spec.Transport, error) {
	said := cmp.Or(e.Type, e.Transport)
	if said == "" {
		if e.HTTPURL != nil {
			return spec.StreamableHTTP, nil
		}
		return "", nil
	}
	t, ok := transportNamed(said)
	if !ok {
		return "", usagef("its type is %q, want stdio, http or sse", said)
	}
	return t, nil
}

// address returns the URL, by whichever name the client has for it.
func (e entry) address() (*string, error) {
	var found *string
	for _, u := range []*string{e.URL, e.ServerURL, e.HTTPURL} {
		if u == nil {
			continue
		}
		if found != nil && *found != *u {
			return nil, usagef("it has two URLs that differ, want one")
		}
		found = u
	}
	return found, nil
}

func (f *clientFile) reached(e entry, address string) (Server, error) {
	value, said, err := f.expand(address)
	if err != nil {
		return Server{}, err
	}
	s, err := fromURL(value, said)
	if err != nil {
		return Server{}, err
	}
	given := http.Header{}
	for _, name := range sorted(e.Headers) {
		value, _, err := f.expand(e.Headers[name])
		if err == nil {
			err = addField(given, name, strings.Trim(value, " \t"))
		}
		if err != nil {
			return Server{}, err
		}
	}
	for name, values := range given {
		if s.Header == nil {
			s.Header = http.Header{}
		}
		s.Header[name] = values
	}
	return s, nil
}

func (f *clientFile) started(e entry) (Server, error) {
	s := Server{Dir: f.dir}
	for _, word := range append([]string{*e.Command}, e.Args...) {
		value, said, err := f.expand(word)
		if err != nil {
			return s, err
		}
		if strings.ContainsRune(value, 0) {
			return s, usagef("its command line holds a NUL character")
		}
		if f.editor {
			value = untilde(value)
		}
		s.Command, s.said = append(s.Command, value), append(s.said, said)
	}
	if e.Cwd != "" {
		dir, said, err := f.expand(e.Cwd)
		if err != nil {
			return s, err
		}
		s.Dir, s.saidDir = f.inWorkspace(dir), said
	}
	env, err := f.environment(e)
	s.Env = env
	return s, err
}

func (f *clientFile) inWorkspace(path string) string {
	if f.editor {
		path = untilde(path)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.workspace, path)
}

// environment returns the variables of envFile and env, the latter winning.
func (f *clientFile) environment(e entry) ([]string, error) {
	var env []string
	if e.EnvFile != "" {
		path, said, err := f.expand(e.EnvFile)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(f.inWorkspace(path))
		if err != nil {
			return nil, usagef("envFile %q: %s", said, cause(err))
		}
		env = dotenv(string(data))
	}
	for _, name := range sorted(e.Env) {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return nil, usagef("a name in %q is empty or holds an equals sign", "env")
		}
		if !e.Env[name].set {
			continue
		}
		value, _, err := f.expand(e.Env[name].text)
		if err != nil {
			return nil, err
		}
		if strings.ContainsRune(value, 0) {
			return nil, usagef("the variable %q in %q holds a NUL character", name, "env")
		}
		if before, ok := f.lookup("PATH"); ok && f.editor && name == "PATH" {
			// VS Code adds to the PATH where other clients replace it.
			value = before + string(filepath.ListSeparator) + value
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}

var assigned = regexp.MustCompile(`^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$`)

// dotenv reads lines of NAME=VALUE. As in the clients, a line that is not one
// is passed over.
func dotenv(text string) []string {
	var env []string
	for line := range strings.Lines(text) {
		m := assigned.FindStringSubmatch(line)
		if m == nil || strings.ContainsRune(line, 0) {
			continue
		}
		value := m[2]
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			quote := value[0]
			value = value[1 : n-1]
			if quote == '"' {
				value = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\"`, `"`).Replace(value)
			}
		}
		env = append(env, m[1]+"="+value)
	}
	return env
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
