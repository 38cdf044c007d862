package baseline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/baseline"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// run is one over HTTP, with verdicts on one requirement.
func run(revision spec.Revision, verdicts ...reports.Verdict) reports.Run {
	r := reports.Run{Transport: spec.StreamableHTTP, Revision: revision}
	for _, v := range verdicts {
		r.Results = append(r.Results, reports.Result{ID: "ping.respond-empty", Level: spec.Must, Verdict: v, Reason: "so", Statement: "It is empty."})
	}
	r.Results = append(r.Results, reports.Result{ID: "tools.call.unknown-tool", Level: spec.Must, Verdict: reports.Fail})
	return r
}

func early(r reports.Run) reports.Run       { r.Incomplete = "the deadline passed"; return r }
func unreachable(r reports.Run) reports.Run { r.Unreachable = true; return r }

func TestTake(t *testing.T) {
	const (
		v1 = spec.R20250618
		v2 = spec.R20251125
	)
	anywhere := baseline.Entry{ID: "ping.respond-empty", Reason: "because", Link: "https://example.com/1"}
	on := func(edit func(*baseline.Entry)) baseline.Entry { e := anywhere; edit(&e); return e }
	newer := on(func(e *baseline.Entry) { e.Revisions = []spec.Revision{v2} })
	stdio := on(func(e *baseline.Entry) { e.Transport = spec.Stdio })
	files := on(func(e *baseline.Entry) { e.Server = "files" })
	other := on(func(e *baseline.Entry) { e.Server = "other" })
	for _, tt := range []struct {
		reason string
		entry  baseline.Entry
		partly bool
		runs   []reports.Run
		state  string
		why    string
		known  int // failures that are explained
	}{
		{"it fails", anywhere, false, []reports.Run{run(v1, reports.Fail)}, "known", "", 1},
		{"one scenario of two fails", anywhere, false, []reports.Run{run(v1, reports.Pass, reports.Fail)}, "known", "", 1},
		{"it fails in each run", anywhere, false, []reports.Run{run(v1, reports.Fail), run(v2, reports.Fail)}, "known", "", 2},
		{"it fails in one run of two", anywhere, false, []reports.Run{run(v1, reports.Pass), run(v2, reports.Fail)}, "known", "", 1},
		{"it no longer fails", anywhere, false, []reports.Run{run(v1, reports.Pass), run(v2, reports.Pass)}, "stale", "", 0},
		{"kept where it applies", anywhere, false, []reports.Run{run(v1, reports.Pass), run(v2, reports.NotApplicable)}, "stale", "", 0},
		{"kept, where other failures are", newer, false, []reports.Run{run(v1, reports.Fail), run(v2, reports.Pass)}, "stale", "", 0},
		{"another revision", newer, false, []reports.Run{run(v1, reports.Fail)}, "not judged", "no run was of that server", 0},
		{"only where the entry says", newer, false, []reports.Run{run(v1, reports.Fail), run(v2, reports.Fail)}, "known", "", 1},
		{"another transport", stdio, false, []reports.Run{run(v1, reports.Fail)}, "not judged", "no run was of that server", 0},
		{"the server's name", files, false, []reports.Run{run(v1, reports.Fail)}, "known", "", 1},
		{"another server", other, false, []reports.Run{run(v1, reports.Fail)}, "not judged", "no run was of that server", 0},
		{"not selected", anywhere, false, []reports.Run{run(v1)}, "not judged", "no run looked at it", 0},
		{"not applicable", anywhere, false, []reports.Run{run(v1, reports.NotApplicable)}, "not judged", "not applicable: so", 0},
		{"inconclusive", anywhere, false, []reports.Run{run(v1, reports.Inconclusive)}, "not judged", "inconclusive: so", 0},
		{"an error is not covered", anywhere, false, []reports.Run{run(v1, reports.Error)}, "not judged", "mcpcheck went wrong: so", 0},
		{"it may fail where it could not be judged", anywhere, false, []reports.Run{run(v1, reports.Pass), run(v2, reports.Inconclusive)}, "not judged", "inconclusive: so", 0},
		{"a pass before the run was over", anywhere, false, []reports.Run{early(run(v1, reports.Pass))}, "not judged", "a run ended early", 0},
		{"a failure before the run was over", anywhere, false, []reports.Run{early(run(v1, reports.Fail))}, "known", "", 1},
		{"nobody there", newer, false, []reports.Run{unreachable(reports.Run{})}, "not judged", "a server could not be reached", 0},
		{"a pass on little evidence", anywhere, true, []reports.Run{run(v1, reports.Pass)}, "not judged", "kept as far as was looked", 0},
		{"a failure on little evidence", anywhere, true, []reports.Run{run(v1, reports.Fail)}, "known", "", 1},
		{"no run at all", anywhere, false, nil, "not judged", "no run was of that server", 0},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			l := baseline.NewLedger("known.yaml", []baseline.Entry{tt.entry}, func(string) bool { return tt.partly })
			l.Take("files", tt.runs)
			d := l.Deviations()[0]
			if d.State != tt.state || !strings.HasPrefix(d.Why, tt.why) || (d.Why == "") != (tt.why == "") {
				t.Errorf("state is %q since %q, want %q since %q", d.State, d.Why, tt.state, tt.why)
			}
			if kept := len(l.Current()) == 1; kept == (tt.state == "stale") {
				t.Errorf("a stale entry is to go, and only that: kept is %t", kept)
			}
			known := 0
			for _, r := range tt.runs {
				for _, x := range r.Results {
					if x.Known == nil {
						continue
					}
					known++
					if x.ID != tt.entry.ID || x.Verdict != reports.Fail || *x.Known != (reports.Known{Reason: "because", Link: "https://example.com/1"}) {
						t.Errorf("%+v is known as %+v", x, *x.Known)
					}
				}
			}
			if known != tt.known {
				t.Errorf("%d failures are known, want %d", known, tt.known)
			}
		})
	}
}

