package soak

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	// leastPoints and mostPoints bound from how many points a trend is read.
	leastPoints, mostPoints = 12, 60
	// leastUnits is how many requests or sessions make a trend: a handful fill caches.
	leastUnits = 200
	// leastInPart is how many requests a part must have for its percentiles to count.
	leastInPart = 100
	// settled is the share of a phase that is left out at its beginning: pools and
	// caches fill, and what is compiled late is compiled.
	settled = 0.1
	// aLine is the R² from which on a figure is said to follow a line.
	aLine = 0.6
	// goesOn is the share of the slope that the second half has to have: what levels
	// off is a cache.
	goesOn = 0.4
	// comesBack is the share of the growth that a rest has to take back.
	comesBack = 0.5
	// relative is by which share of where it began a figure has to grow.
	relative = 0.05
)

// least is by how much a figure has to grow to be said to grow at all.
var least = map[string]float64{
	memory: 256 << 10, gauge.Files: 5, gauge.Threads: 5, gauge.Goroutines: 10,
	latency50: 0.5, latency99: 2, // milliseconds
}

const (
	memory    = "memory"
	latency50 = "latency p50"
	latency99 = "latency p99"
)

// A point is a figure at a moment, in hours.
type point struct{ at, value float64 }

// An observation is what was seen in a phase.
type observation struct {
	phase    string
	units    float64 // requests or sessions
	least    int     // of them that a trend is read from
	took     time.Duration
	readings []gauge.Reading
	rested   *gauge.Reading // after the rest
	parts    []*reports.Load
	each     time.Duration // the length of a part
}

func (o observation) trends() (list []reports.Trend) {
	figures := map[string]func(gauge.Reading) (float64, bool){
		memory: func(r gauge.Reading) (float64, bool) { return r.Memory, r.Memory > 0 },
	}
	for _, name := range []string{gauge.Files, gauge.Threads, gauge.Goroutines} {
		figures[name] = func(r gauge.Reading) (float64, bool) { v, ok := r.Counts[name]; return v, ok }
	}
	for _, name := range []string{memory, gauge.Files, gauge.Threads, gauge.Goroutines} {
		var points []point
		for _, r := range o.readings {
			if v, ok := figures[name](r); ok {
				points = append(points, point{r.At.Sub(o.readings[0].At).Hours(), v})
			}
		}
		if len(points) == 0 {
			continue
		}
		rested := math.NaN()
		if o.rested != nil {
			if v, ok := figures[name](*o.rested); ok {
				rested = v
			}
		}
		list = append(list, o.judge(name, thin(points), rested))
	}
	if o.phase == Requests { // of sessions, latency is that of opening them too
		list = append(list, o.latency(latency50, func(p reports.Percentiles) float64 { return p.P50 }), o.latency(latency99, func(p reports.Percentiles) float64 { return p.P99 }))
	}
	return list
}

func (o observation) latency(name string, of func(reports.Percentiles) float64) reports.Trend {
	var points []point
	for i, part := range o.parts {
		if part.Requests >= leastInPart {
			points = append(points, point{(time.Duration(i) * o.each).Hours(), of(part.Latency)})
		}
	}
	return o.judge(name, points, math.NaN())
}

// thin takes the medians of equal shares of the points: a moment's peak is no
// trend.
func thin(points []point) []point {
	n := mostPoints
	if len(points) <= n {
		return points
	}
	list := make([]point, n)
	for i := range list {
		share := slices.Clone(points[i*len(points)/n : (i+1)*len(points)/n])
		middle := share[len(share)/2].at
		slices.SortFunc(share, func(a, b point) int { return cmp.Compare(a.value, b.value) })
		list[i] = point{middle, share[len(share)/2].value}
	}
	return list
}

// judge reads a trend. What has rested is NaN if that is not known.
func (o observation) judge(of string, points []point, rested float64) reports.Trend {
	points = points[int(settled*float64(len(points))):]
	t := reports.Trend{Phase: o.phase, Of: of, Points: len(points), Verdict: "inconclusive"}
	if len(points) < leastPoints {
		t.Reason = fmt.Sprintf("too few figures: %d, want %d: soak for longer", len(points), leastPoints)
		return t
	}
	if o.units < float64(o.least) {
		t.Reason = fmt.Sprintf("too few %s: %.0f, want %d: soak for longer, or at a higher rate", o.phase, o.units, o.least)
		return t
	}
	slope, r2 := line(points)
	half, _ := line(points[len(points)/2:])
	quarter := max(len(points)/4, 3)
	t.Slope, t.R2 = slope, r2
	t.Before, t.After = mean(points[:quarter]), mean(points[len(points)-quarter:])
	grew := t.After - t.Before
	growth := slope * (points[len(points)-1].at - points[0].at)
	if !math.IsNaN(rested) {
		t.Rested = rested
	}
	timed := of == latency50 || of == latency99
	switch {
	case min(growth, grew) <= max(least[of], relative*t.Before):
		t.Verdict, t.Reason = "steady", "it did not grow by more than a twentieth"
	case r2 < aLine:
		t.Reason = fmt.Sprintf("it moved up and down more than it grew (R² %.2f): soak for longer", r2)
	case half < goesOn*slope:
		t.Verdict, t.Reason = "steady", "it grew at first, and levelled off"
	case timed:
		t.Verdict, t.Reason = "grows", "answers came later and later under the same load"
	case math.IsNaN(rested):
		t.Reason = "it grew all the time, and it is not known whether it came back in the rest"
	case t.After-rested >= comesBack*grew:
		t.Verdict, t.Reason = "steady", "it grew, and came back in the rest"
	case o.phase == Abandoned:
		t.Verdict, t.Reason = "kept", "sessions that clients do not end stayed at least until the end of the rest: see that they expire"
	default:
		t.Verdict, t.Reason = "leak", "it grew all the time, and did not come back in the rest"
	}
	if t.Verdict == "leak" || t.Verdict == "kept" {
		t.PerUnit = slope * o.took.Hours() / o.units
	}
	return t
}

func mean(points []point) (m float64) {
	for _, p := range points {
		m += p.value / float64(len(points))
	}
	return m
}

// line fits a line by least squares.
func line(points []point) (slope, r2 float64) {
	n := float64(len(points))
	var x, y, xx, xy, yy float64
	x0, y0 := points[0].at, points[0].value // near to them figures keep their digits
	for _, p := range points {
		a, b := p.at-x0, p.value-y0
		x, y, xx, xy, yy = x+a, y+b, xx+a*a, xy+a*b, yy+b*b
	}
	dx, dy := n*xx-x*x, n*yy-y*y
	if dx <= 0 || dy <= 0 {
		return 0, 0
	}
	return (n*xy - x*y) / dx, (n*xy - x*y) * (n*xy - x*y) / dx / dy
}
