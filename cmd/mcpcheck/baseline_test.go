package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports"
)

// known writes a baseline.
func known(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBaseline(t *testing.T) {
	const (
		entry  = "- {id: session.terminated-404, reason: the proxy keeps them, link: 'https://example.com/7'}\n"
		passes = "- {id: session.unknown-404, reason: long mended}\n"
		should = "version.modern-only.initialize-error-names-versions"
	)
	for _, tt := range []struct {
		reason, fault, text string
		args                []string
		status              int
		want                []string // of the text report
	}{
		{"a failure that is known", "session.terminated-404", entry, nil, conforms, []string{
			"KNOWN  MUST  session.terminated-404", "known: the proxy keeps them", "https://example.com/7", "Verdict: conforms but for 1 known failure", "Baseline (1 known, 0 stale, 0 not judged)"}},
		{"a failure that is new", "session.terminated-404", "- {id: ping.respond-empty, reason: a}", nil, conformsNo, []string{
			"FAIL  MUST  session.terminated-404", "Verdict: does not conform: 1 requirement\n", "Baseline (0 known, 0 stale, 1 not judged)"}},
		{"an entry that is stale", "session.terminated-404", entry + passes, nil, conformsNo, []string{
			"Verdict: conforms but for 1 known failure", ":2  session.unknown-404: did not fail wherever it was judged: take the entry out\n", "Verdict: the baseline is out of date: 1 entry is stale"}},
		{"entries that were not judged", "session.terminated-404", entry + "- {id: ping.respond-empty, reason: a}\n- {id: session.unknown-404, reason: b, revision: 2025-03-26}\n", nil, conforms, []string{
			":2  ping.respond-empty: no run looked at it", ":3  session.unknown-404 (revision 2025-03-26): no run was of that server, transport and revision", "0 stale, 2 not judged"}},
		{"what all traffic shows, of which --only leaves a part", "", "- {id: discover.capabilities, reason: a}\n", []string{"--only", "discover.", "--revision", "auto"}, conforms, []string{
			"discover.capabilities: kept as far as was looked"}},
		{"a failure in each repetition", "session.terminated-404", entry, []string{"--repeat", "2"}, conforms, []string{"2 repetitions", "conforms but for 1 known failure"}},
		{"a stale entry in each repetition", "session.terminated-404", entry + passes, []string{"--repeat", "2"}, conformsNo, []string{"1 entry is stale"}},
		{"a SHOULD that is known", should, "- {id: " + should + ", reason: a}", []string{"--only", "version.", "--revision", "auto"}, conforms, []string{"KNOWN  SHOULD  " + should}},
		{"and counts", should, "- {id: " + should + ", reason: a}", []string{"--only", "version.", "--revision", "auto", "--strict"}, conforms, []string{"every SHOULD included, but for 1 known failure"}},
		{"a run that passed nothing", "session.terminated-404", entry, []string{"--only", "session.terminated-404"}, unfinished, []string{"no requirement passed"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			args := []string{"--target", everythingAt(t, tt.fault), "--baseline", known(t, tt.text)}
			if len(tt.args) == 0 || tt.args[0] != "--only" {
				args = append(args, "--only", "session.", "--revision", "2025-11-25")
			}
			o := call(t, append(args, tt.args...)...)
			if o.status != tt.status || o.stderr != "" {
				t.Errorf("exit %d, want %d: %s", o.status, tt.status, o.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(o.stdout, want) {
					t.Errorf("the report does not say %q:\n%s", want, o.stdout)
				}
			}
		})
	}
}

// TestBaselineNobody demands that an entry neither covers a server that does not
// answer, nor is stale by it.
func TestBaselineNobody(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "fresh.yaml")
	o := call(t, "--target", "http://127.0.0.1:1/mcp", "--baseline", known(t, "- {id: ping.respond-empty, reason: a}"), "--write-baseline", fresh)
	if text, err := os.ReadFile(fresh); err != nil || !strings.Contains(string(text), "ping.respond-empty") || !strings.Contains(o.stderr, "which is not whole") {
		t.Errorf("an entry that was not judged is to stay, and the gap to be told: %v\n%s%s", err, text, o.stderr)
	}
	if o.status != unfinished || !strings.Contains(o.stdout, "ping.respond-empty: a server could not be reached") {
		t.Errorf("exit %d, want %d: %s", o.status, unfinished, o.stdout)
	}
}

// TestBaselineServers demands that an entry is for the server that it names.
func TestBaselineServers(t *testing.T) {
	config := filepath.Join(t.TempDir(), "mcp.json")
	url := everythingAt(t, "ping.respond-empty")
	data, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"one": map[string]any{"url": url}, "two": map[string]any{"url": url}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, data, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", config, "--only", "ping.", "--revision", "2025-11-25", "--report", "json=-"}
	o := call(t, append(args, "--baseline", known(t, "- {id: ping.respond-empty, reason: a, server: two}"))...)
	if r := o.report(t); o.status != conformsNo || r.Runs[0].Counts().Fail != 1 || r.Runs[1].Counts().Known != 1 {
		t.Errorf("exit %d, want %d, since of one it is not known, and of two it is: %s", o.status, conformsNo, o.stdout)
	}
	fresh := filepath.Join(t.TempDir(), "fresh.yaml")
	if o := call(t, append(args, "--write-baseline", fresh)...); o.status != conformsNo {
		t.Errorf("exit %d, want %d: writing a baseline makes nothing right", o.status, conformsNo)
	}
	text, err := os.ReadFile(fresh)
	if err != nil || strings.Count(string(text), "server: one") != 1 || strings.Count(string(text), "server: two") != 1 {
		t.Errorf("of several servers an entry is to name its own: %v\n%s", err, text)
	}
}

// TestBaselineOfOwnFeatures demands that scenarios of the user's own may be known,
// too.
func TestBaselineOfOwnFeatures(t *testing.T) {
	for _, tt := range []struct {
		reason, script, id string
		status             int
	}{
		{"a scenario that fails", "n", "mine.the-server-greets", conforms},
		{"one that does not", "y", "mine.the-server-greets", conformsNo},
		{"one that there is not", "n", "mine.the-server-greet", misused},
	} {
		o := call(t, "--target", fickle(t, tt.script, func(int) {}), "--revision", "2025-11-25", "--features", greeting(t, ""),
			"--baseline", known(t, "- {id: "+tt.id+", reason: a}"))
		if o.status != tt.status {
			t.Errorf("%s: exit %d, want %d\n%s%s", tt.reason, o.status, tt.status, o.stdout, o.stderr)
		}
		if tt.status == misused && !strings.Contains(o.stderr, `did you mean "mine.the-server-greets"?`) {
			t.Errorf("%s: %s", tt.reason, o.stderr)
		}
	}
}

// TestWriteBaseline goes the way of a user: from a red run to a green one, and on
// to a server that was mended.
func TestWriteBaseline(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.yaml"), filepath.Join(dir, "second.yaml")
	args := []string{"--target", everythingAt(t, "session.terminated-404"), "--only", "session.", "--revision", "2025-11-25"}
	o := call(t, append(args, "--write-baseline", first)...)
	if want := fmt.Sprintf("mcpcheck: wrote %s: 1 failure is new, say in place of TODO why it is known\n", first); o.status != conformsNo || o.stderr != want {
		t.Fatalf("exit %d and %q, want %d and %q", o.status, o.stderr, conformsNo, want)
	}
	o = call(t, append(args, "--baseline", first)...)
	if o.status != misused || !strings.Contains(o.stderr, `line 6: the reason is still "TODO: why"`) {
		t.Fatalf("exit %d, want %d: nobody has said why: %s", o.status, misused, o.stderr)
	}
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	reasoned := strings.Replace(string(text), "TODO: why", "the proxy", 1) + "- {id: session.unknown-404, reason: long mended}\n- {id: ping.respond-empty, reason: b}\n"
	if err := os.WriteFile(first, []byte(reasoned), 0o644); err != nil {
		t.Fatal(err)
	}
	o = call(t, append(args, "--baseline", first, "--write-baseline", first)...)
	if o.status != misused || o.stdout != "" || !strings.Contains(o.stderr, first+" exists already") {
		t.Fatalf("exit %d, want %d: the reasons would be lost: %s", o.status, misused, o.stderr)
	}
	o = call(t, append(args, "--baseline", first, "--write-baseline", second)...)
	if o.status != conformsNo || !strings.Contains(o.stdout, "1 entry is stale") || !strings.Contains(o.stderr, "no failure is new") {
		t.Fatalf("exit %d, want %d: %s%s", o.status, conformsNo, o.stdout, o.stderr)
	}
	if o = call(t, append(args, "--baseline", second, "--report", "json=-")...); o.status != conforms {
		t.Fatalf("exit %d, want %d: without what is stale it holds: %s%s", o.status, conforms, o.stdout, o.stderr)
	}
	var states []string
	for _, d := range o.report(t).Baseline {
		states = append(states, d.ID+" "+d.State+" "+d.Reason)
	}
	if got, want := strings.Join(states, ", "), "session.terminated-404 known the proxy, ping.respond-empty not judged b"; got != want {
		t.Errorf("the entries are %s, want %s", got, want)
	}
}

// TestBaselineMerged demands that reports of several jobs keep what is known.
func TestBaselineMerged(t *testing.T) {
	dir := t.TempDir()
	file := known(t, "- {id: ping.respond-empty, reason: a}")
	var files []string
	for i, fault := range []string{"ping.respond-empty", ""} {
		files = append(files, filepath.Join(dir, fmt.Sprint(i, ".json")))
		o := call(t, "--target", everythingAt(t, fault), "--only", "ping.", "--revision", "2025-11-25", "--baseline", file, "--report", "json="+files[i])
		if want := []int{conforms, conformsNo}[i]; o.status != want {
			t.Errorf("job %d: exit %d, want %d: %s", i, o.status, want, o.stdout)
		}
	}
	o := call(t, "report", files[0], files[1])
	if o.status != conforms || !strings.Contains(o.stdout, "Baseline (1 known, 0 stale, 0 not judged)") {
		t.Errorf("exit %d, want %d, since it is known of one of them: %s", o.status, conforms, o.stdout)
	}
}

// TestKnownDeviations demands that the baseline of the bundled servers is one.
func TestKnownDeviations(t *testing.T) {
	o := call(t, "--target", everythingAt(t, ""), "--only", "ping.", "--baseline", filepath.Join("..", "..", "reference-servers", "known-deviations.yaml"), "--report", "json=-")
	for _, d := range o.report(t).Baseline {
		if d.State == reports.DeviationKnown {
			t.Errorf("%s fails on a server that conforms", d.ID)
		}
	}
	if o.status != conforms {
		t.Errorf("exit %d, want %d: %s", o.status, conforms, o.stderr)
	}
}
