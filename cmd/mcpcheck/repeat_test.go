package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
)

// fickle serves everything, and acme/greet, which a scenario of our own asks for
// once in each repetition: the n-th answer is a result where the script has a y,
// else an error. Each is announced before it is given.
func fickle(t *testing.T, script string, announce func(n int)) string {
	t.Helper()
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	var asked atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var m struct {
			ID     json.RawMessage
			Method string
		}
		if json.Unmarshal(body, &m) != nil || m.Method != "acme/greet" {
			r.Body = io.NopCloser(bytes.NewReader(body))
			server.Handler().ServeHTTP(w, r)
			return
		}
		n := int(asked.Add(1))
		announce(n)
		w.Header().Set("Content-Type", "application/json")
		if n <= len(script) && script[n-1] == 'y' {
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{}}`, m.ID)
			return
		}
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"not today"}}`, m.ID)
	}))
	t.Cleanup(h.Close)
	t.Cleanup(func() {
		if n := int(asked.Load()); n > len(script) {
			t.Errorf("acme/greet was asked for %d times, want at most %d: the script no longer goes by repetitions", n, len(script))
		}
	})
	return h.URL + "/mcp"
}

// greeting is a folder with the scenario, tagged or not, and one that passes.
func greeting(t *testing.T, tag string) string {
	t.Helper()
	dir := t.TempDir()
	text := `Feature: Greeting

  Scenario: The server answers a ping
    Given a session
    When the client requests ping
    Then the result is empty

  ` + tag + `
  Scenario: The server greets
    Given a session
    When the client requests acme/greet
    Then the server answers with a result
`
	if err := os.WriteFile(filepath.Join(dir, "mine.feature"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		reason, script, tag string
		args                []string
		status              int
		verdict             string
		unstable            string
	}{
		{"once is no repetition", "y", "", nil, conforms, "pass", "[]"},
		{"an answer that stays", "yyy", "", nil, conforms, "pass", "[]"},
		{"a mistake that stays", "nn", "", nil, conformsNo, "fail", "[]"},
		{"one that alternates", "yny", "", nil, conformsNo, "fail", "[{mine.the-server-greets [pass fail pass]}]"},
		{"one that breaks only at first", "nyy", "", nil, conformsNo, "fail", "[{mine.the-server-greets [fail pass pass]}]"},
		{"a SHOULD that alternates costs nothing", "yn", "@should", nil, conforms, "fail", "[{mine.the-server-greets [pass fail]}]"},
		{"unless it counts", "yn", "@should", []string{"--strict"}, conformsNo, "fail", "[{mine.the-server-greets [pass fail]}]"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			url := fickle(t, tt.script, func(int) {})
			times := len(tt.script)
			o := call(t, append([]string{"--target", url, "--revision", "2025-11-25", "--features", greeting(t, tt.tag),
				"--repeat", fmt.Sprint(times), "--report", "json=-"}, tt.args...)...)
			r := o.report(t)
			if len(r.Runs) != 1 || len(r.Runs[0].Results) != 2 {
				t.Fatalf("want one run with two results: %s", o.stdout)
			}
			run := r.Runs[0]
			greets := run.Results[1] // after the ping
			told := []string{}
			for _, u := range run.Unstable {
				told = append(told, fmt.Sprintf("{%s %s}", u.ID, u.Verdicts))
			}
			if got := fmt.Sprint(told); o.status != tt.status || string(greets.Verdict) != tt.verdict || got != tt.unstable {
				t.Errorf("exit %d, %s, unstable %s; want %d, %s, %s", o.status, greets.Verdict, got, tt.status, tt.verdict, tt.unstable)
			}
			if want := map[bool]int{true: times}[times > 1]; run.Repetitions != want {
				t.Errorf("repetitions is %d, want %d", run.Repetitions, want)
			}
		})
	}
}

// TestRepeatInterrupted demands that what was seen until then is reported, and
// that it is not taken for all that was asked for.
func TestRepeatInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	url := fickle(t, "yyy", func(n int) {
		if n == 2 {
			interrupt()
		}
	})
	var stdout, stderr bytes.Buffer
	status := run(ctx, []string{"--target", url, "--revision", "2025-11-25", "--features", greeting(t, ""), "--repeat", "3"}, strings.NewReader(""), &stdout, &stderr)
	if status != unfinished || !strings.Contains(stdout.String(), "2 repetitions") || !strings.Contains(stdout.String(), "The run ended early: ") {
		t.Errorf("exit %d, want %d, of 2 repetitions, and that the run ended early:\n%s%s", status, unfinished, stdout.String(), stderr.String())
	}
}

// TestRepeatByRevision demands one run for each revision, however often it took
// place.
func TestRepeatByRevision(t *testing.T) {
	o := call(t, "--target", everythingAt(t, ""), "--only", "ping.", "--revision", "2025-06-18,2025-11-25", "--repeat", "2", "--report", "json=-")
	r := o.report(t)
	if o.status != conforms || len(r.Runs) != 2 {
		t.Fatalf("exit %d with %d runs, want %d with 2: %s", o.status, len(r.Runs), conforms, o.stdout)
	}
	for _, run := range r.Runs {
		if run.Repetitions != 2 || len(run.Unstable) != 0 || run.Counts().Pass == 0 {
			t.Errorf("%s: %d repetitions, %d unstable, %d passes; want 2, 0, and some", run.Revision, run.Repetitions, len(run.Unstable), run.Counts().Pass)
		}
	}
}
