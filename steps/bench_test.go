package steps_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// BenchmarkRun times all checks on the everything server: over each transport,
// and over HTTP with a network that takes 300 ms for each request. The times to
// wait are those of a user's run.
func BenchmarkRun(b *testing.B) {
	for _, bb := range []struct {
		name      string
		transport spec.Transport
		delay     time.Duration
	}{
		{"stdio", spec.Stdio, 0},
		{"http", spec.StreamableHTTP, 0},
		{"http-300ms", spec.StreamableHTTP, 300 * time.Millisecond},
	} {
		for _, r := range []spec.Revision{spec.R20251125, spec.R20260728} {
			b.Run(bb.name+"/"+string(r), func(b *testing.B) {
				var requests atomic.Int64
				e := serve(b, bb.transport, "")
				if bb.transport != spec.Stdio {
					e.URL = distant(b, e.URL, bb.delay, &requests)
				}
				e.Timeout = wire.DefaultTimeout
				all := catalogue(b)
				judged := 0
				for b.Loop() {
					run, err := steps.Run(b.Context(), steps.Config{
						Target: "everything", Endpoint: e, Revision: r, Features: features.Scenarios, Catalogue: all, Deadline: 5 * time.Minute,
					})
					if err != nil {
						b.Fatal(err)
					}
					for _, x := range run.Results {
						if x.Verdict != reports.Pass && x.Verdict != reports.NotApplicable {
							b.Errorf("%s: %s: %s", x.ID, x.Verdict, x.Reason)
						}
					}
					judged = run.Counts().Judged
				}
				b.ReportMetric(float64(judged), "requirements")
				b.ReportMetric(float64(requests.Load())/float64(b.N), "requests/op")
			})
		}
	}
}

// distant puts a proxy before a server that holds each request back, and counts
// them.
func distant(b *testing.B, address string, delay time.Duration, requests *atomic.Int64) string {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host})
	proxy.FlushInterval = -1
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		body, err := io.ReadAll(r.Body) // net/http hears of a client that leaves only after that
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-time.After(delay):
			proxy.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	b.Cleanup(h.Close)
	return h.URL + u.Path
}
