package load

import (
	"testing"
	"time"
)

func TestTimelineWidth(t *testing.T) {
	for _, tt := range []struct {
		reason          string
		duration, width time.Duration
		moments         int
	}{
		{"too short for more than one", 50 * time.Millisecond, 100 * time.Millisecond, 1},
		{"a second", time.Second, 100 * time.Millisecond, 10},
		{"as many as there may be", 12 * time.Second, 100 * time.Millisecond, 120},
		{"one more would be too many", 12100 * time.Millisecond, 200 * time.Millisecond, 61},
		{"an hour", time.Hour, 30 * time.Second, 120},
		{"a month", 30 * 24 * time.Hour, 6*time.Hour + 1, 120},
	} {
		l := newTimeline(tt.duration)
		if l.width != tt.width || len(l.moments) != tt.moments {
			t.Errorf("%s: %d moments of %s, want %d of %s", tt.reason, len(l.moments), l.width, tt.moments, tt.width)
		}
	}
}

// TestTimeline files a request that was due in one moment and sent in another
// under both, and a late one after the end under the last.
func TestTimeline(t *testing.T) {
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	l := newTimeline(400 * time.Millisecond)
	for _, s := range []sample{
		{due: at(0), sent: at(0), service: 5 * time.Millisecond},
		{due: at(50), sent: at(150), service: 20 * time.Millisecond},
		{due: at(99), sent: at(99), service: time.Millisecond, outcome: outcome{timeout, ""}},
		{due: at(100), sent: at(100), service: time.Millisecond, outcome: outcome{rpcError, "-32603"}},
		{due: at(399), sent: at(900), service: time.Millisecond},
	} {
		l.add(began, s)
	}
	r := l.report(constant{20, 400 * time.Millisecond}, 0, true)
	if len(r.Moments) != 4 {
		t.Fatalf("%d moments, want 4", len(r.Moments))
	}
	first, second, third, last := r.Moments[0], r.Moments[1], r.Moments[2], r.Moments[3]
	if first.Planned != 2 || first.Sent != 2 || first.Outcomes["ok"] != 2 || first.Outcomes["timeout"] != 1 || first.Latency.Max != 120 {
		t.Errorf("the first is %+v, %+v, want 2 planned, 2 sent, and the latency of the late one from when it was due", first, first.Latency)
	}
	if second.Sent != 2 || second.Outcomes["JSON-RPC error"] != 1 || len(second.Outcomes) != 1 {
		t.Errorf("the second is %+v", second)
	}
	if third.Latency != nil || third.Outcomes != nil || third.Planned != 2 {
		t.Errorf("the third is %+v, want nothing in it", third)
	}
	if last.Sent != 1 || last.Latency.Max != 502 {
		t.Errorf("the last is %+v, %+v", last, last.Latency)
	}
	early := newTimeline(400 * time.Millisecond)
	early.add(began, sample{due: at(0), sent: at(0)})
	if r := early.report(closed{time.Second}, 0, false); len(r.Moments) != 1 || r.Moments[0].Planned != 0 {
		t.Errorf("what was called off after a moment has %d, and %+v", len(r.Moments), r.Moments[0])
	}
}

// TestDistribution demands points that go up, to the slowest of all.
func TestDistribution(t *testing.T) {
	for _, n := range []int{1, 2, 3, 1000} {
		rec := record{}
		for i := range n {
			rec.latency.Add(time.Duration(i+1) * time.Millisecond)
			rec.service.Add(time.Millisecond)
		}
		list := distribution(&rec.latency, &rec.service, uint64(n))
		last := list[len(list)-1]
		if last.Latency != float64(n) || last.Share != 1-1/float64(n) || last.Service != 1 {
			t.Errorf("of %d, the slowest is %+v", n, last)
		}
		for i := 1; i < len(list); i++ {
			if list[i].Share <= list[i-1].Share || list[i].Latency < list[i-1].Latency {
				t.Errorf("of %d, %+v follows %+v", n, list[i], list[i-1])
			}
		}
		if n == 1000 {
			for _, q := range list {
				if want := q.Share * 1000; q.Latency < want-8 || q.Latency > want+8 {
					t.Errorf("%v of 1000 are within %v ms, want %v", q.Share, q.Latency, want)
				}
			}
		}
	}
}
