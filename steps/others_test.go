package steps_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// An otherServer conforms, but does otherwise than everything what the
// specification leaves open.
type otherServer struct {
	name    string
	permits string // where the specification does so
	twist   twist
	options everything.Options
	on      []string    // transport/revision; nil stands for the newest of each era over Streamable HTTP
	header  http.Header // that the client sends
	warned  []string    // are SHOULDs that it does not heed
	open    []string    // cannot be concluded of it, with a reason
}

var (
	legacyOnly = []string{"streamable-http/2025-11-25"}
	bothWays   = []string{"streamable-http/2025-11-25", "stdio/2026-07-28"}
	bothEras   = []string{"streamable-http/2025-11-25", "streamable-http/2026-07-28"}
)

var otherServers = []otherServer{
	{
		name:    "refuses notifications with 400",
		permits: "basic/transports, sending messages: if the server cannot accept the input, it MUST return an HTTP error status code; the body MAY be an error without id",
		twist: twist{web: onPost(func(w http.ResponseWriter, m note) bool {
			if m["method"] == "notifications/initialized" || m["id"] != nil || m["method"] == nil {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"no notifications, please"}}`)
			return true
		})},
	},
	{
		name:    "answers with JSON only, and refuses GET and DELETE",
		permits: "basic/transports: a response is either application/json or text/event-stream; GET and DELETE MAY be answered with 405",
		on:      legacyOnly,
		twist:   twist{web: chain(onlyJSON, onlyPOST)},
		open:    []string{"resources.unsubscribe.effective"}, // updates have no way to the client
	},
	{
		name:    "names a charset",
		permits: "RFC 9110 8.3: a media type may have parameters",
		twist: twist{web: onHead(func(_ *http.Request, h http.Header, _ int) {
			if t := h.Get("Content-Type"); t != "" {
				h.Set("Content-Type", t+"; charset=UTF-8")
			}
		})},
	},
	{
		name:    "answers with event streams only",
		permits: "basic/transports: a response is either application/json or text/event-stream",
		on:      legacyOnly,
		twist:   twist{web: onlyStreams},
		warned:  []string{"http.sse.priming-event"},
	},
	{
		name:    "has no sessions",
		permits: "basic/transports, session management: a server MAY assign a session id",
		on:      legacyOnly,
		twist:   twist{web: chain(sessionless, onlyJSON, onlyPOST)},
		open:    []string{"resources.unsubscribe.effective"}, // updates have no way to the client
	},
	{
		name:    "tells of nothing but tools",
		permits: "basic/lifecycle, capability negotiation: what is not declared is not offered",
		on:      bothWays,
		twist:   offering("tools"),
	},
	{
		name:    "tells of nothing but resources",
		permits: "basic/lifecycle, capability negotiation: what is not declared is not offered",
		on:      bothWays,
		twist:   offering("resources"),
	},
	{
		name:    "tells of nothing but prompts",
		permits: "basic/lifecycle, capability negotiation: what is not declared is not offered",
		on:      bothWays,
		twist:   offering("prompts"),
	},
	{
		name:    "offers nothing at all",
		permits: "basic/lifecycle, capability negotiation: every capability is optional",
		on:      bothWays,
		twist:   offering(),
	},
	{
		name:    "lists on pages of one",
		permits: "server/utilities/pagination: the page size is determined by the server",
		options: everything.Options{Page: 1},
	},
	{
		name:    "lists nothing",
		permits: "server/tools, resources, prompts: a list is an array, of any length",
		on:      bothWays,
		twist: twist{tell: func(method string, m note) note {
			r, _ := m["result"].(note)
			if member := map[string]string{"tools/list": "tools", "prompts/list": "prompts", "resources/list": "resources",
				"resources/templates/list": "resourceTemplates"}[method]; member != "" && r != nil {
				r[member] = []any{}
				delete(r, "nextCursor")
			}
			return m
		}},
	},
	{
		name:    "says more than is known",
		permits: "schema: results, capabilities and what is listed take further members; basic, _meta: keys with a prefix of one's own",
		on:      bothWays,
		twist:   twist{tell: wordy},
	},
	{
		name:    "wants a token",
		permits: "basic/authorization: requests without a valid token are answered with 401",
		header:  http.Header{"Authorization": {"Bearer open sesame"}},
		twist: twist{web: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer open sesame" {
					w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="https://example.com/.well-known/oauth-protected-resource"`)
					http.Error(w, "Unauthorized", http.StatusUnauthorized)
					return
				}
				h.ServeHTTP(w, r)
			})
		}},
	},
	{
		name:    "refuses over HTTP in plain text",
		permits: "basic/transports: the body of an error status MAY be a JSON-RPC error",
		on:      legacyOnly,
		twist:   twist{web: plainRefusals},
	},
	{
		name:    "escapes all that can be escaped",
		permits: "RFC 8259 7: any character may be escaped; 2: white space is insignificant",
		on:      bothWays,
		twist:   twist{say: escaped},
	},
	{
		name:    "tells the client of its work",
		permits: "server/utilities/logging: the server decides which messages to send while no level is set",
		on:      []string{"stdio/2025-11-25", "streamable-http/2025-11-25"},
		twist: twist{first: func(method string, m note) []note {
			if method == "" || method == "initialize" || m["result"] == nil {
				return nil
			}
			return []note{
				{"jsonrpc": "2.0", "method": "notifications/message", "params": note{"level": "debug", "data": []any{"answering", method}}},
			}
		}},
	},
	{
		name:    "speaks one revision only",
		permits: "basic/lifecycle, version negotiation: otherwise the server responds with another version it supports",
		on:      []string{"stdio/2025-06-18", "streamable-http/2025-06-18"},
		twist: twist{ask: func(m note) (note, bool) {
			if p, _ := m["params"].(note); m["method"] == "initialize" && p != nil {
				p["protocolVersion"] = "2025-06-18"
			}
			return nil, false
		}},
	},
}

// TestOtherServers demands that what the specification permits costs no server
// anything.
func TestOtherServers(t *testing.T) {
	for _, o := range otherServers {
		if o.on == nil {
			o.on = bothEras
		}
		for _, on := range o.on {
			t.Run(o.name+"/"+on, func(t *testing.T) {
				t.Parallel()
				transport, revision, _ := strings.Cut(on, "/")
				e := serveWith(t, spec.Transport(transport), o.options, o.twist)
				e.Header = o.header
				o.conforms(t, judge(t, e, spec.Revision(revision)))
			})
		}
	}
}

func (o otherServer) conforms(t *testing.T, run *reports.Run) {
	t.Helper()
	passed := 0
	for _, r := range run.Results {
		switch {
		case r.Verdict == reports.Pass:
			passed++
		case r.Verdict == reports.NotApplicable && r.Reason != "":
		case r.Verdict == reports.Fail && slices.Contains(o.warned, r.ID) && (r.Level != spec.Must || r.Advisory):
		case r.Verdict == reports.Inconclusive && slices.Contains(o.open, r.ID) && r.Reason != "":
		default:
			t.Errorf("%s: %s: %s", r.ID, r.Verdict, r.Reason)
		}
	}
	if passed == 0 {
		t.Error("nothing passed")
	}
}
