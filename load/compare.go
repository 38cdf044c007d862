package load

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aclements/go-moremath/stats"

	"github.com/mcpcheck/mcpcheck/reports"
)

// DefaultNoise is by which share figures differ from run to run although nothing
// has changed, on a machine that nobody looked after.
const DefaultNoise = 0.10

const (
	significant   = 0.01  // the probability below which a difference is taken for none of chance
	fewestParts   = 5     // with fewer on each side no difference is significant
	leastLatency  = 0.1   // milliseconds: less is the clock's and the scheduler's
	leastErrors   = 0.001 // of the share: a difference of one in a thousand
	alike         = 0.01  // by which rates may differ that count as the same
	strongerNoise = 2     // times the spread of several earlier runs is beyond their noise
)

// Compare says which figures of a load test are different from those of earlier
// ones. A difference counts if it is both significant and large.
//
// Significant goes by parts of the tests: their figures are nearly independent,
// which those of single requests are not, and nothing has to be known of how they
// are distributed. Large is what exceeds the noise floor: a machine is never twice
// the same, which no test of significance within two runs can see. The floor is
// the noise that was given, or twice the spread of the earlier runs if there are
// several and they differ by more.
func Compare(name string, before []*reports.Load, after *reports.Load, noise float64) *reports.Comparison {
	c := &reports.Comparison{Before: name, Runs: len(before)}
	for i, b := range before {
		for _, reason := range unlike(b, after) {
			if len(before) > 1 {
				reason = fmt.Sprintf("earlier run %d: %s", i+1, reason)
			}
			c.Refusals = append(c.Refusals, reason)
		}
	}
	if len(c.Refusals) > 0 {
		return c
	}
	for _, f := range []figure{
		{"p50", func(l *reports.Load) float64 { return l.Latency.P50 }, func(p reports.LoadPart) float64 { return p.P50 }, leastLatency, false},
		{"p95", func(l *reports.Load) float64 { return l.Latency.P95 }, func(p reports.LoadPart) float64 { return p.P95 }, leastLatency, false},
		{"p99", func(l *reports.Load) float64 { return l.Latency.P99 }, func(p reports.LoadPart) float64 { return p.P99 }, leastLatency, false},
		{"throughput", func(l *reports.Load) float64 { return l.Throughput }, func(p reports.LoadPart) float64 { return p.Throughput }, 0, true},
	} {
		c.Changes = append(c.Changes, f.change(before, after, noise))
	}
	c.Changes = append(c.Changes, errorsChange(before, after))
	return c
}

// unlike says why two load tests cannot be compared.
func unlike(b, a *reports.Load) (list []string) {
	if b.GeneratorBound || a.GeneratorBound {
		list = append(list, "mcpcheck could not send as fast as asked for")
	}
	differ := func(what string, before, after any) {
		if before != after {
			list = append(list, fmt.Sprintf("%s is %v, before %v", what, after, before))
		}
	}
	differ("the loop", b.Plan.Loop, a.Plan.Loop)
	for what, rates := range map[string][2]float64{"the rate": {b.Plan.Rate, a.Plan.Rate}, "the end of the ramp": {b.Plan.RampTo, a.Plan.RampTo}} {
		if math.Abs(rates[1]-rates[0]) > alike*rates[0] {
			differ(what, fmt.Sprintf("%.4g/s", rates[0]), fmt.Sprintf("%.4g/s", rates[1]))
		}
	}
	differ("the number of requests at once", b.Plan.Concurrency, a.Plan.Concurrency)
	differ("the number of sessions", b.Plan.Sessions, a.Plan.Sessions)
	differ("a session for each request", b.Plan.Fresh, a.Plan.Fresh)
	differ("the mix", operationsOf(b), operationsOf(a))
	if min(len(b.Parts), len(a.Parts)) < fewestParts {
		list = append(list, fmt.Sprintf("there are too few requests to tell how much they vary: want %d or more, in an attack that is not cut off", fewestPerPart*partsOf))
	}
	slices.Sort(list)
	return list
}

func operationsOf(l *reports.Load) string {
	var names []string
	for _, part := range l.Plan.Mix {
		names = append(names, part.Operation)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// A figure is one that load tests are compared by.
type figure struct {
	name  string
	whole func(*reports.Load) float64
	part  func(reports.LoadPart) float64
	least float64 // difference that can count
	more  bool    // is better
}

func (f figure) of(parts []reports.LoadPart) []float64 {
	list := make([]float64, len(parts))
	for i, p := range parts {
		list[i] = f.part(p)
	}
	return list
}

func (f figure) change(before []*reports.Load, after *reports.Load, noise float64) reports.Change {
	var parts, wholes []float64
	for _, b := range before {
		parts, wholes = append(parts, f.of(b.Parts)...), append(wholes, f.whole(b))
	}
	base := median(parts)
	spread := strongerNoise * (slices.Max(wholes) - slices.Min(wholes))
	floor := max(f.least, noise*base, spread)
	c := reports.Change{Metric: f.name, Before: median(wholes), After: f.whole(after), P: 1, Floor: floor}
	own := f.of(after.Parts)
	if r, err := stats.MannWhitneyUTest(parts, own, stats.LocationDiffers); err == nil { // else all are equal
		c.P = r.P
	}
	shift := median(own) - base
	c.Verdict, c.Why = verdict(c.P, shift, floor, f.more)
	source := ""
	if spread == floor && spread > 0 {
		source = fmt.Sprintf(", twice the spread of %d earlier runs", len(before))
	}
	c.Why = fmt.Sprintf("%s; the medians of %d and %d parts differ by %s, the noise floor is %s%s", c.Why, len(parts), len(own), f.show(shift), strings.TrimPrefix(f.show(floor), "+"), source)
	return c
}

func (f figure) show(v float64) string {
	if f.more {
		return fmt.Sprintf("%+.1f/s", v)
	}
	return fmt.Sprintf("%+.2f ms", v)
}

// verdict says whether a shift counts, and in words why.
func verdict(p, shift, floor float64, more bool) (string, string) {
	probable := fmt.Sprintf("p = %.2g", p)
	switch {
	case p >= significant && math.Abs(shift) > floor:
		return reports.Same, probable + ": large, but it may be chance"
	case p >= significant:
		return reports.Same, probable + ": it may be chance"
	case math.Abs(shift) <= floor:
		return reports.Same, probable + ": no chance, but too small to tell from another moment of the machine"
	case (shift > 0) == more:
		return reports.Better, probable + ": neither chance nor noise"
	}
	return reports.Worse, probable + ": neither chance nor noise"
}

// errorsChange compares shares of requests, which are counted and do not vary
// like times: by the normal approximation of two proportions.
func errorsChange(before []*reports.Load, after *reports.Load) reports.Change {
	var failed, total float64
	for _, b := range before {
		failed, total = failed+b.ErrorShare*float64(b.Requests), total+float64(b.Requests)
	}
	n := float64(after.Requests)
	c := reports.Change{Metric: "errors", Before: failed / total, After: after.ErrorShare, P: 1, Floor: leastErrors}
	pooled := (failed + c.After*n) / (total + n)
	if deviation := math.Sqrt(pooled * (1 - pooled) * (1/total + 1/n)); deviation > 0 {
		c.P = math.Erfc(math.Abs(c.After-c.Before) / deviation / math.Sqrt2)
	}
	c.Verdict, c.Why = verdict(c.P, c.After-c.Before, c.Floor, false)
	c.Why += fmt.Sprintf("; %.0f of %.0f failed, before %.0f of %.0f, the noise floor is %.1f%%", c.After*n, n, failed, total, 100*c.Floor)
	return c
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
