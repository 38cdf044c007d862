package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// everythingAt serves everything over HTTP, broken as fault says.
func everythingAt(t *testing.T, fault string) string {
	t.Helper()
	server, err := everything.New(everything.Options{Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	h := httptest.NewUnstartedServer(server.Handler())
	h.Listener = server.Listener(h.Listener)
	h.Start()
	t.Cleanup(h.Close)
	return h.URL + "/mcp"
}

// TestVerdicts demands the status that goes with what was found.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		reason, fault string
		args          []string
		status        int
		want          string
	}{
		{"a server that conforms", "", []string{"--only", "ping."}, conforms, "Verdict: conforms"},
		{"one that does not", "ping.respond-empty", []string{"--only", "ping."}, conformsNo, "Verdict: does not conform: 1 requirement"},
		{"a broken SHOULD", "version.modern-only.initialize-error-names-versions", []string{"--only", "version."}, conforms, "conforms"},
		{"requirements of one era only", "", []string{"--only", "discover."}, conforms, "Verdict: conforms"},
		{"a revision that is not served in this way", "", []string{"--only", "discover.", "--revision", "2025-11-25"}, unfinished, "no requirement was judged"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			o := call(t, append([]string{"--target", everythingAt(t, tt.fault)}, tt.args...)...)
			if o.status != tt.status || !strings.Contains(o.stdout, tt.want) || o.stderr != "" {
				t.Errorf("exit %d, want %d and %q\n%s%s", o.status, tt.status, tt.want, o.stdout, o.stderr)
			}
		})
	}
}

// TestSeveralServers demands a report and a line of the summary for each server
// of a file, whatever becomes of the others.
func TestSeveralServers(t *testing.T) {
	config := filepath.Join(t.TempDir(), "mcp.json")
	servers := map[string]any{
		"good":    map[string]any{"url": everythingAt(t, "")},
		"bad":     map[string]any{"url": everythingAt(t, "ping.respond-empty")},
		"missing": map[string]any{"url": "http://127.0.0.1:1/mcp"},
		"local":   map[string]any{"command": os.Args[0], "args": []string{"serve", "everything"}, "env": map[string]string{as: "mcpcheck"}},
	}
	data, err := json.Marshal(map[string]any{"mcpServers": servers})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, data, 0o644); err != nil {
		t.Fatal(err)
	}
	o := call(t, "--config", config, "--only", "ping.", "--revision", "2025-11-25")
	if o.status != conformsNo {
		t.Errorf("exit %d, want %d", o.status, conformsNo)
	}
	_, summary, _ := strings.Cut(o.stdout, "All 4 runs\n")
	for _, want := range []string{
		`bad +streamable-http +2025-11-25 .* does not conform: 1 requirement`,
		`good +streamable-http +2025-11-25 .* conforms`,
		`local +stdio +2025-11-25 .* conforms`,
		`missing +\? +\? .* could not be judged: nothing listens at 127.0.0.1:1`,
		`Verdict: 2 of 4 runs conform`,
	} {
		if n := len(regexp.MustCompile(`(?m)^ *`+want+`$`).FindAllString(summary, -1)); n != 1 {
			t.Errorf("%d lines of the summary are like %q, want one:\n%s", n, want, o.stdout)
		}
	}
	o = call(t, "--config", config, "--server", "good", "--server", "local", "--only", "ping.", "--revision", "2025-11-25", "--report", "json=-")
	if r := o.report(t); o.status != conforms || len(r.Runs) != 2 {
		t.Errorf("exit %d with %d runs, want %d with 2", o.status, len(r.Runs), conforms)
	}
}

// TestReports demands that all formats tell the same, in files and on stdout.
func TestReports(t *testing.T) {
	dir := t.TempDir()
	path := func(format string) string { return filepath.Join(dir, "report."+format) }
	args := []string{"--target", everythingAt(t, "ping.respond-empty"), "--only", "ping."}
	for format := range reports.Writers {
		args = append(args, "--report", format+"="+path(format))
	}
	o := call(t, args...)
	if o.status != conformsNo || !strings.Contains(o.stdout, "Verdict: ") {
		t.Errorf("exit %d, want %d and a verdict on stdout: %s", o.status, conformsNo, o.stdout)
	}
	text, err := os.ReadFile(path("text"))
	if err != nil || !strings.Contains(string(text), "ping.respond-empty") {
		t.Errorf("text: %v: %s", err, text)
	}
	f, err := os.Open(path("json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := reports.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	fails := count(r, reports.Fail)
	if fails == 0 {
		t.Error("json: nothing fails")
	}
	data, err := os.ReadFile(path("junit"))
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &suites); err != nil {
		t.Fatalf("junit: %v", err)
	}
	failures := 0
	for _, s := range suites.Suites {
		if s.Tests != len(s.Cases) {
			t.Errorf("junit: tests is %d, but there are %d", s.Tests, len(s.Cases))
		}
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
		}
	}
	if failures != fails || suites.Failures != fails {
		t.Errorf("junit: %d test cases failed, failures is %d, want %d", failures, suites.Failures, fails)
	}
	if o := call(t, append(args[:4:4], "--report", "junit=-")...); xml.Unmarshal([]byte(o.stdout), &suites) != nil {
		t.Errorf("junit on stdout is not alone there: %s", o.stdout)
	}
}

