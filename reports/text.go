package reports

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// TextOptions says how Text writes.
type TextOptions struct {
	Color   bool // with ANSI colours; whether the reader can show them is for the caller to know
	Verbose bool // with every id, warnings in full, and the transcripts of failures
	Strict  bool // a failed SHOULD counts like a failed MUST, also where the report does not say so
	Width   int  // columns; 0 stands for 100
}

// Text returns the Writer for people. Of each run it tells how every area fared,
// then each failure in full, then what else the reader should know, and last,
// where a terminal leaves the eye, the verdict.
func Text(o TextOptions) Writer {
	return func(w io.Writer, r *Report) error {
		p := newPage(o)
		p.strict = o.Strict || r.Strict
		p.report(r)
		_, err := w.Write(p.Bytes())
		return err
	}
}

func (p *page) report(r *Report) {
	p.printf("%s", line(cmp.Or(r.Tool.Name, "mcpcheck")+" "+r.Tool.Version, maxLabel))
	if !r.Started.IsZero() {
		p.printf(", started %s", r.Started.Format("2006-01-02 15:04:05 MST"))
	}
	p.printf("\n")
	for i, run := range r.Runs {
		p.printf("\n")
		if len(r.Runs) > 1 {
			p.printf("%s\n", p.paint(bold, fmt.Sprintf("Run %d of %d", i+1, len(r.Runs))))
		}
		p.run(run)
	}
	switch len(r.Runs) {
	case 0:
		p.printf("\n%s could not be judged: there was no server to judge\n", p.paint(bold, "Verdict:"))
	case 1:
	default:
		p.runs(r)
	}
	p.baseline(r)
}

func (p *page) run(r Run) {
	p.about(r)
	if r.measures() {
		p.measurement(r)
		return
	}
	results := slices.Clone(r.Results)
	slices.SortStableFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.ID, b.ID))
	})
	by := make(map[kind][]Result)
	for _, x := range results {
		k := kindOf(x, p.strict)
		by[k] = append(by[k], x)
	}
	p.areas(results)
	if p.Verbose {
		p.passes(by[kindPass])
	}
	p.notApplicable(by[kindNotApplicable])
	p.inconclusive(by[kindInconclusive])
	p.errors(by[kindError])
	p.known(by[kindKnown])
	p.warnings(by[kindWarn])
	p.unstable(r)
	p.failures(by[kindFail])
	p.summary(r, by[kindFail])
}

// about tells what was judged, and how far the run came.
func (p *page) about(r Run) {
	p.printf("%s\n", p.paint(bold, line(cmp.Or(r.Target, "unnamed target"), maxField)))
	p.field(2, "", strings.Join(r.facts(), ", "))
	if r.Incomplete != "" {
		what := "The run ended early: "
		if r.Unreachable {
			what = "No conversation took place: "
		}
		p.block(red, 2, "", lines(what+r.Incomplete, maxField)...)
	}
	for _, note := range r.Notes {
		p.field(2, "note: ", note)
	}
	if r.StderrTail != "" {
		p.field(2, "", "The last that the server logged to stderr:")
		p.verbatim(4, last(r.StderrTail))
	}
}

// facts say what was judged, and how.
func (r Run) facts() []string {
	facts := []string{line(string(r.Transport), maxLabel)}
	if r.Revision != "" {
		facts = append(facts, "revision "+line(string(r.Revision), maxLabel))
	}
	if r.Server.Name != "" {
		facts = append(facts, strings.TrimSpace("server "+line(r.Server.Name, maxLabel)+" "+line(r.Server.Version, maxLabel)))
	}
	if r.Repetitions > 1 {
		facts = append(facts, plural(r.Repetitions, "repetition"))
	}
	facts = append(facts, r.Duration.String())
	if facts[0] == "" {
		facts = facts[1:]
	}
	return facts
}

// areas draws a line an area; a column that would be all zeros is left out.
func (p *page) areas(results []Result) {
	perArea := make(map[string][]Result)
	for _, x := range results {
		area := cmp.Or(line(x.Area, 40), "other")
		perArea[area] = append(perArea[area], x)
	}
	if len(perArea) == 0 {
		return
	}
	columns := []struct {
		name  string
		style style
		of    func(Counts) int
	}{
		{"pass", green, func(c Counts) int { return c.Pass }},
		{"fail", red, func(c Counts) int { return c.Fail }},
		{"warn", yellow, func(c Counts) int { return c.Warn }},
		{"known", yellow, func(c Counts) int { return c.Known }},
		{"inconclusive", yellow, func(c Counts) int { return c.Inconclusive }},
		{"error", red, func(c Counts) int { return c.Error }},
		{"not applicable", dim, func(c Counts) int { return c.NotApplicable }},
	}
	total := Run{Results: results}.counts(p.strict)
	head := []cell{{"area", dim}}
	for _, c := range columns {
		if c.of(total) > 0 {
			head = append(head, cell{c.name, dim})
		}
	}
	rows := [][]cell{head}
	for _, area := range slices.Sorted(maps.Keys(perArea)) {
		row := []cell{{area, plain}}
		counts := Run{Results: perArea[area]}.counts(p.strict)
		for _, c := range columns {
			switch n := c.of(counts); {
			case c.of(total) == 0:
			case n == 0:
				row = append(row, cell{"·", dim})
			default:
				row = append(row, cell{fmt.Sprint(n), c.style})
			}
		}
		rows = append(rows, row)
	}
	p.printf("\n")
	p.table(2, rows)
}

