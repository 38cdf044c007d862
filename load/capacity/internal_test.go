package capacity

import (
	"math"
	"slices"
	"testing"

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

func TestCounting(t *testing.T) {
	before := map[string]float64{"mcp_requests_total": 1000, "http_requests_total": 5, "tokens_total": 0, "errors_total": 3, "ticks_total": 100}
	after := map[string]float64{"mcp_requests_total": 1200, "http_requests_total": 208, "tokens_total": 9000, "errors_total": 3, "ticks_total": 310, "new_count": 199, "promhttp_metric_handler_requests_total": 200}
	got := counting(before, after, 200)
	if want := []string{"http_requests_total", "mcp_requests_total", "new_count", "ticks_total"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want those that grew by 200 or a little more: %q", got, want)
	}
}
