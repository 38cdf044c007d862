package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
)

// TestStall demands that a server which stalls for a second is charged for every
// request that was due meanwhile, and that a closed loop does not show it.
func TestStall(t *testing.T) {
	for _, tt := range []struct {
		reason      string
		plan        load.Plan
		least, most float64 // of p90, in ms
	}{
		{"the open loop shows the queue: a third of the requests of three seconds were due in the stall", load.Plan{Rate: 100}, 600, 1000},
		{"so it does where few may be in progress", load.Plan{Rate: 100, Workers: 2}, 600, 1100},
		{"the closed loop sent one request in the stall", load.Plan{Concurrency: 1}, 0, 20},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := tt.plan
				p.Endpoint, p.Revision, p.Mix, p.Duration = stalling(10*time.Millisecond, time.Second, time.Second), spec.R20251125, calls("fine"), 3*time.Second
				l, err := load.Attack(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				if got := l.Latency.P90; got < tt.least || got > tt.most {
					t.Errorf("p90 is %.1f ms, want %.0f to %.0f (p50 %.1f, max %.1f)", got, tt.least, tt.most, l.Latency.P50, l.Latency.Max)
				}
				if l.Latency.Max < 900 {
					t.Errorf("the longest took %.1f ms, want the stall of 1 s", l.Latency.Max)
				}
				if l.Outcomes[0].Outcome != "ok" || l.Outcomes[0].Count != l.Requests {
					t.Errorf("got %v", l.Outcomes)
				}
			})
		})
	}
}

// stalling is a server that answers each request after a time, any number at
// once, but stops for a while at some moment after its start.
func stalling(service, at, stall time.Duration) wire.Endpoint {
	f := &fake{}
	began := time.Now()
	f.before = func() {
		time.Sleep(service)
		if since := time.Since(began); since >= at && since < at+stall {
			time.Sleep(at + stall - since)
		}
	}
	return f.stdio(nil)
}
