package capacity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load/capacity"
	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestMetrics demands that the counter of requests is found by what it counts,
// and that what the server tells of itself is what it is said to use.
func TestMetrics(t *testing.T) {
	var calls, seconds atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			fmt.Fprintf(w, "# TYPE work_done counter\nwork_done %d\n# TYPE mcp_requests_total counter\nmcp_requests_total 5\n# TYPE bytes_total counter\nbytes_total %d\n"+
				"# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %d\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 1e+08\n",
				calls.Load(), 200*calls.Load(), seconds.Add(1))
			return
		}
		var m struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
		}
		json.NewDecoder(r.Body).Decode(&m) //nolint:errcheck // the client under test writes well
		w.Header().Set("Content-Type", "application/json")
		switch m.Method {
		case "initialize":
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"metrics","version":"1"}}}`, m.ID)
		case "tools/call":
			calls.Add(1)
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}`, m.ID)
		}
	}))
	t.Cleanup(h.Close)
	m, err := gauge.NewMetrics(t.Context(), gauge.Beside(h.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	p := queue{}.plan()
	p.Endpoint = wire.Endpoint{Transport: spec.StreamableHTTP, URL: h.URL}
	var c *reports.Capacity
	for range 10 { // a busy machine may not send in time
		c, err = capacity.Search(t.Context(), p, objectives(t, "p50<10s"), capacity.Options{Start: 20, MaxRate: 20, Step: 1200 * time.Millisecond, Repeats: 1, Gauge: m, Metrics: m})
		if err != nil {
			t.Fatal(err)
		}
		if c.Rate > 0 && c.Server != nil {
			break
		}
	}
	if c.Rate > 0 && !slices.Equal(c.Metrics, []string{"work_done"}) {
		t.Errorf("%q count requests, want work_done alone: %q", c.Metrics, c.Notes)
	}
	if c.Server != nil && (c.Server.Source != "metrics" || c.Server.Memory != 1e8 || c.Server.CPU <= 0) {
		t.Errorf("the server is said to use %+v", c.Server)
	}
	if c.Rate == 0 || c.Server == nil {
		t.Fatalf("the machine is too busy to measure: %q, %q", c.Refusals, c.Notes)
	}
}