// TestTakeFirst demands that of two entries about one failure the first explains
// it, and that neither is stale.
func TestTakeFirst(t *testing.T) {
	runs := []reports.Run{run(spec.R20251125, reports.Fail)}
	l := baseline.NewLedger("known.yaml", []baseline.Entry{
		{ID: "ping.respond-empty", Reason: "one", Transport: spec.StreamableHTTP}, {ID: "ping.respond-empty", Reason: "two"},
	}, func(string) bool { return false })
	l.Take("", runs)
	if got := runs[0].Results[0].Known.Reason; got != "one" {
		t.Errorf("the reason is %q, want that of the first", got)
	}
	for _, d := range l.Deviations() {
		if d.State != reports.DeviationKnown {
			t.Errorf("%q is %s, want known", d.Reason, d.State)
		}
	}
}

func TestNew(t *testing.T) {
	should := run(spec.R20251125, reports.Fail)
	should.Results = should.Results[:1]
	should.Results[0].Level = spec.Should
	known := run(spec.R20251125, reports.Fail)
	known.Results[0].Known = &reports.Known{Reason: "because"}
	for _, tt := range []struct {
		reason string
		strict bool
		runs   []reports.Run
		want   string // id and revisions
	}{
		{"what fails", false, []reports.Run{run(spec.R20251125, reports.Fail)}, "ping.respond-empty [], tools.call.unknown-tool []"},
		{"once for all revisions", false, []reports.Run{run(spec.R20250618, reports.Fail), run(spec.R20251125, reports.Fail)}, "ping.respond-empty [], tools.call.unknown-tool []"},
		{"the revisions, if others keep it", false, []reports.Run{run(spec.R20250618, reports.Pass), run(spec.R20251125, reports.Fail)}, "ping.respond-empty [2025-11-25], tools.call.unknown-tool []"},
		{"not what is known", false, []reports.Run{known}, "tools.call.unknown-tool []"},
		{"not a warning", false, []reports.Run{should}, ""},
		{"unless it counts", true, []reports.Run{should}, "ping.respond-empty []"},
		{"not what could not be judged", false, []reports.Run{run(spec.R20251125, reports.Inconclusive, reports.Error)}, "tools.call.unknown-tool []"},
	} {
		var words []string
		list := baseline.New("files", tt.runs, tt.strict)
		for _, e := range list {
			words = append(words, fmt.Sprintf("%s %v", e.ID, e.Revisions))
			if e.Server != "files" {
				t.Errorf("%s: the server is %q", tt.reason, e.Server)
			}
		}
		if got := strings.Join(words, ", "); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.reason, got, tt.want)
		}
		data, err := baseline.Format(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := baseline.Parse(data, ids); len(list) > 0 && (err == nil || !strings.Contains(err.Error(), "the reason is still")) {
			t.Errorf("%s: a baseline without reasons is taken: %v\n%s", tt.reason, err, data)
		}
		if _, err := baseline.Parse([]byte(strings.ReplaceAll(string(data), "TODO: why", "because")), ids); err != nil {
			t.Errorf("%s: with reasons it is refused: %v\n%s", tt.reason, err, data)
		}
	}
}
