package github

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func TestResources(t *testing.T) {
	backend, o := sample(t, standin.Options{})
	big, huge := strings.Repeat("0123456789abcde\n", 100_000), strings.Repeat("x", maxFile+1)
	backend.AddRepo("octocat", "big", "", map[string]string{"big.txt": big, "huge.txt": huge})
	o.Repositories = []string{"octocat/big"}
	s := open(t, o, service.Config{})
	for _, row := range []struct{ why, uri, want, trouble string }{
		{"issues", "github://octocat/hello-world/issues", `"The greeting lacks a name"`, ""},
		{"closed ones", "github://octocat/hello-world/issues?state=closed", `"issues": []`, ""},
		{"a page names the next", "github://octocat/backlog/issues", `"next": "github://octocat/backlog/issues?page=2"`, ""},
		{"which keeps what was asked", "github://octocat/backlog/issues?page=2&state=all", `"next": "github://octocat/backlog/issues?page=3\u0026state=all"`, ""},
		{"pull requests", "github://octocat/hello-world/pulls", `"Skip names that are empty"`, ""},
		{"a file", "github://octocat/hello-world/contents/go.mod", "module example.com/hello\n\ngo 1.26\n", ""},
		{"a file of a branch", "github://octocat/hello-world/contents/greet.go?ref=empty-names", `return "Hello!"`, ""},
		{"a folder", "github://octocat/hello-world/contents/docs", `"resource": "github://octocat/hello-world/contents/docs/usage.md"`, ""},
		{"the root", "github://octocat/hello-world/contents/", `"resource": "github://octocat/hello-world/contents/docs"`, ""},
		{"an odd name", "github://octocat/hello-world/contents/docs/Gr%C3%BC%C3%9Fe%20&%20100%25.md", "other languages", ""},
		{"bytes", "github://octocat/hello-world/contents/assets/pixel.gif", base64.StdEncoding.EncodeToString([]byte("GIF89a"))[:8], ""},
		{"a file over 1 MB", "github://octocat/big/contents/big.txt", big, ""},
		{"a file that is too large", "github://octocat/big/contents/huge.txt", "", "more than the 8388608 that are read"},
		{"no such file", "github://octocat/hello-world/contents/gone.go", "", "not found"},
		{"no such branch", "github://octocat/hello-world/contents/go.mod?ref=gone", "", "No commit found for the ref gone"},
		{"no such repository", "github://octocat/gone/issues", "", "not found"},
		{"no such state", "github://octocat/hello-world/issues?state=odd", "", "state must be"},
		{"no such page", "github://octocat/hello-world/issues?page=0", "", "page must be"},
		{"no such kind", "github://octocat/hello-world/wiki", "", "not found"},
		{"another scheme", "https://octocat/hello-world/issues", "", "not found"},
	} {
		t.Run(row.why, func(t *testing.T) {
			text, trouble := s.read(row.uri)
			if !strings.Contains(text, row.want) || row.trouble == "" && trouble != "" {
				t.Errorf("%s: got %.300s %s\nwhich lacks %.300s", row.uri, text, trouble, row.want)
			}
			if !strings.Contains(trouble, row.trouble) {
				t.Errorf("%s: got trouble %q, want %q", row.uri, trouble, row.trouble)
			}
		})
	}

	for uri, code := range map[string]int{
		"github://octocat/gone/issues":                    -32002,
		"github://octocat/hello-world/contents/gone.go":   -32002,
		"github://octocat/hello-world/wiki":               -32002,
		"github://octocat/hello-world/issues?page=0":      -32602,
		"github://octocat/hello-world/contents/../secret": -32602,
	} {
		if a := s.ask("resources/read", `{"uri":"`+uri+`"}`); a.Error == nil || a.Error.Code != code {
			t.Errorf("%s: got %s, want code %d", uri, a.raw, code)
		}
	}

	var list struct {
		Result struct {
			Resources []struct{ URI, Name string }
		}
	}
	json.Unmarshal([]byte(s.ask("resources/list", "{}").raw), &list)
	if r := list.Result.Resources; len(r) != 2 || r[0].URI != "github://octocat/big/issues" || r[1].URI != "github://octocat/big/pulls" {
		t.Errorf("resources are %v, want those that --repository names", r)
	}
}

// TestURIs: what a list says, can be read.
func TestURIs(t *testing.T) {
	hello := repository{"octocat", "hello-world"}
	for _, want := range []target{
		{repository: hello, kind: "issues"},
		{repository: hello, kind: "pulls", state: "all", page: 7},
		{repository: hello, kind: "contents"},
		{repository: hello, kind: "contents", path: "docs/Grüße & 100% #1?.md", ref: "feature/a+b"},
		{repository: hello, kind: "contents", path: "a:b/c%20d"},
	} {
		got, err := parseURI(want.uri())
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", want.uri(), got, err, want)
		}
	}
}

func FuzzURI(f *testing.F) {
	for _, uri := range append(traversals, "github://o/r/contents/a%2Fb?ref=x", "github://o/r/issues?page=2&state=open") {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got, err := parseURI(uri)
		if err != nil {
			return
		}
		if err := got.check(); err != nil {
			t.Errorf("%q: %v", uri, err)
		}
		if err := checkPath(got.path); err != nil {
			t.Errorf("%q: %v", uri, err)
		}
		if again, err := parseURI(got.uri()); err != nil || again != got && again.page > 1 {
			t.Errorf("%q is %+v, but its URI %q is %+v, %v", uri, got, got.uri(), again, err)
		}
	})
}
