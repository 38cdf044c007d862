package reports

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// JUnit writes the report for CI systems, in the form that Jenkins describes in
// junit-10.xsd and others take: a suite for each area of each run, a test case for
// each requirement, named by its id, so that its history can be followed. What
// costs conformance is a failure; what the baseline has is skipped; other failures pass, with a remark in
// system-out, where also stands that a verdict did not repeat. Each run has one more suite, "run", whose only test case is an error
// when conformance could not be shown, so that a CI system is as red as the exit
// status.
func JUnit(w io.Writer, r *Report) error {
	root := junitRoot{Name: "mcpcheck"}
	for _, run := range r.Runs {
		root.Suites = append(root.Suites, junitRun(r, run)...)
	}
	if len(r.Runs) == 0 {
		root.Suites = []junitSuite{{Name: "run", Cases: []junitCase{{
			Name: "run", Class: "mcpcheck.run",
			Error: &junitFinding{Type: "not judged", Message: "there was no server to judge"},
		}}}}
	}
	if len(r.Baseline) > 0 {
		root.Suites = append(root.Suites, junitBaseline(r))
	}
	for i := range root.Suites {
		s := &root.Suites[i]
		s.sum()
		root.Tests += s.Tests
		root.Failures += s.Failures
		root.Errors += s.Errors
		root.Time += s.Time
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(root); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type junitRoot struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     junitTime    `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string    `xml:"name,attr"`
	Tests      int       `xml:"tests,attr"`
	Failures   int       `xml:"failures,attr"`
	Errors     int       `xml:"errors,attr"`
	Skipped    int       `xml:"skipped,attr"`
	Time       junitTime `xml:"time,attr"`
	Timestamp  string    `xml:"timestamp,attr,omitempty"`
	Properties *junitProperties
	Cases      []junitCase `xml:"testcase"`
	Err        *junitText  `xml:"system-err"`
}

type junitProperties struct {
	XMLName xml.Name        `xml:"properties"`
	List    []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    junitTime     `xml:"time,attr"`
	Skipped *junitFinding `xml:"skipped"`
	Error   *junitFinding `xml:"error"`
	Failure *junitFinding `xml:"failure"`
	Out     *junitText    `xml:"system-out"`
}

type junitFinding struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Body    string `xml:",cdata"`
}

type junitText struct {
	Body string `xml:",cdata"`
}

type junitTime Duration

// MarshalText writes seconds.
func (t junitTime) MarshalText() ([]byte, error) {
	return []byte(strings.TrimSuffix(Duration(max(t, 0)).String(), " s")), nil
}

func (s *junitSuite) sum() {
	for _, c := range s.Cases {
		s.Tests++
		s.Time += c.Time
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

// junitRun makes the suites of a run.
func junitRun(r *Report, run Run) []junitSuite {
	label := strings.Join(strings.Fields(line(run.Target, maxLabel)+" "+line(string(run.Transport), 40)+" "+line(string(run.Revision), 40)), " ")
	class := strings.Join([]string{dotless(run.Target), dotless(string(run.Transport)), dotless(string(run.Revision))}, ".")
	stamp := ""
	if !r.Started.IsZero() {
		stamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	perArea := make(map[string][]junitCase)
	perID, perName := make(map[string]int), make(map[string]int)
	for _, x := range run.Results {
		perID[x.ID]++
	}
	unsteady := run.unsteady()
	for _, x := range run.Results {
		area := cmp.Or(line(x.Area, 40), "other")
		c := junitResult(x, r.Strict)
		if u, ok := unsteady[x.ID]; ok {
			c.remark(u)
		}
		c.Class = class + "." + dotless(area)
		if perID[x.ID] > 1 { // consumers take a name for unique
			c.Name += " (" + line(x.Scenario, maxLabel) + ")"
			if perName[c.Name]++; perName[c.Name] > 1 {
				c.Name += fmt.Sprintf(" #%d", perName[c.Name])
			}
		}
		perArea[area] = append(perArea[area], c)
	}
	suites := []junitSuite{junitOutcome(r, run, class)}
	suites[0].Name, suites[0].Timestamp = label+" / run", stamp
	if cases := junitObjectives(run, class); len(cases) > 0 {
		suites = append(suites, junitSuite{Name: label + " / slo", Timestamp: stamp, Cases: cases})
	}
	if cases := junitComparison(run, class); len(cases) > 0 {
		suites = append(suites, junitSuite{Name: label + " / comparison", Timestamp: stamp, Cases: cases})
	}
	for _, area := range slices.Sorted(maps.Keys(perArea)) {
		cases := perArea[area]
		slices.SortStableFunc(cases, func(a, b junitCase) int { return cmp.Compare(a.Name, b.Name) })
		suites = append(suites, junitSuite{Name: label + " / " + area, Timestamp: stamp, Cases: cases})
	}
	return suites
}

// junitOutcome is the suite about the run as a whole.
func junitOutcome(r *Report, run Run, class string) junitSuite {
	c := run.counts(r.Strict)
	whole := junitCase{Name: "run", Class: class + ".run"}
	if list := run.obstacles(r.Strict); len(list) > 0 {
		whole.Error = &junitFinding{Type: "not judged", Message: strings.Join(list, "; ")}
	}
	p := newPage(TextOptions{Width: 1 << 20})
	for _, note := range run.Notes {
		p.field(0, "note: ", note)
	}
	if run.measures() {
		p.measurement(run)
	} else {
		p.printf("%s; %d untestable, %d unchecked, %.1f%% judged\n", run.Conclusion(r.Strict), c.Untestable, c.Unchecked, 100*c.Share)
	}
	whole.Out = &junitText{p.String()}
	s := junitSuite{Properties: &junitProperties{}, Cases: []junitCase{whole}}
	for _, property := range []junitProperty{
		{"target", line(run.Target, maxField)},
		{"transport", line(string(run.Transport), maxLabel)},
		{"revision", line(string(run.Revision), maxLabel)},
		{"server", line(run.Server.Name+" "+run.Server.Version, maxLabel)},
		{"mcpcheck", line(r.Tool.Version, maxLabel)},
		{"strict", fmt.Sprint(r.Strict)},
	} {
		if property.Value != "" {
			s.Properties.List = append(s.Properties.List, property)
		}
	}
	if run.StderrTail != "" {
		s.Err = &junitText{strings.Join(last(run.StderrTail), "\n")}
	}
	return s
}

func junitResult(r Result, strict bool) junitCase {
	c := junitCase{Name: line(r.ID, maxLabel), Time: junitTime(r.Duration)}
	message := weight(r) + ": " + line(finding(r), 300)
	p := newPage(TextOptions{Width: 1 << 20, Verbose: true})
	p.strict = strict
	p.evidence(0, r)
	switch kindOf(r, strict) {
	case kindPass:
	case kindFail:
		c.Failure = &junitFinding{Type: weight(r), Message: message, Body: p.String()}
	case kindWarn:
		c.Out = &junitText{"warning, no loss of conformance: " + message + "\n" + p.String()}
	case kindKnown:
		c.Skipped = &junitFinding{Type: "known", Message: "known: " + line(r.Known.String(), 300)}
		c.Out = &junitText{"known, no loss of conformance: " + message + "\n" + p.String()}
	case kindInconclusive:
		c.Skipped = &junitFinding{Message: "inconclusive: " + line(cmp.Or(r.Reason, r.Cause, "no reason was given"), 300)}
	case kindNotApplicable:
		c.Skipped = &junitFinding{Message: "not applicable: " + line(cmp.Or(r.Reason, "no reason was given"), 300)}
	case kindError:
		c.Error = &junitFinding{Type: "mcpcheck", Message: line(finding(r), 300), Body: p.String()}
	}
	return c
}

// remark adds that the verdict did not repeat.
func (c *junitCase) remark(u Unstable) {
	p := newPage(TextOptions{Width: 1 << 20})
	if c.Out != nil {
		p.printf("%s", c.Out.Body)
	}
	p.printf("unstable: the verdict did not repeat; the worst counts\n")
	p.verdicts(0, u)
	c.Out = &junitText{p.String()}
}

// dotless makes one part of a class name, which consumers take apart at dots.
func dotless(s string) string {
	words := strings.FieldsFunc(shorten(s, maxLabel), func(r rune) bool {
		return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return cmp.Or(strings.Trim(strings.Join(words, "-"), "-"), "unknown")
}
