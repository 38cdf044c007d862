package reports_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

func result(id string, l spec.Level, v reports.Verdict) reports.Result {
	return reports.Result{ID: id, Area: "a", Level: l, Verdict: v}
}

func TestStatus(t *testing.T) {
	advisory := func(r reports.Result) reports.Result { r.Advisory = true; return r }
	pass := result("a.pass", spec.Must, reports.Pass)
	for _, c := range []struct {
		reason         string
		run            reports.Run
		normal, strict int
		words          string // of the conclusion, when not strict
	}{
		{"one pass is evidence", reports.Run{Results: []reports.Result{pass}}, 0, 0, "conforms"},
		{"no result is no evidence", reports.Run{}, 3, 3, "could not be judged: no requirement was judged"},
		{"what nobody checked is no evidence", reports.Run{Untestable: 4, Unchecked: 9}, 3, 3, "no requirement was judged"},
		{"nothing applied", reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.NotApplicable)}}, 3, 3, "no requirement was judged"},
		{"a MUST failed", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Must, reports.Fail)}}, 1, 1, "does not conform: 1 requirement"},
		{"a MUST NOT failed", reports.Run{Results: []reports.Result{pass, result("a.b", spec.MustNot, reports.Fail)}}, 1, 1, "does not conform: 1 requirement"},
		{"two scenarios of one requirement", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Must, reports.Fail), result("a.b", spec.Must, reports.Fail)}}, 1, 1, "does not conform: 1 requirement"},
		{"two requirements", reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.Fail), result("a.c", spec.Must, reports.Fail)}}, 1, 1, "does not conform: 2 requirements"},
		{"a SHOULD counts when strict", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Should, reports.Fail)}}, 0, 1, "conforms"},
		{"a SHOULD NOT counts when strict", reports.Run{Results: []reports.Result{pass, result("a.b", spec.ShouldNot, reports.Fail)}}, 0, 1, "conforms"},
		{"a MAY fails nobody", reports.Run{Results: []reports.Result{pass, result("a.b", spec.May, reports.Fail)}}, 0, 0, "conforms"},
		{"advisory counts when strict", reports.Run{Results: []reports.Result{pass, advisory(result("a.b", spec.Must, reports.Fail))}}, 0, 1, "conforms"},
		{"only warnings are not right", reports.Run{Results: []reports.Result{result("a.b", spec.Should, reports.Fail)}}, 3, 1, "no requirement passed"},
		{"an open MUST is not right", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Must, reports.Inconclusive)}}, 3, 3, "1 binding requirement is inconclusive"},
		{"an open SHOULD binds when strict", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Should, reports.Inconclusive)}}, 0, 3, "conforms"},
		{"an open MAY binds nobody", reports.Run{Results: []reports.Result{pass, result("a.b", spec.May, reports.Inconclusive)}}, 0, 0, "conforms"},
		{"an open advisory MUST", reports.Run{Results: []reports.Result{pass, advisory(result("a.b", spec.Must, reports.Inconclusive))}}, 0, 3, "conforms"},
		{"an open scenario beside one that passed", reports.Run{Results: []reports.Result{pass, result("a.pass", spec.Must, reports.Inconclusive)}}, 3, 3, "1 binding requirement is inconclusive"},
		{"a failure wins over an open MUST", reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.Fail), result("a.c", spec.Must, reports.Inconclusive)}}, 1, 1, "does not conform: 1 requirement"},
		{"our error at any level", reports.Run{Results: []reports.Result{pass, result("a.b", spec.May, reports.Error)}}, 3, 3, "1 check went wrong in mcpcheck itself"},
		{"an unknown verdict is our error", reports.Run{Results: []reports.Result{pass, result("a.b", spec.Must, "passed")}}, 3, 3, "1 check went wrong in mcpcheck itself"},
		{"a run cut short", reports.Run{Results: []reports.Result{pass}, Incomplete: "the deadline passed"}, 3, 3, "could not be judged: the deadline passed"},
		{"a failure in a run cut short", reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.Fail)}, Incomplete: "the deadline passed"}, 1, 1, "; the run ended early: the deadline passed"},
		{"a dead port", reports.Run{Unreachable: true}, 3, 3, "could not be judged: the server could not be reached"},
		{"a conclusion is fit for a terminal", reports.Run{Unreachable: true, Incomplete: "\x1b[2J\nx"}, 3, 3, `could not be judged: \x1b[2J\nx`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			r := &reports.Report{Runs: []reports.Run{c.run}}
			if got := r.Status(false); got != c.normal {
				t.Errorf("status is %d, want %d", got, c.normal)
			}
			if got := r.Status(true); got != c.strict {
				t.Errorf("strict status is %d, want %d", got, c.strict)
			}
			r.Strict = true
			if got := r.Status(false); got != c.strict {
				t.Errorf("status of a strict report is %d, want %d", got, c.strict)
			}
			if got := c.run.Conclusion(false); !strings.HasSuffix(got, c.words) {
				t.Errorf("conclusion is %q, want %q", got, c.words)
			}
		})
	}
}

