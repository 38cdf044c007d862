package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// brief is how many ids a line names unless all are asked for.
const brief = 10

// weight is a result's level, with a mark where it does not bind as it sounds.
func weight(r Result) string {
	if r.Advisory {
		return string(r.Level) + "*"
	}
	return string(r.Level)
}

func (p *page) failures(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Failures", "")
	for i, x := range list {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("  %s  %s  %s\n", p.paint(red, "FAIL"), weight(x), p.paint(bold, line(x.ID, maxLabel)))
		p.evidence(8, x)
	}
}

// evidence tells all that a reader needs to understand a result without the
// specification at hand, and to see it again.
func (p *page) evidence(indent int, r Result) {
	p.field(indent, "", cmp.Or(r.Statement, "(no statement)"))
	if r.Link != "" {
		p.printf("%s%s\n", strings.Repeat(" ", indent), p.paint(dim, line(r.Link, 500)))
	}
	p.proof(indent, r)
}

// proof tells what was seen.
func (p *page) proof(indent int, r Result) {
	if r.Reason != finding(Result{Expected: r.Expected, Got: r.Got}) { // said below
		p.labelled(indent, "reason    ", r.Reason)
	}
	p.labelled(indent, "expected  ", r.Expected)
	p.labelled(indent, "got       ", r.Got)
	if r.Advisory {
		p.labelled(indent, "advisory  ", p.advice())
	}
	if p.Verbose {
		p.labelled(indent, "scenario  ", r.Scenario)
	}
	if r.Reproduce != "" {
		p.printf("%s%s\n", strings.Repeat(" ", indent), p.paint(dim, "Reproduce with:"))
		p.verbatim(indent+2, lines(r.Reproduce, maxWhole))
	}
	if p.Verbose && len(r.Transcript) > 0 {
		p.printf("%s%s\n", strings.Repeat(" ", indent), p.paint(dim, "Transcript:"))
		p.transcript(indent+2, r.Transcript)
	}
}

// advice says why a result is advisory.
func (p *page) advice() string {
	const why = "the specification implies this rule, or contradicts itself on it, so breaking it "
	if p.strict {
		return why + "counts only since the run is strict"
	}
	return why + "costs no conformance"
}

func (p *page) labelled(indent int, label, text string) {
	if strings.TrimSpace(text) != "" {
		p.field(indent, label, text)
	}
}

// transcript writes the last entries, since a failure is near the end.
func (p *page) transcript(indent int, list []Entry) {
	margin := strings.Repeat(" ", indent)
	if over := len(list) - 2*maxLines; over > 0 {
		p.printf("%s(%s before these, in the JSON report)\n", margin, plural(over, "line"))
		list = list[over:]
	}
	for _, e := range list {
		arrow := map[string]string{"sent": ">", "received": "<"}[e.Direction]
		p.printf("%s%s %s\n", margin, cmp.Or(arrow, "-"), p.paint(dim, line(e.Kind, maxLabel)+" at "+e.At.String()))
		for _, h := range e.Header[:min(len(e.Header), 2*maxLines)] {
			p.verbatim(indent+2, []string{line(h, maxField)})
		}
		if e.Text != "" {
			p.verbatim(indent+2, lines(e.Text, maxEntry))
		}
	}
}

func (p *page) warnings(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Warnings", "no loss of conformance")
	starred := false
	for _, x := range list {
		p.printf("  %s  %s  %s\n", p.paint(yellow, "WARN"), weight(x), line(x.ID, maxLabel))
		if p.Verbose {
			p.evidence(8, x)
			continue
		}
		starred = starred || x.Advisory
		p.block(plain, 8, "", line(cmp.Or(x.Statement, "(no statement)"), 400))
		p.block(plain, 8, "but ", line(finding(x), 400))
		p.printf("%s%s\n", strings.Repeat(" ", 8), p.paint(dim, line(x.Link, 500)))
	}
	if starred {
		p.field(2, "* ", "advisory: "+p.advice())
	}
}

