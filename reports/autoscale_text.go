package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// autoscale writes the arithmetic line by line, so that it can be checked with a
// pencil.
func (p *page) autoscale(a *Autoscale) {
	if len(a.Refusals) > 0 {
		p.heading("Autoscaling", "refused")
		for _, reason := range a.Refusals {
			p.field(2, "no target follows: ", reason)
		}
		return
	}
	p.heading("Autoscaling", fmt.Sprintf("for a peak of %s", perSecond(a.Peak)))
	p.printf("  target      %s of each replica (%s)\n", perSecond(a.Target), line(a.Metric, maxLabel))
	if a.SessionMetric != "" {
		p.printf("  sessions    %d of each replica (%s)\n", a.SessionTarget, line(a.SessionMetric, maxLabel))
	}
	p.printf("  replicas    %d at the peak, at least %d, at most %d\n", a.Replicas, a.MinReplicas, a.MaxReplicas)
	p.heading("Arithmetic", "")
	for _, s := range a.Arithmetic {
		of := line(s.Of, maxLabel)
		equation := []string{line(s.Formula, maxField), line(s.Numbers, maxField), line(s.Result, maxField)}
		equation = slices.DeleteFunc(equation, func(s string) bool { return s == "" })
		for i, side := range equation {
			if i == 1 { // the equals signs stand below each other
				of = strings.Repeat(" ", utf8.RuneCountInString(of))
			}
			p.block(bold, 2, of+" = ", side)
		}
		p.block(plain, 4, "", lines(s.Reason, maxField)...)
	}
	for _, w := range a.Warnings {
		p.block(yellow, 2, "warning: ", lines(w, maxField)...)
	}
	if s := a.Simulation; s != nil {
		p.simulation(s)
	}
	if len(a.Files) > 0 {
		p.heading("Files", "")
		for _, f := range a.Files {
			p.printf("  %s\n", line(f, maxField))
		}
	}
}

func (p *page) simulation(s *Simulation) {
	p.heading("Simulation", fmt.Sprintf("%s, %s", line(s.Traffic, maxLabel), time.Duration(s.Duration)))
	p.printf("  requests    %.0f: %.0f late (%s), %.0f dropped (%s)\n", s.Requests, s.Late, share(s.Late, s.Requests), s.Dropped, share(s.Dropped, s.Requests))
	p.printf("  replicas    %d at the most, changed %s\n", s.MostReplicas, plural(s.Changes, "time"))
	p.printf("  cost        %.2f pod-hours, %.2f if the replicas of the peak ran all the time\n", s.PodHours, s.StaticPodHours)
	var offered, replicas, late []float64
	for _, x := range s.Samples {
		offered = append(offered, x.Offered)
		replicas = append(replicas, float64(x.Replicas))
		late = append(late, x.Late+x.Dropped)
	}
	p.curve("offered", offered, perSecond)
	p.curve("replicas", replicas, func(v float64) string { return fmt.Sprintf("%.0f", v) })
	p.curve("late", late, perSecond)
}

func share(part, whole float64) string {
	if whole == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.3f%%", 100*part/whole)
}

// curve draws values over time as bars of eight heights, the highest of those
// that share a column.
func (p *page) curve(name string, values []float64, unit func(float64) string) {
	if len(values) == 0 {
		return
	}
	const bars = "▁▂▃▄▅▆▇█"
	most, width := slices.Max(values), min(p.Width-40, 60, len(values))
	var b strings.Builder
	for i := range max(width, 1) {
		from, to := i*len(values)/max(width, 1), (i+1)*len(values)/max(width, 1)
		v, height := slices.Max(values[from:to]), 0
		if most > 0 {
			height = int(v / most * 7.999)
		}
		b.WriteRune([]rune(bars)[min(max(height, 0), 7)])
	}
	p.printf("  %-10s  %s  up to %s\n", name, b.String(), unit(most))
}
