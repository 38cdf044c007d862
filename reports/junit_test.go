package reports_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// element is any XML element, so that the test sees what a consumer would, and
// not what the writer's own types let it see.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e element) all(name string) []element {
	var list []element
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			list = append(list, c)
		}
	}
	return list
}

// grammar is what Jenkins' junit-10.xsd allows, as far as mcpcheck makes use of it:
// the children, the required attributes, the optional ones.
var grammar = map[string]struct{ children, required, optional []string }{
	"testsuites": {[]string{"testsuite"}, nil, []string{"name", "time", "tests", "failures", "errors"}},
	"testsuite": {
		[]string{"testsuite", "properties", "testcase", "system-out", "system-err"},
		[]string{"name", "tests", "failures", "errors"},
		[]string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
	},
	"properties": {[]string{"property"}, nil, nil},
	"property":   {nil, []string{"name", "value"}, nil},
	"testcase":   {[]string{"skipped", "error", "failure", "system-out", "system-err"}, []string{"name"}, []string{"time", "classname", "group"}},
	"failure":    {nil, nil, []string{"type", "message"}},
	"error":      {nil, nil, []string{"type", "message"}},
	"skipped":    {nil, nil, []string{"type", "message"}},
	"system-out": {},
	"system-err": {},
}

var seconds = regexp.MustCompile(`^\d+\.\d{3}$`)

func parseJUnit(t *testing.T, doc []byte) element {
	t.Helper()
	var root element
	d := xml.NewDecoder(bytes.NewReader(doc))
	if err := d.Decode(&root); err != nil {
		t.Fatalf("not well-formed: %v", err)
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if space, ok := token.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(space)) > 0 {
			t.Fatalf("after the root element comes %v, %v", token, err)
		}
	}
	if root.XMLName.Local != "testsuites" {
		t.Fatalf("root is %q, want \"testsuites\"", root.XMLName.Local)
	}
	checkElement(t, root)
	return root
}

func checkElement(t *testing.T, e element) {
	t.Helper()
	rule, ok := grammar[e.XMLName.Local]
	if !ok {
		t.Fatalf("element %q is not of the schema", e.XMLName.Local)
	}
	for _, name := range rule.required {
		if !slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == name }) {
			t.Errorf("%s lacks %s", e.XMLName.Local, name)
		}
	}
	for _, a := range e.Attrs {
		if !slices.Contains(rule.required, a.Name.Local) && !slices.Contains(rule.optional, a.Name.Local) {
			t.Errorf("%s has an attribute %q", e.XMLName.Local, a.Name.Local)
		}
		if a.Name.Local == "time" && !seconds.MatchString(a.Value) {
			t.Errorf("time is %q, want seconds with three digits", a.Value)
		}
	}
	for _, c := range e.Children {
		if !slices.Contains(rule.children, c.XMLName.Local) {
			t.Errorf("%s has a child %q", e.XMLName.Local, c.XMLName.Local)
		}
		checkElement(t, c)
	}
}

func TestJUnitCounts(t *testing.T) {
	for _, strict := range []bool{false, true} {
		r := sample()
		r.Strict = strict
		root := parseJUnit(t, render(t, reports.JUnit, r))
		var total [3]int
		for _, s := range root.all("testsuite") {
			var n [4]int
			var time float64
			names := make(map[string]bool)
			for _, c := range s.all("testcase") {
				n[0]++
				n[1] += len(c.all("failure"))
				n[2] += len(c.all("error"))
				n[3] += len(c.all("skipped"))
				x, _ := strconv.ParseFloat(c.attr("time"), 64)
				time += x
				if name := c.attr("classname") + " " + c.attr("name"); names[name] {
					t.Errorf("two test cases are called %s", name)
				} else {
					names[name] = true
				}
				if len(c.all("failure"))+len(c.all("error"))+len(c.all("skipped")) > 1 {
					t.Errorf("%s has more than one outcome", c.attr("name"))
				}
			}
			for i, name := range []string{"tests", "failures", "errors", "skipped"} {
				if got := s.attr(name); got != strconv.Itoa(n[i]) {
					t.Errorf("%s of %s is %s, want %d", name, s.attr("name"), got, n[i])
				}
			}
			if got, _ := strconv.ParseFloat(s.attr("time"), 64); got < time-0.002 || got > time+0.002 {
				t.Errorf("time of %s is %v, want %v", s.attr("name"), got, time)
			}
			for i := range total {
				total[i] += n[i]
			}
		}
		for i, name := range []string{"tests", "failures", "errors"} {
			if got := root.attr(name); got != strconv.Itoa(total[i]) {
				t.Errorf("%s is %s, want %d", name, got, total[i])
			}
		}
		fails := 0
		for _, run := range r.Runs {
			for _, x := range run.Results {
				if x.Costs(strict) {
					fails++
				}
			}
		}
		if total[1] != fails || fails == 0 {
			t.Errorf("strict %t: %d failures, want %d", strict, total[1], fails)
		}
	}
}

