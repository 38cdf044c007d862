package target

import (
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// extras are what flags add to every server that was named.
type extras struct {
	env       []string
	header    http.Header
	dir       string
	transport spec.Transport
}

func (s Selection) extras() (extras, error) {
	x := extras{dir: s.Dir, header: http.Header{}}
	for i, kv := range s.Env {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" || strings.ContainsRune(kv, 0) {
			return x, usagef("--env number %d is malformed, want NAME=VALUE", i+1)
		}
		x.env = append(x.env, name+"="+value)
	}
	if err := s.headers(x.header); err != nil {
		return x, err
	}
	if s.Transport != "" {
		t, ok := transportNamed(s.Transport)
		if !ok {
			return x, usagef("--transport is %q, want stdio, http or sse", s.Transport)
		}
		x.transport = t
	}
	if x.dir != "" {
		if err := directory(x.dir, x.dir); err != nil {
			return x, usagef("--cwd: %v", err)
		}
	}
	return x, nil
}

// headers files the fields that --header, --header-env and --token-env name.
func (s Selection) headers(h http.Header) error {
	for i, line := range s.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return usagef("--header number %d has no colon, want 'Name: value'", i+1)
		}
		if err := addField(h, name, strings.Trim(value, " \t")); err != nil {
			return usagef("--header number %d: %v", i+1, err)
		}
	}
	for i, kv := range s.HeaderEnv {
		name, variable, ok := strings.Cut(kv, "=")
		if !ok || variable == "" {
			return usagef("--header-env number %d is malformed, want Name=VARIABLE", i+1)
		}
		value, err := s.variable(variable)
		if err != nil {
			return usagef("--header-env number %d: %v", i+1, err)
		}
		if err := addField(h, name, value); err != nil {
			return usagef("--header-env number %d: %v", i+1, err)
		}
	}
	if s.TokenEnv == "" {
		return nil
	}
	token, err := s.variable(s.TokenEnv)
	if err != nil {
		return usagef("--token-env: %v", err)
	}
	if len(h.Values("Authorization")) > 0 {
		return usagef("--token-env and another flag both set the header Authorization, want one")
	}
	if strings.ContainsAny(token, " \t") {
		return usagef("--token-env: the value of %s holds a blank, want the token alone, without a scheme", variableName(s.TokenEnv))
	}
	if err := addField(h, "Authorization", "Bearer "+token); err != nil {
		return usagef("--token-env: %v", err)
	}
	return nil
}

// variable returns the value of a variable that must have one.
func (s Selection) variable(name string) (string, error) {
	value, ok := s.LookupEnv(name)
	switch {
	case !ok:
		return "", usagef("the environment variable %s is not set", variableName(name))
	case value == "":
		return "", usagef("the environment variable %s is empty", variableName(name))
	}
	return value, nil
}

// variableName quotes the name of a variable, unless a token stands in its
// place: that is a common slip.
func variableName(name string) string {
	if looksSecret(name) || strings.ContainsFunc(name, func(r rune) bool { return !identifier(r) }) {
		return "that was named (the name is not shown, since it looks like a value)"
	}
	return `"` + name + `"`
}

// own are the fields that requests carry anyway. A value from the user would
// make it unclear who is judged.
var own = map[string]string{
	"Accept": "mcpcheck sets it", "Content-Type": "mcpcheck sets it", "Last-Event-Id": "mcpcheck sets it",
	"Mcp-Session-Id": "mcpcheck sets it", "Mcp-Protocol-Version": "mcpcheck sets it",
	"Mcp-Method": "mcpcheck sets it", "Mcp-Name": "mcpcheck sets it",
	"Host": "it follows from the URL", "Content-Length": "it follows from the body",
	"Transfer-Encoding": "it follows from the body", "Connection": "it belongs to the connection", "Upgrade": "it belongs to the connection",
}

// addField adds a header field that RFC 9110 allows. Its errors quote names
// and never values.
func addField(h http.Header, name, value string) error {
	switch {
	case name == "":
		return usagef("the name of a header is empty")
	case strings.ContainsFunc(name, func(r rune) bool { return !tchar(r) }):
		return usagef("the name of a header holds a character that is not allowed there, want letters, digits and hyphens")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return usagef("the value of the header %q holds a line break or another control character", name)
	}
	key := textproto.CanonicalMIMEHeaderKey(name)
	if why := own[key]; why != "" {
		return usagef("the header %q cannot be given: %s", key, why)
	}
	if key == "Authorization" && len(h.Values(key)) > 0 {
		return usagef("the header %q is set twice", key)
	}
	h.Add(key, value)
	return nil
}

func tchar(r rune) bool {
	return r < 0x80 && (identifier(r) || strings.ContainsRune("!#$%&'*+-.^`|~", r))
}

func identifier(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// transports are the names that clients use in their files, in lower case and
// without hyphens and underscores.
var transports = map[string]spec.Transport{
	"stdio": spec.Stdio, "local": spec.Stdio,
	"http": spec.StreamableHTTP, "streamablehttp": spec.StreamableHTTP,
	"sse": spec.SSE, "http+sse": spec.SSE,
}

func transportNamed(s string) (spec.Transport, bool) {
	t, ok := transports[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))]
	return t, ok
}

// fits refuses flags that no server has a use for, and headers that would
// carry a credential to servers of several hosts in one client's file. A
// registry belongs to one operator, so that its servers may share them.
func (x extras) fits(servers []Server, config bool) error {
	started, reached := false, false
	var hosts []string
	for _, s := range servers {
		started = started || s.URL == ""
		reached = reached || s.Command == nil
		if u, err := url.Parse(s.URL); err == nil && s.URL != "" && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	switch {
	case len(x.env) > 0 && !started:
		return usagef("--env has no use: %s is reached over HTTP, not started", servers[0])
	case x.dir != "" && !started:
		return usagef("--cwd has no use: %s is reached over HTTP, not started", servers[0])
	case len(x.header) > 0 && !reached:
		return usagef("headers have no use: %s is started and talks over stdio", servers[0])
	case len(x.header) > 0 && config && len(hosts) > 1:
		return usagef("headers would go to servers of %d hosts, want --server NAME to pick one", len(hosts))
	}
	return nil
}

// complete adds to s and sees that it can be started.
func (x extras) complete(s *Server) error {
	if t := x.transport; t != "" && s.Reference == "" {
		if (t == spec.Stdio) != (s.Command != nil) {
			return usagef("--transport is %q, but %s is %s", t, s, map[bool]string{true: "a command", false: "a URL"}[s.Command != nil])
		}
	}
	if x.transport != "" {
		s.Transport = x.transport
	}
	if s.Command == nil || s.Reference != "" {
		for name, values := range x.header {
			if s.Header == nil {
				s.Header = http.Header{}
			}
			s.Header[name] = slices.Clone(values)
		}
	}
	if s.URL != "" {
		return nil
	}
	s.Env = append(s.Env, x.env...)
	if x.dir != "" {
		s.Dir, s.saidDir = x.dir, x.dir
	}
	if s.Command == nil {
		return nil
	}
	if err := s.startable(); err != nil {
		if s.Name != "" {
			return usagef("server %q: %v", s.Name, err)
		}
		return usagef("--target: %v", err)
	}
	return nil
}

// directory sees that path is one; said is the path as it may be shown.
func directory(path, said string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return usagef("directory %q: %s", said, cause(err))
	case !info.IsDir():
		return usagef("%q is a file, want a directory", said)
	}
	return nil
}
