package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// capacity shows a capacity search: what was found, what it was found from, and
// what follows for an autoscaler.
func (s *sheetRun) capacity(c *Capacity) {
	if c.Autoscale != nil {
		s.autoscale(c)
	}
	holds := tile{Name: "one replica holds", Value: "no rate", State: "unsure"}
	if c.Rate > 0 {
		holds = tile{Name: "one replica holds", Value: perSecond(c.Rate), Remark: fmt.Sprintf("repetitions: %s to %s", perSecond(c.Low), perSecond(c.High)), State: "good"}
	}
	s.Tiles = append(s.Tiles, holds)
	if c.Knee > 0 {
		s.Tiles = append(s.Tiles, tile{Name: "knee", Value: perSecond(c.Knee), Remark: "from here on latency grows faster than load"})
	}
	if c.Saturation > 0 {
		s.Tiles = append(s.Tiles, tile{Name: "saturation", Value: perSecond(c.Saturation), Remark: "no more was seen at any load"})
	}
	if r := c.Server; r != nil {
		s.Tiles = append(s.Tiles, tile{Name: "server at that rate", Value: fmt.Sprintf("%.2f cores", r.CPU), Remark: fmt.Sprintf("%s in memory (%s)", mebibytes(r.Memory), line(r.Source, 40))})
	}
	x := s.section("Capacity", line(strings.Join(c.SLO, ", "), maxField))
	for _, n := range c.Notes {
		x.Notes = append(x.Notes, line(n, maxField))
	}
	for _, n := range c.Refusals {
		x.Notes = append(x.Notes, "no target follows: "+line(n, maxField))
	}
	open, levels := c.steps()
	if len(open) > 0 {
		x.draw(c.throughput(open))
		x.draw(c.latency(open))
	}
	if len(levels) > 0 {
		x.draw(c.scalability(levels))
	}
	x.resources(c)
	s.ceilings(c)
	s.steps(c)
	s.mix(c.Mix)
}

func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v/(1<<20)) }

// steps are those of the open loop, and those of the closed one, by rate.
func (c *Capacity) steps() (open, levels []CapacityStep) {
	for _, s := range c.Steps {
		if s.Phase == "level" {
			levels = append(levels, s)
		} else {
			open = append(open, s)
		}
	}
	slices.SortStableFunc(open, func(a, b CapacityStep) int { return cmp.Compare(a.Rate, b.Rate) })
	slices.SortStableFunc(levels, func(a, b CapacityStep) int { return cmp.Compare(a.InProgress, b.InProgress) })
	return open, levels
}

// points are one figure of some steps over another.
func points(steps []CapacityStep, x, y func(CapacityStep) float64) (xs, ys []float64) {
	for _, s := range steps {
		xs, ys = append(xs, x(s)), append(ys, y(s))
	}
	return xs, ys
}

// means joins points with the same x.
func means(x, y []float64) (xs, ys []float64) {
	for from := 0; from < len(x); {
		to, sum := from, 0.0
		for ; to < len(x) && x[to] == x[from]; to++ {
			sum += y[to]
		}
		xs, ys, from = append(xs, x[from]), append(ys, sum/float64(to-from)), to
	}
	return xs, ys
}

func rateOf(s CapacityStep) float64       { return s.Rate }
func throughputOf(s CapacityStep) float64 { return s.Throughput }

// marks are the rates that the search found.
func (c *Capacity) marks() (list []chart.Mark) {
	if c.Knee > 0 {
		list = append(list, chart.Mark{Class: "knee", At: c.Knee, Label: "knee " + perSecond(c.Knee)})
	}
	if c.Rate > 0 {
		list = append(list, chart.Mark{Class: "held", At: c.Rate, Label: "holds " + perSecond(c.Rate)})
	}
	return list
}

// offered is the axis of what was sent.
func offered(x []float64) chart.Axis {
	a := chart.Axis{Exact: true, Label: func(v float64) string { return chart.Number(v) + "/s" }}.Fit(x)
	a.Max *= 1.05
	return a
}

