package target

import (
	"strings"
	"testing"
)

// TestShown demands that a server can be named in a report without its secrets,
// and without much else being hidden.
func TestShown(t *testing.T) {
	programs(t, "npx", "docker", "sh", "curl")
	for _, tt := range []struct{ reason, target, want string }{
		{"a plain URL", "https://api.example.com/v1/mcp?region=eu-west-1", "https://api.example.com/v1/mcp?region=eu-west-1"},
		{"credentials", "https://user:p4ss@api.example.com/mcp", "https://api.example.com/mcp"},
		{"a parameter that is named like a secret", "https://h/mcp?api_key=abc&x=1", "https://h/mcp?api_key=[redacted]&x=1"},
		{"a parameter that looks like a secret", "https://h/mcp?x=ghp_0123456789abcdef", "https://h/mcp?x=[redacted]"},
		{"a path that is a token", "https://h/s/01234567-89ab-cdef-0123-456789abcdef/mcp", "https://h/s/[redacted]/mcp"},
		{"a long path that is none", "https://h/modelcontextprotocol-servers/mcp", "https://h/modelcontextprotocol-servers/mcp"},
		{"a flag and its secret", "npx server --api-key hunter2 --port 80", "npx server --api-key [redacted] --port 80"},
		{"a flag with its secret", "npx server --api-key=hunter2", "npx server --api-key=[redacted]"},
		{"a header", "npx mcp-remote http://h --header 'Authorization: Bearer hunter2'", "npx mcp-remote http://h --header 'Authorization: [redacted]'"},
		{"a variable for a container", "docker run -e GITHUB_TOKEN=hunter2 -e LANG=C image", "docker run -e GITHUB_TOKEN=[redacted] -e LANG=[redacted] image"},
		{"the name of a variable", "docker run -e GITHUB_TOKEN image", "docker run -e GITHUB_TOKEN image"},
		{"a known token", "npx server sk-0123456789abcdef", "npx server [redacted]"},
		{"a package", "npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /srv", "npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /srv"},
		{"a URL with credentials", "npx server postgres://u:p@db:5432/x", "npx server postgres://[redacted]@db:5432/x"},
		{"a script", `sh -c "export A_TOKEN=hunter2; exec server"`, `sh -c 'export A_TOKEN=[redacted] exec server'`},
		{"a script with quotes", `sh -c "exec env A_KEY='two words' server 'a b'"`, `sh -c 'exec env A_KEY=[redacted] [redacted] server '\''a b'\'''`},
		{"a long argument", "npx server " + strings.Repeat("x", 2000), "npx server '[2000 characters]'"},
		{"what does not print", "npx 'a\x1b[31mb'", `npx 'a\x1b[31mb'`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			servers, err := Resolve(Selection{Target: tt.target})
			if err != nil {
				t.Fatal(err)
			}
			if got := servers[0].String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// FuzzSplit demands that a command line that is shown can be read again.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`npx 'a b' "c \"d\""`, `x\ y`, `''`, `"$HOME"`, "a\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := split(line)
		if err != nil {
			return
		}
		again, err := split(quote(words))
		if err != nil || strings.Join(again, "\x00") != strings.Join(words, "\x00") {
			t.Errorf("%q is %q, shown as %s, read as %q, %v", line, words, quote(words), again, err)
		}
	})
}
