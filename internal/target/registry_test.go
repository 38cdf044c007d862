package target

import (
	"reflect"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func TestRegistry(t *testing.T) {
	for _, tt := range []struct {
		reason, file string
		only         []string
		want         []Server
	}{
		{"a file", "testdata/servers.json", nil, []Server{
			{
				Name: "docker", URL: "http://docker-mcp.mcp.svc.cluster.local:8080/mcp", Capabilities: []string{"containers", "images"},
				HealthCheck: "http://docker-mcp.mcp.svc.cluster.local:8080/health",
			},
			{Name: "postgres", URL: "http://postgres-mcp:8080", Capabilities: []string{"resources", "tools"}, HealthCheck: "http://postgres-mcp:9090/ready"},
			{Name: "events", URL: "http://events-mcp:8080/sse", Transport: spec.SSE, HealthCheck: "http://events-mcp:8080/live"},
		}},
		{"one of several", "testdata/servers.json", []string{"events"}, []Server{
			{Name: "events", URL: "http://events-mcp:8080/sse", Transport: spec.SSE, HealthCheck: "http://events-mcp:8080/live"},
		}},
		{"ConfigMaps of a manifest", "testdata/configmap.yaml", nil, []Server{
			{Name: "github", URL: "http://github-mcp:8080/mcp", Capabilities: []string{"issues"}, HealthCheck: "http://github-mcp:8080/health"},
			{Name: "docker", URL: "http://docker-mcp:8080/mcp"},
			{Name: "search", URL: "http://search-mcp:8080/mcp"},
		}},
		{"a ConfigMap in a List", "testdata/configmap.json", nil, []Server{{Name: "docker", URL: "https://docker-mcp/mcp"}}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := Resolve(Selection{Registry: tt.file, Only: tt.only, LookupEnv: variables(nil)})
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i] = bare(got[i])
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %#v\nwant %#v", got, tt.want)
			}
		})
	}
}

func TestRegistryMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	const at = `--registry "servers.json": `
	list := func(body string) string { return `{"servers": [` + body + `]}` }
	for _, tt := range []struct{ reason, text, want string }{
		{"a client's file", `{"mcpServers": {}}`, `--registry "servers.json" holds "mcpServers", as a client's file does; did you mean --config`},
		{"no servers", `{}`, `--registry "servers.json" holds no "servers", neither at the top nor in the data of a ConfigMap`},
		{"an empty list", list(``), at + `"servers" is empty, want a server`},
		{"servers that are none", `{"servers": 3}`, at + `"servers" is neither an array nor an object`},
		{"a syntax error", "{\"servers\": [}", `servers.json:1:14: invalid character '}' looking for beginning of value`},
		{"YAML that is none", "servers: [", `servers.json:1: the YAML is malformed: did not find expected node content`},
		{"a key twice", "servers: []\nservers: []\n", `servers.json:2: the YAML is malformed: a key is given twice`},
		{"no name", list(`{"endpoint": "http://h"}`), at + `server number 1: "name" is missing`},
		{"no endpoint", list(`{"name": "a"}`), at + `server "a": "endpoint" is missing`},
		{"a name twice", list(`{"name": "a", "endpoint": "http://h"}, {"name": "a", "endpoint": "http://i"}`), `--registry "servers.json" names the server "a" twice`},
		{"an endpoint without a scheme", list(`{"name": "a", "endpoint": "h:8080/mcp"}`), at + `server "a": "endpoint": the URL has no scheme; did you mean http://h:8080/mcp`},
		{"stdio", list(`{"name": "a", "endpoint": "http://h", "transport": "stdio"}`), at + `server "a": its type is stdio, but an endpoint is reached over HTTP`},
		{"capabilities that are none", list(`{"name": "a", "endpoint": "http://h", "capabilities": 3}`), at + `server "a": "capabilities" is neither an array of strings nor an object`},
		{"a health check that is none", list(`{"name": "a", "endpoint": "http://h", "health_check": 3}`), at + `server "a": "health_check" is neither a path nor a URL`},
		{"a name that is none", list(`{"name": 3, "endpoint": "http://h"}`), at + `server number 1: "name" has a number, want a string`},
		{"a broken document in a ConfigMap", `{"kind": "ConfigMap", "data": {"servers.json": "{"}}`, at + `data["servers.json"]:1:1: unexpected end of JSON input`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			write(t, "servers.json", tt.text, 0o644)
			refused(t, Selection{Registry: "servers.json", LookupEnv: variables(nil)}, tt.want)
		})
	}
}
