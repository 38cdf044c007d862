package gateway

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"TOKEN": "s3cret", "EMPTY": "", "HOST": "github-mcp"}[name]
		return v, ok
	}
	for _, tt := range []struct {
		reason, text string
		fails        string
	}{
		{"one server", `{"servers": [{"name": "docker", "endpoint": "http://docker-mcp:8080/mcp", "capabilities": ["tools"], "health_check": "/ready"}]}`, ""},
		{"replicas", `{"servers": [{"name": "d", "endpoint": "http://a/mcp", "endpoints": ["http://b/mcp", "http://a/mcp"]}]}`, ""},
		{"variables", `{"servers": [{"name": "d", "endpoint": "http://${HOST}:${PORT:-80}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}]}`, ""},
		{"what it does not know", `{"version": 2, "servers": [{"name": "d", "endpoint": "http://a/mcp", "owner": "me"}]}`, ""},
		{"no JSON", `servers: []`, "no JSON such as"},
		{"no servers", `{"mcpServers": {}}`, `"servers" is missing or empty`},
		{"none", `{"servers": []}`, `"servers" is missing or empty`},
		{"no name", `{"servers": [{"endpoint": "http://a/mcp"}]}`, `server number 1: "name" is missing`},
		{"a name without letters", `{"servers": [{"name": "42", "endpoint": "http://a/mcp"}]}`, "holds no letter"},
		{"a name that is too long", `{"servers": [{"name": "` + strings.Repeat("d", 65) + `", "endpoint": "http://a/"}]}`, "longer than 64 bytes"},
		{"no endpoint", `{"servers": [{"name": "d"}]}`, `"endpoint" is missing`},
		{"no URL", `{"servers": [{"name": "d", "endpoint": "a:8080"}]}`, "no URL such as"},
		{"a password in the URL", `{"servers": [{"name": "d", "endpoint": "http://me:s3cret@a/mcp"}]}`, "belongs in headers"},
		{"names that collide", `{"servers": [{"name": "my server", "endpoint": "http://a/"}, {"name": "My_Server", "endpoint": "http://b/"}]}`, "would begin with my-server_"},
		{"a variable that is not set", `{"servers": [{"name": "d", "endpoint": "http://a/", "headers": {"X": "${NONE}"}}]}`, "NONE is not set"},
		{"an unknown transport", `{"servers": [{"name": "d", "endpoint": "http://a/", "transport": "stdio"}]}`, `transport is "stdio"`},
		{"an unknown capability", `{"servers": [{"name": "d", "endpoint": "http://a/", "capabilities": ["tolls"]}]}`, `capability "tolls"`},
		{"a health check elsewhere", `{"servers": [{"name": "d", "endpoint": "http://a/", "health_check": "http://b/ready"}]}`, "want a path"},
	} {
		entries, err := parse([]byte(tt.text), env)
		switch {
		case tt.fails == "" && err != nil:
			t.Errorf("%s: %v", tt.reason, err)
		case tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)):
			t.Errorf("%s: got %v, want %q", tt.reason, err, tt.fails)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: a secret is told: %v", tt.reason, err)
		}
		switch tt.reason {
		case "replicas":
			if got := entries[0].Endpoints; !slices.Equal(got, []string{"http://a/mcp", "http://b/mcp"}) {
				t.Errorf("replicas are %q", got)
			}
		case "variables":
			if e := entries[0]; e.Endpoints[0] != "http://github-mcp:80/mcp" || e.Headers["Authorization"] != "Bearer s3cret" {
				t.Errorf("%+v", e)
			}
		}
	}
}

// TestDeployed reads the registry of the Kubernetes manifests.
func TestDeployed(t *testing.T) {
	entries, err := read("../deploy/kubernetes/base/servers.json")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e.prefix, e.Endpoints, e.HealthCheck))
	}
	want := []string{"docker[http://docker-mcp:8080/mcp]/ready", "github[http://github-mcp:8080/mcp]/ready", "postgres[http://postgres-mcp:8080/mcp]/ready"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"servers": [{"name": "d", "endpoint": "http://${A:-b}/mcp", "headers": {"X": "${A}"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parse([]byte(text), func(name string) (string, bool) { return name, len(name)%2 == 0 })
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if e.prefix == "" || seen[e.prefix] || len(e.Endpoints) == 0 {
				t.Errorf("%q: %+v", text, e)
			}
			seen[e.prefix] = true
		}
	})
}

var (
	validName   = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,128}$`)
	validScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
)

func TestNames(t *testing.T) {
	for _, tt := range []struct{ reason, server, own, want string }{
		{"plain", "github", "list_issues", "github_list_issues"},
		{"an underscore in both", "my_server", "a_b", "my-server_a_b"},
		{"case and marks", "My Server (2)", "Do.It/now", "my-server-2_Do.It/now"},
		{"a digit first", "2nd", "x", "nd_x"},
	} {
		if got := nameOf(prefixOf(tt.server), tt.own); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.reason, got, tt.want)
		}
	}
	long := strings.Repeat("x", 130)
	if a, b := nameOf("s", long+"a"), nameOf("s", long+"b"); a == b || len(a) > longest {
		t.Errorf("long names become %s and %s", a, b)
	}
	if a, b := nameOf("s", "a b"), nameOf("s", "a-b"); a == b {
		t.Errorf("both become %s", a)
	}
}

// FuzzNames demands that names are valid, tell servers apart, and URIs lead back.
func FuzzNames(f *testing.F) {
	f.Add("my server", "a b", "test://x")
	f.Add("a-b", strings.Repeat("ü", 200), "a+b://c")
	f.Fuzz(func(t *testing.T, server, own, uri string) {
		prefix := prefixOf(server)
		if prefix == "" || len(prefix) > longest/2 {
			return // no registry may hold such
		}
		name := nameOf(prefix, own)
		if !validName.MatchString(name) || !strings.HasPrefix(name, prefix+"_") || strings.Contains(prefix, "_") {
			t.Errorf("%q of %q becomes %q", own, server, name)
		}
		if p, o, ok := splitURI(uriOf(prefix, uri)); !ok || p != prefix || o != uri {
			t.Errorf("%q of %q is led back to %q of %q", uri, server, o, p)
		}
		if u, err := url.Parse(uri); err == nil && u.Scheme != "" && validScheme.MatchString(strings.ToLower(u.Scheme)) {
			if v, err := url.Parse(uriOf(prefix, uri)); err != nil || v.Scheme != prefix+"+"+u.Scheme || v.Host != u.Host {
				t.Errorf("%q becomes %q: %v", uri, uriOf(prefix, uri), err)
			}
		}
	})
}
