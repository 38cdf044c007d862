package reports

import (
	"fmt"
	"time"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// ceilings tell how many sessions there may be, and what a soak showed.
func (s *sheetRun) ceilings(c *Capacity) {
	if c.Sessions != nil {
		s.sessions(c.Sessions)
	}
	if c.Soak != nil {
		s.soak(c.Soak)
	}
}

func (s *sheetRun) sessions(c *SessionsCeiling) {
	x := s.section("Sessions", fmt.Sprintf("%d were open at once, and %d streams", c.Opened, c.Streams))
	if c.Reason != "" {
		x.Notes = append(x.Notes, line(c.Reason, maxField))
	}
	if c.StreamsReason != "" {
		x.Notes = append(x.Notes, "streams: "+line(c.StreamsReason, maxField))
	}
	if c.NotEnded > 0 {
		x.Notes = append(x.Notes, fmt.Sprintf("sessions whose end the server did not confirm: %d", c.NotEnded))
	}
	if c.Memory > 0 {
		x.Notes = append(x.Notes, fmt.Sprintf("each takes %.1f KiB, R² %.3f", c.Memory/1024, c.R2))
	}
	for _, n := range c.Notes {
		x.Notes = append(x.Notes, line(n, maxField))
	}
	if len(c.Levels) == 0 {
		return
	}
	g := &grid{Head: []string{"sessions", "streams", "slowest to open", "slowest answer", "MiB"}}
	var at, answer, memory []float64
	var spots []chart.Spot
	for _, l := range c.Levels {
		row := texts(fmt.Sprint(l.Sessions), fmt.Sprint(l.Streams), milliseconds(Milliseconds(time.Duration(l.Opening)))+" ms", milliseconds(l.Answer)+" ms", "·")
		if l.Memory > 0 {
			row[4].Text = fmt.Sprintf("%.1f", l.Memory/(1<<20))
			memory = append(memory, l.Memory/(1<<20))
		}
		g.Rows = append(g.Rows, row)
		at, answer = append(at, float64(l.Sessions)), append(answer, l.Answer)
		spots = append(spots, chart.Spot{From: at[len(at)-1], To: at[len(at)-1], Text: fmt.Sprintf("%s sessions, %s streams: %s, %s MiB", row[0].Text, row[1].Text, row[3].Text, row[4].Text)})
	}
	x.Table = g
	axis := chart.Axis{}.Fit(at)
	x.draw(figure{Title: "Slowest answer", Remark: "by open sessions"}, chart.Chart{X: axis, Y: chart.Axis{Label: func(v float64) string { return chart.Number(v) + " ms" }}.Fit(answer), Spots: spots, Layers: []chart.Layer{
		{Class: "s3", X: at, Y: answer}, {Class: "s3", X: at, Y: answer, Dots: true},
	}})
	if len(memory) == len(at) {
		x.draw(figure{Title: "Memory of the server", Remark: "MiB by open sessions"}, chart.Chart{X: axis, Y: chart.Axis{}.Fit(memory), Spots: spots, Layers: []chart.Layer{
			{Class: "s1", X: at, Y: memory}, {Class: "s1", X: at, Y: memory, Dots: true},
		}})
	}
}

func (s *sheetRun) soak(k *Soak) {
	x := s.section("Soak", fmt.Sprintf("%s at %s", time.Duration(k.Duration), perSecond(k.Rate)))
	for _, p := range k.Phases {
		x.Notes = append(x.Notes, fmt.Sprintf("%s: %d in %s, %s failed; %s of rest", line(p.Phase, maxLabel), p.Requests, time.Duration(p.Duration), percent(p.ErrorShare), time.Duration(p.CoolDown)))
	}
	for _, n := range k.Notes {
		x.Notes = append(x.Notes, line(n, maxField))
	}
	g := &grid{Head: []string{"verdict", "phase", "of", "an hour", "R²", "before", "after", "rested", "why"}}
	for _, t := range k.Trends {
		state := map[string]string{"steady": "good", "leak": "bad"}[t.Verdict]
		if state == "" {
			state = "unsure"
		}
		row := []field{{line(t.Verdict, 40), state}, {Text: line(t.Phase, maxLabel)}, {Text: line(t.Of, maxLabel)}}
		for _, v := range []float64{t.Slope, t.R2, t.Before, t.After, t.Rested} {
			row = append(row, field{Text: chart.Number(v)})
		}
		g.Rows = append(g.Rows, append(row, field{Text: line(t.Reason, maxField)}))
	}
	if len(g.Rows) > 0 {
		x.Table = g
	}
}

// steps lists what was tried, in the order in which it was.
func (s *sheetRun) steps(c *Capacity) {
	if len(c.Steps) == 0 {
		return
	}
	g := &grid{Head: []string{"phase", "rate", "throughput", "p50 ms", "p99 ms", "errors", "in progress", "cores", "MiB", "held"}}
	for _, x := range c.Steps {
		held, cores, memory := field{"yes", "good"}, "·", "·"
		if !x.Held {
			held = field{"no", "bad"}
		}
		for _, b := range x.Broken {
			held.Text += fmt.Sprintf("; %s, got %s", line(b.Objective, maxLabel), line(b.Actual, maxLabel))
		}
		if x.GeneratorBound {
			held.Text += "; mcpcheck was late"
		}
		if x.RateLimited {
			held.Text += "; 429"
		}
		if x.Server != nil {
			cores, memory = fmt.Sprintf("%.2f", x.Server.CPU), fmt.Sprintf("%.0f", x.Server.Memory/(1<<20))
		}
		g.Rows = append(g.Rows, append(texts(line(x.Phase, 40), perSecond(x.Rate), perSecond(x.Throughput), milliseconds(x.Latency.P50),
			milliseconds(x.Latency.P99), percent(x.ErrorShare), fmt.Sprintf("%.1f", x.InProgress), cores, memory), held))
	}
	s.section("Steps", "in the order in which they were made").Table = g
}
