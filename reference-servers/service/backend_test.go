package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := New("echo", "1", Config{BreakerFailures: 3, BreakerCooldown: 10 * time.Second, BackendTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		ask := func(answer error) error {
			return g.Call(t.Context(), "ask", func(context.Context) error { asked++; return answer })
		}
		broken := errors.New("broken")
		for range 10 {
			if err := ask(NotFound(errors.New("no such thing"))); errors.Is(err, ErrUnavailable) {
				t.Fatal("an error that is the client's trips the breaker")
			}
			ask(context.Canceled)
		}
		for range 3 {
			if err := ask(broken); !errors.Is(err, broken) {
				t.Fatalf("got %v", err)
			}
		}
		asked = 0
		if err := ask(nil); !errors.Is(err, ErrUnavailable) || asked != 0 {
			t.Errorf("after 3 failures: %v, asked %d times", err, asked)
		}
		if n := testutil.ToFloat64(g.metrics.breaker.WithLabelValues("", "open")); n != 1 {
			t.Errorf("the breaker's state is not shown: open is %v", n)
		}
		time.Sleep(11 * time.Second)
		if err := ask(nil); err != nil || asked != 1 {
			t.Errorf("after the cooldown: %v, asked %d times", err, asked)
		}
		if n := testutil.ToFloat64(g.metrics.breaker.WithLabelValues("", "closed")); n != 1 {
			t.Errorf("the breaker stays open")
		}
		for outcome, want := range map[string]float64{"ok": 1, "error": 3, "rejected": 1, "refused": 20} {
			if n := testutil.ToFloat64(g.metrics.backend.WithLabelValues("ask", outcome)); n != want {
				t.Errorf("%v calls are counted as %s, want %v", n, outcome, want)
			}
		}
	})
}

func TestSlowBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := New("echo", "1", Config{BackendTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = g.Call(t.Context(), "ask", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if err == nil || !strings.Contains(err.Error(), "no answer within 1s") || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestReady(t *testing.T) {
	down := errors.New("password=hunter2")
	answer := make(chan error, 1)
	s := serve(t, Config{Transport: "http"}, func(g *Guard) Server {
		s := echo(g)
		s.Ready = func(context.Context) error { return <-answer }
		return s
	})
	for _, err := range []error{nil, down, nil} {
		answer <- err
		want := 200
		if err != nil {
			want = 503
		}
		if a := send(t, "GET", s.url+"/ready", ""); a.status != want || strings.Contains(a.body, "hunter2") {
			t.Errorf("the backend says %v, /ready %d %s", err, a.status, a.body)
		}
	}
}

// TestMetricNames holds the names that dashboards and autoscalers rely on.
func TestMetricNames(t *testing.T) {
	s := serve(t, Config{Transport: "http", Stateless: true}, echo)
	send(t, "POST", s.url+"/mcp", toolCall(1, "echo", `{"text":"x"}`))
	send(t, "POST", s.url+"/mcp", toolCall(2, "a-name-that-a-client-made-up", `{}`))
	send(t, "POST", s.url+"/mcp", toolCall(3, "fail", `{}`))
	send(t, "POST", s.url+"/mcp", `{"jsonrpc":"2.0","id":4,"method":"made-up/method"}`)
	families, err := s.guard.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, want := range []string{
		"mcp_requests_total", "mcp_server_operation_duration_seconds", "mcp_requests_in_flight", "mcp_sessions",
		"mcp_backend_calls_total", "mcp_backend_call_duration_seconds", "mcp_breaker_state", "mcp_ready", "mcp_server_info", "process_cpu_seconds_total",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s among %v", want, names)
		}
	}
	text := send(t, "GET", s.url+"/metrics", "").body
	if strings.Contains(text, "made-up") || !strings.Contains(text, `tool="unknown"`) || !strings.Contains(text, `method="unknown",outcome="error"`) {
		t.Error("a client can make up labels")
	}
	if problems, err := testutil.GatherAndLint(s.guard.metrics.registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
