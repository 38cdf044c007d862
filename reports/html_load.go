package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// load shows a load test: what came of it, then how it went over time.
func (s *sheetRun) load(l *Load) {
	latency := "from the moment when a request was due"
	if l.Plan.Loop == "closed" {
		latency = "a closed loop hides what waits"
	}
	sent := fmt.Sprintf("%d requests sent", l.Requests)
	if l.Planned > 0 {
		sent = fmt.Sprintf("%d of %d requests sent", l.Requests, l.Planned)
	}
	failed := tile{Name: "errors", Value: percent(l.ErrorShare), State: "good"}
	if l.ErrorShare > 0 {
		failed.State = "bad"
	}
	s.Tiles = append(s.Tiles, tile{Name: "throughput", Value: perSecond(l.Throughput), Remark: "answers that are a success"},
		tile{Name: "sent", Value: perSecond(l.Rate), Remark: sent})
	if l.Requests > 0 {
		s.Tiles = append(s.Tiles, tile{Name: "p50", Value: milliseconds(l.Latency.P50) + " ms", Remark: latency},
			tile{Name: "p99", Value: milliseconds(l.Latency.P99) + " ms", Remark: latency}, failed)
	}
	s.objectives(l.Objectives)
	s.comparison(l.Comparison)
	x := s.section("Load", l.Plan.words())
	for _, n := range l.Notes {
		x.Notes = append(x.Notes, line(n, maxField))
	}
	if l.ErrorShare > 0.5 {
		x.Notes = append(x.Notes, "most requests failed: the latencies are mostly those of failures")
	}
	if l.Interrupted {
		x.Notes = append(x.Notes, "it was interrupted; these are the figures until then")
	}
	x.Notes = append(x.Notes, l.Inspection.words()...)
	var bounds []chart.Mark
	for _, o := range l.Objectives {
		bounds = append(bounds, latencyBound(o.Objective)...)
	}
	if t := l.Timeline; t != nil && len(t.Moments) > 0 && t.Width > 0 {
		m := moments{Load: l, Timeline: t, bounds: bounds}
		x.draw(m.latency())
		x.draw(m.rates())
		x.draw(m.outcomes("Outcomes over time", slices.Sorted(maps.Keys(m.kinds()))))
		if l.ErrorShare > 0 && l.ErrorShare < 0.2 {
			x.draw(m.outcomes("Failures over time", slices.DeleteFunc(slices.Sorted(maps.Keys(m.kinds())), func(k string) bool { return k == "ok" })))
		}
	} else if l.Requests > 0 {
		x.Notes = append(x.Notes, "this report has no timeline, so nothing is drawn over time")
	}
	if len(l.Distribution) > 0 {
		x.draw(l.quantiles(bounds))
	}
	s.tables(l)
}

func (s *sheetRun) objectives(list []Objective) {
	if len(list) == 0 {
		return
	}
	g := &grid{Head: []string{"", "objective", "actual"}}
	for _, o := range list {
		verdict := field{"met", "good"}
		if !o.Met {
			verdict = field{"broken", "bad"}
		}
		g.Rows = append(g.Rows, []field{verdict, {Text: line(o.Objective, maxLabel)}, {Text: line(o.Actual, maxLabel)}})
	}
	s.section("Objectives", "").Table = g
}

func (s *sheetRun) comparison(c *Comparison) {
	if c == nil {
		return
	}
	x := s.section("Comparison", "with "+line(c.Before, maxField))
	x.Notes = append(x.Notes, c.refused()...)
	if len(c.Changes) == 0 {
		return
	}
	x.Table = &grid{Head: []string{"", "figure", "after", "before", "why"}}
	states := map[string]string{Better: "good", Worse: "bad"}
	for _, d := range c.Changes {
		x.Table.Rows = append(x.Table.Rows, []field{
			{line(d.Verdict, maxLabel), states[d.Verdict]}, {Text: line(d.Metric, maxLabel)}, {Text: d.figure(d.After)}, {Text: d.figure(d.Before)}, {Text: line(d.Why, maxField)},
		})
	}
}

// tables are the figures behind the pictures.
func (s *sheetRun) tables(l *Load) {
	g := &grid{Head: []string{"ms", "p50", "p90", "p95", "p99", "p99.9", "max"}}
	for _, d := range l.distributions() {
		g.Rows = append(g.Rows, texts(append([]string{d.name}, d.values()...)...))
	}
	s.section("Latency", "in ms").Table = g
	if len(l.Outcomes) > 0 {
		g = &grid{Head: []string{"outcome", "requests", "share"}}
		for i, o := range l.Outcomes {
			state := "bad"
			if i == 0 && o.Outcome == "ok" {
				state = "good"
			}
			g.Rows = append(g.Rows, []field{{line(o.Outcome, maxLabel), state}, {Text: fmt.Sprint(o.Count)}, {Text: percent(o.Share)}})
		}
		x := s.section("Outcomes", "")
		x.Table = g
		if len(l.RetryAfter) > 0 {
			x.After = append(x.After, "Retry-After: "+line(strings.Join(l.RetryAfter, ", "), maxField))
		}
	}
	s.mix(l.Plan.Mix)
}

