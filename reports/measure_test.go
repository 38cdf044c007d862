package reports_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports"
)

func measured(l reports.Load) *reports.Report {
	l.Requests = 100
	return &reports.Report{SchemaVersion: reports.SchemaVersion, Runs: []reports.Run{{Target: "weather", Load: &l}}}
}

// TestLeakFailsInEveryFormat demands that an answer which reached another
// session fails the run although every objective holds, in each format.
func TestLeakFailsInEveryFormat(t *testing.T) {
	r := measured(reports.Load{Leaked: 3, Objectives: []reports.Objective{{Objective: "p99<1s", Actual: "2ms", Met: true}}})
	if got := r.Status(false); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
	for name, write := range reports.Writers {
		var b bytes.Buffer
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		if want := "answers reached other sessions: 3"; !strings.Contains(b.String(), want) {
			t.Errorf("%s does not say %q:\n%s", name, want, &b)
		}
	}
}

// TestComparisonInEveryFormat demands that each format tells what is worse than
// before, and why that counts, and of answers that a closer look found broken.
func TestComparisonInEveryFormat(t *testing.T) {
	r := measured(reports.Load{
		Comparison: &reports.Comparison{Before: "before.json", Runs: 1, Changes: []reports.Change{
			{Metric: "p99", Before: 20, After: 40, Verdict: reports.Worse, Why: "neither chance nor noise"},
			{Metric: "p50", Before: 2, After: 2, Verdict: reports.Same, Why: "it may be chance"},
		}},
		Inspection: &reports.Inspection{Answers: 50, Broken: 7, Faults: []string{"tools/call x: no content"}},
	})
	if got := r.Status(false); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
	for name, write := range reports.Writers {
		var b bytes.Buffer
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"worse than before: p99", "neither chance nor noise", "it may be chance", "tools/call x: no content"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s does not say %q:\n%s", name, want, &b)
			}
		}
	}
}

// TestJUnitOfLoad demands that a CI system is as red as the exit status.
func TestJUnitOfLoad(t *testing.T) {
	met := []reports.Objective{{Objective: "p99<1s", Actual: "2ms", Met: true}}
	broken := []reports.Objective{{Objective: "p99<1s", Actual: "2s"}}
	for _, tt := range []struct {
		reason           string
		load             reports.Load
		failures, errors int
	}{
		{"objectives that hold", reports.Load{Objectives: met}, 0, 0},
		{"one that does not", reports.Load{Objectives: broken}, 1, 0},
		{"a leak, and objectives that hold", reports.Load{Objectives: met, Leaked: 1}, 1, 0},
		{"a leak, and no objective", reports.Load{Leaked: 1}, 1, 0},
		{"figures that are not the server's", reports.Load{Objectives: broken, GeneratorBound: true}, 0, 1},
		{"a leak is one, however late it was asked for", reports.Load{Leaked: 1, GeneratorBound: true}, 1, 1},
	} {
		var b bytes.Buffer
		if err := reports.JUnit(&b, measured(tt.load)); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
		}
		if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Failures != tt.failures || got.Errors != tt.errors {
			t.Errorf("%s: %d failures and %d errors, want %d and %d\n%s", tt.reason, got.Failures, got.Errors, tt.failures, tt.errors, &b)
		}
	}
}
