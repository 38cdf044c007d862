package soak

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

const mib = 1 << 20

func TestJudge(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not for secrets
	for _, tt := range []struct {
		reason  string
		phase   string
		units   float64
		n       int
		memory  func(share float64) float64 // MiB, by the share of the time that has passed
		rested  float64
		verdict string
		want    string
	}{
		{"a straight line that does not come back", Requests, 6000, 60, func(x float64) float64 { return 50 + 30*x }, 80, "leak", "did not come back"},
		{"a line under noise", Sessions, 6000, 60, func(x float64) float64 { return 50 + 30*x + noise.NormFloat64() }, 80, "leak", "did not come back"},
		{"a saw that rises, of a collector", Requests, 6000, 600, func(x float64) float64 { return 50 + 40*x + 10*math.Mod(20*x, 1) }, 95, "leak", "did not come back"},
		{"a saw that does not", Requests, 6000, 600, func(x float64) float64 { return 50 + 10*math.Mod(20*x, 1) }, 50, "steady", "did not grow"},
		{"flat", Requests, 6000, 60, func(float64) float64 { return 50 }, 50, "steady", "did not grow"},
		{"it falls", Requests, 6000, 60, func(x float64) float64 { return 80 - 30*x }, 50, "steady", "did not grow"},
		{"a cache that fills", Requests, 6000, 60, func(x float64) float64 { return 50 + 30*(1-math.Exp(-6*x)) }, 80, "steady", "levelled off"},
		{"it comes back in the rest", Requests, 6000, 60, func(x float64) float64 { return 50 + 30*x }, 52, "steady", "came back"},
		{"sessions that nobody ended", Abandoned, 6000, 60, func(x float64) float64 { return 50 + 30*x }, 80, "kept", "expire"},
		{"noise alone", Requests, 6000, 60, func(float64) float64 { return 50 + 20*noise.NormFloat64() }, 50, "steady", ""},
		{"one step up is no line", Requests, 6000, 60, func(x float64) float64 {
			if x > 0.85 {
				return 90
			}
			return 50
		}, 90, "inconclusive", "up and down"},
		{"too few figures", Requests, 6000, 10, func(x float64) float64 { return 50 + 30*x }, 80, "inconclusive", "too few figures: 9, want 12"},
		{"too few sessions", Sessions, 30, 60, func(x float64) float64 { return 50 + 30*x }, 80, "inconclusive", "too few sessions: 30, want 200"},
		{"the rest was not read", Requests, 6000, 60, func(x float64) float64 { return 50 + 30*x }, math.NaN(), "inconclusive", "not known"},
	} {
		o := observation{phase: tt.phase, units: tt.units, least: leastUnits, took: time.Duration(tt.n-1) * time.Second}
		began := time.Unix(0, 0)
		for i := range tt.n {
			o.readings = append(o.readings, gauge.Reading{At: began.Add(time.Duration(i) * time.Second), Memory: mib * tt.memory(float64(i)/float64(tt.n-1))})
		}
		if !math.IsNaN(tt.rested) {
			o.rested = &gauge.Reading{Memory: mib * tt.rested}
		}
		got := o.trends()[0]
		if got.Of != memory || got.Verdict != tt.verdict || !strings.Contains(got.Reason, tt.want) {
			t.Errorf("%s: got %+v, want %s because %q", tt.reason, got, tt.verdict, tt.want)
		}
		if tt.reason == "a straight line that does not come back" {
			perHour := 30 * mib / (float64(tt.n-1) / 3600)
			if math.Abs(got.Slope/perHour-1) > 0.001 || got.R2 < 0.999 || math.Abs(got.PerUnit/(30*mib/6000)-1) > 0.03 {
				t.Errorf("%s: slope %v, R² %v, %v each, want %v, 1, %v", tt.reason, got.Slope, got.R2, got.PerUnit, perHour, 30*mib/6000)
			}
		}
	}
}

func TestLatency(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		requests uint64
		p99      func(i int) float64
		verdict  string
	}{
		{"it rises", 500, func(i int) float64 { return 10 + float64(i) }, "grows"},
		{"it stays", 500, func(int) float64 { return 10 }, "steady"},
		{"too few requests in each part", 50, func(i int) float64 { return 10 + float64(i) }, "inconclusive"},
	} {
		o := observation{phase: Requests, units: 10000, least: leastUnits, each: time.Second}
		for i := range 30 {
			o.parts = append(o.parts, &reports.Load{Requests: tt.requests, Latency: reports.Percentiles{P50: 1, P99: tt.p99(i)}})
		}
		list := o.trends()
		if len(list) != 2 || list[1].Of != latency99 || list[1].Verdict != tt.verdict {
			t.Errorf("%s: got %+v, want p99 to be %s", tt.reason, list, tt.verdict)
		}
	}
}
