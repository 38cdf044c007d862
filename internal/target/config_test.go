package target

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// programsBesides makes a PATH as programs does, of what the files in testdata
// start.
func programsBesides(t *testing.T) string {
	t.Helper()
	return programs(t, "npx", "docker", "node", "python3")
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// TestConfig reads a file of each client.
func TestConfig(t *testing.T) {
	path := programsBesides(t)
	workspace, project := absolute(t, "testdata/workspace"), absolute(t, "testdata/project")
	home := t.TempDir()
	t.Setenv("HOME", home)
	env := map[string]string{"EDITOR_VALUE": "from the editor", "NOTES_TOKEN": "n0tes", "PATH": path}
	for _, tt := range []struct {
		reason, file string
		only         []string
		want         []Server
		shown        []string // the addresses
	}{
		{
			"Claude Desktop", "testdata/claude_desktop_config.json", nil,
			[]Server{
				{Name: "filesystem", Transport: spec.Stdio, Command: []string{"npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/data files"}},
				{
					Name: "github", Transport: spec.Stdio, Command: []string{"docker", "run", "-i", "--rm", "-e", "GITHUB_TOKEN", "mcp/github"},
					Env: []string{"DEBUG=1", "GITHUB_TOKEN=ghp_0123456789abcdefABCDEF", "TRACE=false"},
				},
			},
			[]string{"npx -y @modelcontextprotocol/server-filesystem '/srv/data files'", "docker run -i --rm -e GITHUB_TOKEN mcp/github"},
		},
		{
			"one of two", "testdata/claude_desktop_config.json", []string{"filesystem"},
			[]Server{{Name: "filesystem", Transport: spec.Stdio, Command: []string{"npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/data files"}}},
			[]string{"npx -y @modelcontextprotocol/server-filesystem '/srv/data files'"},
		},
		{
			"Claude Code", "testdata/project/.mcp.json", nil,
			[]Server{
				{
					Name: "notes", Transport: spec.Stdio, Dir: project, Command: []string{"./bin/notes", "--level", "info", "--token", "n0tes"},
					Env: []string{"HOME_URL=http://127.0.0.1:8080", "KEPT=$PLAIN ${x%y}"},
				},
				{Name: "remote", Transport: spec.StreamableHTTP, URL: "https://api.example.com/mcp", Header: http.Header{"Authorization": {"Bearer n0tes"}, "X-Tenant": {"7"}}},
				{Name: "old", Transport: spec.SSE, URL: "http://127.0.0.1:8931/sse"},
			},
			[]string{"./bin/notes --level ${NOTES_LEVEL} --token ${NOTES_TOKEN}", "https://api.example.com/mcp", "http://127.0.0.1:8931/sse"},
		},
		{
			"VS Code", "testdata/workspace/.vscode/mcp.json", []string{"remote", "local"},
			[]Server{
				{Name: "remote", Transport: spec.StreamableHTTP, URL: "https://mcp.example.com/mcp", Header: http.Header{"X-Api-Key": {"from the editor"}}},
				{
					Name: "local", Transport: spec.Stdio, Dir: filepath.Join(workspace, ".vscode"),
					Command: []string{filepath.Join(path, "node"), workspace + "/server.js", "--home=~/x", home + "/y", "https://example.com/a//b"},
					Env:     []string{"API_KEY=from the file", "LEVEL=debug", "SHADOWED=file", "PATH=" + path + ":/opt/extra", "SHADOWED=from the editor"},
				},
			},
			[]string{"https://mcp.example.com/mcp", "node " + workspace + "/server.js '--home=~/x' '~/y' https://example.com/a//b"},
		},
		{
			"VS Code's settings", "testdata/workspace/settings.json", nil,
			[]Server{{Name: "inside", Transport: spec.Stdio, Command: []string{"python3", "-m", "server"}}},
			[]string{"python3 -m server"},
		},
		{
			"Cursor", "testdata/workspace/.cursor/mcp.json", nil,
			[]Server{
				{Name: "local", Transport: spec.Stdio, Dir: workspace, Command: []string{"python3", workspace + "/server.py"}, Env: []string{"KEY=from the editor"}},
				{Name: "remote", URL: "http://localhost:3000/mcp"},
			},
			[]string{"python3 " + workspace + "/server.py", "http://localhost:3000/mcp"},
		},
		{
			"Windsurf", "testdata/windsurf_mcp_config.json", nil,
			[]Server{{Name: "remote", URL: "https://mcp.example.com/sse", Header: http.Header{"Authorization": {"Bearer from the editor"}}}},
			[]string{"https://mcp.example.com/sse"},
		},
		{
			"Gemini", "testdata/gemini_settings.json", nil,
			[]Server{{Name: "streams", Transport: spec.StreamableHTTP, URL: "https://mcp.example.com/mcp", Header: http.Header{"Authorization": {"Basic dXNlcjpwYXNzIHdvcmQ="}}}},
			[]string{"https://mcp.example.com/mcp"},
		},
		{
			"what is disabled can be asked for", "testdata/gemini_settings.json", []string{"off"},
			[]Server{{Name: "off", URL: "http://127.0.0.1:1/"}},
			[]string{"http://127.0.0.1:1/"},
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := Resolve(Selection{Config: tt.file, Only: tt.only, LookupEnv: variables(env)})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %d servers, want %d", len(got), len(tt.want))
			}
			for i, s := range got {
				if !reflect.DeepEqual(bare(s), tt.want[i]) {
					t.Errorf("got  %#v\nwant %#v", bare(s), tt.want[i])
				}
				if s.Address() != tt.shown[i] || s.String() != s.Name {
					t.Errorf("shown as %q, %q, want %q, %q", s, s.Address(), s.Name, tt.shown[i])
				}
			}
		})
	}
}

