package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// slowed serves everything, and answers as much later as is said.
func slowed(t *testing.T, delay *atomic.Int64) string {
	t.Helper()
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(delay.Load()))
		server.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h.URL + "/mcp"
}

// TestReportOfResults measures a server twice, once when it is slow: the report
// of the results is that of the attack, and the comparison tells.
func TestReportOfResults(t *testing.T) {
	var delay atomic.Int64
	url := slowed(t, &delay)
	measure := func(t *testing.T) (bin, json string) {
		t.Helper()
		for range 10 { // a busy machine may not send in time
			dir := t.TempDir()
			bin, json = filepath.Join(dir, "run.bin"), filepath.Join(dir, "run.json")
			o := call(t, "load", "--target", url, "--revision", "2025-11-25", "--tool", "test_simple_text", "--rate", "80", "--duration", "2s", "--out", bin, "--report", "json="+json)
			if o.status == conforms {
				return bin, json
			}
		}
		t.Fatal("this machine is too busy to measure on")
		return "", ""
	}
	fastBin, fastJSON := measure(t)
	delay.Store(int64(150 * time.Millisecond))
	slowBin, slowJSON := measure(t)

	o := call(t, "report", fastBin, "--report", "json=-", "--slo", "p99<1us")
	again := o.report(t).Runs[0]
	was := read(t, fastJSON).Runs[0]
	if again.Load.Requests != was.Load.Requests || again.Load.Latency != was.Load.Latency || again.Target != was.Target || len(again.Load.Parts) != 10 {
		t.Errorf("the report of the results is of %d requests to %s with %+v, that of the attack of %d to %s with %+v", again.Load.Requests, again.Target, again.Load.Latency, was.Load.Requests, was.Target, was.Load.Latency)
	}
	if o.status != conformsNo || again.Load.Objectives[0].Met {
		t.Errorf("exit %d for an objective that is broken", o.status)
	}
	if two := call(t, "report", fastBin, slowBin, "--report", "json=-").report(t).Runs; len(two) != 1 || two[0].Load.Requests != 2*was.Load.Requests {
		t.Errorf("two files make %d runs", len(two))
	}
	for _, tt := range []struct {
		after, before string
		status        int
		want          string
	}{
		{slowBin, fastJSON, conformsNo, "worse than before: p50, p95, p99"},
		{slowJSON, fastBin, conformsNo, "worse than before: p50, p95, p99"},
		{fastJSON, fastBin, conforms, "no worse than before"},
		{fastBin, slowJSON, conforms, "no worse than before"},
	} {
		o := call(t, "report", tt.after, "--compare", tt.before)
		if o.status != tt.status || !strings.Contains(o.stdout, tt.want) {
			t.Errorf("exit %d, want %d and %q:\n%s", o.status, tt.status, tt.want, o.stdout)
		}
	}
	if o := call(t, "report", slowBin, "--compare", fastJSON, "--report", "junit=-"); !strings.Contains(o.stdout, `name="p50 is not worse than before"`) || !strings.Contains(o.stdout, `<failure type="comparison"`) {
		t.Errorf("JUnit does not tell of what is worse:\n%s", o.stdout)
	}
}

func read(t *testing.T, file string) *reports.Report {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := reports.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReportOfReports merges the reports of two jobs, and writes them in every
// format there is.
func TestReportOfReports(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json")
	call(t, "--target", everythingAt(t, ""), "--revision", "2025-11-25", "--only", "ping.", "--report", "json="+good)
	call(t, "--target", everythingAt(t, "ping.respond-empty"), "--revision", "2025-11-25", "--only", "ping.", "--report", "json="+bad)
	if o := call(t, "report", good); o.status != conforms || !strings.Contains(o.stdout, "Verdict: conforms") {
		t.Errorf("exit %d: %s", o.status, o.stdout)
	}
	both := call(t, "report", good, bad, "--report", "json=-")
	r := both.report(t)
	if both.status != conformsNo || len(r.Runs) != 2 || r.Started.IsZero() {
		t.Errorf("exit %d for %d runs, want %d and 2", both.status, len(r.Runs), conformsNo)
	}
	for name := range reports.Writers {
		if o := call(t, "report", good, bad, "--report", name+"=-"); o.status != conformsNo || !strings.Contains(o.stdout, "ping.respond-empty") {
			t.Errorf("%s: exit %d: %s", name, o.status, o.stdout)
		}
	}
}

func TestReportUsage(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	const runs = `{"schemaVersion": "1", "runs": [{"target": "x", "results": []}]}`
	report, strict := file("report.json", runs), file("strict.json", strings.Replace(runs, `"runs"`, `"strict": true, "runs"`, 1))
	for _, tt := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"nothing to read", nil, "requires at least 1 arg"},
		{"no such file", []string{filepath.Join(dir, "run*.bin")}, "no such file"},
		{"a folder", []string{dir}, "is a directory"},
		{"an empty file", []string{file("empty", "")}, "empty: it is empty"},
		{"a text", []string{file("note", "to whom it may concern")}, "note: it holds no results of mcpcheck load --out"},
		{"JSON that is no report", []string{file("other.json", `{"a": 1}`)}, "other.json: schemaVersion is missing"},
		{"a report that is cut off", []string{file("cut.json", runs[:40])}, "cut.json: not a report of mcpcheck in JSON"},
		{"a report of another version", []string{file("new.json", `{"schemaVersion": "99"}`)}, `new.json: schemaVersion is "99"`},
		{"one with --strict and one without", []string{report, strict}, "strict.json: of these reports some were made with --strict"},
		{"nothing to compare", []string{report, "--compare", report}, "--compare: " + report + ": there is no load test"},
		{"nothing to demand it of", []string{report, "--slo", "p99<1s"}, "there is no load test, which --compare and --slo are about"},
		{"no objective", []string{report, "--slo", "fast"}, `the objective "fast"`},
		{"no noise", []string{report, "--noise", "loud"}, `--noise is "loud"`},
		{"no format", []string{report, "--report", "tape=-"}, `--report is "tape=-"`},
	} {
		o := call(t, append([]string{"report"}, tt.args...)...)
		if o.status != misused || !strings.Contains(o.stderr, tt.want) || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, want %d and one line with %q", tt.reason, o.status, o.stderr, misused, tt.want)
		}
	}
}
