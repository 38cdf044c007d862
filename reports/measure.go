package reports

import (
	"fmt"
	"slices"
	"strings"
)

// measures reports whether the run is a measurement, which judges objectives and
// no requirements.
func (r Run) measures() bool { return r.Load != nil || r.Capacity != nil }

// measured is the exit status that a measurement asks for: 0 when every
// objective holds; 1 when one does not, a figure is worse than before, or an
// answer reached another session; 3 when the figures are not the server's, or
// there are none, or what was asked for does not follow from them, an autoscaling
// target or a comparison.
func (r Run) measured() int {
	broken := len(r.broken()) > 0 || r.Load != nil && len(r.Load.Comparison.worse()) > 0
	switch {
	case r.Load != nil && r.Load.Leaked > 0:
		return doesNotConform
	case len(r.doubts()) > 0:
		return notJudged
	case broken || r.leaks():
		return doesNotConform
	case r.refused():
		return notJudged
	}
	return conforms
}

// refused reports whether the capacity that was found would mislead, or what was
// asked for does not follow.
func (r Run) refused() bool {
	if r.Load != nil && len(r.Load.Comparison.refused()) > 0 {
		return true
	}
	c := r.Capacity
	return c != nil && (len(c.Refusals) > 0 || c.Autoscale != nil && len(c.Autoscale.Refusals) > 0)
}

// leaks reports whether a soak found a leak.
func (r Run) leaks() bool { return r.Capacity != nil && r.Capacity.Soak.Leaks() }

// broken lists the objectives that do not hold.
func (r Run) broken() []Objective {
	var list []Objective
	if r.Load == nil {
		return nil
	}
	for _, o := range r.Load.Objectives {
		if !o.Met {
			list = append(list, o)
		}
	}
	return list
}

// doubts says why the figures of a measurement say nothing about the server.
func (r Run) doubts() []string {
	var list []string
	if r.Incomplete != "" {
		list = append(list, line(r.Incomplete, maxLabel))
	}
	if l := r.Load; l != nil {
		if l.Requests == 0 {
			list = append(list, "no request was sent")
		}
		if l.GeneratorBound {
			list = append(list, "mcpcheck could not send as fast as asked for")
		}
	}
	if c := r.Capacity; c != nil && c.Rate == 0 && len(c.SLO) > 0 {
		list = append(list, "no rate was found that holds the objectives")
	}
	if c := r.Capacity; c != nil && c.Soak != nil && !c.Soak.Tells() {
		list = append(list, "the soak does not tell whether it leaks")
	}
	return list
}

// measure is the verdict on a measurement, in words.
func (r Run) measure() string {
	switch doubts := r.doubts(); r.measured() {
	case notJudged:
		if r.Load != nil && len(doubts) == 0 {
			return strings.Join(r.Load.Comparison.refused(), "; ")
		}
		if len(doubts) == 0 {
			return fmt.Sprintf("one replica holds %s; no autoscaling target follows", perSecond(r.Capacity.Rate))
		}
		return "says nothing about the server: " + strings.Join(doubts, "; ")
	case doesNotConform:
		if r.Load != nil && r.Load.Leaked > 0 {
			return fmt.Sprintf("answers reached other sessions: %d", r.Load.Leaked)
		}
		if r.leaks() {
			return "the server leaks " + strings.Join(r.Capacity.Soak.leaked(), " and ")
		}
		var words []string
		if n := len(r.broken()); n > 0 {
			words = append(words, "broken: "+plural(n, "objective"))
		}
		if list := r.Load.Comparison.worse(); len(list) > 0 {
			words = append(words, "worse than before: "+strings.Join(list, ", "))
		}
		return strings.Join(words, "; ")
	}
	switch {
	case r.Capacity != nil:
		return r.Capacity.held()
	case r.Load.Comparison != nil && len(r.Load.Objectives) == 0:
		return "no worse than before"
	case r.Load.Comparison != nil:
		return "every objective holds, and no worse than before"
	case len(r.Load.Objectives) == 0:
		return "measured, and no objective was set"
	}
	return "every objective holds"
}

// held says what one replica holds, as far as it was looked for.
func (c *Capacity) held() string {
	var list []string
	if c.Rate > 0 {
		list = append(list, perSecond(c.Rate))
	}
	if s := c.Sessions; s != nil {
		words := plural(s.Opened, "session")
		if !s.Reached {
			words += " or more"
		}
		list = append(list, words)
	}
	if len(list) == 0 {
		return "no leak was found"
	}
	words := "one replica holds " + strings.Join(list, " and ")
	if c.Soak != nil {
		words += "; no leak was found"
	}
	return words
}

// leaked lists what leaks, each once.
func (s *Soak) leaked() (list []string) {
	for _, t := range s.Trends {
		if t.Verdict == "leak" && !slices.Contains(list, line(t.Of, maxLabel)) {
			list = append(list, line(t.Of, maxLabel))
		}
	}
	return list
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

// junitObjectives makes a test case of each objective, and one of answers that
// reached another session, which nobody has to set an objective against.
func junitObjectives(run Run, class string) []junitCase {
	if run.Load == nil {
		return nil
	}
	var cases []junitCase
	if n := run.Load.Leaked; n > 0 {
		cases = append(cases, junitCase{
			Name: "no answer reaches another session", Class: class + ".slo", Time: junitTime(run.Load.Duration),
			Failure: &junitFinding{Type: "cross-session leak", Message: fmt.Sprintf("got %d, want 0", n)},
		})
	}
	for _, o := range run.Load.Objectives {
		c := junitCase{Name: line(o.Objective, maxLabel), Class: class + ".slo", Time: junitTime(run.Load.Duration)}
		switch {
		case run.Load.GeneratorBound:
			c.Skipped = &junitFinding{Message: "the figures are not the server's"}
		case !o.Met:
			c.Failure = &junitFinding{Type: "slo", Message: line("got "+o.Actual+", want "+o.Objective, maxLabel)}
		}
		cases = append(cases, c)
	}
	return cases
}
