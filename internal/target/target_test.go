package target

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// programs makes a PATH that holds nothing but programs of these names.
func programs(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		write(t, filepath.Join(dir, name), "#!/bin/sh\n", 0o755)
	}
	t.Setenv("PATH", dir)
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// variables looks names up in a map.
func variables(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := m[name]
		return v, ok
	}
}

// refused demands that s is refused with that line.
func refused(t *testing.T, s Selection, want string) {
	t.Helper()
	servers, err := Resolve(s)
	if err == nil {
		t.Fatalf("got %v, want the error %q", servers, want)
	}
	oneUsageLine(t, err)
	if got := err.Error(); got != want {
		t.Errorf("error is\n\t%s\nwant\n\t%s", got, want)
	}
}

func oneUsageLine(t *testing.T, err error) {
	t.Helper()
	var usage *UsageError
	if !errors.As(err, &usage) {
		t.Errorf("error is a %T, want a *UsageError", err)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error is not one printable line: %q", err)
	}
}

// bare returns s without what only display needs.
func bare(s Server) Server {
	s.said, s.saidDir = nil, ""
	return s
}

func TestTarget(t *testing.T) {
	programs(t, "npx", "sh", "my server")
	for _, tt := range []struct {
		reason, target string
		want           Server
		address        string
	}{
		{"a URL is kept", "http://127.0.0.1:3000/mcp", Server{URL: "http://127.0.0.1:3000/mcp"}, "http://127.0.0.1:3000/mcp"},
		{"a scheme has no case", "HTTPS://Example.com", Server{URL: "https://Example.com"}, "HTTPS://Example.com"},
		{"an IPv6 host", "http://[::1]:3000/mcp", Server{URL: "http://[::1]:3000/mcp"}, "http://[::1]:3000/mcp"},
		{"a fragment is never sent", "http://h/mcp?x=1#top", Server{URL: "http://h/mcp?x=1"}, "http://h/mcp?x=1"},
		{
			"credentials become a header", "http://user:open%20sesame@h/mcp",
			Server{URL: "http://h/mcp", Header: http.Header{"Authorization": {"Basic dXNlcjpvcGVuIHNlc2FtZQ=="}}}, "http://h/mcp",
		},
		{"words", "npx -y  @scope/server\t--root /x", Server{Command: []string{"npx", "-y", "@scope/server", "--root", "/x"}}, "npx -y @scope/server --root /x"},
		{"quoted words", `npx 'a b' "c \"d\" \e" f\ g ''`, Server{Command: []string{"npx", "a b", `c "d" \e`, "f g", ""}}, `npx 'a b' 'c "d" \e' 'f g' ''`},
		{"nothing is expanded", `npx $HOME "$X" ~ *.js`, Server{Command: []string{"npx", "$HOME", "$X", "~", "*.js"}}, `npx $HOME $X '~' '*.js'`},
		{"operators in quotes are text", `sh -c 'a | b && c'`, Server{Command: []string{"sh", "-c", "a | b && c"}}, `sh -c 'a | b && c'`},
		{"a URL as an argument", "npx mcp-remote http://h/mcp", Server{Command: []string{"npx", "mcp-remote", "http://h/mcp"}}, "npx mcp-remote http://h/mcp"},
		{"a program with a blank in its name", `"my server" x`, Server{Command: []string{"my server", "x"}}, "'my server' x"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := Resolve(Selection{Target: tt.target})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || !reflect.DeepEqual(bare(got[0]), tt.want) {
				t.Fatalf("got %#v, want %#v", got, tt.want)
			}
			if got[0].Address() != tt.address || got[0].String() != tt.address {
				t.Errorf("shown as %q, want %q", got[0], tt.address)
			}
		})
	}
}

