package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// The ways in which a server over HTTP can go wrong altogether.
var misbehave = map[string]http.HandlerFunc{
	"silence": func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the end of the connection is noticed
		<-r.Context().Done()
	},
	"closed connections": func(w http.ResponseWriter, _ *http.Request) { hangUp(w) },
	"a page": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!DOCTYPE html><title>Welcome</title>")
	},
	"an endless stream of events": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for w := io.Writer(w); ; {
			if _, err := io.WriteString(w, "event: message\ndata: garbage\n\n"); err != nil {
				return
			}
		}
	},
	"an endless stream of bytes": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.Copy(w, io.LimitReader(rand.Reader, 256<<20))
		<-r.Context().Done()
	},
	"a body that never ends": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for {
			if _, err := w.Write(bytes.Repeat([]byte("["), 1<<16)); err != nil {
				return
			}
		}
	},
	"half an answer": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"jsonrpc":"2.0","id":1,"resu`)
	},
	"errors of the machine": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "upstream is gone", http.StatusBadGateway)
	},
}

func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// TestNoServer demands that what is no MCP server is told in one clear line with
// status 3, soon, and passes nothing.
func TestNoServer(t *testing.T) {
	answer := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
		}
	}
	serve := func(h http.HandlerFunc) []string {
		s := httptest.NewServer(h)
		t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
		return []string{"--target", s.URL + "/mcp"}
	}
	dead := httptest.NewServer(nil)
	dead.Close()
	run := func(script string) []string { return []string{"--target", quoteAll([]string{"sh", "-c", script})} }
	for _, tt := range []struct {
		reason string
		args   []string
		want   string // in the reason
	}{
		{"a port that nobody listens at", []string{"--target", dead.URL + "/mcp"}, "nothing listens at 127.0.0.1:"},
		{"a host that there is not", []string{"--target", "http://mcpcheck.invalid/mcp"}, `"mcpcheck.invalid"`},
		{"a demand for authorization", serve(answer(401, "WWW-Authenticate", "Bearer")), "the server demands authorization (HTTP status 401)"},
		{"a refusal", serve(answer(403)), "the server refuses this client (HTTP status 403)"},
		{"another path", serve(answer(404)), "is the path of the URL the MCP endpoint?"},
		{"another address", serve(answer(307, "Location", "https://example.com/")), `the server redirects (HTTP status 307) to "https://example.com/"`},
		{"silence", serve(misbehave["silence"]), "did not answer initialize within 500ms"},
		{"closed connections", serve(misbehave["closed connections"]), "the connection broke before an answer came"},
		{"a page", serve(misbehave["a page"]), `initialize is answered with "text/html; charset=utf-8"`},
		{"an endless stream of events", serve(misbehave["an endless stream of events"]), "the server floods the client"},
		{"an endless stream of bytes", serve(misbehave["an endless stream of bytes"]), "did not answer initialize"},
		{"a body that never ends", serve(misbehave["a body that never ends"]), ""},
		{"half an answer", serve(misbehave["half an answer"]), "the connection broke before an answer came"},
		{"errors of the machine", serve(misbehave["errors of the machine"]), "HTTP status 502"},
		{"a command that fails", run("echo Starting; echo cannot bind >&2; exit 7"), `the command ended (exit status 7) before it answered: its last words are "cannot bind"`},
		{"a command that ends", run("exit 0"), "the command ended (exit status 0) before it answered"},
		{"a command that is mute", run("exec sleep 100"), "the command did not answer initialize within 500ms"},
		{"a command that does not let go", run("trap '' TERM; while :; do sleep 1; done"), "the command did not answer initialize within 500ms"},
		{"a command that talks to people", run("echo Welcome to my shell; exec sleep 100"), `its output begins with "Welcome to my shell"`},
		{"a command that never stops", run("exec yes"), "the server floods the client"},
		{"a command that writes anything", run("exec cat /dev/urandom"), ""},
		{"a command that logs without end", run("exec yes >&2"), `its last words are "y"`},
		{"a command that closes its output", run("exec >&-; exec sleep 100"), "the command "},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			timeout := "500ms"
			switch tt.want {
			case "", "did not answer initialize", "the command ":
			default: // what comes before the time is over, a busy machine may take its time for
				if !strings.Contains(tt.want, "within 500ms") {
					timeout = "3s"
				}
			}
			o := call(t, append(tt.args, "--timeout", timeout, "--report", "json=-")...)
			r := o.report(t)
			if o.status != unfinished || o.stderr != "" {
				t.Errorf("exit %d, want %d; stderr is %q", o.status, unfinished, o.stderr)
			}
			if len(r.Runs) != 1 || !r.Runs[0].Unreachable || !strings.Contains(r.Runs[0].Incomplete, tt.want) || strings.Contains(r.Runs[0].Incomplete, "\n") {
				t.Errorf("got %+v, want one unreachable run, for a reason of one line with %q", r.Runs, tt.want)
			}
			if n := count(r, reports.Pass); n > 0 {
				t.Errorf("%d requirements passed", n)
			}
			const limit = 8 * time.Second // half of that for each era on a busy machine, two for most
			if o.took > limit {
				t.Errorf("took %s, want less than %s", o.took, limit)
			}
			t.Logf("%s: %s", o.took, r.Runs[0].Incomplete)
		})
	}
}

