package gauge

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// steady uses half a core, and from the third second on twice the memory.
type steady struct{ began time.Time }

func (steady) Source() string       { return "process" }
func (steady) Every() time.Duration { return 300 * time.Millisecond }

func (g steady) Read(context.Context) (Reading, error) {
	d := time.Since(g.began)
	r := Reading{At: time.Now(), CPU: d.Seconds() / 2, Memory: 1}
	if d >= 3*time.Second {
		r.Memory = 2
	}
	return r, nil
}

func TestWatch(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		after, d time.Duration
		ended    time.Duration // when the watch is ended
		memory   float64       // 0 for no resources
	}{
		{"from the end of the warm-up to the end", time.Second, 1500 * time.Millisecond, 5 * time.Second, 1},
		{"what was used before counts not, what is used later neither", time.Second, 2 * time.Second, 5 * time.Second, 1},
		{"the most memory", 2 * time.Second, 2 * time.Second, 4 * time.Second, 2},
		{"ended before its time", time.Second, time.Hour, 2 * time.Second, 1},
		{"ended at once", time.Second, time.Hour, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			w := Begin(t.Context(), steady{began}, tt.after, tt.d)
			time.Sleep(tt.ended)
			r := w.Resources()
			if tt.memory == 0 {
				if r != nil {
					t.Errorf("%s: got %+v, want nothing", tt.reason, r)
				}
				return
			}
			if r == nil || r.CPU < 0.499 || r.CPU > 0.501 || r.Memory != tt.memory {
				t.Fatalf("%s: got %+v, want half a core and memory of %v", tt.reason, r, tt.memory)
			}
			list := w.End()
			first, last := list[0].At.Sub(began), list[len(list)-1].At.Sub(began)
			if end := min(tt.after+tt.d, tt.ended); first != tt.after || last > end || last < end-300*time.Millisecond {
				t.Errorf("%s: read from %s to %s", tt.reason, first, last)
			}
		})
	}
}
