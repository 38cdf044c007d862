package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports"
)

const promises = `Feature: Promises
  Scenario: One that is kept
    Given a safe tool
    When the client calls the tool at 20/s for 500ms in 2 sessions
    Then the p99 stays below 60s
    And the error rate stays below 1%
  Scenario: One that cannot be kept
    Given a safe tool
    When the client calls the tool at 20/s for 500ms
    Then the p99 stays below 1us
`

func promising(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "load.feature"), []byte(promises), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLoadByFeature puts real load on a real server: one bound holds and one is
// broken, over each transport, and the report says so in words.
func TestLoadByFeature(t *testing.T) {
	t.Setenv(as, "mcpcheck")
	for _, target := range [][]string{{"--reference", "everything"}, {"--target", self() + " serve everything", "--allow-tool", "test_simple_text"}} {
		o := call(t, append(target, "--revision", "2025-11-25", "--features", promising(t), "--report", "json=-")...)
		if o.status != conformsNo {
			t.Fatalf("exit %d, want %d: %s%s", o.status, conformsNo, o.stdout, o.stderr)
		}
		run := o.report(t).Runs[0]
		by := map[string]reports.Result{}
		for _, r := range run.Results {
			by[r.Scenario] = r
		}
		if kept := by["One that is kept"]; kept.Verdict != reports.Pass && !strings.HasPrefix(kept.Reason, "mcpcheck could not send") { // on a busy machine
			t.Errorf("over %s the bound that holds is %s: %s", run.Transport, kept.Verdict, kept.Reason)
		}
		broken := by["One that cannot be kept"]
		if broken.Verdict != reports.Fail || !strings.HasPrefix(broken.Got, "a p99 of ") || !strings.HasSuffix(broken.Got, " calls") || broken.Expected != "a p99 below 1µs" {
			t.Errorf("over %s the broken bound is %s: got %q, want %q", run.Transport, broken.Verdict, broken.Got, broken.Expected)
		}
		if len(run.Notes) != 2 || !strings.Contains(run.Notes[0], "20/s for 500ms: ") {
			t.Errorf("the notes are %q, want the figures of both loads", run.Notes)
		}
	}
}

// TestLoadByFeatureRemote demands that nothing is sent to a server that is not
// on this machine unless the user says so.
func TestLoadByFeatureRemote(t *testing.T) {
	o := call(t, "--target", "http://mcp.example.invalid/mcp", "--features", promising(t))
	if want := "http://mcp.example.invalid/mcp is not on this machine: say --yes-load if you may put load on it"; o.status != misused || !strings.Contains(o.stderr, want) {
		t.Errorf("exit %d, %q, want %d and %q", o.status, o.stderr, misused, want)
	}
	if o := call(t, "--target", "http://mcp.example.invalid/mcp", "--features", promising(t), "--yes-load"); o.status == misused {
		t.Errorf("exit %d with --yes-load: %s", o.status, o.stderr)
	}
}