// TestServerThatBreaks demands that a server which goes wrong in the middle is
// not blamed for what it was not asked, and does not hold up the run.
func TestServerThatBreaks(t *testing.T) {
	for how, breaks := range misbehave {
		for _, after := range []int64{6, 60} {
			t.Run(fmt.Sprintf("%s after %d requests", how, after), func(t *testing.T) {
				t.Parallel()
				server, err := everything.New(everything.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(server.Close)
				var n atomic.Int64
				good := server.Handler()
				h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if n.Add(1) > after {
						breaks(w, r)
						return
					}
					good.ServeHTTP(w, r)
				}))
				t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
				judgeBroken(t, how, "--target", h.URL+"/mcp")
			})
		}
	}
}

// TestHandshakeThatIsNotAnswered demands that a run whose only session is left
// unanswered is told as one that ended early, although the server was there.
func TestHandshakeThatIsNotAnswered(t *testing.T) {
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	good := server.Handler()
	var asked atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(`"method":"initialize"`)) && asked.Add(1) == 2 { // after the one that finds out what it speaks
			<-r.Context().Done()
			return
		}
		good.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	r := judgeBroken(t, "silence", "--target", h.URL+"/mcp", "--only", "tools.")
	if !strings.Contains(r.Runs[0].Incomplete, "no session: initialize failed") {
		t.Errorf("the run ended because %q", r.Runs[0].Incomplete)
	}
}

// TestProcessThatDies demands the same of a process that ends in the middle.
func TestProcessThatDies(t *testing.T) {
	for _, after := range []int{3, 20, 60} {
		t.Run(fmt.Sprintf("after %d lines", after), func(t *testing.T) {
			t.Parallel()
			r := judgeBroken(t, "a crash", "--target", self(), "--env", fmt.Sprintf("%s=mortal %d", as, after))
			if r.Runs[0].Unreachable {
				return
			}
			if !strings.Contains(r.Runs[0].Incomplete, "the server process has ended (exit status 3) while it was asked ") {
				t.Errorf("the run ended because %q", r.Runs[0].Incomplete)
			}
			if !strings.Contains(r.Runs[0].StderrTail, "fatal: out of luck") {
				t.Errorf("the server's last words are %q", r.Runs[0].StderrTail)
			}
		})
	}
}

// judgeBroken judges a server that conforms until it breaks.
func judgeBroken(t *testing.T, how string, args ...string) *reports.Report {
	t.Helper()
	timeout := "500ms"
	if how == "a crash" { // a process may take its time to start
		timeout = "5s"
	}
	o := call(t, append(args, "--revision", "2025-11-25", "--timeout", timeout, "--deadline", "20s", "--report", "json=-")...)
	r := o.report(t)
	if len(r.Runs) != 1 || r.Runs[0].Incomplete == "" || strings.Contains(r.Runs[0].Incomplete, "went wrong") {
		t.Fatalf("exit %d, want one run that ended early: %s", o.status, o.stdout)
	}
	// What it broke into may itself be against the rules, and so may a crash in a
	// session that one scenario has to itself.
	blameless := how == "silence" || how == "closed connections"
	for _, x := range r.Runs[0].Results {
		dead := how == "a crash" && strings.Contains(x.Reason, "the server process has ended")
		if x.Verdict == reports.Error || x.Verdict == reports.Fail && (blameless || how == "a crash" && !dead) {
			t.Errorf("%s: %s: %s", x.ID, x.Verdict, x.Reason)
		}
	}
	if o.status == conforms || blameless && o.status != unfinished {
		t.Errorf("exit %d", o.status)
	}
	// The deadline bounds the run; what follows it is the end of what is open.
	if limit := time.Minute; o.took > limit {
		t.Errorf("took %s, want less than %s", o.took, limit)
	}
	t.Logf("%s: %d passed: %s", o.took, count(r, reports.Pass), r.Runs[0].Incomplete)
	return r
}
