package load_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

func calls(tools ...string) (mix load.Mix) {
	for _, name := range tools {
		arguments := map[string]any{}
		if slices.Contains([]string{"echoes", "forgets", "leaks", "leaks in an error", "mixes up"}, name) {
			arguments["text"] = load.Canary
		}
		mix = append(mix, load.Operation{Name: name, Method: "tools/call", Weight: 1, Params: map[string]any{"name": name, "arguments": arguments}})
	}
	return mix
}

// few is a plan that sends a few requests of each operation.
func few(e wire.Endpoint, mix load.Mix) load.Plan {
	return load.Plan{
		Target: "fake", Endpoint: e, Revision: spec.R20251125, Mix: mix, Rate: 100 * float64(len(mix)), Duration: 50 * time.Millisecond,
		Sessions: 2, Workers: 50, Timeout: 500 * time.Millisecond,
	}
}

func TestOutcomes(t *testing.T) {
	f := &fake{}
	transports := map[string]func(*testing.T) wire.Endpoint{"http": f.http, "stdio": f.stdio, "sse": f.sse}
	for _, tt := range []struct {
		tool, outcome string
		on            string // the transports where it can happen
	}{
		{"fine", "ok", "http stdio sse"},
		{"echoes", "ok", "http stdio sse"},
		{"tool error", "tool error", "http stdio sse"},
		{"JSON-RPC error", "JSON-RPC error -32603", "http stdio sse"},
		{"HTTP status", "HTTP status 503", "http sse"},
		{"rate limited", "rate limited", "http"},
		{"silence", "timeout", "http stdio sse"},
		{"reset", "transport error connection closed", "http"},
		{"dies", "transport error the server process has ended", "stdio"},
		{"garbage", "wrong answer no JSON object", "http"},
		{"another id", "wrong answer another id", "http"},
		{"another id", "timeout", "stdio sse"}, // nothing says whose answer it is
		{"neither", "wrong answer neither result nor error", "http stdio sse"},
		{"forgets", "wrong answer without its canary", "http stdio sse"},
		{"leaks", "cross-session leak", "http stdio sse"},
		{"leaks in an error", "cross-session leak", "http stdio sse"},
		{"mixes up", "wrong answer with the canary of another request", "http stdio sse"},
		{"stream", "ok", "http"},
		{"stream stays", "ok", "http"},
		{"stream ends", "wrong answer the stream ends without an answer", "http"},
	} {
		for on := range strings.FieldsSeq(tt.on) {
			t.Run(tt.tool+"/"+on, func(t *testing.T) {
				t.Parallel()
				l, err := load.Attack(t.Context(), few(transports[on](t), calls(tt.tool)))
				if err != nil {
					t.Fatal(err)
				}
				if len(l.Outcomes) != 1 || l.Outcomes[0].Outcome != tt.outcome || l.Outcomes[0].Count != l.Requests || l.Requests == 0 {
					t.Errorf("%d requests came to %v, want %q", l.Requests, l.Outcomes, tt.outcome)
				}
				if (l.Leaked > 0) != (tt.outcome == "cross-session leak") {
					t.Errorf("%d leaked", l.Leaked)
				}
				if tt.outcome == "rate limited" && !slices.Equal(l.RetryAfter, []string{"7"}) {
					t.Errorf("Retry-After is %q, want 7", l.RetryAfter)
				}
				if failed := tt.outcome != "ok"; (l.ErrorShare == 1) != failed || (l.Throughput == 0) != failed {
					t.Errorf("the share of errors is %v, throughput %v", l.ErrorShare, l.Throughput)
				}
				if strings.HasPrefix(tt.tool, "stream") && l.FirstEvent == nil {
					t.Error("no time to the first event")
				}
			})
		}
	}
}

