package reports_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestMerge has a row for each way in which verdicts can differ, or not.
func TestMerge(t *testing.T) {
	const pass, fail, open, none, wrong = reports.Pass, reports.Fail, reports.Inconclusive, reports.NotApplicable, reports.Error
	for _, c := range []struct {
		reason   string
		level    spec.Level
		verdicts []reports.Verdict // by repetition; "" for no result
		strict   bool
		want     reports.Verdict
		from     int // the repetition whose result counts
		unstable string
	}{
		{"one repetition is the run itself", spec.Must, []reports.Verdict{fail}, false, fail, 1, ""},
		{"what holds each time holds", spec.Must, []reports.Verdict{pass, pass, pass}, false, pass, 1, ""},
		{"what breaks each time is stable, too", spec.Must, []reports.Verdict{fail, fail}, false, fail, 1, ""},
		{"a fail that happens once is a fail", spec.Must, []reports.Verdict{pass, pass, fail}, false, fail, 3, "[pass pass fail]"},
		{"a fail at first is no less one", spec.Must, []reports.Verdict{fail, pass, pass}, false, fail, 1, "[fail pass pass]"},
		{"a fail between two passes", spec.Must, []reports.Verdict{pass, fail, pass}, false, fail, 2, "[pass fail pass]"},
		{"the first of several fails is shown", spec.Must, []reports.Verdict{pass, fail, fail}, false, fail, 2, "[pass fail fail]"},
		{"a SHOULD is reported at no cost", spec.Should, []reports.Verdict{pass, fail}, false, fail, 2, "[pass fail]"},
		{"what stayed open once is open", spec.Must, []reports.Verdict{open, pass}, false, open, 1, "[inconclusive pass]"},
		{"a fail says more than what stayed open", spec.Must, []reports.Verdict{open, fail}, false, fail, 2, "[inconclusive fail]"},
		{"what applied once applies", spec.Must, []reports.Verdict{none, pass}, false, pass, 2, "[not applicable pass]"},
		{"our error outweighs a warning", spec.Should, []reports.Verdict{fail, wrong}, false, wrong, 2, "[fail error]"},
		{"but not a SHOULD that binds", spec.Should, []reports.Verdict{fail, wrong}, true, fail, 1, "[fail error]"},
		{"a repetition cut short contradicts none", spec.Must, []reports.Verdict{pass, ""}, false, pass, 1, ""},
		{"and is told where others differ", spec.Must, []reports.Verdict{"", pass, fail}, false, fail, 3, "[inconclusive pass fail]"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			var runs []reports.Run
			for i, v := range c.verdicts {
				run := reports.Run{Target: "t", Duration: ms(1000)}
				if v != "" {
					x := result("a.b", c.level, v)
					x.Scenario = fmt.Sprint(i + 1)
					run.Results = []reports.Result{x}
				}
				runs = append(runs, run)
			}
			got := reports.Merge(runs, c.strict)
			if len(got.Results) != 1 || got.Results[0].Verdict != c.want || got.Results[0].Scenario != fmt.Sprint(c.from) {
				t.Errorf("results are %+v, want one, %s, of repetition %d", got.Results, c.want, c.from)
			}
			unstable := ""
			for _, u := range got.Unstable {
				unstable += fmt.Sprint(u.Verdicts)
				if u.ID != "a.b" || len(u.Reasons) != len(u.Verdicts) {
					t.Errorf("unstable is %+v, want a.b with a reason for each verdict", u)
				}
				for i, v := range u.Verdicts {
					if (v == pass) != (u.Reasons[i] == "") {
						t.Errorf("the reason of %s is %q", v, u.Reasons[i])
					}
				}
			}
			if unstable != c.unstable {
				t.Errorf("unstable is %q, want %q", unstable, c.unstable)
			}
			if want := ms(1000 * int64(len(runs))); got.Duration != want {
				t.Errorf("duration is %v, want %v", got.Duration, want)
			}
		})
	}
}

// TestMergeKeepsRun demands that what is told of a run as a whole survives.
func TestMergeKeepsRun(t *testing.T) {
	ok := reports.Run{
		Target: "t", Transport: spec.Stdio, Revision: spec.R20251125, Server: reports.Server{Name: "s"},
		Untestable: 3, Unchecked: 2, Notes: []string{"a note"},
		Results: []reports.Result{result("a.b", spec.Must, reports.Pass)},
	}
	cut := ok
	cut.Incomplete, cut.StderrTail = "the server ended", "out of luck"
	for _, c := range []struct {
		reason     string
		runs       []reports.Run
		incomplete string
		dead       bool
		status     int
	}{
		{"all came to their end", []reports.Run{ok, ok}, "", false, 0},
		{"one that ended early leaves conformance open", []reports.Run{ok, cut, ok}, "repetition 2 of 3: the server ended", false, 3},
		{"one reason is given once", []reports.Run{cut, ok, cut}, "repetitions 1, 3 of 3: the server ended", false, 3},
		{"all ended early", []reports.Run{cut, cut}, "in each repetition: the server ended", false, 3},
		{"reached once is reached", []reports.Run{ok, {Unreachable: true, Incomplete: "refused"}}, "repetition 2 of 2: refused", false, 3},
		{"never reached", []reports.Run{{Unreachable: true, Incomplete: "refused"}, {Unreachable: true, Incomplete: "gone"}}, "repetition 1 of 2: refused; repetition 2 of 2: gone", true, 3},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got := reports.Merge(c.runs, false)
			if got.Incomplete != c.incomplete || got.Unreachable != c.dead || got.Repetitions != len(c.runs) || got.Status(false) != c.status {
				t.Errorf("got %q, unreachable %t, %d repetitions, status %d; want %q, %t, %d, %d", got.Incomplete, got.Unreachable,
					got.Repetitions, got.Status(false), c.incomplete, c.dead, len(c.runs), c.status)
			}
			if c.dead {
				return
			}
			if got.Untestable != 3 || got.Unchecked != 2 || got.Server.Name != "s" || got.Revision != spec.R20251125 || fmt.Sprint(got.Notes) != "[a note]" {
				t.Errorf("the run lost what it was: %+v", got)
			}
			if told := got.StderrTail != ""; told != strings.Contains(c.incomplete, "ended") {
				t.Errorf("stderrTail is %q", got.StderrTail)
			}
		})
	}
}

