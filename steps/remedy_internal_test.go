package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

func TestRemedy(t *testing.T) {
	s := newSubject(t.Context(), Config{Catalogue: spec.Catalogue{
		"a.tools":   {ID: "a.tools", Needs: "tools", Testability: spec.Passive},
		"a.any":     {ID: "a.any", Needs: "none", Testability: spec.Passive},
		"a.fixture": {ID: "a.fixture", Needs: "tools", Testability: spec.Fixture, Unobserved: "Needs a tool that is slow."},
	}})
	s.lists["tools/list"].get(func() (*listing, error) { //nolint:errcheck // there is none
		l := &listing{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			raw := json.RawMessage(fmt.Sprintf(`{"name": %q}`, name))
			item := Item{Raw: raw}
			json.Unmarshal(raw, &item.Members) //nolint:errcheck // it is an object
			l.items = append(l.items, item)
		}
		return l, nil
	})
	const call = "a tool is marked with annotations.readOnlyHint, or named by --allow-tool as one that does no harm (of a, b, c, d and 2 more)"
	for _, tt := range []struct {
		reason  string
		id      string
		verdict reports.Verdict
		err     error
		want    string
	}{
		{"a pass", "a.any", reports.Pass, nil, ""},
		{"a failure", "a.any", reports.Fail, unmetf("a", "b"), ""},
		{"what the step says", "a.fixture", reports.NotApplicable, applicableIf("it does", "it does not"), "it does"},
		{"what the step says, wrapped", "a.any", reports.NotApplicable, fmt.Errorf("here: %w", s.undeclared("tools")), "the server declares capabilities.tools in its answer to initialize"},
		{"what a fixture takes", "a.fixture", reports.NotApplicable, notApplicable("there is none"), "the server offers what this takes: Needs a tool that is slow"},
		{"nothing to add", "a.tools", reports.NotApplicable, notApplicable("the server lists fewer than two tools"), ""},
		{"nothing seen", "a.any", reports.NotApplicable, errors.New(noneSeen), "the server sends what this is about"},
		{"nothing seen of tools", "a.tools", reports.NotApplicable, errors.New(noneSeen), "the server sends what this is about, which takes: tools; more is seen when more tools are called: " + call},
		{"no credentials", "a.any", reports.Inconclusive, rootCause{errors.New("answered with HTTP status 401")}, "mcpcheck has credentials: --token-env VAR, --header-env K=VAR or --header 'K: V'"},
		{"no time for a request", "a.any", reports.Inconclusive, fmt.Errorf("ping: %w", wire.ErrTimeout), "the server answers in time, or has more time: --timeout"},
		{"no time for the run", "a.any", reports.Inconclusive, rootCause{ErrDeadline}, "the run has more time: --deadline"},
		{"another cause", "a.any", reports.Inconclusive, rootCause{errors.New("no session")}, "that is put right: it is told once, and this hangs on it"},
		{"no cause", "a.any", reports.Inconclusive, errors.New("it changed meanwhile"), ""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			r := reports.Result{ID: tt.id, Verdict: tt.verdict}
			explain(&r, tt.err)
			if got := s.remedy(r); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestMergedObservations demands that a pass rests on all that was seen, and
// nothing else on any.
func TestMergedObservations(t *testing.T) {
	merged := merge([]reports.Result{
		{ID: "a", Verdict: reports.Pass, Observations: 1}, {ID: "a", Verdict: reports.NotApplicable}, {ID: "a", Verdict: reports.Pass, Observations: 12},
		{ID: "b", Verdict: reports.Pass, Observations: 3}, {ID: "b", Verdict: reports.Fail},
	})
	if len(merged) != 2 || merged[0].Observations != 13 || merged[1].Observations != 0 {
		t.Errorf("got %+v", merged)
	}
}
