package reports

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// autoscale shows the target, the arithmetic that leads to it, and the
// simulation.
func (s *sheetRun) autoscale(c *Capacity) {
	a := c.Autoscale
	if len(a.Refusals) > 0 {
		x := s.section("Autoscaling", "refused")
		for _, n := range a.Refusals {
			x.Notes = append(x.Notes, "no target follows: "+line(n, maxField))
		}
		return
	}
	s.Tiles = append(s.Tiles, tile{Name: "target of each replica", Value: perSecond(a.Target), Remark: line(a.Metric, maxLabel), State: "good"},
		tile{Name: "replicas", Value: fmt.Sprint(a.Replicas), Remark: fmt.Sprintf("at a peak of %s; at least %d, at most %d", perSecond(a.Peak), a.MinReplicas, a.MaxReplicas)})
	x := s.section("Autoscaling", "for a peak of "+perSecond(a.Peak))
	for _, w := range a.Warnings {
		x.Notes = append(x.Notes, "warning: "+line(w, maxField))
	}
	g := &grid{Head: []string{"", "formula", "with numbers", "result", "why"}}
	for _, step := range a.Arithmetic {
		g.Rows = append(g.Rows, texts(line(step.Of, maxLabel), line(step.Formula, maxField), line(step.Numbers, maxField), line(step.Result, maxField), line(step.Reason, maxField)))
	}
	x.Table = g
	for _, f := range a.Files {
		x.After = append(x.After, "written: "+line(f, maxField))
	}
	if a.Simulation != nil {
		s.simulation(c, a.Simulation)
	}
}

func (s *sheetRun) simulation(c *Capacity, m *Simulation) {
	x := s.section("Simulation", fmt.Sprintf("%s, %s", line(m.Traffic, maxLabel), time.Duration(m.Duration)))
	x.Table = &grid{Head: []string{"requests", "late", "dropped", "most replicas", "changes", "pod-hours", "if the peak's ran all the time"}, Rows: [][]field{texts(
		fmt.Sprintf("%.0f", m.Requests), fmt.Sprintf("%.0f (%s)", m.Late, share(m.Late, m.Requests)), fmt.Sprintf("%.0f (%s)", m.Dropped, share(m.Dropped, m.Requests)),
		fmt.Sprint(m.MostReplicas), fmt.Sprint(m.Changes), fmt.Sprintf("%.2f", m.PodHours), fmt.Sprintf("%.2f", m.StaticPodHours),
	)}}
	if len(m.Samples) == 0 {
		return
	}
	p := played{Capacity: c, Simulation: m}
	drawn := []func() (figure, chart.Chart){p.demand, p.replicas, p.metric}
	if m.Late+m.Dropped > 0 {
		drawn = append(drawn, p.waiting, p.harm)
	} else {
		x.Notes = append(x.Notes, "no request had to wait: there is no queue to draw")
	}
	for _, draw := range drawn {
		x.draw(draw())
	}
}

// played is a simulation, to be drawn.
type played struct {
	*Capacity
	*Simulation
}

func (p played) values(of func(SimulationSample) float64) (list []float64) {
	for _, x := range p.Samples {
		list = append(list, of(x))
	}
	return list
}

func (p played) at() []float64 {
	return p.values(func(x SimulationSample) float64 { return time.Duration(x.At).Seconds() })
}

func (p played) base() chart.Chart {
	at := p.at()
	c := chart.Chart{X: timeAxis(slices.Max(at))}
	for i, x := range p.Samples {
		to := at[i]
		if i+1 < len(at) {
			to = at[i+1]
		}
		c.Spots = append(c.Spots, chart.Spot{From: at[i], To: to, Text: fmt.Sprintf("at %s: %s offered, %d replicas, %d ready, %s of each seen\nlate %s, dropped %s, %.0f wait",
			clock(at[i]), perSecond(x.Offered), x.Replicas, x.Ready, perSecond(x.Metric), perSecond(x.Late), perSecond(x.Dropped), x.Queue)})
	}
	return c
}

func (p played) demand() (figure, chart.Chart) {
	c := p.base()
	offer := p.values(func(x SimulationSample) float64 { return x.Offered })
	hold := p.values(func(x SimulationSample) float64 { return float64(x.Ready) * p.Rate })
	c.Y = chart.Axis{}.Fit(offer, hold)
	c.Layers = []chart.Layer{{Class: "k0 faint", X: p.at(), Y: hold, Area: true, Steps: true}, {Class: "s1", X: p.at(), Y: offer}}
	return figure{Title: "Offered load", Remark: "requests a second", Legend: []legend{{"s1", "offered"}, {"k0", "held by the replicas that are ready"}}}, c
}

func (p played) replicas() (figure, chart.Chart) {
	c := p.base()
	all := p.values(func(x SimulationSample) float64 { return float64(x.Replicas) })
	ready := p.values(func(x SimulationSample) float64 { return float64(x.Ready) })
	c.Y = chart.Axis{}.Fit(all, ready, []float64{5}) // whole ones only
	c.Layers = []chart.Layer{{Class: "k0 faint", X: p.at(), Y: ready, Area: true, Steps: true}, {Class: "s2", X: p.at(), Y: all, Steps: true}}
	return figure{Title: "Replicas", Legend: []legend{{"s2", "wanted"}, {"k0", "ready"}}}, c
}

func (p played) metric() (figure, chart.Chart) {
	c := p.base()
	seen := p.values(func(x SimulationSample) float64 { return x.Metric })
	for i := 0; i < len(seen) && seen[i] == 0; i++ {
		seen[i] = math.NaN() // it has not looked yet
	}
	c.Layers = []chart.Layer{{Class: "s3", X: p.at(), Y: seen}}
	c.Y = chart.Axis{}.Fit(seen, []float64{p.Rate, p.Autoscale.Target})
	c.Marks = []chart.Mark{{Class: "s2", At: p.Autoscale.Target, Level: true, Label: "target " + perSecond(p.Autoscale.Target)}}
	if p.Rate > 0 {
		c.Marks = append(c.Marks, chart.Mark{Class: "held", At: p.Rate, Level: true, Label: "holds " + perSecond(p.Rate)})
	}
	return figure{Title: "Load of each replica", Remark: "a second, as the autoscaler saw it", Legend: []legend{{"s3", line(p.Autoscale.Metric, 60)}}}, c
}

func (p played) waiting() (figure, chart.Chart) {
	c := p.base()
	queue := p.values(func(x SimulationSample) float64 { return x.Queue })
	c.Y = chart.Axis{}.Fit(queue)
	c.Layers = []chart.Layer{{Class: "k4 faint", X: p.at(), Y: queue, Area: true}}
	return figure{Title: "Queue", Remark: "requests that wait", Small: true, Legend: []legend{{"k4", fmt.Sprintf("at most %.0f", slices.Max(queue))}}}, c
}

func (p played) harm() (figure, chart.Chart) {
	c := p.base()
	gone := p.values(func(x SimulationSample) float64 { return x.Dropped })
	all := p.values(func(x SimulationSample) float64 { return x.Dropped + x.Late })
	c.Y = chart.Axis{}.Fit(all)
	c.Layers = []chart.Layer{{Class: "k1 stack", X: p.at(), Y: all, Area: true}, {Class: "k3 stack", X: p.at(), Y: gone, Area: true}}
	return figure{Title: "Late and dropped", Remark: "a second", Small: true, Legend: []legend{{"k1", "late: " + share(p.Late, p.Requests)}, {"k3", "dropped: " + share(p.Dropped, p.Requests)}}}, c
}