// TestJUnitOutcome has a row for each way in which a result can be put.
func TestJUnitOutcome(t *testing.T) {
	for _, c := range []struct {
		reason   string
		level    spec.Level
		verdict  reports.Verdict
		advisory bool
		strict   bool
		child    string // what the test case holds
		says     string
	}{
		{"pass", spec.Must, reports.Pass, false, false, "", ""},
		{"a binding failure", spec.Must, reports.Fail, false, false, "failure", "MUST: why"},
		{"an advisory failure is a remark", spec.Must, reports.Fail, true, false, "system-out", "warning"},
		{"but not when strict", spec.Must, reports.Fail, true, true, "failure", "MUST*: why"},
		{"a failed SHOULD is a remark", spec.Should, reports.Fail, false, false, "system-out", "warning"},
		{"but not when strict", spec.Should, reports.Fail, false, true, "failure", "SHOULD: why"},
		{"a failed MAY is a remark, strict or not", spec.May, reports.Fail, false, true, "system-out", "warning"},
		{"not applicable is skipped", spec.Must, reports.NotApplicable, false, false, "skipped", "not applicable: why"},
		{"inconclusive is skipped and says so", spec.Must, reports.Inconclusive, false, false, "skipped", "inconclusive: why"},
		{"our error is an error", spec.Must, reports.Error, false, false, "error", "why"},
	} {
		x := result("a.b", c.level, c.verdict)
		x.Advisory, x.Reason, x.Statement, x.Link = c.advisory, "why", "Something holds.", site
		r := &reports.Report{Strict: c.strict, Runs: []reports.Run{{Target: "t", Results: []reports.Result{x}}}}
		cases := parseJUnit(t, render(t, reports.JUnit, r)).all("testsuite")[1].all("testcase")
		if len(cases) != 1 || cases[0].attr("name") != "a.b" {
			t.Fatalf("%s: test cases are %+v, want one called a.b", c.reason, cases)
		}
		switch list := cases[0].Children; {
		case c.child == "" && len(list) == 0:
		case len(list) != 1 || list[0].XMLName.Local != c.child || !strings.Contains(list[0].attr("message")+list[0].Text, c.says):
			t.Errorf("%s: holds %+v, want %s that says %q", c.reason, list, c.child, c.says)
		case c.child == "failure" && !strings.Contains(list[0].Text, "Something holds.\n"+site):
			t.Errorf("%s: the body is %q, want statement and link", c.reason, list[0].Text)
		}
	}
}

// TestJUnitAgreesWithStatus asks that a CI system that reads only the file is red
// exactly when the exit status is not 0.
func TestJUnitAgreesWithStatus(t *testing.T) {
	list := []*reports.Report{{}, sample()}
	for _, run := range sample().Runs {
		list = append(list, &reports.Report{Runs: []reports.Run{run}})
	}
	for _, l := range []spec.Level{spec.Must, spec.Should, spec.May} {
		for _, v := range reports.Verdicts {
			for _, strict := range []bool{false, true} {
				run := reports.Run{Results: []reports.Result{result("a.pass", spec.Must, reports.Pass), result("a.b", l, v)}}
				list = append(list, &reports.Report{Strict: strict, Runs: []reports.Run{run}})
			}
		}
	}
	for _, r := range list {
		root := parseJUnit(t, render(t, reports.JUnit, r))
		green := root.attr("failures") == "0" && root.attr("errors") == "0" && root.attr("tests") != "0"
		if status := r.Status(false); green != (status == 0) {
			t.Errorf("status is %d, but JUnit has %s tests, %s failures, %s errors", status, root.attr("tests"), root.attr("failures"), root.attr("errors"))
		}
	}
}

func TestJUnitSameRequirementTwice(t *testing.T) {
	a, b := result("a.b", spec.Must, reports.Pass), result("a.b", spec.Must, reports.Fail)
	a.Scenario, b.Scenario = "first", "second"
	r := &reports.Report{Runs: []reports.Run{{Results: []reports.Result{a, b, b}}}}
	var names []string
	for _, c := range parseJUnit(t, render(t, reports.JUnit, r)).all("testsuite")[1].all("testcase") {
		names = append(names, c.attr("name"))
	}
	if want := []string{"a.b (first)", "a.b (second)", "a.b (second) #2"}; !slices.Equal(names, want) {
		t.Errorf("names are %q, want %q", names, want)
	}
}