// summary ends a run: the counts, each with what it means, and the verdict with
// the requirements that it rests on.
func (p *page) summary(r Run, failed []Result) {
	if !r.Unreachable {
		p.tally(r.counts(p.strict))
	}
	style := map[int]style{conforms: green, doesNotConform: red, notJudged: yellow}[r.Status(p.strict)]
	p.printf("\n%s %s\n", p.paint(bold, "Verdict:"), p.paint(style, r.Conclusion(p.strict)))
	seen, unsteady := make(map[string]bool), r.unsteady()
	for _, x := range failed {
		if !seen[x.ID] {
			p.printf("  %-10s  %s", weight(x), line(x.ID, maxLabel))
			if u, ok := unsteady[x.ID]; ok {
				p.printf(" %s", p.paint(yellow, "(unstable: "+u.share(x.Verdict)+")"))
			}
			p.printf("\n")
		}
		seen[x.ID] = true
	}
}

func (p *page) tally(c Counts) {
	p.heading("Summary", "")
	rows := []struct {
		n     int
		name  string
		style style
		means string
	}{
		{c.Pass, "pass", green, ""},
		{c.Fail, "fail", red, ""},
		{c.Warn, "warn", yellow, "broken, but no loss of conformance: " + p.lenient()},
		{c.Known, "known", yellow, "broken, but no loss of conformance: in the baseline"},
		{c.NotApplicable, "not applicable", plain, "about what the server does not offer"},
		{c.Inconclusive, "inconclusive", yellow, "could not be put to the test"},
		{c.Error, "error", red, "mcpcheck went wrong; no fault of the server"},
		{c.Untestable, "untestable", plain, "no client can observe them"},
		{c.Unchecked, "unchecked", plain, "mcpcheck does not check them yet"},
	}
	for _, row := range rows {
		switch {
		case row.n == 0 && (row.name == "error" || row.name == "known"):
			continue
		case row.n == 0:
			row.style = dim
		}
		tail := ""
		if row.means != "" && row.n > 0 {
			tail = strings.Repeat(" ", 16-len(row.name)) + p.paint(dim, row.means)
		}
		p.printf("  %s%s\n", p.paint(row.style, fmt.Sprintf("%6d  %s", row.n, row.name)), tail)
	}
	p.printf("  %5.1f%%  judged          %s\n", 100*c.Share, p.paint(dim, fmt.Sprintf("%d of the %s that apply, checked or not", c.Judged, plural(c.Applicable, "requirement"))))
}

// lenient names the levels at which a failure is only a warning.
func (p *page) lenient() string {
	if p.strict {
		return "MAY"
	}
	return "SHOULD, MAY, or advisory"
}

// runs is the last word on several runs: a line each.
func (p *page) runs(r *Report) {
	p.printf("\n%s\n", p.paint(bold, fmt.Sprintf("All %d runs", len(r.Runs))))
	rows := [][]cell{{{"target", dim}, {"transport", dim}, {"revision", dim}, {"pass", dim}, {"fail", dim}, {"warn", dim}, {"judged", dim}, {"verdict", dim}}}
	conforming := 0
	for _, run := range r.Runs {
		c, verdict := run.counts(p.strict), cell{run.Conclusion(p.strict), red}
		switch run.Status(p.strict) {
		case conforms:
			conforming++
			verdict.style = green
		case notJudged:
			verdict.style = yellow
		}
		rows = append(rows, []cell{
			{line(run.Target, 48), plain}, {cmp.Or(line(string(run.Transport), 20), "?"), plain}, {cmp.Or(line(string(run.Revision), 20), "?"), plain},
			{fmt.Sprint(c.Pass), plain}, {fmt.Sprint(c.Fail), plain}, {fmt.Sprint(c.Warn), plain}, {fmt.Sprintf("%.1f%%", 100*c.Share), plain}, verdict,
		})
	}
	p.table(2, rows)
	verb := "conform"
	if conforming == 1 {
		verb = "conforms"
	}
	p.printf("\n%s %d of %d runs %s\n", p.paint(bold, "Verdict:"), conforming, len(r.Runs), verb)
}
