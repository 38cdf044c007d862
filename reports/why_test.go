package reports_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestWhy demands the status and the words for each kind of verdict.
func TestWhy(t *testing.T) {
	q := spec.Requirement{ID: "a.b", Level: spec.Must, Statement: "Something holds.", Probe: "Look at it.", Versions: spec.Revisions}
	of := func(r reports.Result) reports.Account {
		r.ID = q.ID
		return reports.Account{Run: reports.Run{Target: "server", Results: []reports.Result{{ID: "a.bc", Verdict: reports.Fail}, r}}, Details: []reports.Result{r, r}}
	}
	for _, tt := range []struct {
		reason   string
		unjudged string
		account  reports.Account
		status   int
		want     string
	}{
		{"a pass", "", of(reports.Result{Verdict: reports.Pass, Observations: 12, Scenario: "It holds"}), 0, "PASS what it asks for was seen 12 times Judged by: pass It holds"},
		{"a failure", "", of(reports.Result{Verdict: reports.Fail, Level: spec.Must, Reason: "it was not so", Scenario: "It holds"}), 1,
			"FAIL the server breaks it, and so does not conform reason it was not so Judged by: fail It holds: it was not so"},
		{"a failure at no cost", "", of(reports.Result{Verdict: reports.Fail, Level: spec.Should}), 0, "FAIL the server breaks it, at no cost of conformance, as it is a SHOULD"},
		{"an advisory", "", of(reports.Result{Verdict: reports.Fail, Level: spec.Must, Advisory: true}), 0, "at no cost of conformance, as it is advisory"},
		{"inconclusive, with a cause", "", of(reports.Result{Verdict: reports.Inconclusive, Reason: "no tools: tools/list failed", Cause: "tools/list failed", Remedy: "that is put right"}), 3,
			"INCONCLUSIVE no tools: tools/list failed cause tools/list failed judged if that is put right Judged by:"},
		{"not applicable", "", of(reports.Result{Verdict: reports.NotApplicable, Reason: "it has none", Remedy: "it has some"}), 0, "NOT APPLICABLE it has none judged if it has some observed Look at it."},
		{"what holds elsewhere", "", reports.Account{Elsewhere: "it holds over stdio", Remedy: "it is launched"}, 0, "NOT APPLICABLE it holds over stdio judged if it is launched"},
		{"no verdict", "", reports.Account{Run: reports.Run{Incomplete: "it went away"}}, 3, "The run ended early: it went away INCONCLUSIVE"},
		{"what is not judged", "no client can observe it", reports.Account{}, 0, "NOT JUDGED no client can observe it observe it Look at it."},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			e := reports.Explanation{Requirement: q, Unjudged: tt.unjudged, Accounts: []reports.Account{tt.account}}
			var b bytes.Buffer
			if err := reports.Why(&b, reports.TextOptions{}, e); err != nil {
				t.Fatal(err)
			}
			if got := e.Status(false); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			text := strings.Join(strings.Fields(b.String()), " ")
			if !strings.HasPrefix(text, "a.b MUST: Something holds.") || !strings.Contains(text, tt.want) {
				t.Errorf("want %q in:\n%s", tt.want, b.String())
			}
		})
	}
}
