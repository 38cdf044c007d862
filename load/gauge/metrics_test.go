package gauge

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

const exported = `# HELP process_cpu_seconds_total CPU.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total %v
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5e+07
# TYPE process_open_fds gauge
process_open_fds 12
# TYPE go_goroutines gauge
go_goroutines 34
# TYPE mcp_server_operation_duration_seconds histogram
mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="+Inf"} 30
mcp_server_operation_duration_seconds_sum{mcp_method_name="tools/call"} 1.5
mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call"} 30
mcp_server_operation_duration_seconds_bucket{mcp_method_name="ping",le="+Inf"} 4
mcp_server_operation_duration_seconds_sum{mcp_method_name="ping"} 0.1
mcp_server_operation_duration_seconds_count{mcp_method_name="ping"} 4
# TYPE mcp_active_sessions gauge
mcp_active_sessions 7
plain_total 9
plain_level 3
`

func TestMetrics(t *testing.T) {
	var asked atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" || r.Header.Get("Authorization") != "Bearer x" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, exported, float64(asked.Add(1))/2)
	}))
	defer h.Close()
	header := http.Header{"Authorization": {"Bearer x"}}
	m, err := NewMetrics(t.Context(), Beside(h.URL+"/mcp?x=1"), header)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := m.Read(t.Context())
	if err != nil || r.CPU != 1 || r.Memory != 5e7 || r.Counts[Files] != 12 || r.Counts[Goroutines] != 34 {
		t.Errorf("got %+v, %v", r, err)
	}
	s, err := m.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"mcp_server_operation_duration_seconds_count": 34, "plain_total": 9} {
		if s.Counters[name] != want {
			t.Errorf("the counter %s is %v, want the sum %v", name, s.Counters[name], want)
		}
	}
	for name, want := range map[string]float64{"mcp_active_sessions": 7, "plain_level": 3} {
		if s.Gauges[name] != want {
			t.Errorf("the gauge %s is %v, want %v", name, s.Gauges[name], want)
		}
	}
	if header.Get("Accept") != "" {
		t.Error("the header of the user is written to")
	}
}

func TestNoMetrics(t *testing.T) {
	for _, tt := range []struct {
		reason, page string
		status       int
		want         string
	}{
		{"a page for people", "<html><body>hello</body></html>", 200, "not the text format"},
		{"JSON", `{"status":"ok"}`, 200, "not the text format"},
		{"a greeting", "ok\n", 200, "not the text format"},
		{"nothing", "", 200, "no metrics"},
		{"not there", "a_total 1\n", 404, "HTTP status is 404"},
		{"without an end", strings.Repeat("# filler\n", maxMetrics/9+1), 200, "longer than 8 MiB"},
	} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.page)
		}))
		if _, err := NewMetrics(t.Context(), h.URL, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.reason, err, tt.want)
		}
		h.Close()
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "requests_total 1\n") }))
	defer h.Close()
	m, err := NewMetrics(t.Context(), h.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "not among the metrics") {
		t.Errorf("got %v, want that nothing is told of CPU and memory", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(exported, 1)))
	f.Add([]byte("a_total 1 2\n# TYPE b summary\nb{quantile=\"0.5\"} 1\nb_count NaN\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := parse(data); err == nil && len(s.Counters)+len(s.Gauges) == 0 {
			t.Error("nothing is taken for metrics")
		}
	})
}