func TestStatusOfSeveralRuns(t *testing.T) {
	var (
		ok   = reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.Pass)}}
		bad  = reports.Run{Results: []reports.Result{result("a.b", spec.Must, reports.Fail)}}
		dead = reports.Run{Unreachable: true}
	)
	for _, c := range []struct {
		reason string
		runs   []reports.Run
		want   int
	}{
		{"no run", nil, 3},
		{"all conform", []reports.Run{ok, ok}, 0},
		{"one is dead", []reports.Run{ok, dead}, 3},
		{"one is bad", []reports.Run{ok, bad}, 1},
		{"a failure wins, whichever comes first", []reports.Run{dead, bad, ok}, 1},
		{"a failure wins, whichever comes last", []reports.Run{bad, dead}, 1},
	} {
		r := &reports.Report{Runs: c.runs}
		if got := r.Status(false); got != c.want {
			t.Errorf("%s: status is %d, want %d", c.reason, got, c.want)
		}
	}
}

func TestCounts(t *testing.T) {
	got := matrix().Counts()
	want := reports.Counts{
		Pass: 10, Fail: 2, Warn: 8, NotApplicable: 10, Inconclusive: 10, Error: 10, Untestable: 1,
		Judged: 20, Applicable: 41, Share: 0.4878,
	}
	if got != want {
		t.Errorf("counts are\n%+v, want\n%+v", got, want)
	}
}

// TestCountsWorst asks that one requirement counts once, as the worst that was
// found, since several scenarios may bear on it.
func TestCountsWorst(t *testing.T) {
	order := []struct {
		verdict reports.Verdict
		of      func(reports.Counts) int
	}{ // at SHOULD, where a fail is a warning
		{reports.NotApplicable, func(c reports.Counts) int { return c.NotApplicable }},
		{reports.Pass, func(c reports.Counts) int { return c.Pass }},
		{reports.Inconclusive, func(c reports.Counts) int { return c.Inconclusive }},
		{reports.Fail, func(c reports.Counts) int { return c.Warn }},
		{reports.Error, func(c reports.Counts) int { return c.Error }},
	}
	for i, better := range order {
		for _, worse := range order[i:] {
			list := []reports.Result{result("a.b", spec.Should, worse.verdict), result("a.b", spec.Should, better.verdict)}
			c := reports.Run{Results: list}.Counts()
			total := c.Pass + c.Fail + c.Warn + c.NotApplicable + c.Inconclusive + c.Error
			if worse.of(c) != 1 || total != 1 {
				t.Errorf("%s and %s count as %+v, want one %s", better.verdict, worse.verdict, c, worse.verdict)
			}
		}
	}
}

func TestSort(t *testing.T) {
	r := sample()
	slices.Reverse(r.Runs)
	for _, run := range r.Runs {
		slices.Reverse(run.Results)
	}
	r.Sort()
	if got, want := string(render(t, reports.JSON, r)), string(render(t, reports.JSON, sample())); got != want {
		t.Error("the order of a sorted report depends on the order before")
	}
}