// TestOwnFeatures runs a feature file of the user's own.
func TestOwnFeatures(t *testing.T) {
	dir := t.TempDir()
	const mine = `Feature: What I promise

  Scenario: The server answers a ping
    Given a session
    When the client requests ping
    Then the result is empty

  @should
  Scenario: The server knows my method
    Given a session
    When the client requests acme/greet
    Then the server answers with a result
`
	if err := os.WriteFile(filepath.Join(dir, "mine.feature"), []byte(mine), 0o644); err != nil {
		t.Fatal(err)
	}
	o := call(t, "--target", everythingAt(t, ""), "--revision", "2025-11-25", "--features", dir, "--report", "json=-")
	got := map[string]string{}
	for _, x := range o.report(t).Runs[0].Results {
		got[x.ID] = fmt.Sprint(x.Level, " ", x.Verdict)
	}
	want := map[string]string{"mine.the-server-answers-a-ping": "MUST pass", "mine.the-server-knows-my-method": "SHOULD fail"}
	if o.status != conforms || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("exit %d, got %v, want %d and %v", o.status, got, conforms, want)
	}
	if o := call(t, "--target", everythingAt(t, ""), "--revision", "2025-11-25", "--features", dir, "--strict"); o.status != conformsNo {
		t.Errorf("exit %d with --strict, want %d", o.status, conformsNo)
	}
}

// TestSecrets demands that what was given as a secret is in no report.
func TestSecrets(t *testing.T) {
	t.Setenv("MCPCHECK_TEST_TOKEN", "correct-horse-battery")
	target := everythingAt(t, "ping.respond-empty")
	o := call(t, "--target", strings.Replace(target, "/mcp", "/mcp?api_key=staple-staple", 1), "--token-env", "MCPCHECK_TEST_TOKEN",
		"--header", "X-Team: paperclip-9", "--only", "ping.", "-v")
	if o.status != conformsNo || !strings.Contains(o.stdout, "Transcript") {
		t.Fatalf("exit %d, want %d and a transcript: %s", o.status, conformsNo, o.stdout)
	}
	for _, secret := range []string{"correct-horse-battery", "staple-staple", "paperclip-9"} {
		if strings.Contains(o.stdout, secret) {
			t.Errorf("the report holds %q:\n%s", secret, o.stdout)
		}
	}
}

// TestList demands that every requirement is listed, and can be explained.
func TestList(t *testing.T) {
	o := call(t, "list", "--json")
	var rows []row
	if err := json.Unmarshal([]byte(o.stdout), &rows); err != nil || o.status != conforms {
		t.Fatalf("exit %d: %v", o.status, err)
	}
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(_ string, q spec.Requirement) bool { return q.Profile() == spec.Production })
	if len(rows) != len(all) {
		t.Errorf("%d rows, want %d", len(rows), len(all))
	}
	production := call(t, "list", "--profile", "production")
	for _, want := range []string{"ops.health.answers", "ping.respond-empty"} {
		if !strings.Contains(production.stdout, want) {
			t.Errorf("list --profile production does not name %s", want)
		}
	}
	for _, r := range rows[:min(len(rows), 50)] {
		if o := call(t, "explain", r.ID); o.status != conforms || !strings.HasPrefix(o.stdout, r.ID+"\n") {
			t.Errorf("explain %s: exit %d: %s", r.ID, o.status, o.stdout)
		}
	}
	if o := call(t, "list", "--steps"); o.status != conforms || !strings.Contains(o.stdout, "Given a session\n") {
		t.Errorf("list --steps: exit %d: %s", o.status, o.stdout)
	}
}

// TestReadme demands that the README names every flag of the main job, and no
// other.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## Flags\n")
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(section, -1) {
		told[m[1]] = true
	}
	flags := checkCommand().Flags()
	flags.VisitAll(func(f *pflag.Flag) {
		if !told[f.Name] {
			t.Errorf("the README does not tell of --%s", f.Name)
		}
	})
	for name := range told {
		if flags.Lookup(name) == nil {
			t.Errorf("the README tells of --%s, which there is not", name)
		}
	}
}
