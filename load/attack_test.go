package load_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
)

func TestAttackOnEverything(t *testing.T) {
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	h := httptest.NewServer(server.Handler())
	defer h.Close()
	h2 := httptest.NewServer(server.SSEHandler())
	defer h2.Close()
	for _, r := range []spec.Revision{spec.R20251125, spec.R20260728} {
		for _, tr := range []spec.Transport{spec.StreamableHTTP, spec.SSE} {
			if tr == spec.SSE && r.Modern() {
				continue
			}
			url := h.URL + "/mcp"
			if tr == spec.SSE {
				url = h2.URL + "/sse"
			}
			for _, rate := range []float64{200} {
				l, err := load.Attack(t.Context(), load.Plan{
					Endpoint: wire.Endpoint{Transport: tr, URL: url}, Revision: r,
					Mix:  load.Mix{{Name: "tools/call", Method: "tools/call", Params: map[string]any{"name": "test_simple_text", "arguments": map[string]any{}}, Weight: 1}, {Name: "tools/list", Method: "tools/list", Weight: 1}},
					Rate: rate, Duration: 500 * time.Millisecond, Sessions: 4, Workers: 64,
				})
				if err != nil {
					t.Fatal(err)
				}
				if l.Requests == 0 || l.Outcomes[0].Outcome != "ok" || l.Outcomes[0].Count != l.Requests {
					t.Errorf("%d of %d requests were sent, and came to %v", l.Requests, l.Planned, l.Outcomes)
				}
				t.Logf("%s %s: planned %d req %d rate %.0f thr %.0f p50 %.2f p99 %.2f service p99 %.2f slip p99 %.2f %v gen %v work %v", tr, r, l.Planned, l.Requests, l.Rate, l.Throughput, l.Latency.P50, l.Latency.P99, l.Service.P99, l.Slip.P99, l.Outcomes, l.GeneratorBound, l.WorkersBound)
			}
		}
	}
}
