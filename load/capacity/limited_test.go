package capacity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load/capacity"
)

// TestRateLimit demands that a limit on rates is not taken for a capacity.
func TestRateLimit(t *testing.T) {
	for _, tt := range []struct {
		reason string
		let    int64 // calls that are answered, of ten
	}{
		{"every call is one too many", 0},
		{"one of two is", 5},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var calls atomic.Int64
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var m struct {
					ID     json.RawMessage `json:"id"`
					Method string          `json:"method"`
				}
				json.NewDecoder(r.Body).Decode(&m) //nolint:errcheck // the client under test writes well
				w.Header().Set("Content-Type", "application/json")
				switch {
				case m.Method == "initialize":
					w.Header().Set("Mcp-Session-Id", "one")
					fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"limited","version":"1"}}}`, m.ID)
				case m.Method == "tools/call" && calls.Add(1)%10 < tt.let:
					fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}`, m.ID)
				case m.Method == "tools/call":
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}))
			t.Cleanup(h.Close)
			p := queue{}.plan()
			p.Endpoint = wire.Endpoint{Transport: spec.StreamableHTTP, URL: h.URL}
			c, err := capacity.Search(t.Context(), p, objectives(t, "p99<5s"), capacity.Options{Start: 100, MaxRate: 400, Step: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.Refusals, "\n"); !strings.Contains(got, "answered 429") || c.Rate != 0 {
				t.Errorf("found %v/s, refused because of %q, want 429", c.Rate, got)
				show(t, c)
			}
			if !c.Stateful {
				t.Error("the session is not seen")
			}
		})
	}
}
