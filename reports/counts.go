package reports

import (
	"fmt"
	"math"
	"strings"
)

// The exit statuses that a Report can ask for. Status 2, for wrong usage, is the
// command's own: it comes before there is anything to report.
const (
	conforms       = 0
	doesNotConform = 1
	notJudged      = 3
)

// Counts sums up a run, in requirements. When several results bear on one
// requirement, the worst counts.
type Counts struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`            // broken, and costs conformance
	Warn          int `json:"warn"`            // broken, and costs none: SHOULD, MAY, or advisory
	Known         int `json:"known,omitempty"` // broken, and costs none since the baseline has it
	NotApplicable int `json:"notApplicable"`
	Inconclusive  int `json:"inconclusive"`
	Error         int `json:"error"`
	Untestable    int `json:"untestable"`
	Unchecked     int `json:"unchecked"`
	// Judged is Pass, Fail, Warn and Known together. Applicable is every requirement
	// of the revision and transport but the not applicable ones, so it includes
	// those that nobody checked. Share is Judged / Applicable, from 0 to 1.
	Judged     int     `json:"judged"`
	Applicable int     `json:"applicable"`
	Share      float64 `json:"share"`
}

// Counts sums up the run; a failed SHOULD is a warning.
func (r Run) Counts() Counts { return r.counts(false) }

func (r Run) counts(strict bool) Counts {
	c := Counts{Untestable: r.Untestable, Unchecked: r.Unchecked}
	for _, k := range worst(r.Results, strict) {
		switch k {
		case kindPass:
			c.Pass++
		case kindFail:
			c.Fail++
		case kindWarn:
			c.Warn++
		case kindKnown:
			c.Known++
		case kindNotApplicable:
			c.NotApplicable++
		case kindInconclusive:
			c.Inconclusive++
		case kindError:
			c.Error++
		}
	}
	c.Judged = c.Pass + c.Fail + c.Warn + c.Known
	c.Applicable = c.Judged + c.Inconclusive + c.Error + c.Untestable + c.Unchecked
	if c.Applicable > 0 {
		c.Share = math.Round(float64(c.Judged)/float64(c.Applicable)*1e4) / 1e4
	}
	return c
}

// A kind is a verdict weighed by level, from the one that says least to the worst.
type kind int

const (
	kindNotApplicable kind = iota
	kindPass
	kindInconclusive
	kindKnown
	kindWarn
	kindError
	kindFail
)

// kindOf takes a verdict that it does not know for an error, so that nothing
// passes by being misspelt.
func kindOf(r Result, strict bool) kind {
	switch {
	case r.Costs(strict):
		return kindFail
	case r.Verdict == Fail && r.Known != nil:
		return kindKnown
	case r.Verdict == Fail:
		return kindWarn
	case r.Verdict == Pass:
		return kindPass
	case r.Verdict == Inconclusive:
		return kindInconclusive
	case r.Verdict == NotApplicable:
		return kindNotApplicable
	}
	return kindError
}

func worst(results []Result, strict bool) map[string]kind {
	byID := make(map[string]kind, len(results))
	for _, r := range results {
		byID[r.ID] = max(byID[r.ID], kindOf(r, strict))
	}
	return byID
}

// Status is the exit status that the report asks for: 0 when every run conforms;
// 1 when a result costs conformance, or an entry of the baseline is stale; 3 when nothing does, but conformance is not
// shown either. That is so when there is no run, or when one was unreachable or
// incomplete, passed nothing, met an error, or left a binding requirement
// inconclusive: what could not be tested was not found right. Strict, given here
// or recorded in the report, makes SHOULD binding.
func (r *Report) Status(strict bool) int {
	if len(r.Runs) == 0 {
		return notJudged
	}
	status := conforms
	if len(r.inState(DeviationStale)) > 0 {
		return doesNotConform
	}
	for _, run := range r.Runs {
		switch run.Status(strict || r.Strict) {
		case doesNotConform:
			return doesNotConform
		case notJudged:
			status = notJudged
		}
	}
	return status
}

// Status is the exit status that the run asks for, were it the only one.
func (r Run) Status(strict bool) int {
	if r.measures() {
		return r.measured()
	}
	switch {
	case r.counts(strict).Fail > 0:
		return doesNotConform
	case len(r.obstacles(strict)) > 0:
		return notJudged
	}
	return conforms
}

// Conclusion is the run's verdict in words: "conforms", "does not conform: 2
// requirements", "could not be judged: connection refused". It is one line, fit
// for a terminal.
func (r Run) Conclusion(strict bool) string {
	if r.measures() {
		return r.measure()
	}
	switch r.Status(strict) {
	case doesNotConform:
		words := "does not conform: " + plural(r.counts(strict).Fail, "requirement")
		if n := r.forgiven(strict); n > 0 {
			words += ", besides " + plural(n, "known failure")
		}
		if r.Incomplete != "" {
			words += "; the run ended early: " + line(r.Incomplete, maxLabel)
		}
		return words
	case notJudged:
		return "could not be judged: " + strings.Join(r.obstacles(strict), "; ")
	}
	words := "conforms"
	if strict {
		words += ", every SHOULD included"
	}
	if n := r.forgiven(strict); n > 0 {
		if strict {
			words += ","
		}
		words += " but for " + plural(n, "known failure")
	}
	return words
}

// forgiven counts the requirements that only the baseline keeps from costing
// conformance.
func (r Run) forgiven(strict bool) int {
	ids := make(map[string]bool)
	for _, x := range r.Results {
		if x.Verdict == Fail && x.Known != nil && x.binds(strict) {
			ids[x.ID] = true
		}
	}
	return len(ids)
}

// obstacles says what stands between the run and the word "conforms", failures
// apart.
func (r Run) obstacles(strict bool) []string {
	var list []string
	if r.measures() {
		if list = r.doubts(); len(list) == 0 && r.Load != nil {
			return r.Load.Comparison.refused()
		}
		if len(list) == 0 && r.refused() {
			for _, reason := range r.Capacity.Autoscale.Refusals {
				list = append(list, "no autoscaling target follows: "+line(reason, maxField))
			}
		}
		return list
	}
	switch {
	case r.Incomplete != "":
		list = append(list, line(r.Incomplete, maxLabel))
	case r.Unreachable:
		list = append(list, "the server could not be reached")
	}
	c := r.counts(strict)
	if !r.Unreachable {
		switch {
		case c.Judged == 0:
			list = append(list, "no requirement was judged")
		case c.Pass == 0:
			list = append(list, "no requirement passed")
		}
	}
	if c.Error > 0 {
		list = append(list, plural(c.Error, "check")+" went wrong in mcpcheck itself")
	}
	open := make(map[string]bool)
	for _, x := range r.Results {
		if x.Verdict == Inconclusive && x.binds(strict) {
			open[x.ID] = true
		}
	}
	switch n := len(open); n {
	case 0:
	case 1:
		list = append(list, "1 binding requirement is inconclusive")
	default:
		list = append(list, fmt.Sprintf("%d binding requirements are inconclusive", n))
	}
	return list
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