// tips tell of the steps at each place of the X axis.
func tips(steps []CapacityStep, at func(CapacityStep) float64) (list []chart.Spot) {
	for from := 0; from < len(steps); {
		x, words, to := at(steps[from]), []string{}, from
		for ; to < len(steps) && at(steps[to]) == x; to++ {
			s := steps[to]
			held := "held"
			if !s.Held {
				held = "did not hold"
			}
			said := fmt.Sprintf("%s %s: throughput %s, p50 %s ms, p99 %s ms, errors %s, %s", line(s.Phase, 20), perSecond(s.Rate),
				perSecond(s.Throughput), milliseconds(s.Latency.P50), milliseconds(s.Latency.P99), percent(s.ErrorShare), held)
			for _, b := range s.Broken {
				said += "\n  " + line(b.Objective, 60) + ", got " + line(b.Actual, 60)
			}
			words = append(words, said)
		}
		list, from = append(list, chart.Spot{From: x, To: x, Text: strings.Join(words, "\n")}), to
	}
	return list
}

// dots are layers of those steps that held and of those that did not.
func dots(steps []CapacityStep, x, y func(CapacityStep) float64) (list []chart.Layer) {
	for _, held := range []bool{false, true} {
		class, some := "lost", []CapacityStep{}
		if held {
			class = "held"
		}
		for _, s := range steps {
			if s.Held == held {
				some = append(some, s)
			}
		}
		xs, ys := points(some, x, y)
		list = append(list, chart.Layer{Class: class, X: xs, Y: ys, Dots: true})
	}
	return list
}

func (c *Capacity) throughput(open []CapacityStep) (figure, chart.Chart) {
	x, y := points(open, rateOf, throughputOf)
	xs, ys := means(x, y)
	most := slices.Max(x)
	f := figure{Title: "Throughput against offered load", Remark: "each dot is a step", Legend: []legend{{"held", "held"}, {"lost", "did not hold"}, {"ideal", "all that is offered"}}}
	p := chart.Chart{X: offered(x), Y: chart.Axis{}.Fit(x, y), Marks: c.marks(), Spots: tips(open, rateOf)}
	p.Layers = append([]chart.Layer{{Class: "ideal", X: []float64{0, most}, Y: []float64{0, most}, Dash: true}, {Class: "s1", X: xs, Y: ys}}, dots(open, rateOf, throughputOf)...)
	if c.Saturation > 0 && c.Saturation < 3*most { // else the closed loop reached what no step offered
		p.Marks = append(p.Marks, chart.Mark{Class: "saturation", At: c.Saturation, Level: true, Label: "saturation " + perSecond(c.Saturation)})
		p.Y = p.Y.Fit(x, y, []float64{c.Saturation})
	}
	return f, p
}

func (c *Capacity) latency(open []CapacityStep) (figure, chart.Chart) {
	p50 := func(s CapacityStep) float64 { return s.Latency.P50 }
	p99 := func(s CapacityStep) float64 { return s.Latency.P99 }
	x, low := points(open, rateOf, p50)
	_, high := points(open, rateOf, p99)
	var bounds []chart.Mark
	for _, o := range c.SLO {
		bounds = append(bounds, latencyBound(o)...)
	}
	f := figure{Title: "Latency against offered load", Remark: "from the moment when a request was due", Legend: []legend{{"s3", "p99"}, {"s1", "p50"}}}
	p := chart.Chart{X: offered(x), Y: latencyAxis(bounds, low, high), Spots: tips(open, rateOf), Layers: []chart.Layer{
		{Class: "s3", X: x, Y: high, Dots: true}, {Class: "s1", X: x, Y: low, Dots: true},
	}}
	for class, y := range map[string][]float64{"s3": high, "s1": low} {
		xs, ys := means(x, y)
		p.Layers = append(p.Layers, chart.Layer{Class: class, X: xs, Y: ys})
	}
	slices.SortFunc(p.Layers, func(a, b chart.Layer) int { return cmp.Compare(b.Class, a.Class) })
	p.Marks = append(c.marks(), within(p.Y, bounds)...)
	return f, p
}

