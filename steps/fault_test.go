package steps_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// TestConforming demands that a server without a fault gets no failure, over
// every transport and in every revision.
func TestConforming(t *testing.T) {
	for _, s := range served() {
		t.Run(string(s.Transport)+"/"+string(s.Revision), func(t *testing.T) {
			t.Parallel()
			conforms(t, judge(t, serve(t, s.Transport, ""), s.Revision))
		})
	}
}

// TestConformingModernOnly does the same of a server that refuses initialize.
func TestConformingModernOnly(t *testing.T) {
	for _, transport := range []spec.Transport{spec.Stdio, spec.StreamableHTTP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			conforms(t, judge(t, serveWith(t, transport, everything.Options{ModernOnly: true}), spec.R20260728))
		})
	}
}

func conforms(t *testing.T, run *reports.Run) {
	t.Helper()
	passed := 0
	for _, r := range run.Results {
		switch r.Verdict {
		case reports.Pass:
			passed++
		case reports.NotApplicable:
		default:
			t.Errorf("%s: %s: %s", r.ID, r.Verdict, r.Reason)
		}
	}
	if passed == 0 {
		t.Error("nothing passed")
	}
}

// TestFaults turns on every fault and demands that its requirement fails and no
// other does. By default it judges the fault's area, in one revision and over one
// transport. MCPCHECK_MATRIX=square judges all areas, MCPCHECK_MATRIX=revisions
// the fault's area in each revision and over every transport where the requirement
// holds, and MCPCHECK_MATRIX=full all areas in all of these.
func TestFaults(t *testing.T) {
	all := catalogue(t)
	for _, f := range everything.Faults() {
		for _, s := range wherever(all[f.ID]) {
			t.Run(f.ID+"/"+string(s.Transport)+"/"+string(s.Revision), func(t *testing.T) {
				t.Parallel()
				judge := judge
				if all[f.ID].Profile() == spec.Production {
					judge = judgeInProduction
				}
				run := judge(t, serve(t, s.Transport, f.ID), s.Revision, judged(all[f.ID])...)
				var failed []string
				for _, r := range run.Results {
					switch {
					case r.Verdict == reports.Fail:
						failed = append(failed, r.ID)
						if r.ID != f.ID {
							t.Errorf("%s fails as well: %s", r.ID, r.Reason)
						}
					case r.Verdict == reports.Error || r.Verdict == reports.Inconclusive && r.ID != f.ID && r.Cause == "":
						t.Errorf("%s: %s: %s", r.ID, r.Verdict, r.Reason)
					}
				}
				if !slices.Contains(failed, f.ID) {
					t.Errorf("%s does not fail although the server %s; its verdict is %s", f.ID, f.Does, verdictOf(run, f.ID))
				}
			})
		}
	}
}

// judged lists the areas to judge under a fault of one requirement.
func judged(q spec.Requirement) []string {
	if mode := os.Getenv("MCPCHECK_MATRIX"); mode == "square" || mode == "full" {
		return nil
	}
	return []string{q.Area() + "."}
}

func verdictOf(run *reports.Run, id string) string {
	for _, r := range run.Results {
		if r.ID == id {
			return string(r.Verdict) + " " + r.Reason
		}
	}
	return "missing"
}

// wherever returns the combinations in which a fault is tried.
func wherever(q spec.Requirement) (list []struct {
	spec.Transport
	spec.Revision
}) {
	for _, s := range served() {
		if q.In(s.Revision) && q.Over(s.Transport) {
			list = append(list, s)
		}
	}
	if mode := os.Getenv("MCPCHECK_MATRIX"); mode == "revisions" || mode == "full" || len(list) == 0 {
		return list
	}
	// One is enough for each day: Streamable HTTP, where it can be.
	best := list[len(list)-1]
	for _, s := range list {
		if s.Transport == spec.StreamableHTTP || best.Transport != spec.StreamableHTTP && s.Transport == spec.Stdio {
			best = s
		}
	}
	return append(list[:0:0], best)
}

// TestEachCheckHasItsFault demands that a check exists only where it was seen to
// fail.
func TestEachCheckHasItsFault(t *testing.T) {
	checked, err := steps.Checked(features.Scenarios)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, f := range everything.Faults() {
		faults = append(faults, f.ID)
		if checked[f.ID] == "" {
			t.Errorf("the fault %s has no check", f.ID)
		}
	}
	all := catalogue(t)
	for id := range checked {
		if !slices.Contains(faults, id) {
			t.Errorf("the check of %s has no fault: nobody saw it fail", id)
		}
		if _, ok := all[id]; !ok {
			t.Errorf("the check of %s has no row in the catalogue", id)
		}
		if strings.Count(id, ".") < 1 {
			t.Errorf("the id %s has no area", id)
		}
	}
}
