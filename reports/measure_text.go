package reports

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// measurement writes the figures of a load test or of a capacity search.
func (p *page) measurement(r Run) {
	if r.Load != nil {
		p.load(r.Load)
	}
	if r.Capacity != nil {
		p.capacity(r.Capacity)
		if a := r.Capacity.Autoscale; a != nil {
			p.autoscale(a)
		}
	}
	style := map[int]style{conforms: green, doesNotConform: red, notJudged: yellow}[r.measured()]
	p.printf("\n%s %s\n", p.paint(bold, "Verdict:"), p.paint(style, r.measure()))
	for _, o := range r.broken() {
		p.printf("  %s, got %s\n", line(o.Objective, maxLabel), line(o.Actual, maxLabel))
	}
}

func (p *page) load(l *Load) {
	p.heading("Load", l.Plan.words())
	sent := fmt.Sprintf("%d requests in %s", l.Requests, l.Duration)
	if l.Planned > 0 {
		sent = fmt.Sprintf("%d of %d requests in %s", l.Requests, l.Planned, l.Duration)
	}
	p.printf("  sent        %s, %s\n", sent, perSecond(l.Rate))
	p.printf("  throughput  %s that succeeded; %.3f%% did not\n", perSecond(l.Throughput), 100*l.ErrorShare)
	for _, part := range l.Plan.Mix {
		p.printf("  mix         %5.1f%%  %s\n", 100*part.Share, line(part.Operation, maxLabel))
	}
	p.latencies(l)
	p.heading("Outcomes", "")
	rows := [][]cell{{{"outcome", dim}, {"requests", dim}, {"share", dim}}}
	for i, o := range l.Outcomes {
		s := red
		if i == 0 && o.Outcome == "ok" {
			s = green
		}
		rows = append(rows, []cell{{line(o.Outcome, maxLabel), s}, {fmt.Sprint(o.Count), plain}, {fmt.Sprintf("%.3f%%", 100*o.Share), plain}})
	}
	p.table(2, rows)
	if len(l.RetryAfter) > 0 {
		p.field(2, "Retry-After: ", strings.Join(l.RetryAfter, ", "))
	}
	for _, note := range l.Notes {
		p.field(2, "note: ", note)
	}
	for _, note := range l.Inspection.words() {
		p.field(2, "note: ", note)
	}
	if l.Interrupted {
		p.field(2, "note: ", "it was interrupted; these are the figures until then")
	}
	p.objectives(l.Objectives)
	p.comparison(l.Comparison)
}

func (p *page) objectives(list []Objective) {
	if len(list) == 0 {
		return
	}
	p.heading("Objectives", "")
	rows := [][]cell{{{"", dim}, {"objective", dim}, {"actual", dim}}}
	for _, o := range list {
		verdict := cell{"met", green}
		if !o.Met {
			verdict = cell{"broken", red}
		}
		rows = append(rows, []cell{verdict, {line(o.Objective, maxLabel), plain}, {line(o.Actual, maxLabel), plain}})
	}
	p.table(2, rows)
}

// latencies draws a line for each distribution of times.
func (p *page) latencies(l *Load) {
	remark := "in ms, from the moment when a request was due"
	if l.Plan.Loop == "closed" {
		remark = "in ms, from when a request was sent: a closed loop hides what waits"
	}
	p.heading("Latency", remark)
	rows := [][]cell{{{"", dim}, {"p50", dim}, {"p90", dim}, {"p95", dim}, {"p99", dim}, {"p99.9", dim}, {"max", dim}}}
	for _, d := range l.distributions() {
		row := []cell{{d.name, plain}}
		for _, v := range d.values() {
			row = append(row, cell{v, plain})
		}
		rows = append(rows, row)
	}
	p.table(2, rows)
}

// A spread is one distribution, as a table lists it.
type spread struct {
	name string
	Percentiles
}

func (d spread) values() (list []string) {
	for _, v := range []float64{d.P50, d.P90, d.P95, d.P99, d.P999, d.Max} {
		list = append(list, milliseconds(v))
	}
	return list
}