// TestMergeSeveralResults demands that all that bears on a requirement comes from
// one repetition, since together it is the evidence.
func TestMergeSeveralResults(t *testing.T) {
	one := func(first, second reports.Verdict) reports.Run {
		a, b := result("a.b", spec.Must, first), result("a.b", spec.Must, second)
		a.Scenario, b.Scenario = "first", "second"
		return reports.Run{Results: []reports.Result{a, b}}
	}
	got := reports.Merge([]reports.Run{one(reports.Pass, reports.Pass), one(reports.Pass, reports.Fail)}, false)
	if len(got.Results) != 2 || got.Results[0].Verdict != reports.Pass || got.Results[1].Verdict != reports.Fail {
		t.Errorf("results are %+v, want those of the second repetition", got.Results)
	}
	if want := "[{a.b [pass fail] [ no reason was given]}]"; fmt.Sprint(got.Unstable) != want {
		t.Errorf("unstable is %v, want %s", got.Unstable, want)
	}
}

// TestMergeBinding demands that of one verdict the one that conformance hangs on
// counts.
func TestMergeBinding(t *testing.T) {
	for _, v := range []reports.Verdict{reports.Fail, reports.Inconclusive} {
		binding := result("a.b", spec.Must, v)
		advisory := binding
		advisory.Advisory = true
		for _, list := range [][]reports.Result{{advisory, binding}, {binding, advisory}} {
			got := reports.Merge([]reports.Run{{Results: list[:1]}, {Results: list[1:]}}, false)
			if len(got.Results) != 1 || got.Results[0].Advisory || len(got.Unstable) != 0 {
				t.Errorf("%s: got %+v, want the result that binds, and none unstable", v, got)
			}
		}
	}
}

// TestUnstableIsTold demands it of the formats that people and CI systems see;
// the JSON form is read back elsewhere.
func TestUnstableIsTold(t *testing.T) {
	fail := result("a.b", spec.Must, reports.Fail)
	fail.Reason = "got 200"
	pass, warn := result("a.b", spec.Must, reports.Pass), fail
	warn.Level = spec.Should
	passOf := pass
	passOf.Level = spec.Should
	none := result("a.b", spec.Must, reports.NotApplicable)
	for _, c := range []struct {
		reason string
		found  []reports.Result
		text   []string
		remark string // in JUnit, beside the outcome
	}{
		{"nothing changed", []reports.Result{pass, pass}, []string{"Each verdict was the same in 2 repetitions."}, ""},
		{"a failure", []reports.Result{pass, fail, pass}, []string{
			"Unstable (the verdict did not repeat; the worst counts)\n  a.b\n        pass in repetitions 1, 3\n        fail in repetition 2: got 200\n",
			"  MUST        a.b (unstable: fail in 1 of 3 repetitions)\n",
		}, "pass in repetitions 1, 3\nfail in repetition 2: got 200\n"},
		{"a warning keeps its own remark", []reports.Result{passOf, warn}, []string{"        fail in repetition 2: got 200\n"}, "warning, no loss of conformance: SHOULD: got 200"},
		{"a pass that once did not apply", []reports.Result{pass, none}, []string{"Unstable (", "  not applicable in repetition 2: "}, "not applicable in repetition 2: no reason was given"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			var runs []reports.Run
			for _, x := range c.found {
				runs = append(runs, reports.Run{Target: "t", Results: []reports.Result{x}})
			}
			r := &reports.Report{Runs: []reports.Run{reports.Merge(runs, false)}}
			text := string(render(t, reports.Writers["text"], r))
			for _, want := range append(c.text, fmt.Sprintf("%d repetitions", len(runs))) {
				if !strings.Contains(text, want) {
					t.Errorf("the text lacks %q:\n%s", want, text)
				}
			}
			out := parseJUnit(t, render(t, reports.JUnit, r)).all("testsuite")[1].all("testcase")[0].all("system-out")
			switch {
			case c.remark == "" && len(out) == 0:
			case c.remark == "" || len(out) != 1 || !strings.Contains(out[0].Text, c.remark) || !strings.Contains(out[0].Text, "unstable: "):
				t.Errorf("JUnit remarks %+v, want %q", out, c.remark)
			}
		})
	}
}
