package autoscale

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// What a measurement must have for a target to follow from it.
const (
	leastStep     = 2   // seconds for which the rate was held
	leastRequests = 100 // in such a step: a p99 of fewer is the slowest one
	leastLevels   = 6   // of a USL fit
	leastR2       = 0.9
	mostResidual  = 0.1
)

// refusals lists why no target follows from a capacity.
func refusals(c *reports.Capacity) []string {
	list := slices.Clone(c.Refusals)
	// refuse adds a reason, unless the search gave one of that kind itself.
	refuse := func(kind, format string, a ...any) {
		if !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, kind) }) {
			list = append(list, fmt.Sprintf(format, a...))
		}
	}
	if c.Transport == string(spec.Stdio) {
		refuse("over stdio", "the server speaks over stdio: each client launches its own, and there is nothing between them to share load out")
	}
	switch {
	case c.Replicas == 0:
		refuse("replicas answered", "it is not known how many replicas answered, so that the capacity of one is not known: measure one replica alone, and say --replicas 1")
	case c.Replicas != 1:
		refuse("replicas answered", "%d replicas answered, and how they shared the load is not known: measure one replica alone", c.Replicas)
	}
	if lowest, ok := lowest(open(c)); ok && !lowest.Held {
		refuse("it is not load that breaks", "the objectives were broken already at the lowest rate, %s (%.2f%% errors, p99 %.1f ms): it is not load that breaks them", perSecond(lowest.Rate), 100*lowest.ErrorShare, lowest.Latency.P99)
	}
	if c.Rate <= 0 {
		refuse("no rate ", "no rate was found that holds the objectives")
		return list
	}
	limit, broke := limit(c)
	for _, s := range open(c) {
		if s.Rate > c.Rate && !(broke && s.Rate == limit.Rate) {
			continue // decides nothing
		}
		if s.GeneratorBound && s.Rate >= c.Rate*0.999 {
			refuse("could not send as fast", "at %s mcpcheck could not send as fast as asked for: the capacity is that of the machine that it ran on", perSecond(s.Rate))
		}
		if s.RateLimited {
			refuse("answered 429", "at %s the server answered 429: what was found is its limit on rates, not its capacity; lift the limit for the measurement", perSecond(s.Rate))
		}
	}
	if d, n, ok := longestHeld(c); !ok {
		refuse("no step at", "no step at %s is on record", perSecond(c.Rate))
	} else if d < leastStep || n < leastRequests {
		refuse("too short", "the steps at %s were too short, %.1f s and %.0f requests, want %d s and %d requests: they say nothing of what holds", perSecond(c.Rate), d, n, leastStep, leastRequests)
	}
	if u := c.USL; u != nil {
		switch {
		case u.Levels < leastLevels:
			refuse("the scalability law", "the scalability law was fitted to %d levels, want %d or more: whether the figures make one picture is not known", u.Levels, leastLevels)
		case poor(c, u):
			refuse("the scalability law", "the scalability law fits the figures poorly, R² %.3f, want %.1f or more: something other than load moved them", u.R2, leastR2)
		}
	}
	return list
}

// poor reports whether a fit misses the figures. R² alone does not tell: of a
// server that serves one request at a time the throughput is the same at all
// levels, and what little is left to explain is noise.
func poor(c *reports.Capacity, u *reports.USL) bool {
	if u.R2 >= leastR2 {
		return false
	}
	sum, n := 0.0, 0.0
	for _, s := range c.Steps {
		if s.Phase == level && s.Throughput > 0 {
			at := u.Lambda * s.InProgress / (1 + u.Sigma*(s.InProgress-1) + u.Kappa*s.InProgress*(s.InProgress-1))
			sum += (at/s.Throughput - 1) * (at/s.Throughput - 1)
			n++
		}
	}
	return n == 0 || !(math.Sqrt(sum/n) <= mostResidual)
}

// level is the phase of the steps that the law is fitted to.
const level = "level"

// open lists the steps at a rate, without those of closed loops, which have none
// that was asked for.
func open(c *reports.Capacity) (list []reports.CapacityStep) {
	for _, s := range c.Steps {
		if s.Phase != level {
			list = append(list, s)
		}
	}
	return list
}

func lowest(steps []reports.CapacityStep) (reports.CapacityStep, bool) {
	if len(steps) == 0 {
		return reports.CapacityStep{}, false
	}
	return slices.MinFunc(steps, func(a, b reports.CapacityStep) int { return cmp.Compare(a.Rate, b.Rate) }), true
}

// limit is the lowest rate above the capacity that did not hold: what the
// capacity was found against.
func limit(c *reports.Capacity) (found reports.CapacityStep, ok bool) {
	for _, s := range open(c) {
		if s.Rate > c.Rate && !s.Held && (!ok || s.Rate < found.Rate) {
			found, ok = s, true
		}
	}
	return found, ok
}

// longestHeld is the longest step at the capacity, and the requests in it.
func longestHeld(c *reports.Capacity) (seconds, requests float64, ok bool) {
	for _, s := range open(c) {
		if s.Held && s.Rate > c.Rate*0.999 && s.Rate < c.Rate*1.001 {
			if d := float64(s.Duration) / 1e9; !ok || d > seconds {
				seconds, requests, ok = d, d*s.Rate, true
			}
		}
	}
	return seconds, requests, ok
}

// perSecond writes a rate with as many digits as mean something.
func perSecond(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f/s", v)
	case v >= 10:
		return fmt.Sprintf("%.1f/s", v)
	}
	return fmt.Sprintf("%.2f/s", v)
}
