package reports

import (
	"bytes"
	"cmp"
	_ "embed" // the page and its style
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

//go:embed html/page.html
var pageSource string

//go:embed html/style.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(strings.ReplaceAll(pageSource, "\t", "")))

// HTML writes a page that stands alone: it loads nothing, has no script, and can
// be printed. Of a load test, a capacity and an autoscaling target it draws
// pictures; all figures are there as text besides.
func HTML(w io.Writer, r *Report) error {
	s := sheet{Style: template.CSS(pageStyle), Tool: line(cmp.Or(r.Tool.Name, "mcpcheck")+" "+r.Tool.Version, maxLabel)} //nolint:gosec // our own
	if !r.Started.IsZero() {
		s.Started = r.Started.Format("2006-01-02 15:04:05 MST")
	}
	for _, run := range r.Runs {
		s.Runs = append(s.Runs, sheetRunOf(run, r.Strict))
	}
	if len(r.Baseline) > 0 && len(r.Runs) > 0 {
		s.Runs = append(s.Runs, sheetBaseline(r))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, s); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A sheet is what the page shows, in words and pictures. All words in it are
// visible ones.
type sheet struct {
	Tool, Started string
	Style         template.CSS
	Runs          []sheetRun
}

type sheetRun struct {
	Target, About, Verdict string
	State                  string // good, bad or unsure
	Broken                 []string
	Notes                  []string
	Tiles                  []tile
	Sections               []*section
}

// A tile is one key figure.
type tile struct{ Name, Value, Remark, State string }

// A section is a part of the page under one heading.
type section struct {
	Title, Remark string
	Notes         []string
	Figures       []figure
	Table         *grid
	After         []string // said below the table
}

type figure struct {
	Title, Remark string
	Small         bool
	Legend        []legend
	Picture       template.HTML
}

type legend struct{ Class, Text string }

type grid struct {
	Head []string
	Rows [][]field
}

// Number reports whether a column is set to the right.
func (g *grid) Number(column int) bool {
	return len(g.Rows) > 0 && g.Rows[0][column].Number()
}

// A field of a table is text with a state; numbers are set to the right.
type field struct{ Text, State string }

// Number reports whether the field is set to the right.
func (f field) Number() bool {
	return numeric(strings.NewReplacer("/s", "", ",", "", "−", "").Replace(f.Text))
}

func texts(list ...string) (row []field) {
	for _, t := range list {
		row = append(row, field{Text: t})
	}
	return row
}

func sheetRunOf(r Run, strict bool) sheetRun {
	s := sheetRun{
		Target: line(cmp.Or(r.Target, "unnamed target"), maxField), About: strings.Join(r.facts(), ", "),
		State: map[int]string{conforms: "good", doesNotConform: "bad", notJudged: "unsure"}[r.Status(strict)],
	}
	if r.Incomplete != "" {
		what := "The run ended early: "
		if r.Unreachable {
			what = "No conversation took place: "
		}
		s.Broken = append(s.Broken, what+line(r.Incomplete, maxField))
	}
	for _, n := range r.Notes {
		s.Notes = append(s.Notes, line(n, maxField))
	}
	if !r.measures() {
		s.Verdict = r.Conclusion(strict)
		s.judged(r, strict)
		return s
	}
	s.Verdict = r.measure()
	for _, o := range r.broken() {
		s.Broken = append(s.Broken, fmt.Sprintf("%s, got %s", line(o.Objective, maxLabel), line(o.Actual, maxLabel)))
	}
	if r.Load != nil {
		s.load(r.Load)
	}
	if r.Capacity != nil {
		s.capacity(r.Capacity)
	}
	return s
}

func (s *sheetRun) section(title, remark string) *section {
	x := &section{Title: title, Remark: remark}
	s.Sections = append(s.Sections, x)
	return x
}

// draw adds a picture to the section. One that cannot be drawn is said to be
// missing: the figures are in the tables too.
func (x *section) draw(f figure, c chart.Chart) {
	c.Title = f.Title
	if f.Small {
		c.Width, c.Height = 290, 230
	}
	picture, err := c.SVG()
	if err != nil {
		x.Notes = append(x.Notes, fmt.Sprintf("%s could not be drawn: %s", f.Title, line(err.Error(), maxLabel)))
		return
	}
	f.Picture = picture
	x.Figures = append(x.Figures, f)
}

var kindWords = map[kind]field{
	kindFail: {"fail", "bad"}, kindError: {"error", "unsure"}, kindWarn: {"warning", "unsure"},
	kindKnown:        {"known", "unsure"},
	kindInconclusive: {"inconclusive", "unsure"}, kindPass: {"pass", "good"}, kindNotApplicable: {"not applicable", ""},
}

// judged lists the results, the worst first.
func (s *sheetRun) judged(r Run, strict bool) {
	c := r.counts(strict)
	for _, t := range []struct {
		name, state string
		n           int
	}{{"pass", "good", c.Pass}, {"fail", "bad", c.Fail}, {"warning", "unsure", c.Warn}, {"known", "unsure", c.Known}, {"inconclusive", "unsure", c.Inconclusive}, {"error", "unsure", c.Error}, {"not applicable", "", c.NotApplicable}} {
		switch {
		case t.n == 0 && t.name == "known":
			continue
		case t.n == 0:
			t.state = ""
		}
		s.Tiles = append(s.Tiles, tile{Name: t.name, Value: fmt.Sprint(t.n), State: t.state})
	}
	results := slices.Clone(r.Results)
	slices.SortStableFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(kindOf(b, strict), kindOf(a, strict)), cmp.Compare(a.ID, b.ID))
	})
	g := &grid{Head: []string{"", "level", "requirement", "finding"}}
	for _, x := range results {
		said := x.Statement
		if x.Verdict != Pass {
			said = finding(x)
		}
		if x.Known != nil {
			said = "known: " + line(x.Known.String(), maxLabel*2) + "; " + said
		}
		g.Rows = append(g.Rows, []field{kindWords[kindOf(x, strict)], {Text: weight(x)}, {Text: line(x.ID, maxLabel)}, {Text: line(said, maxField)}})
	}
	if len(g.Rows) > 0 {
		s.section("Requirements", "the worst first; the text and JSON reports have the evidence").Table = g
	}
}