// TestMixed demands that outcomes are counted apart, for each operation.
func TestMixed(t *testing.T) {
	f := &fake{}
	l, err := load.Attack(t.Context(), few(f.http(t), calls("fine", "tool error", "HTTP status")))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"fine": "ok", "tool error": "tool error", "HTTP status": "HTTP status 503"}
	for _, o := range l.Operations {
		if len(o.Outcomes) != 1 || o.Outcomes[0].Outcome != want[o.Operation] || o.Requests == 0 {
			t.Errorf("%s came to %v", o.Operation, o.Outcomes)
		}
		delete(want, o.Operation)
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
	l.GeneratorBound = false // on a busy machine it may be
	if l.Outcomes[0].Outcome != "ok" || (reports.Run{Load: l}).Status(false) != 0 {
		t.Errorf("got %v, want the successes first, and no failure where no objective is set", l.Outcomes)
	}
}

// TestNothingIsLeft demands that an attack ends what it began.
func TestNothingIsLeft(t *testing.T) {
	for name, open := range map[string]func(*fake) func(*testing.T) wire.Endpoint{
		"http":  func(f *fake) func(*testing.T) wire.Endpoint { return f.http },
		"stdio": func(f *fake) func(*testing.T) wire.Endpoint { return f.stdio },
		"sse":   func(f *fake) func(*testing.T) wire.Endpoint { return f.sse },
	} {
		for _, fresh := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				f := &fake{}
				e := open(f)(t)
				before := runtime.NumGoroutine()
				p := few(e, calls("fine", "silence", "tool error"))
				p.Fresh, p.Timeout = fresh, 100*time.Millisecond
				if _, err := load.Attack(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				settled(t, func() bool { return f.sessions.Load() == f.ended.Load() && f.sessions.Load() > 0 }, "sessions")
				http.DefaultClient.CloseIdleConnections()
				settled(t, func() bool { return runtime.NumGoroutine() <= before+2 }, "goroutines")
			})
		}
	}
}

// settled waits for what ends on its own after the attack.
func settled(t *testing.T, ok func() bool, what string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Errorf("%s are left", what)
			return
		}
	}
}

// TestServerThatNeverReads demands that a launched server which stops reading
// costs its requests their time, and the attack nothing more.
func TestServerThatNeverReads(t *testing.T) {
	t.Parallel()
	f := &fake{}
	p := few(f.stdio(t), calls("reads no more", "fine"))
	p.Timeout, p.Sessions = 100*time.Millisecond, 1
	l, err := load.Attack(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if last := l.Outcomes[len(l.Outcomes)-1]; last.Outcome != "timeout" {
		t.Errorf("got %v, want timeouts", l.Outcomes)
	}
}

func TestInterrupted(t *testing.T) {
	f := &fake{}
	ctx, stop := context.WithCancel(t.Context())
	p := few(f.http(t), calls("fine"))
	p.Duration = time.Hour
	p.Progress = func(load.Snapshot) { stop() }
	l, err := load.Attack(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Interrupted || l.Requests == 0 || l.Outcomes[0].Outcome != "ok" {
		t.Errorf("got %+v, want the figures until then", l)
	}
}

func TestAttackOnEverything(t *testing.T) {
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	h := httptest.NewServer(server.Handler())
	defer h.Close()
	for _, r := range spec.Revisions {
		if r == spec.R20241105 {
			continue // it has no Streamable HTTP
		}
		p := load.Plan{Endpoint: wire.Endpoint{Transport: spec.StreamableHTTP, URL: h.URL + "/mcp"}, Revision: r, Rate: 200, Duration: 100 * time.Millisecond, Sessions: 2}
		if p.Mix, err = load.DefaultMix(t.Context(), p, load.Safe{}); err != nil {
			t.Fatal(err)
		}
		l, err := load.Attack(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if l.Requests == 0 || l.Outcomes[0].Outcome != "ok" || l.Outcomes[0].Count != l.Requests {
			t.Errorf("revision %s: %d requests came to %v", r, l.Requests, l.Outcomes)
		}
	}
}
