package capacity_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/capacity"
	"github.com/mcpcheck/mcpcheck/reports"
)

func objectives(t *testing.T, s string) load.SLO {
	t.Helper()
	slo, err := load.ParseSLO(s)
	if err != nil {
		t.Fatal(err)
	}
	return slo
}

// TestSearch demands the capacity that theory says, of servers whose slots and
// time of service are known.
func TestSearch(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		server   queue
		slo      string
		capacity float64
	}{
		{"four slots of 10 ms serve 400/s", queue{slots: 4, service: 10 * time.Millisecond}, "p99<50ms", 400},
		{"a lax objective does not hide that the queue grows", queue{slots: 4, service: 10 * time.Millisecond}, "p99<5s", 400},
		{"one slot is a closed loop of one", queue{slots: 1, service: 20 * time.Millisecond}, "p90<100ms,errors<0.1%", 50},
		{"more slots than clients in the first loops", queue{slots: 100, service: 50 * time.Millisecond}, "p99<80ms", 2000},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c, err := capacity.Search(t.Context(), tt.server.plan(), objectives(t, tt.slo), capacity.Options{Replicas: 1})
				if err != nil {
					t.Fatal(err)
				}
				if c.Rate < 0.95*tt.capacity || c.Rate > 1.05*tt.capacity {
					t.Errorf("the capacity is %.1f/s, want %.0f/s within 5 %%", c.Rate, tt.capacity)
				}
				if c.Low < 0.97*c.Rate || c.High > 1.02*c.Rate || c.Low > c.High {
					t.Errorf("the repetitions reach %.1f/s to %.1f/s at %.1f/s", c.Low, c.High, c.Rate)
				}
				if c.Saturation < 0.97*tt.capacity || c.Saturation > 1.05*tt.capacity {
					t.Errorf("saturation is %.1f/s, want %.0f/s", c.Saturation, tt.capacity)
				}
				if c.Knee < 0.9*tt.capacity || c.Knee > 1.1*tt.capacity {
					t.Errorf("the knee is %.1f/s, want it at %.0f/s, for until then nobody waits", c.Knee, tt.capacity)
				}
				if len(c.Refusals) > 0 {
					t.Errorf("refused: %q", c.Refusals)
				}
				if c.USL == nil || c.USL.Levels < 6 {
					t.Errorf("the scalability law is %+v, want a fit to 6 levels or more", c.USL)
				}
				confirmed := 0
				for _, s := range c.Steps {
					if s.Phase == "confirm" && s.Rate == c.Rate && s.Held {
						confirmed++
					}
				}
				if took := time.Since(began); confirmed != 3 || took > 2*time.Minute {
					t.Errorf("%d repetitions in a search of %s, want 3 in 2m at the most", confirmed, took)
				}
				if t.Failed() {
					show(t, c)
				}
			})
		})
	}
}

func show(t *testing.T, c *reports.Capacity) {
	t.Helper()
	t.Logf("%+v, notes %q", c.USL, c.Notes)
	for _, s := range c.Steps {
		t.Logf("%-8s %8.1f/s held %-5v throughput %.1f p50 %.1f p99 %.1f %v", s.Phase, s.Rate, s.Held, s.Throughput, s.Latency.P50, s.Latency.P99, s.Broken)
	}
}

// A slow disk stands for a generator that cannot keep up.
type slowDisk time.Duration

func (d slowDisk) Write(p []byte) (int, error) { time.Sleep(time.Duration(d)); return len(p), nil }

func TestRefusals(t *testing.T) {
	fast := queue{slots: 100, service: time.Millisecond}
	behindDisk := fast.plan()
	behindDisk.Out, behindDisk.Workers = slowDisk(5*time.Millisecond), 64
	failing := fast
	failing.fails = true
	for _, tt := range []struct {
		reason  string
		plan    load.Plan
		slo     string
		options capacity.Options
		want    string
	}{
		{"no request succeeds", failing.plan(), "p99<50ms", capacity.Options{}, "not even one at a time"},
		{"with a first rate given, neither", failing.plan(), "p99<50ms", capacity.Options{Start: 100}, "errors<1% is broken at every rate"},
		{"one request alone takes too long", queue{slots: 4, service: 80 * time.Millisecond}.plan(), "p50<50ms", capacity.Options{}, "p50<50ms is broken at every rate"},
		{"results cannot be written as fast as they come", behindDisk, "p99<500ms", capacity.Options{}, "mcpcheck could not send as fast as asked for"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := capacity.Search(t.Context(), tt.plan, objectives(t, tt.slo), tt.options)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(c.Refusals, "\n"); !strings.Contains(got, tt.want) {
					t.Errorf("refused because of %q, want %q", got, tt.want)
					show(t, c)
				}
			})
		})
	}
}

// A disk that is slow for a while stands for a generator that has its moments.
type sometimesSlow struct{ slow bool }

func (d *sometimesSlow) Write(p []byte) (int, error) {
	if d.slow {
		time.Sleep(50 * time.Millisecond)
	}
	return len(p), nil
}

// TestSpoilt demands that a rate which mcpcheck could not keep for a while is
// not taken for the limit of the server.
func TestSpoilt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, spoilt := &sometimesSlow{}, 0
		p := queue{slots: 4, service: 10 * time.Millisecond}.plan()
		p.Out, p.Workers = disk, 64
		c, err := capacity.Search(t.Context(), p, objectives(t, "p99<50ms"), capacity.Options{Replicas: 1, Begin: func(phase string, rate float64) {
			disk.slow = phase == "search" && rate > 190 && rate < 210 && spoilt < 3
			if disk.slow {
				spoilt++
			}
		}})
		if err != nil || spoilt != 3 || c.Rate < 380 || c.Rate > 420 || len(c.Refusals) > 0 {
			t.Errorf("found %.1f/s, refused because of %q, error %v, %d steps spoilt, want 400/s all the same", c.Rate, c.Refusals, err, spoilt)
			show(t, c)
		}
	})
}

func TestMaxRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := capacity.Search(t.Context(), queue{slots: 4, service: 10 * time.Millisecond}.plan(), objectives(t, "p99<50ms"), capacity.Options{MaxRate: 120})
		if err != nil || c.Rate != 120 || !strings.Contains(strings.Join(c.Notes, "\n"), "may be higher") {
			t.Errorf("found %+v, error %v, want 120/s and a note that it may be more", c, err)
		}
	})
}

func TestObjectives(t *testing.T) {
	for _, tt := range []struct {
		reason, slo, want string
	}{
		{"nothing to hold", "", "no objective"},
		{"the rate is what is searched for", "p99<50ms,rate>=95/s", "rate or throughput"},
	} {
		var slo load.SLO
		if tt.slo != "" {
			slo = objectives(t, tt.slo)
		}
		if _, err := capacity.Search(t.Context(), queue{slots: 1}.plan(), slo, capacity.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.reason, err, tt.want)
		}
	}
}