func TestConfigNotes(t *testing.T) {
	var notes []string
	servers, err := Resolve(Selection{
		Config: "testdata/windsurf_mcp_config.json", LookupEnv: variables(map[string]string{"EDITOR_VALUE": "x"}),
		Note: func(s string) { notes = append(notes, s) },
	})
	want := []string{`server "sleeping" is passed over: it is disabled in testdata/windsurf_mcp_config.json`}
	if err != nil || len(servers) != 1 || !reflect.DeepEqual(notes, want) {
		t.Errorf("got %v, %v with the notes %q, want one server and %q", servers, err, notes, want)
	}
}

func TestConfigMistakes(t *testing.T) {
	programs(t, "npx")
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "mcp.toml", "[mcpServers]", 0o644)
	write(t, "mcp.yaml", "servers: []", 0o644)
	write(t, "empty.json", " \n", 0o644)
	write(t, "binary.json", "{\xff}", 0o644)
	write(t, "closed.json", "{}", 0o000)
	const at = `--config "mcp.json": `
	server := func(body string) string { return `{"mcpServers": {"a": ` + body + `}}` }
	for _, tt := range []struct{ reason, file, text, want string }{
		{"a directory", "folder", "", `--config "folder" is a directory, want a file`},
		{"a missing file", "gone.json", "", `--config "gone.json": does not exist`},
		{"an empty file", "empty.json", "", `--config "empty.json" is empty`},
		{"no text", "binary.json", "", `--config "binary.json" is not UTF-8 text`},
		{"TOML", "mcp.toml", "", `--config "mcp.toml": a .toml file is not read, want JSON`},
		{"YAML", "mcp.yaml", "", `--config "mcp.yaml": a .yaml file is not read, want JSON; did you mean --registry`},
		{"a syntax error", "mcp.json", "{\n  \"mcpServers\": {,}\n}", `mcp.json:2:18: invalid character ',' looking for beginning of object key string`},
		{"an array", "mcp.json", "[]", `mcp.json: it is an array, want an object`},
		{"no servers", "mcp.json", `{"theme": "dark"}`, `--config "mcp.json" holds neither "mcpServers" nor "servers"`},
		{"two lists", "mcp.json", `{"mcpServers": {}, "servers": {}}`, `--config "mcp.json" holds both "mcpServers" and "servers", want one`},
		{"an empty list", "mcp.json", `{"mcpServers": {}}`, at + `"mcpServers" is empty, want a server`},
		{"a registry", "mcp.json", `{"servers": [{"name": "a"}]}`, at + `"servers" is an array, want an object by name; did you mean --registry`},
		{"a name twice", "mcp.json", `{"mcpServers": {"a": {}, "a": {}}}`, at + `"mcpServers" is wrong: "a" is in it twice`},
		{"nothing to start", "mcp.json", server(`{}`), at + `server "a": it has neither a command nor a URL`},
		{"both", "mcp.json", server(`{"command": "npx", "url": "http://h"}`), at + `server "a": it has both a command and a URL, want one`},
		{"two URLs", "mcp.json", server(`{"url": "http://h", "serverUrl": "http://i"}`), at + `server "a": it has two URLs that differ, want one`},
		{"a type that there is not", "mcp.json", server(`{"type": "grpc", "url": "http://h"}`), at + `server "a": its type is "grpc", want stdio, http or sse`},
		{"a type for a URL", "mcp.json", server(`{"type": "http", "command": "npx"}`), at + `server "a": its type is "http", but it has a command and no URL`},
		{"a type for a command", "mcp.json", server(`{"type": "stdio", "url": "http://h"}`), at + `server "a": its type is "stdio", but it has a URL and no command`},
		{"an entry of a registry", "mcp.json", server(`{"endpoint": "http://h"}`), at + `server "a": it has an endpoint, as in the registry of a cluster; did you mean --registry`},
		{"a command line", "mcp.json", server(`{"command": "npx server"}`), `server "a": command "npx ..." is not found: it holds blanks, want the program alone and its arguments apart from it`},
		{"a missing program", "mcp.json", server(`{"command": "uvx"}`), `server "a": command "uvx": not found in PATH`},
		{"args as a string", "mcp.json", server(`{"command": "npx", "args": "-y"}`), at + `server "a": "args" has a string, want an array`},
		{"a variable with members", "mcp.json", server(`{"command": "npx", "env": {"A": {}}}`), at + `server "a": a variable in "env" is an object or an array, want a string`},
		{"an unset variable", "mcp.json", server(`{"url": "http://h", "headers": {"A": "${NONE}"}}`), at + `server "a": the environment variable "NONE" is not set and has no default`},
		{"an unset variable of an editor", "mcp.json", server(`{"url": "http://h", "headers": {"A": "${env:NONE}"}}`), at + `server "a": the environment variable "NONE" is not set`},
		{"a question", "mcp.json", server(`{"command": "npx", "args": ["${input:key}"]}`), at + `server "a": ${input:key} asks the user, and mcpcheck asks nobody: want ${env:NAME} in its place`},
		{"an editor's own variable", "mcp.json", server(`{"command": "npx", "args": ["${command:pick}"]}`), at + `server "a": ${command:...} is known to an editor alone, want ${env:NAME} in its place`},
		{"a missing envFile", "mcp.json", server(`{"command": "npx", "envFile": "x.env"}`), at + `server "a": envFile "x.env": does not exist`},
		{"a missing cwd", "mcp.json", server(`{"command": "npx", "cwd": "gone"}`), `server "a": directory "gone": does not exist`},
		{"a header of ours", "mcp.json", server(`{"url": "http://h", "headers": {"accept": "x"}}`), at + `server "a": the header "Accept" cannot be given: mcpcheck sets it`},
		{"all are disabled", "mcp.json", server(`{"command": "npx", "disabled": true}`), at + `every server in it is disabled, want --server NAME to judge one anyway`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if tt.text != "" {
				write(t, tt.file, tt.text, 0o644)
			}
			refused(t, Selection{Config: tt.file, LookupEnv: variables(nil)}, tt.want)
		})
	}
}

