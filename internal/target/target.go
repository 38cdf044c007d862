// Package target turns what the user named (a URL, a command line, a client's
// configuration file, the registry of a cluster, a bundled reference server)
// into the servers that are to be judged. Naming starts nothing and judges
// nothing; it is apart because each mistake in a name deserves one clear line
// before anything runs, and because names carry secrets that must not go on.
package target

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// A Server is one server that the user named, before anything was started. It
// has a URL, a Command or a Reference, and never two of them.
type Server struct {
	Name      string         // in the file that names it, else ""
	URL       string         // http or https, without credentials, or ""
	Transport spec.Transport // when it was stated, else ""
	Command   []string       // argv, or nil
	Env       []string       // "K=V", added to the environment of Command
	Dir       string         // in which Command runs, "" for here
	Header    http.Header    // sent with each request
	Reference string         // name of a bundled reference server, or ""

	HealthCheck  string   // URL that a registry gives, or ""
	Capabilities []string // that a registry claims

	// said is the URL or the argv with the names of variables in place of
	// values that may be secret.
	said    []string
	saidDir string // the same of Dir
}

// String is what the user would call the server. It holds no secret.
func (s Server) String() string {
	if s.Name != "" {
		return oneLine(s.Name)
	}
	return s.Address()
}

// Address is where the server is found: its URL, its command line or the name
// of the reference server. Credentials are replaced.
func (s Server) Address() string {
	said := s.said
	switch {
	case s.Reference != "":
		return oneLine(s.Reference)
	case s.URL != "":
		if said == nil {
			said = []string{s.URL}
		}
		return oneLine(maskURL(said[0]))
	case said == nil:
		said = s.Command
	}
	return oneLine(maskCommand(said))
}

// A Selection is what the user said, flag by flag. Exactly one of Target,
// Reference, Config and Registry is set.
type Selection struct {
	Target    string // a URL or a command line
	Reference string
	Config    string // path of a client's configuration file
	Registry  string // path of a cluster's registry

	Only      []string // names of servers in Config or Registry; nil for all
	Env       []string // "K=V"
	Header    []string // "K: V"
	HeaderEnv []string // "K=VAR"
	TokenEnv  string   // variable that holds a bearer token
	Dir       string
	Transport string

	References []string                    // the bundled reference servers
	LookupEnv  func(string) (string, bool) // nil for os.LookupEnv
	Note       func(string)                // is told of each server that is passed over; nil for nobody
}

// A UsageError says in one line what the user got wrong.
type UsageError struct{ line string }

func (e *UsageError) Error() string { return e.line }

func usagef(format string, args ...any) error {
	return &UsageError{oneLine(fmt.Sprintf(format, args...))}
}

// Resolve returns the servers that s names. The error is a *UsageError.
func Resolve(s Selection) ([]Server, error) {
	if s.LookupEnv == nil {
		s.LookupEnv = os.LookupEnv
	}
	if s.Note == nil {
		s.Note = func(string) {}
	}
	if err := s.consistent(); err != nil {
		return nil, err
	}
	x, err := s.extras()
	if err != nil {
		return nil, err
	}
	servers, err := s.named()
	if err != nil {
		return nil, err
	}
	if err := x.fits(servers, s.Config != ""); err != nil {
		return nil, err
	}
	for i := range servers {
		if err := x.complete(&servers[i]); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

func (s Selection) named() ([]Server, error) {
	switch {
	case s.Target != "":
		return s.target()
	case s.Reference != "":
		return s.reference()
	case s.Config != "":
		return s.config()
	}
	return s.registry()
}

// consistent refuses flags that exclude or miss one another.
func (s Selection) consistent() error {
	var given []string
	for _, f := range []struct{ flag, value string }{
		{"--target", s.Target}, {"--reference", s.Reference}, {"--config", s.Config}, {"--registry", s.Registry},
	} {
		if f.value != "" {
			given = append(given, f.flag)
		}
	}
	switch {
	case len(given) == 0:
		return usagef("no server is named, want --target URL or COMMAND, --config FILE, --registry FILE or --reference NAME")
	case len(given) > 1:
		return usagef("%s are given together, want one of them", strings.Join(given, " and "))
	case len(s.Only) > 0 && s.Config == "" && s.Registry == "":
		return usagef("--server picks out of --config or --registry, but the server is named by %s", given[0])
	}
	return nil
}

func (s Selection) reference() ([]Server, error) {
	if s.References != nil && !slices.Contains(s.References, s.Reference) {
		return nil, usagef("there is no reference server %q%s", s.Reference, choice(s.Reference, s.References))
	}
	return []Server{{Reference: s.Reference}}, nil
}

func (s Selection) target() ([]Server, error) {
	if scheme, ok := schemeOf(s.Target); ok {
		server, err := fromURL(s.Target, s.Target)
		if err != nil {
			return nil, usagef("--target: %v%s", err, websocketHint(scheme))
		}
		return []Server{server}, nil
	}
	if err := notACommand(s.Target); err != nil {
		return nil, err
	}
	argv, err := split(s.Target)
	if err != nil {
		return nil, usagef("--target: %v", err)
	}
	if len(argv) == 0 {
		return nil, usagef("--target is blank, want a URL or a command line")
	}
	return []Server{{Command: argv}}, nil
}
