package capacity

import (
	"cmp"
	"slices"

	"github.com/mcpcheck/mcpcheck/reports"
)

// leaves is how many times the level at low load the median latency is at the
// knee.
const leaves = 1.5

// knee returns the rate from which on the median latency of all steps of the
// open loop is more than 1.5 times what it was at the lowest, and that. Between
// two steps it reads along a straight line. It is 0 if latency never left.
func knee(steps []reports.CapacityStep) (rate, base float64) {
	var open []reports.CapacityStep
	for _, s := range steps {
		if s.Phase != levels && !s.GeneratorBound {
			open = append(open, s)
		}
	}
	if len(open) < 3 {
		return 0, 0
	}
	slices.SortStableFunc(open, func(a, b reports.CapacityStep) int { return cmp.Compare(a.Rate, b.Rate) })
	base = open[0].Latency.P50
	limit := base * leaves
	last := len(open) - 1
	for ; open[last].Latency.P50 > limit; last-- { // the lowest never is above
	}
	if last == len(open)-1 || base == 0 {
		return 0, base
	}
	a, b := open[last], open[last+1]
	return a.Rate + (b.Rate-a.Rate)*(limit-a.Latency.P50)/(b.Latency.P50-a.Latency.P50), base
}