func TestTargetMistakes(t *testing.T) {
	programs(t, "npx", "sh")
	t.Chdir(t.TempDir())
	write(t, "mcp.json", "{}", 0o644)
	write(t, "servers.yaml", "{}", 0o644)
	write(t, "server.js", "", 0o644)
	write(t, "README", "", 0o644)
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ reason, target, want string }{
		{"no scheme, local", "localhost:3000/mcp", `--target: "localhost:3000/mcp" is neither a URL nor a command; did you mean http://localhost:3000/mcp`},
		{"no scheme, an address", "127.0.0.1:8080", `--target: "127.0.0.1:8080" is neither a URL nor a command; did you mean http://127.0.0.1:8080`},
		{"no scheme, IPv6", "[::1]:80/mcp", `--target: "[::1]:80/mcp" is neither a URL nor a command; did you mean http://[::1]:80/mcp`},
		{"no scheme, a port alone", ":3000/mcp", `--target: ":3000/mcp" is neither a URL nor a command; did you mean http://localhost:3000/mcp`},
		{"no scheme, far away", "api.example.com/mcp", `--target: "api.example.com/mcp" is neither a URL nor a command; did you mean https://api.example.com/mcp`},
		{"one slash", "http:/localhost:3000", `--target: "http:/localhost:3000" is not a URL; did you mean http://localhost:3000`},
		{"no colon", "https//h/mcp", `--target: "https//h/mcp" is not a URL; did you mean https://h/mcp`},
		{"WebSocket", "ws://h/mcp", `--target: the scheme of the URL is "ws", want http or https; WebSocket is not a transport of the specification`},
		{"another scheme", "ftp://h/mcp", `--target: the scheme of the URL is "ftp", want http or https`},
		{"no host", "http:///mcp", `--target: the URL has no host`},
		{"a port of letters", "http://h:port/", `--target: the URL is malformed: invalid port`},
		{"a port too large", "http://h:65536/", `--target: the port of the URL is out of range, want 1 to 65535`},
		{"a port left out", "http://h:/", `--target: the port of the URL is out of range, want 1 to 65535`},
		{"a bad escape", "http://h/%zz", `--target: the URL is malformed: invalid URL escape`},
		{"a blank in the path", "http://h/a b", `--target: the URL holds a blank, want %20`},
		{"a configuration file", "mcp.json", `--target "mcp.json" is a file, want a URL or a command line; did you mean --config mcp.json`},
		{"a registry", "servers.yaml", `--target "servers.yaml" is a file, want a URL or a command line; did you mean --registry servers.yaml`},
		{"a directory", "folder", `--target "folder" is a directory, want a URL or a command line`},
		{"a script", "./server.js --x", `--target: "./server.js" is not executable; did you mean "node ./server.js"`},
		{"not executable", "./README", `--target: command "./README": permission denied`},
		{"not there", "./nothing", `--target: command "./nothing": does not exist`},
		{"not in PATH", "uvx server", `--target: command "uvx": not found in PATH`},
		{"blank", " \t", `--target is blank, want a URL or a command line`},
		{"an empty program", "'' x", `--target: the command is empty`},
		{"an open quote", "npx 'x", `--target: the quote ' in column 5 is not closed`},
		{"an open double quote", `npx "x\"`, `--target: the quote " in column 5 is not closed`},
		{"a last backslash", `npx x\`, `--target: the command line ends in a backslash, want a character after it`},
		{"a pipe", "npx x | tee log", `--target: '|' in column 7 needs a shell: quote it, or say sh -c '...'`},
		{"a redirection", "npx x 2>log", `--target: '>' in column 8 needs a shell: quote it, or say sh -c '...'`},
		{"a list", "npx x && npx y", `--target: '&' in column 7 needs a shell: quote it, or say sh -c '...'`},
		{"a sequence", "npx x; npx y", `--target: ';' in column 6 needs a shell: quote it, or say sh -c '...'`},
		{"a substitution", "npx $(x)", `--target: '(' in column 6 needs a shell: quote it, or say sh -c '...'`},
		{"an assignment", "KEY=x npx y", `--target: "KEY=" sets a variable, want --env KEY=VALUE and the command alone`},
		{"one quoted line", "'npx y' z", `--target: command "npx ..." is not found: it holds blanks, want the program alone and its arguments apart from it`},
		{"a NUL", "npx \x00", `--target: the command line holds a NUL character`},
		{"a control character is escaped", "./a\x1b[31m", `--target: command "'./a\x1b[31m'": does not exist`},
		{"a token by mistake", "ghp_0123456789abcdef", `--target: the command is not found`},
	} {
		t.Run(tt.reason, func(t *testing.T) { refused(t, Selection{Target: tt.target}, tt.want) })
	}
}

func TestFlags(t *testing.T) {
	programs(t, "npx")
	dir := t.TempDir()
	env := variables(map[string]string{"TOKEN": "t0ken", "PLAIN": "value"})
	for _, tt := range []struct {
		reason string
		s      Selection
		want   Server
	}{
		{
			"what a command is given", Selection{Target: "npx", Env: []string{"A=1", "B=x=y", "C="}, Dir: dir, Transport: "stdio"},
			Server{Command: []string{"npx"}, Env: []string{"A=1", "B=x=y", "C="}, Dir: dir, Transport: spec.Stdio},
		},
		{
			"what a request is given", Selection{Target: "http://h", Header: []string{"x-a: 1", "X-A:2", "X-B: c:d "}, HeaderEnv: []string{"X-Env=PLAIN"}, TokenEnv: "TOKEN", Transport: "http"},
			Server{URL: "http://h", Transport: spec.StreamableHTTP, Header: http.Header{"X-A": {"1", "2"}, "X-B": {"c:d"}, "X-Env": {"value"}, "Authorization": {"Bearer t0ken"}}},
		},
		{"the old transport", Selection{Target: "http://h", Transport: "http+sse"}, Server{URL: "http://h", Transport: spec.SSE}},
		{"our own name for it", Selection{Target: "http://h", Transport: "streamable-http"}, Server{URL: "http://h", Transport: spec.StreamableHTTP}},
		{
			"a flag wins over the URL", Selection{Target: "http://u:p@h", TokenEnv: "TOKEN"},
			Server{URL: "http://h", Header: http.Header{"Authorization": {"Bearer t0ken"}}},
		},
		{"a reference server", Selection{Reference: "everything", References: []string{"everything"}}, Server{Reference: "everything"}},
		{
			"a reference server takes both", Selection{Reference: "x", Env: []string{"A=1"}, Header: []string{"B: 2"}},
			Server{Reference: "x", Env: []string{"A=1"}, Header: http.Header{"B": {"2"}}},
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			tt.s.LookupEnv = env
			got, err := Resolve(tt.s)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || !reflect.DeepEqual(bare(got[0]), tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestFlagMistakes(t *testing.T) {
	programs(t, "npx")
	t.Chdir(t.TempDir())
	write(t, "file", "", 0o644)
	env := variables(map[string]string{"TOKEN": "t0ken", "EMPTY": "", "BROKEN": "a\nb", "SCHEMED": "Bearer t0ken"})
	h := "http://h"
	for _, tt := range []struct {
		reason string
		s      Selection
		want   string
	}{
		{"nothing is named", Selection{}, `no server is named, want --target URL or COMMAND, --config FILE, --registry FILE or --reference NAME`},
		{"two are named", Selection{Target: h, Config: "x"}, `--target and --config are given together, want one of them`},
		{"nothing to pick from", Selection{Target: h, Only: []string{"a"}}, `--server picks out of --config or --registry, but the server is named by --target`},
		{"an unknown reference", Selection{Reference: "everythin", References: []string{"docker", "everything"}}, `there is no reference server "everythin"; did you mean "everything"; there are "docker", "everything"`},
		{"--env without a value", Selection{Target: "npx", Env: []string{"A=1", "s3cret"}}, `--env number 2 is malformed, want NAME=VALUE`},
		{"--env without a name", Selection{Target: "npx", Env: []string{"=1"}}, `--env number 1 is malformed, want NAME=VALUE`},
		{"--env for a URL", Selection{Target: h, Env: []string{"A=1"}}, `--env has no use: http://h is reached over HTTP, not started`},
		{"--cwd for a URL", Selection{Target: h, Dir: "."}, `--cwd has no use: http://h is reached over HTTP, not started`},
		{"--cwd is missing", Selection{Target: "npx", Dir: "gone"}, `--cwd: directory "gone": does not exist`},
		{"--cwd is a file", Selection{Target: "npx", Dir: "file"}, `--cwd: "file" is a file, want a directory`},
		{"a header for a command", Selection{Target: "npx", Header: []string{"A: b"}}, `headers have no use: npx is started and talks over stdio`},
		{"a header without a colon", Selection{Target: h, Header: []string{"s3cret"}}, `--header number 1 has no colon, want 'Name: value'`},
		{"a header without a name", Selection{Target: h, Header: []string{": b"}}, `--header number 1: the name of a header is empty`},
		{"a blank in the name", Selection{Target: h, Header: []string{"A b: c"}}, `--header number 1: the name of a header holds a character that is not allowed there, want letters, digits and hyphens`},
		{"an injected line", Selection{Target: h, Header: []string{"A: b\r\nC: d"}}, `--header number 1: the value of the header "A" holds a line break or another control character`},
		{"a header of ours", Selection{Target: h, Header: []string{"mcp-session-id: x"}}, `--header number 1: the header "Mcp-Session-Id" cannot be given: mcpcheck sets it`},
		{"the host", Selection{Target: h, Header: []string{"Host: x"}}, `--header number 1: the header "Host" cannot be given: it follows from the URL`},
		{"the framing", Selection{Target: h, Header: []string{"Content-Length: 1"}}, `--header number 1: the header "Content-Length" cannot be given: it follows from the body`},
		{"two credentials", Selection{Target: h, Header: []string{"Authorization: a", "authorization: b"}}, `--header number 2: the header "Authorization" is set twice`},
		{"a token and a credential", Selection{Target: h, Header: []string{"Authorization: a"}, TokenEnv: "TOKEN"}, `--token-env and another flag both set the header Authorization, want one`},
		{"--header-env is malformed", Selection{Target: h, HeaderEnv: []string{"X-A"}}, `--header-env number 1 is malformed, want Name=VARIABLE`},
		{"--header-env is unset", Selection{Target: h, HeaderEnv: []string{"X-A=NONE"}}, `--header-env number 1: the environment variable "NONE" is not set`},
		{"--header-env breaks the line", Selection{Target: h, HeaderEnv: []string{"X-A=BROKEN"}}, `--header-env number 1: the value of the header "X-A" holds a line break or another control character`},
		{"--token-env is unset", Selection{Target: h, TokenEnv: "NONE"}, `--token-env: the environment variable "NONE" is not set`},
		{"--token-env is empty", Selection{Target: h, TokenEnv: "EMPTY"}, `--token-env: the environment variable "EMPTY" is empty`},
		{"--token-env holds a scheme", Selection{Target: h, TokenEnv: "SCHEMED"}, `--token-env: the value of "SCHEMED" holds a blank, want the token alone, without a scheme`},
		{"--token-env holds two lines", Selection{Target: h, TokenEnv: "BROKEN"}, `--token-env: the value of the header "Authorization" holds a line break or another control character`},
		{"a token in place of the name", Selection{Target: h, TokenEnv: "ghp_0123456789abcdef"}, `--token-env: the environment variable that was named (the name is not shown, since it looks like a value) is not set`},
		{"an unknown transport", Selection{Target: h, Transport: "grpc"}, `--transport is "grpc", want stdio, http or sse`},
		{"stdio to a URL", Selection{Target: h, Transport: "stdio"}, `--transport is "stdio", but http://h is a URL`},
		{"HTTP to a command", Selection{Target: "npx", Transport: "http"}, `--transport is "streamable-http", but npx is a command`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			tt.s.LookupEnv = env
			refused(t, tt.s, tt.want)
		})
	}
}
