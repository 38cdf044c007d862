package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// plainServer serves tools that say nothing of themselves, in one revision, and
// nothing else.
func plainServer(t *testing.T) string {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			ID     json.RawMessage
			Method string
		}
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if json.NewDecoder(r.Body).Decode(&m) != nil || m.ID == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		answer := map[string]any{"jsonrpc": "2.0", "id": m.ID}
		switch m.Method {
		case "initialize":
			answer["result"] = json.RawMessage(`{"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "plain", "version": "1"}}`)
		case "tools/list":
			answer["result"] = json.RawMessage(`{"tools": [{"name": "erase", "inputSchema": {"type": "object"}}]}`)
		case "ping":
			answer["result"] = struct{}{}
		default:
			answer["error"] = map[string]any{"code": -32601, "message": "unknown"}
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer) //nolint:errcheck // the client's loss
	}))
	t.Cleanup(h.Close)
	return h.URL
}

// TestWhy demands the reason for each kind of verdict, what would let the
// requirement be judged, and the status that goes with it.
func TestWhy(t *testing.T) {
	good, broken, plain := everythingAt(t, ""), everythingAt(t, "ping.respond-empty"), plainServer(t)
	const legacy, id = "--revision=2025-11-25", "ping.respond-empty"
	for _, tt := range []struct {
		reason string
		args   []string
		status int
		want   []string
	}{
		{"a pass by scenarios", []string{"--target", good, "--why", id, legacy}, conforms, []string{"PASS what it asks for was seen 3 times", "pass A ping is answered with an empty result"}},
		{"a pass by traffic", []string{"--target", plain, "--why", "jsonrpc.error.fields"}, conforms, []string{"PASS what it asks for was seen ", "pass in all traffic ("}},
		{"a failure", []string{"--target", broken, "--why", id, legacy}, conformsNo, []string{"FAIL the server breaks it, and so does not conform", "expected an empty object", "Reproduce with:"}},
		{"another revision, which it serves", []string{"--target", good, "--why", "jsonrpc.batch.receive"}, conforms, []string{"NOT APPLICABLE it holds in 2025-03-26, and the server is judged against 2025-11-25, 2026-07-28", "judged if the server is judged against 2025-03-26, which it serves: --revision 2025-03-26"}},
		{"another revision, which it does not serve", []string{"--target", plain, "--why", "stateless.no-prior-context"}, conforms, []string{"NOT APPLICABLE it holds in 2026-07-28, and the server is judged against 2025-06-18", "judged if the server serves one of those revisions: it serves 2025-06-18"}},
		{"one era of two", []string{"--target", good, "--why", id}, conforms, []string{"revision 2025-11-25", "PASS"}},
		{"another transport", []string{"--target", good, "--why", "stdio.shutdown.exit-on-eof"}, conforms, []string{"NOT APPLICABLE it holds over stdio, and the server is judged over streamable-http", "judged if the server is judged over stdio (--target COMMAND)"}},
		{"a capability", []string{"--target", plain, "--why", "resources.subscribe.accepted"}, conforms, []string{"NOT APPLICABLE the server does not declare resources.subscribe", "judged if the server declares capabilities.resources.subscribe in its answer to initialize"}},
		{"no tool that may be called", []string{"--target", plain, "--why", "tools.call.arguments-optional"}, conforms, []string{"NOT APPLICABLE no tool is marked read-only", "annotations.readOnlyHint", "--allow-tool", "erase"}},
		{"a fixture", []string{"--target", plain, "--why", "tools.call.execution-error-in-result"}, conforms, []string{"judged if the server has a tool test_error_handling", "--allow-tool test_error_handling"}},
		{"nothing that it is about", []string{"--target", plain, "--why", "content.image.base64"}, conforms, []string{"NOT APPLICABLE nothing of the kind was seen", "more is seen when more tools are called"}},
		{"a server that is not there", []string{"--target", "http://127.0.0.1:1/mcp", "--why", id}, unfinished, []string{"No conversation took place", "INCONCLUSIVE"}},
		{"a MAY", []string{"--why", "cancel.received.may-ignore"}, conforms, []string{"NOT JUDGED it permits something"}},
		{"what nobody can observe", []string{"--why", "arch.server-isolation"}, conforms, []string{"NOT JUDGED no client can observe it"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			o := call(t, tt.args...)
			text := strings.Join(strings.Fields(o.stdout), " ") // as if lines were not broken
			if o.status != tt.status || o.stderr != "" {
				t.Errorf("exit %d, want %d: %s", o.status, tt.status, o.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in:\n%s", want, o.stdout)
				}
			}
		})
	}
}
