package capacity

import (
	"fmt"
	"math"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		reason string
		want   reports.USL
	}{
		{"contention and coherency", reports.USL{Lambda: 995.65, Sigma: 0.0267, Kappa: 0.000769}},
		{"a straight line", reports.USL{Lambda: 100}},
		{"contention alone: the curve rises for ever", reports.USL{Lambda: 50, Sigma: 0.2}},
	} {
		var points []level
		for _, n := range []float64{1, 2, 4, 8, 16, 32} {
			points = append(points, level{n, at(&tt.want, n)})
		}
		got := fit(points)
		if got == nil || math.Abs(got.Lambda-tt.want.Lambda) > 1e-6*tt.want.Lambda || math.Abs(got.Sigma-tt.want.Sigma) > 1e-6 || math.Abs(got.Kappa-tt.want.Kappa) > 1e-6 || got.R2 < 0.999999 {
			t.Errorf("%s: got %+v, want %+v", tt.reason, got, tt.want)
		}
		if got := fit(points[:5]); got != nil {
			t.Errorf("%s: 5 levels are fitted: %+v", tt.reason, got)
		}
	}
	if u := fit([]level{{1, 100}, {2, 10}, {4, 90}, {8, 20}, {16, 100}, {32, 10}}); u == nil || u.R2 > 0.8 {
		t.Errorf("noise fits: %+v", u)
	}
	if u := fit([]level{{1, 995}, {2, 1900}, {4, 3600}, {8, 6000}, {16, 9000}, {32, 11800}, {64, 9900}}); u == nil || u.Peak < 10000 || u.PeakConcurrency < 20 || u.PeakConcurrency > 50 {
		t.Errorf("a curve that falls has no peak: %+v", u)
	}
}

func TestKnee(t *testing.T) {
	step := func(rate, p50 float64) reports.CapacityStep {
		return reports.CapacityStep{Phase: upwards, Rate: rate, Latency: reports.Percentiles{P50: p50}}
	}
	for _, tt := range []struct {
		reason string
		steps  []reports.CapacityStep
		want   float64
	}{
		{"between two steps, along a straight line", []reports.CapacityStep{step(100, 10), step(200, 10), step(400, 20)}, 300},
		{"a single slow step is not yet the knee", []reports.CapacityStep{step(100, 10), step(200, 90), step(300, 10), step(400, 20)}, 350},
		{"latency never leaves its level", []reports.CapacityStep{step(100, 10), step(200, 11), step(400, 12)}, 0},
		{"two steps tell nothing", []reports.CapacityStep{step(100, 10), step(200, 90)}, 0},
	} {
		if got, _ := knee(tt.steps); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.reason, got, tt.want)
		}
	}
}

func stat(pid, parent, group, user, system, pages int) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, "%d (a ) b) S %d %d 1 0 -1 0 1 2 3 4 %d %d 0 0 20 0 1 0 100 5000 %d 18446744073709551615 0", pid, parent, group, user, system, pages)}
}

func TestFamily(t *testing.T) {
	before := fstest.MapFS{
		"1/stat": stat(1, 0, 1, 900, 900, 9000), "10/stat": stat(10, 1, 10, 10, 5, 100), "11/stat": stat(11, 10, 10, 20, 0, 200),
		"12/stat": stat(12, 1, 10, 7, 0, 50), "20/stat": stat(20, 1, 20, 500, 0, 7000), "self/stat": stat(20, 1, 20, 500, 0, 7000),
	}
	after := fstest.MapFS{
		"10/stat": stat(10, 1, 10, 60, 5, 100), "11/stat": stat(11, 10, 10, 20, 50, 300), "13/stat": stat(13, 11, 13, 100, 0, 1), "20/stat": stat(20, 1, 20, 900, 0, 7000),
	}
	first, err := family(before, 10)
	if err != nil || len(first) != 3 {
		t.Fatalf("got %v, %v, want the process, its child and one of its group", first, err)
	}
	second, err := family(after, 10)
	if err != nil || len(second) != 3 {
		t.Fatalf("got %v, %v, want the process, its child and its grandchild", second, err)
	}
	var u usage
	now := time.Now()
	u.look(now, first)
	u.look(now.Add(2*time.Second), second)
	if r := u.resources(); r.CPU != 1 || u.pages != 401 {
		t.Errorf("got %v cores and %d pages, want 50+50+100 ticks in 2 s and 401 pages", r.CPU, u.pages)
	}
	if _, err := family(after, 1); err == nil {
		t.Error("a process that is gone has a family")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add(stat(10, 1, 10, 10, 5, 100).Data)
	f.Add([]byte("1 (x"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, line []byte) {
		if p, ok := parseStat(line); ok && (p.pid < 0 || p.parent < 0 || p.pages < 0) {
			t.Errorf("%q is read as %+v", line, p)
		}
	})
}
