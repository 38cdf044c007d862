package reports_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// expected is a report on a server some of whose failures are known.
func expected() *reports.Report {
	run := broken()
	for i, x := range run.Results {
		switch x.ID {
		case "errors.method-not-found.code":
			run.Results[i].Known = &reports.Known{Reason: "the framework answers so", Link: "https://example.com/issues/7"}
		case "tools.list.deterministic-order":
			run.Results[i].Known = &reports.Known{Reason: "accepted: " + hostile}
		}
	}
	run.Results = slices.DeleteFunc(run.Results, func(x reports.Result) bool {
		return x.ID == "session.delete.then-404" || x.Verdict == reports.Inconclusive
	})
	run.Unstable, run.Repetitions = nil, 0
	entry := func(line int, id, state string) reports.Deviation {
		return reports.Deviation{ID: id, Reason: "the framework answers so", File: "known.yaml", Line: line, State: state}
	}
	r := &reports.Report{Tool: reports.Tool{Name: "mcpcheck", Version: "0.1.0"}, Runs: []reports.Run{run}, Baseline: []reports.Deviation{
		entry(3, "errors.method-not-found.code", reports.DeviationKnown), entry(6, "tools.list.deterministic-order", reports.DeviationKnown),
		entry(9, "session.delete.then-404", reports.DeviationStale), entry(12, "ping.answered", reports.DeviationNotJudged),
	}}
	r.Baseline[0].Link = "https://example.com/issues/7"
	r.Baseline[2].Revisions, r.Baseline[2].Server = []spec.Revision{spec.R20250618, spec.R20251125}, hostile
	r.Baseline[3].Transport, r.Baseline[3].Why = spec.Stdio, "not applicable: "+hostile
	return r
}

// TestBaselineWriters holds each format to its golden file, and to being fit for
// a terminal.
func TestBaselineWriters(t *testing.T) {
	writers := map[string]reports.Writer{"verbose.text": reports.Text(reports.TextOptions{Verbose: true, Width: 72})}
	for name, write := range reports.Writers {
		writers[name] = write
	}
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			out := render(t, write, expected())
			golden(t, "baseline."+name, out)
			if i := bytes.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("byte %d is not fit for a terminal, after %q", i, out[max(0, i-40):i])
			}
		})
	}
}

func TestBaselineStatus(t *testing.T) {
	pass, should := result("a.pass", spec.Must, reports.Pass), result("a.should", spec.Should, reports.Fail)
	fail, known := result("a.fail", spec.Must, reports.Fail), result("a.known", spec.Must, reports.Fail)
	known.Known = &reports.Known{Reason: "because"}
	forgiven := should
	forgiven.Known = known.Known
	odd := known
	odd.Verdict = reports.Error
	for _, tt := range []struct {
		reason         string
		results        []reports.Result
		early, state   string
		normal, strict int
		words          string // of the conclusion, when not strict
	}{
		{"a failure that is known", []reports.Result{pass, known}, "", "known", 0, 0, "conforms but for 1 known failure"},
		{"a new one beside it", []reports.Result{pass, known, fail}, "", "known", 1, 1, "does not conform: 1 requirement, besides 1 known failure"},
		{"a warning that is known", []reports.Result{pass, forgiven}, "", "known", 0, 0, "conforms"},
		{"one that is not", []reports.Result{pass, should}, "", "known", 0, 1, "conforms"},
		{"a stale entry", []reports.Result{pass}, "", "stale", 1, 1, "conforms"},
		{"an entry that was not judged", []reports.Result{pass}, "", "not judged", 0, 0, "conforms"},
		{"a run that ended early is not covered", []reports.Result{pass, known}, "the deadline passed", "known", 3, 3, "could not be judged: the deadline passed"},
		{"a stale entry beside it", []reports.Result{pass}, "the deadline passed", "stale", 1, 1, "could not be judged: the deadline passed"},
		{"an error is not covered", []reports.Result{pass, odd}, "", "known", 3, 3, "1 check went wrong in mcpcheck itself"},
		{"nothing passed", []reports.Result{known}, "", "known", 3, 3, "could not be judged: no requirement passed"},
	} {
		run := reports.Run{Results: tt.results, Incomplete: tt.early}
		r := &reports.Report{Runs: []reports.Run{run}, Baseline: []reports.Deviation{{ID: "a.known", State: tt.state}}}
		if got, strict := r.Status(false), r.Status(true); got != tt.normal || strict != tt.strict {
			t.Errorf("%s: status %d, strict %d; want %d, %d", tt.reason, got, strict, tt.normal, tt.strict)
		}
		if got := run.Conclusion(false); !strings.HasSuffix(got, tt.words) {
			t.Errorf("%s: conclusion is %q, want %q", tt.reason, got, tt.words)
		}
		for _, strict := range []bool{false, true} {
			r.Strict = strict
			root := parseJUnit(t, render(t, reports.JUnit, r))
			if green := root.attr("failures") == "0" && root.attr("errors") == "0"; green != (r.Status(false) == 0) {
				t.Errorf("%s: status is %d, but JUnit has %s failures, %s errors", tt.reason, r.Status(false), root.attr("failures"), root.attr("errors"))
			}
		}
	}
}

// TestBaselineRead demands that a report that was written and read is the same,
// and that a state that there is not is not taken.
func TestBaselineRead(t *testing.T) {
	r, err := reports.Read(bytes.NewReader(render(t, reports.JSON, expected()))) // without bytes that JSON cannot hold
	if err != nil {
		t.Fatal(err)
	}
	first := render(t, reports.JSON, r)
	if r, err = reports.Read(bytes.NewReader(first)); err != nil {
		t.Fatal(err)
	}
	if len(r.Baseline) != 4 || r.Baseline[0].Link == "" || r.Baseline[2].Revisions == nil || r.Runs[0].Counts().Known != 2 {
		t.Errorf("read, the baseline is %+v", r.Baseline)
	}
	if again := render(t, reports.JSON, r); !bytes.Equal(first, again) {
		t.Error("the report has changed by being read")
	}
	bad := bytes.Replace(first, []byte(`"state": "stale"`), []byte(`"state": "mended"`), 1)
	if _, err := reports.Read(bytes.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), `baseline[2]: state of "session.delete.then-404" is "mended", want one of`) {
		t.Errorf("error is %v, want that the state is wrong", err)
	}
}

func TestMergeBaselines(t *testing.T) {
	entry := func(line int, state string) reports.Deviation {
		return reports.Deviation{ID: "a.b", File: "known.yaml", Line: line, State: state}
	}
	for _, tt := range []struct {
		reason, a, b, want string
	}{
		{"known in one", "known", "stale", "known"},
		{"known in the other", "stale", "known", "known"},
		{"known, and not judged", "not judged", "known", "known"},
		{"stale, and not judged", "not judged", "stale", "stale"},
		{"not judged at all", "not judged", "not judged", "not judged"},
	} {
		got := reports.MergeBaselines([]reports.Deviation{entry(1, tt.a)}, []reports.Deviation{entry(1, tt.b), entry(2, "stale")})
		if states := fmt.Sprint(len(got), got[0].State, got[len(got)-1].Line); states != fmt.Sprint(2, tt.want, 2) {
			t.Errorf("%s: got %+v, want the first %s, and the other as it was", tt.reason, got, tt.want)
		}
	}
}
