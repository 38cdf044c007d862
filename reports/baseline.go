package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// Known says why a failure was to be expected. It costs no conformance then.
type Known struct {
	Reason string `json:"reason"`
	Link   string `json:"link,omitempty"`
}

func (k *Known) String() string {
	if k.Link == "" {
		return k.Reason
	}
	return k.Reason + " (" + k.Link + ")"
}

// A Deviation is an entry of the user's baseline, and what became of it.
type Deviation struct {
	ID        string          `json:"id"`
	Reason    string          `json:"reason"`
	Link      string          `json:"link,omitempty"`
	Revisions []spec.Revision `json:"revisions,omitempty"`
	Transport spec.Transport  `json:"transport,omitempty"`
	Server    string          `json:"server,omitempty"`
	File      string          `json:"file"`
	Line      int             `json:"line"`
	State     string          `json:"state"`
	Why       string          `json:"why,omitempty"` // it was not judged
}

// The states of a Deviation.
const (
	DeviationKnown     = "known"      // it failed
	DeviationStale     = "stale"      // it was kept wherever it was judged
	DeviationNotJudged = "not judged" // neither
)

var deviationStates = []string{DeviationStale, DeviationNotJudged, DeviationKnown}

func (d Deviation) check() error {
	switch {
	case d.ID == "":
		return fmt.Errorf("id is missing")
	case !slices.Contains(deviationStates, d.State):
		return fmt.Errorf("state of %q is %q, want one of %s", line(d.ID, 80), line(d.State, 40), quoted(deviationStates))
	}
	return nil
}

// name tells entries of one file apart.
func (d Deviation) name() string {
	var where []string
	if len(d.Revisions) > 0 {
		var list []string
		for _, r := range d.Revisions {
			list = append(list, string(r))
		}
		where = append(where, "revision "+strings.Join(list, ", "))
	}
	if d.Transport != "" {
		where = append(where, string(d.Transport))
	}
	if d.Server != "" {
		where = append(where, "server "+d.Server)
	}
	if len(where) == 0 {
		return d.ID
	}
	return d.ID + " (" + strings.Join(where, ", ") + ")"
}

// tells is what there is to say of the entry, in one line.
func (d Deviation) tells() string {
	switch d.State {
	case DeviationStale:
		return "did not fail wherever it was judged: take the entry out"
	case DeviationNotJudged:
		return d.Why
	}
	return d.Reason
}

// place is where the entry stands.
func (d Deviation) place() string { return fmt.Sprintf("%s:%d", d.File, d.Line) }

// MergeBaselines makes one list of those of several reports: an entry that all of
// them had counts once, known if it failed in any, and stale if in none.
func MergeBaselines(lists ...[]Deviation) []Deviation {
	var all []Deviation
	at := map[string]int{}
	for _, d := range slices.Concat(lists...) {
		key := d.place() + " " + d.name()
		i, have := at[key]
		if !have {
			at[key] = len(all)
			all = append(all, d)
			continue
		}
		rank := func(d Deviation) int {
			return map[string]int{DeviationKnown: 2, DeviationStale: 1}[d.State]
		}
		if rank(d) > rank(all[i]) {
			all[i] = d
		}
	}
	return all
}

// inState returns the entries of the baseline that are in a state.
func (r *Report) inState(state string) []Deviation {
	var list []Deviation
	for _, d := range r.Baseline {
		if d.State == state {
			list = append(list, d)
		}
	}
	return list
}

// outcome says what became of the baseline: "1 entry is stale".
func (r *Report) outcome() (words string, holds bool) {
	switch n := len(r.inState(DeviationStale)); n {
	case 0:
		return "no entry is stale", true
	case 1:
		return "1 entry is stale", false
	default:
		return fmt.Sprintf("%d entries are stale", n), false
	}
}

// known lists the failures that the baseline explains.
func (p *page) known(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Known failures", "in the baseline; no loss of conformance")
	for _, x := range list {
		p.printf("  %s  %s  %s\n", p.paint(yellow, "KNOWN"), weight(x), line(x.ID, maxLabel))
		p.field(9, "known: ", x.Known.Reason)
		if x.Known.Link != "" {
			p.printf("%s%s\n", strings.Repeat(" ", 9), p.paint(dim, line(x.Known.Link, 500)))
		}
		if p.Verbose {
			p.evidence(9, x)
			continue
		}
		p.block(plain, 9, "", line(finding(x), 400))
	}
}

// baseline is the last word: on the entries that explain no failure, a line each.
func (p *page) baseline(r *Report) {
	if len(r.Baseline) == 0 {
		return
	}
	var counts []string
	for _, state := range []string{DeviationKnown, DeviationStale, DeviationNotJudged} {
		counts = append(counts, fmt.Sprintf("%d %s", len(r.inState(state)), state))
	}
	p.heading("Baseline", strings.Join(counts, ", "))
	for _, state := range []string{DeviationNotJudged, DeviationStale} {
		s, label := dim, "not judged"
		if state == DeviationStale {
			s, label = red, "STALE     "
		}
		for _, d := range r.inState(state) {
			p.printf("  %s  %s  %s: %s\n", p.paint(s, label), line(d.place(), maxLabel), line(d.name(), maxField), line(d.tells(), 400))
		}
	}
	if words, holds := r.outcome(); !holds {
		p.printf("\n%s %s\n", p.paint(bold, "Verdict:"), p.paint(red, "the baseline is out of date: "+words))
	}
}

// junitBaseline is the suite on the entries: what is stale is a failure.
func junitBaseline(r *Report) junitSuite {
	s := junitSuite{Name: "baseline"}
	names := map[string]int{}
	for _, d := range r.Baseline {
		c := junitCase{Name: line(d.name(), maxField), Class: "mcpcheck.baseline"}
		if names[c.Name]++; names[c.Name] > 1 { // of another file
			c.Name += fmt.Sprintf(" #%d", names[c.Name])
		}
		switch message := line(d.place(), maxLabel) + ": " + line(d.tells(), 400); d.State {
		case DeviationStale:
			c.Failure = &junitFinding{Type: d.State, Message: message, Body: "reason: " + strings.Join(lines(d.Reason, maxField), "\n")}
		case DeviationNotJudged:
			c.Skipped = &junitFinding{Message: "not judged: " + message}
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

// sheetBaseline is the part of the page on the entries.
func sheetBaseline(r *Report) sheetRun {
	words, holds := r.outcome()
	s := sheetRun{Target: "Baseline", About: plural(len(r.Baseline), "known failure") + " listed", Verdict: words, State: map[bool]string{true: "good", false: "bad"}[holds]}
	g := &grid{Head: []string{"", "entry", "requirement", ""}}
	for _, state := range deviationStates {
		for _, d := range r.inState(state) {
			said := d.tells()
			if state == DeviationKnown {
				said = (&Known{d.Reason, d.Link}).String()
			}
			mark := map[string]string{DeviationStale: "bad", DeviationNotJudged: "unsure"}[state]
			g.Rows = append(g.Rows, []field{{state, mark}, {Text: line(d.place(), maxLabel)}, {Text: line(d.name(), maxField)}, {Text: line(said, maxField)}})
		}
	}
	s.section("Entries", "the stale ones first").Table = g
	return s
}