// distributions are all that a load test has, named.
func (l *Load) distributions() []spread {
	list := []spread{{"all requests", l.Latency}}
	if len(l.Operations) > 1 {
		for _, o := range l.Operations {
			list = append(list, spread{"  " + line(o.Operation, 40), o.Latency})
		}
	}
	if l.Plan.Loop == "open" {
		list = append(list, spread{"from being sent", l.Service})
	}
	if l.FirstEvent != nil {
		list = append(list, spread{"to the first event", *l.FirstEvent})
	}
	if l.Plan.Loop == "open" {
		list = append(list, spread{"slip (sent after due)", l.Slip})
	}
	return list
}

// milliseconds writes a time with three digits or so.
func milliseconds(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// words says what was asked for.
func (l LoadPlan) words() string {
	what := fmt.Sprintf("open loop, %s", perSecond(l.Rate))
	switch {
	case l.Loop == "closed":
		what = fmt.Sprintf("closed loop, %d at a time", l.Concurrency)
	case l.RampTo > 0:
		what = fmt.Sprintf("open loop, %s to %s", perSecond(l.Rate), perSecond(l.RampTo))
	}
	sessions := plural(cmp.Or(l.Sessions, 1), "session")
	if l.Fresh {
		sessions = "a new session for each request"
	}
	return fmt.Sprintf("%s for %s, %s", what, time.Duration(l.Duration).Round(time.Millisecond), sessions)
}

func (p *page) capacity(c *Capacity) {
	if len(c.SLO) > 0 {
		p.search(c)
	}
	if c.Soak != nil {
		p.soak(c.Soak)
	}
	if c.Sessions != nil {
		p.ceiling(c)
	}
	if len(c.SLO) > 0 {
		return
	}
	for _, note := range c.Notes {
		p.field(2, "note: ", note)
	}
}

func (p *page) search(c *Capacity) {
	p.heading("Capacity", strings.Join(c.SLO, ", "))
	if c.Rate > 0 {
		p.printf("  holds       %s (repetitions: %s to %s)\n", perSecond(c.Rate), perSecond(c.Low), perSecond(c.High))
	} else {
		p.printf("  holds       at no rate that was tried and repeated\n")
	}
	if c.Knee > 0 {
		p.printf("  knee        %s: from here on latency grows faster than load\n", perSecond(c.Knee))
	}
	if c.Saturation > 0 {
		p.printf("  saturation  %s: no more was seen at any load\n", perSecond(c.Saturation))
	}
	if u := c.USL; u != nil {
		p.printf("  USL         λ %.1f/s, σ %.4f, κ %.6f, R² %.3f over %s\n", u.Lambda, u.Sigma, u.Kappa, u.R2, plural(u.Levels, "level"))
	}
	if s := c.Server; s != nil {
		p.printf("  server      %.2f cores, %.0f MiB at that rate (%s)\n", s.CPU, s.Memory/(1<<20), line(s.Source, maxLabel))
	}
	if g := c.Generator; g != nil {
		p.printf("  mcpcheck    %.2f cores meanwhile\n", g.CPU)
	}
	if len(c.Metrics) > 0 {
		p.field(2, "counted by  ", strings.Join(c.Metrics, ", "))
	}
	rows := [][]cell{{{"phase", dim}, {"rate", dim}, {"throughput", dim}, {"p50 ms", dim}, {"p99 ms", dim}, {"errors", dim}, {"cores", dim}, {"held", dim}}}
	for _, s := range c.Steps {
		held, cores := cell{"yes", green}, "·"
		if !s.Held {
			held = cell{"no", red}
		}
		if s.Server != nil {
			cores = fmt.Sprintf("%.2f", s.Server.CPU)
		}
		rows = append(rows, []cell{
			{s.Phase, plain}, {perSecond(s.Rate), plain}, {perSecond(s.Throughput), plain}, {milliseconds(s.Latency.P50), plain},
			{milliseconds(s.Latency.P99), plain}, {fmt.Sprintf("%.2f%%", 100*s.ErrorShare), plain}, {cores, plain}, held,
		})
	}
	p.printf("\n")
	p.table(2, rows)
	for _, note := range c.Notes {
		p.field(2, "note: ", note)
	}
	if words := c.Shared(); words != "" && c.Rate > 0 {
		p.field(2, "note: ", words)
	}
	if c.Autoscale != nil {
		return // it has these refusals among its own
	}
	for _, reason := range c.Refusals {
		p.field(2, "no target follows: ", reason)
	}
}