// finding is what was wrong, in short.
func finding(r Result) string {
	switch {
	case r.Reason != "":
		return r.Reason
	case r.Got != "" && r.Expected != "":
		return "got " + r.Got + ", want " + r.Expected
	}
	return cmp.Or(r.Got, r.Expected, "no reason was given")
}

func (p *page) errors(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Errors", "mcpcheck went wrong here; nothing is said of the server")
	for _, x := range list {
		p.printf("  %s  %s  %s\n", p.paint(red, "ERROR"), weight(x), line(x.ID, maxLabel))
		p.labelled(9, "scenario  ", x.Scenario)
		p.field(9, "reason    ", finding(x))
	}
}

// inconclusive gives each root cause once, with what hangs on it.
func (p *page) inconclusive(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Inconclusive", "could not be put to the test")
	for _, g := range group(list, func(r Result) string { return cmp.Or(r.Cause, r.Reason, "no cause was given") }) {
		count := fmt.Sprint(len(g.results))
		switch n := binding(g.results, p.strict); n {
		case 0:
		case len(g.results):
			count += ", binding"
		default:
			count += fmt.Sprintf(", %d of them binding", n)
		}
		p.block(plain, 2, "", fmt.Sprintf("%s (%s): %s", line(g.why, 400), count, p.ids(g.results)))
		if p.Verbose {
			p.labelled(4, "judged if ", g.results[0].Remedy)
		}
	}
}

// remedies lists the requirements by what would let them be judged.
func (p *page) remedies(indent int, list []Result) {
	for _, g := range group(list, func(r Result) string { return r.Remedy }) {
		p.block(dim, indent, "", p.ids(g.results))
		p.labelled(indent+2, "judged if ", g.why)
	}
}

func (p *page) notApplicable(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Not applicable", "")
	for _, g := range group(list, func(r Result) string { return cmp.Or(r.Reason, "no reason was given") }) {
		p.block(plain, 2, fmt.Sprintf("%4d  ", len(g.results)), line(g.why, 400))
		if p.Verbose {
			p.remedies(8, g.results)
		}
	}
}

func (p *page) passes(list []Result) {
	if len(list) == 0 {
		return
	}
	p.heading("Passed", "")
	for _, g := range group(list, func(r Result) string { return cmp.Or(r.Area, "other") }) {
		p.block(plain, 2, "", p.ids(g.results))
	}
}

// ids lists the requirements of the results, the binding ones first: some, or in
// a verbose report all.
func (p *page) ids(list []Result) string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Result) int {
		if a.binds(p.strict) != b.binds(p.strict) {
			return map[bool]int{true: -1, false: 1}[a.binds(p.strict)]
		}
		return cmp.Compare(a.ID, b.ID)
	})
	var ids []string
	for _, x := range list {
		ids = append(ids, line(x.ID, maxLabel))
	}
	ids = slices.Compact(ids)
	if over := len(ids) - brief; over > 0 && !p.Verbose {
		return strings.Join(ids[:brief], ", ") + fmt.Sprintf(", and %d more", over)
	}
	return strings.Join(ids, ", ")
}

type cause struct {
	why     string
	results []Result
}

// group gathers results by why they are what they are, the most frequent first.
func group(list []Result, why func(Result) string) []cause {
	by := make(map[string][]Result)
	for _, x := range list {
		by[why(x)] = append(by[why(x)], x)
	}
	var groups []cause
	for _, w := range slices.Sorted(maps.Keys(by)) {
		groups = append(groups, cause{w, by[w]})
	}
	slices.SortStableFunc(groups, func(a, b cause) int { return cmp.Compare(len(b.results), len(a.results)) })
	return groups
}

func binding(list []Result, strict bool) int {
	n := 0
	for _, x := range list {
		if x.binds(strict) {
			n++
		}
	}
	return n
}
