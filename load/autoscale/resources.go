package autoscale

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	memorySpare = 1.25 // of what was seen
	mebi        = 1 << 20
	memoryStep  = 16 * mebi
	cpuStep     = 0.01
	// A server whose CPU grows by less than this from the target to the capacity
	// waits for something else: its CPU tells nothing of its load.
	cpuGrows = 1.05
)

// resources finds what a pod is to request, and at which use of CPU to act too.
func (r *Recommendation) resources() {
	c := r.capacity
	if m := mostMemory(c); m > 0 {
		formula, numbers, need := "most seen × 1.25", fmt.Sprintf("%.1f MiB × %.2f", m/mebi, memorySpare), m*memorySpare
		if s := c.Sessions; s != nil && s.Opened > 0 && s.Memory > 0 {
			formula += " + sessions × memory of each"
			numbers += fmt.Sprintf(" + %d × %.3f MiB", s.Opened, s.Memory/mebi)
			need += float64(s.Opened) * s.Memory
		}
		r.Memory = math.Ceil(need/memoryStep) * memoryStep
		r.step("memory", formula+", in steps of 16 MiB", numbers, fmt.Sprintf("%.0f MiB", r.Memory/mebi),
			"request and limit are the same: a pod that needs more ends here, and does not take its neighbours with it")
	}
	curve := cpuCurve(c)
	if len(curve) < 2 {
		r.Warnings = append(r.Warnings, "the server's use of CPU was not observed: there is no CPU target to fall back on, and no CPU request; the HPA does nothing while the metric is missing")
		return
	}
	full := curve.at(c.Rate)
	r.CPURequest = math.Ceil(full/cpuStep-1e-9) * cpuStep
	r.step("CPU request", "cores at the capacity", fmt.Sprintf("%.3f at %s", full, perSecond(c.Rate)), fmt.Sprintf("%.0fm", r.CPURequest*1000),
		"on the machine where it was measured (%s); there is no limit, for one would stop the server in the middle of an answer", source(c))
	knee := c.Rate
	if c.Knee > 0 && c.Knee < c.Rate {
		knee = c.Knee
	}
	at, low := curve.at(knee), curve.at(r.Target)
	if !(full > cpuGrows*low) || r.CPURequest < cpuStep {
		r.Warnings = append(r.Warnings, fmt.Sprintf("CPU does not grow with load (%.3f cores at %s, %.3f at %s): it is no target to fall back on", low, perSecond(r.Target), full, perSecond(c.Rate)))
		return
	}
	use := math.Max(at/(1+defaultTolerance), low) / r.CPURequest
	r.CPUUtilization = int(math.Floor(100 * use))
	r.step("CPU utilization", "max(cores at the knee / tolerance, cores at the target) / request",
		fmt.Sprintf("max(%.3f / %.1f, %.3f) / %.2f", at, 1+defaultTolerance, low, r.CPURequest), fmt.Sprintf("%d%%", r.CPUUtilization),
		"the second line, read at %s: it acts when the metric is missing, or when requests cost more than those that were measured, and not before the first does",
		perSecond(knee))
}

func source(c *reports.Capacity) string {
	if c.Server != nil && c.Server.Source != "" {
		return "read from the " + c.Server.Source
	}
	return "step by step"
}

func mostMemory(c *reports.Capacity) (m float64) {
	if c.Server != nil {
		m = c.Server.Memory
	}
	for _, s := range c.Steps {
		if s.Server != nil {
			m = max(m, s.Server.Memory)
		}
	}
	return m
}

// A curve is cores by rate, in the order of rates.
type curve []point

type point struct{ rate, cores float64 }

// cpuCurve is what was seen; several steps at a rate count as their mean.
func cpuCurve(c *reports.Capacity) curve {
	type mean struct {
		sum float64
		n   int
	}
	at := map[float64]mean{}
	see := func(rate float64, seen *reports.Resources) {
		if seen != nil && seen.CPU >= 0 {
			m := at[rate]
			at[rate] = mean{m.sum + seen.CPU, m.n + 1}
		}
	}
	see(0, c.Idle)
	see(c.Rate, c.Server)
	for _, s := range open(c) {
		see(s.Rate, s.Server)
	}
	var list curve
	for rate, m := range at {
		list = append(list, point{rate, m.sum / float64(m.n)})
	}
	slices.SortFunc(list, func(a, b point) int { return cmp.Compare(a.rate, b.rate) })
	return list
}

// at reads the curve between its points along straight lines.
func (l curve) at(rate float64) float64 {
	i, found := slices.BinarySearchFunc(l, rate, func(p point, rate float64) int { return cmp.Compare(p.rate, rate) })
	switch {
	case found:
		return l[i].cores
	case i == 0:
		return l[0].cores * rate / l[0].rate // as if it idled at no cost
	case i == len(l):
		return l[i-1].cores
	}
	a, b := l[i-1], l[i]
	return a.cores + (b.cores-a.cores)*(rate-a.rate)/(b.rate-a.rate)
}