// TestHeadersOfSeveralHosts demands that a credential goes to no server that it
// was not meant for.
func TestHeadersOfSeveralHosts(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "mcp.json", `{"mcpServers": {"a": {"url": "http://a/mcp"}, "b": {"url": "http://b/mcp"}, "c": {"url": "http://a/other"}}}`, 0o644)
	s := Selection{Config: "mcp.json", Header: []string{"X-Key: 1"}, LookupEnv: variables(nil)}
	refused(t, s, `headers would go to servers of 2 hosts, want --server NAME to pick one`)
	s.Only = []string{"a", "c"}
	servers, err := Resolve(s)
	if err != nil || len(servers) != 2 || servers[1].Header.Get("X-Key") != "1" {
		t.Errorf("got %v, %v, want two servers with the header", servers, err)
	}
	s.Only = []string{"d"}
	refused(t, s, `--server "d" is not in --config "mcp.json"; did you mean "a"; there are "a", "b", "c"`)
}

// TestJSONC reads JSON as editors write it, and leaves the position of errors
// alone.
func TestJSONC(t *testing.T) {
	for _, tt := range []struct{ reason, in, want string }{
		{"plain", `{"a": [1, 2]}`, `{"a": [1, 2]}`},
		{"a line of comment", "{ // x\n}", "{     \n}"},
		{"a block of comment", "{/* x\ny */}", "{    \n    }"},
		{"a comma at the end", `{"a": [1, 2,],}`, `{"a": [1, 2 ] }`},
		{"a comma before a comment", "[1, // one\n]", "[1        \n]"},
		{"slashes in a string", `{"a": "http://h/*"}`, `{"a": "http://h/*"}`},
		{"an escaped quote", `{"a": "\"//", }`, `{"a": "\"//"  }`},
		{"a comma alone is an error", `[,]`, `[,]`},
		{"two commas stay an error", `[1,,]`, `[1 ,]`},
		{"a comment that does not end", `{/* x`, `{/* x`},
		{"a comment at the end", `{} // x`, `{}     `},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if got := string(standard([]byte(tt.in))); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func FuzzJSONC(f *testing.F) {
	for _, seed := range []string{`{"a": [1, 2,],}`, "{/* x\ny */}", `"`, `"\`, "//", "/*/", `{"a": "//"} /**/`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := standard(in)
		if len(out) != len(in) || strings.Count(string(out), "\n") != strings.Count(string(in), "\n") {
			t.Errorf("%q became %q: places have moved", in, out)
		}
	})
}