// scalability draws the levels of the closed loop and the law that was fitted to
// them, a little beyond what was measured.
func (c *Capacity) scalability(levels []CapacityStep) (figure, chart.Chart) {
	inProgress := func(s CapacityStep) float64 { return s.InProgress }
	x, y := points(levels, inProgress, throughputOf)
	f := figure{Title: "Scalability", Remark: "throughput by requests in progress (closed loop)", Legend: []legend{{"s1", "measured"}}}
	p := chart.Chart{
		X:      chart.Axis{Min: 1, Max: 2, Log: true, Ticks: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}},
		Spots:  tips(levels, inProgress),
		Layers: []chart.Layer{{Class: "s1", X: x, Y: y, Dots: true}},
	}
	p.X.Max = max(p.X.Max, slices.Max(x))
	lists := [][]float64{y}
	if u := c.USL; u != nil {
		p.X.Max *= 2
		var n, law []float64
		for i := range 121 {
			at := math.Pow(p.X.Max, float64(i)/120)
			n, law = append(n, at), append(law, u.Lambda*at/(1+u.Sigma*(at-1)+u.Kappa*at*(at-1)))
		}
		f.Legend = append(f.Legend, legend{"s2", fmt.Sprintf("USL: λ %.1f/s, σ %.4f, κ %.6f, R² %.3f", u.Lambda, u.Sigma, u.Kappa, u.R2)})
		p.Layers = append([]chart.Layer{{Class: "s2", X: n, Y: law}}, p.Layers...)
		lists = append(lists, law)
		if u.Peak > 0 && u.PeakConcurrency <= p.X.Max {
			p.Marks = append(p.Marks, chart.Mark{Class: "s2", At: u.PeakConcurrency, Label: fmt.Sprintf("most %s at %.0f", perSecond(u.Peak), u.PeakConcurrency)})
		}
	}
	p.Y = chart.Axis{Label: func(v float64) string { return chart.Number(v) + "/s" }}.Fit(lists...)
	return f, p
}

// resources draws what the server used, over what it did with that.
func (x *section) resources(c *Capacity) {
	var seen []CapacityStep
	for _, s := range c.Steps {
		if s.Server != nil {
			seen = append(seen, s)
		}
	}
	if len(seen) == 0 {
		return
	}
	slices.SortStableFunc(seen, func(a, b CapacityStep) int { return cmp.Compare(a.Throughput, b.Throughput) })
	add := func(title string, of func(*Resources) float64, unit string) {
		xs, ys := points(seen, throughputOf, func(s CapacityStep) float64 { return of(s.Server) })
		p := chart.Chart{X: offered(xs), Y: chart.Axis{}.Fit(ys), Layers: []chart.Layer{{Class: "s1", X: xs, Y: ys, Dots: true}}}
		if c.Rate > 0 {
			p.Marks = []chart.Mark{{Class: "held", At: c.Rate, Label: "holds " + perSecond(c.Rate)}}
		}
		for _, s := range seen {
			p.Spots = append(p.Spots, chart.Spot{From: s.Throughput, To: s.Throughput, Text: fmt.Sprintf("%s %s: %.2f cores, %s", line(s.Phase, 20), perSecond(s.Throughput), s.Server.CPU, mebibytes(s.Server.Memory))})
		}
		f := figure{Title: title, Remark: unit + " by throughput", Small: true}
		if c.Idle != nil {
			p.Marks = append(p.Marks, chart.Mark{Class: "max", At: of(c.Idle), Level: true, Label: "idle"})
		}
		x.draw(f, p)
	}
	add("CPU of the server", func(r *Resources) float64 { return r.CPU }, "cores")
	add("Memory of the server", func(r *Resources) float64 { return r.Memory / (1 << 20) }, "MiB")
}
