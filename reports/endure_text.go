package reports

import (
	"fmt"
	"strings"
	"time"
)

// soak writes how each figure moved, and the verdict in words.
func (p *page) soak(s *Soak) {
	p.heading("Soak", fmt.Sprintf("%s for %s", perSecond(s.Rate), time.Duration(s.Duration).Round(time.Second)))
	for _, x := range s.Phases {
		p.printf("  %-20s %d in %s, %.3f%% failed; then a rest of %s\n", line(x.Phase, maxLabel), x.Requests, time.Duration(x.Duration).Round(time.Second), 100*x.ErrorShare, time.Duration(x.CoolDown).Round(100*time.Millisecond))
	}
	rows := [][]cell{{{"under", dim}, {"figure", dim}, {"before", dim}, {"after", dim}, {"rested", dim}, {"an hour", dim}, {"R²", dim}, {"each", dim}, {"verdict", dim}}}
	for _, t := range s.Trends {
		before, after, rested, slope, r2, each := "·", "·", "·", "·", "·", "·"
		if t.Before != 0 || t.After != 0 {
			before, after = t.figure(t.Before), t.figure(t.After)
			slope, r2 = signed(t.Slope, t.figure), fmt.Sprintf("%.2f", t.R2)
		}
		if t.Rested != 0 {
			rested = t.figure(t.Rested)
		}
		if t.PerUnit != 0 {
			each = t.figure(t.PerUnit)
		}
		style := map[string]style{"steady": green, "leak": red}[t.Verdict]
		if style == plain {
			style = yellow
		}
		rows = append(rows, []cell{
			{line(t.Phase, maxLabel), plain}, {line(t.Of, maxLabel), plain}, {before, plain}, {after, plain}, {rested, plain}, {slope, plain}, {r2, plain}, {each, plain}, {line(t.Verdict, maxLabel), style},
		})
	}
	p.printf("\n")
	p.table(2, rows)
	for _, t := range s.Trends {
		if t.Verdict != "steady" {
			p.field(2, line(t.Of+" under "+t.Phase, maxLabel)+": ", t.Reason)
		}
	}
	for _, note := range s.Notes {
		p.field(2, "note: ", note)
	}
}

func signed(v float64, write func(float64) string) string {
	if v < 0 {
		return "-" + write(-v)
	}
	return "+" + write(v)
}

// figure writes a value of a trend in its unit.
func (t Trend) figure(v float64) string {
	switch {
	case t.Of == "memory":
		return size(v)
	case strings.HasPrefix(t.Of, "latency"):
		return milliseconds(v) + " ms"
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// size writes bytes with about three digits.
func size(v float64) string {
	switch {
	case v >= 1<<30:
		return fmt.Sprintf("%.2f GiB", v/(1<<30))
	case v >= 1<<20:
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	case v >= 1<<10:
		return fmt.Sprintf("%.1f KiB", v/(1<<10))
	}
	return fmt.Sprintf("%.0f B", v)
}

// ceiling writes how many sessions were open at once, and what broke first.
func (p *page) ceiling(c *Capacity) {
	s := c.Sessions
	p.heading("Sessions", "")
	most := "no more"
	if !s.Reached {
		most = "or more"
	}
	p.printf("  held        %s, %s; %s at the same time\n", plural(s.Opened, "session"), most, plural(s.Streams, "stream"))
	if s.Reason != "" {
		broke := "broke first "
		if !s.Reached {
			broke = "ended       "
		}
		p.field(2, broke, s.Reason)
	}
	if s.StreamsReached {
		p.field(2, "streams     ", "the server took no more: "+s.StreamsReason)
	}
	if s.Memory > 0 {
		p.printf("  memory      %s for each (R² %.3f)\n", size(s.Memory), s.R2)
	}
	if len(c.SessionMetrics) > 0 {
		p.field(2, "followed by ", strings.Join(c.SessionMetrics, ", "))
	}
	rows := [][]cell{{{"sessions", dim}, {"streams", dim}, {"opened in", dim}, {"slowest ping", dim}, {"memory", dim}}}
	for _, l := range s.Levels {
		memory, opening, answer := "·", "·", "·"
		if l.Opening > 0 {
			opening = time.Duration(l.Opening).Round(time.Millisecond).String()
		}
		if l.Answer > 0 {
			answer = milliseconds(l.Answer) + " ms"
		}
		if l.Memory > 0 {
			memory = size(l.Memory)
		}
		rows = append(rows, []cell{{fmt.Sprint(l.Sessions), plain}, {fmt.Sprint(l.Streams), plain}, {opening, plain}, {answer, plain}, {memory, plain}})
	}
	p.printf("\n")
	p.table(2, rows)
	for _, note := range s.Notes {
		p.field(2, "note: ", note)
	}
}
