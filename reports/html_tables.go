package reports

import (
	"fmt"
	"time"
)

// ceilings tell how many sessions there may be, and what a soak showed.
func (s *sheetRun) ceilings(c *Capacity) {
	if x := c.Sessions; x != nil {
		said := fmt.Sprintf("%d were open at once", x.Opened)
		if x.Reached {
			said += "; more were refused"
		}
		g := &grid{Head: []string{"sessions", "why it ended there", "memory of each"}}
		memory := "·"
		if x.Memory > 0 {
			memory = fmt.Sprintf("%.1f KiB", x.Memory/1024)
		}
		g.Rows = append(g.Rows, texts(said, line(x.Reason, maxField), memory))
		s.section("Sessions", "").Table = g
	}
	if x := c.Soak; x != nil {
		g := &grid{Head: []string{"verdict", "of", "an hour", "R²", "before", "after"}}
		for _, t := range x.Trends {
			state := map[string]string{"steady": "good", "leak": "bad"}[t.Verdict]
			if state == "" {
				state = "unsure"
			}
			g.Rows = append(g.Rows, append([]field{{line(t.Verdict, 40), state}},
				texts(line(t.Of, maxLabel), fmt.Sprintf("%.4g", t.Slope), fmt.Sprintf("%.3f", t.R2), fmt.Sprintf("%.4g", t.Before), fmt.Sprintf("%.4g", t.After))...))
		}
		s.section("Soak", time.Duration(x.Duration).String()).Table = g
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