func (s *sheetRun) mix(parts []LoadMixPart) {
	if len(parts) == 0 {
		return
	}
	g := &grid{Head: []string{"operation", "share"}}
	for _, part := range parts {
		g.Rows = append(g.Rows, texts(line(part.Operation, maxLabel), fmt.Sprintf("%.1f%%", 100*part.Share)))
	}
	s.section("Mix", "what was sent").Table = g
}

func percent(share float64) string { return fmt.Sprintf("%.3f%%", 100*share) }

// latencyBound is the line at a bound on latency, if an objective is one.
func latencyBound(objective string) []chart.Mark {
	of, bound, ok := strings.Cut(strings.ReplaceAll(objective, "=", ""), "<")
	of = strings.TrimSpace(of)
	d, err := time.ParseDuration(strings.TrimSpace(bound))
	if !ok || err != nil || d <= 0 || !slices.Contains([]string{"mean", "p50", "p90", "p95", "p99", "p99.9", "max"}, of) {
		return nil
	}
	return []chart.Mark{{Class: "bound", At: Milliseconds(d), Level: true, Label: line(objective, 30)}}
}

// latencyAxis is a logarithmic one, as long as the bounds do not lie far off.
func latencyAxis(bounds []chart.Mark, lists ...[]float64) chart.Axis {
	a := chart.Axis{Log: true, Label: func(v float64) string {
		if v >= 1000 {
			return chart.Number(v/1000) + " s"
		}
		return chart.Number(v) + " ms"
	}}
	a = a.Fit(lists...)
	for _, b := range bounds {
		if a.Log && b.At > a.Max && b.At < 20*a.Max {
			a = a.Fit(append(lists, []float64{b.At})...)
		}
	}
	return a
}

// within leaves out the lines that the axis does not reach.
func within(a chart.Axis, marks []chart.Mark) (list []chart.Mark) {
	for _, m := range marks {
		if m.At >= a.Min && m.At <= a.Max {
			list = append(list, m)
		}
	}
	return list
}

// quantiles draws latency over the share of requests that were as fast, which
// the scale stretches towards the slowest.
func (l *Load) quantiles(bounds []chart.Mark) (figure, chart.Chart) {
	var x, latency, service []float64
	for _, q := range l.Distribution {
		if q.Share >= 0 && q.Share < 1-1e-12 {
			x, latency, service = append(x, 1/(1-q.Share)), append(latency, q.Latency), append(service, q.Service)
		}
	}
	f := figure{Title: "Latency by percentile", Remark: "up to the slowest request, as HdrHistogram draws it", Legend: []legend{{"s1", "from the moment when it was due"}}}
	c := chart.Chart{
		X: chart.Axis{Min: 1, Max: max(10, slices.Max(append(x, 1))), Log: true, Ticks: []float64{1, 2, 4, 10, 20, 100, 1000, 1e4, 1e5, 1e6, 1e7}, Label: func(v float64) string {
			switch v {
			case 1:
				return "0%"
			case 2, 4, 10, 20:
				return fmt.Sprintf("%.0f%%", 100*(1-1/v))
			}
			return fmt.Sprintf("%.*f%%", max(0, int(math.Round(math.Log10(v)))-2), 100*(1-1/v))
		}},
		Y: latencyAxis(bounds, latency, service), Layers: []chart.Layer{{Class: "s1", X: x, Y: latency}},
	}
	if l.Plan.Loop == "open" {
		f.Legend = append(f.Legend, legend{"s2", "from when it was sent"})
		c.Layers = append([]chart.Layer{{Class: "s2", X: x, Y: service, Dash: true}}, c.Layers...)
	}
	c.Marks = within(c.Y, bounds)
	before := 1.0
	for i, q := range l.Distribution {
		if i < len(x) {
			c.Spots = append(c.Spots, chart.Spot{From: before, To: x[i], Text: fmt.Sprintf("%.5g%% within %s ms of being due, %s ms of being sent", 100*q.Share, milliseconds(q.Latency), milliseconds(q.Service))})
			before = x[i]
		}
	}
	return f, c
}

// clock writes a time since the beginning.
func clock(seconds float64) string {
	whole := int(math.Round(seconds))
	switch {
	case seconds < 120:
		return fmt.Sprintf("%g s", math.Round(seconds*10)/10)
	case whole%3600 == 0:
		return fmt.Sprintf("%d h", whole/3600)
	case whole < 3600 && whole%60 == 0:
		return fmt.Sprintf("%d min", whole/60)
	case whole < 3600:
		return fmt.Sprintf("%d:%02d min", whole/60, whole%60)
	}
	return fmt.Sprintf("%d:%02d h", whole/3600, whole/60%60)
}

// timeAxis has ticks at round times.
func timeAxis(seconds float64) chart.Axis {
	a := chart.Axis{Max: seconds, Exact: true, Label: clock}
	for _, d := range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600} {
		if n := seconds / d; n <= 10 {
			for i := range int(n+1e-9) + 1 {
				a.Ticks = append(a.Ticks, float64(i)*d)
			}
			break
		}
	}
	return a
}

// order is how outcomes are stacked: success at the bottom.
func order(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}
