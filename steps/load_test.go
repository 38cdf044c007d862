package steps_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

func feature(steps string) fstest.MapFS {
	return fstest.MapFS{"mine.feature": {Data: []byte("Feature: Mine\n  Scenario: One\n    " + strings.ReplaceAll(steps, "\n", "\n    ") + "\n")}}
}

// loaded runs a feature with a generator of load that makes up its figures.
func loaded(t *testing.T, features fstest.MapFS, allow []string, load func(context.Context, steps.Load) (*reports.Load, error)) *reports.Run {
	t.Helper()
	run, err := steps.Run(t.Context(), steps.Config{
		Target: "everything", Endpoint: serve(t, spec.StreamableHTTP, ""), Revision: spec.R20251125, Features: features, Extra: true,
		AllowTools: allow, Load: load, Deadline: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestLoadIsJudged demands of each phrase that it judges the figure it names.
func TestLoadIsJudged(t *testing.T) {
	good := reports.Load{
		Planned: 100, Requests: 100, Throughput: 50, Latency: reports.Percentiles{Mean: 3, P50: 2, P99: 40, Max: 60}, Service: reports.Percentiles{Mean: 3, P50: 2, P99: 30, Max: 60},
		Outcomes: []reports.LoadOutcome{{Outcome: "ok", Count: 100}},
	}
	with := func(f func(*reports.Load)) reports.Load { l := good; f(&l); return l }
	failing := with(func(l *reports.Load) {
		l.ErrorShare = 0.04
		l.Outcomes = []reports.LoadOutcome{{Outcome: "ok", Count: 96}, {Outcome: "JSON-RPC error -32603", Count: 3}, {Outcome: "timeout", Count: 1}}
	})
	late := with(func(l *reports.Load) { l.GeneratorBound = true })
	short := with(func(l *reports.Load) { l.GeneratorBound, l.Requests = true, 90 })
	leak := with(func(l *reports.Load) { l.Leaked = 2 })
	const notOurs = "mcpcheck could not send as fast as asked for, so the figures are not the server's"
	for _, tt := range []struct {
		reason  string
		load    reports.Load
		then    string
		verdict reports.Verdict
		words   string
	}{
		{"a percentile within its bound", good, "the p99 stays below 41ms", reports.Pass, ""},
		{"one at its bound", good, "the p99 stays below 40ms", reports.Fail, "got a p99 of 40ms over 100 calls, want a p99 below 40ms"},
		{"another percentile", good, "the p50 stays below 1.5ms", reports.Fail, "got a p50 of 2ms over 100 calls, want a p50 below 1.5ms"},
		{"the mean", good, "the mean latency stays below 1ms", reports.Fail, "got a mean latency of 3ms over 100 calls, want a mean latency below 1ms"},
		{"errors within their bound", failing, "the error rate stays below 5%", reports.Pass, ""},
		{
			"errors beyond it", failing, "the error rate stays below 0.5%", reports.Fail,
			"got an error rate of 4% over 100 calls (JSON-RPC error -32603 in 3, timeout in 1), want an error rate below 0.50%",
		},
		{"no errors", good, "no call fails", reports.Pass, ""},
		{"some errors", failing, "no call fails", reports.Fail, "got an error rate of 4% over 100 calls (JSON-RPC error -32603 in 3, timeout in 1), want no call that fails"},
		{"enough throughput", good, "the throughput stays above 2990/m", reports.Pass, ""},
		{"too little", good, "the throughput stays above 50/s", reports.Fail, "got a throughput of 50.0/s over 100 calls, want a throughput above 50/s"},
		{"a bound that holds in spite of our delay", late, "the p99 stays below 41ms", reports.Pass, ""},
		{"one that our delay alone breaks", late, "the p99 stays below 35ms", reports.Inconclusive, notOurs},
		{"one that the server breaks without our delay", late, "the p99 stays below 20ms", reports.Fail, "got a p99 of 40ms over 100 calls, want a p99 below 20ms"},
		{"throughput that our delay may have cost", late, "the throughput stays above 60/s", reports.Inconclusive, notOurs},
		{"less load than asked for proves nothing", short, "the p99 stays below 1s", reports.Inconclusive, notOurs},
		{"less load than asked for, and the server breaks the bound all the same", short, "the p99 stays below 20ms", reports.Fail, "got a p99 of 40ms over 90 calls, want a p99 below 20ms"},
		{"a leak, whatever is asked", leak, "the p99 stays below 1s", reports.Fail, "got 2 that reached another, want answers that stay in their session"},
		{"a bound that nothing can keep", good, "the error rate stays below 0%", reports.Error, `{percent} "0%": want a share above 0% such as 0.1%, or the step "no call fails"`},
		{"a time that is none", good, "the p99 stays below 0ms", reports.Error, `{duration} "0ms": want a time above 0 such as 200ms or 30s`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			var asked steps.Load
			run := loaded(t, feature("Given the tool \"test_simple_text\" with the arguments {\"a\": 1}\nWhen the client calls the tool at 600/m for 1.5s in 3 sessions\nThen "+tt.then), everything.ToolNames(),
				func(_ context.Context, l steps.Load) (*reports.Load, error) { asked = l; return &tt.load, nil })
			if got := run.Results[0]; got.Verdict != tt.verdict || got.Reason != tt.words {
				t.Errorf("%s: %s\nwant %s: %s", got.Verdict, got.Reason, tt.verdict, tt.words)
			}
			if asked.Tool != "test_simple_text" || string(asked.Arguments) != `{"a": 1}` || asked.Rate != 10 || asked.Duration != 1500*time.Millisecond || asked.Sessions != 3 {
				t.Errorf("asked for %+v", asked)
			}
			if len(run.Notes) != 1 || !strings.HasPrefix(run.Notes[0], `load on the tool "test_simple_text", 10/s for 1.5s: `) {
				t.Errorf("the notes are %q, want the figures", run.Notes)
			}
		})
	}
}

// TestLoadIsRefused demands that no load is made of what may not be loaded.
func TestLoadIsRefused(t *testing.T) {
	const then = "\nWhen the client calls the tool at 1/s for 1s\nThen no call fails"
	none := func(context.Context, steps.Load) (*reports.Load, error) { return nil, errors.New("it is gone") }
	for _, tt := range []struct {
		reason, given string
		load          func(context.Context, steps.Load) (*reports.Load, error)
		verdict       reports.Verdict
		words         string
	}{
		{"a tool that may write", `Given the tool "test_trigger_tool_change"`, none, reports.Inconclusive, `the tool "test_trigger_tool_change" is not marked read-only; allow it with --allow-tool test_trigger_tool_change`},
		{"a tool that there is not", `Given the tool "nobody"`, none, reports.Inconclusive, `the server has no tool "nobody"`},
		{"arguments that are none", `Given the tool "test_tool_with_progress" with the arguments [1]`, none, reports.Error, "the arguments are no JSON object: [1]"},
		{"a server that may not be loaded", `Given the tool "test_tool_with_progress"`, nil, reports.Inconclusive, "load may not be put on this server"},
		{"a server that is gone", `Given the tool "test_tool_with_progress"`, none, reports.Inconclusive, "the load could not be put on the server: it is gone"},
		{"no tool", "Given a session", none, reports.Error, "no tool was named before this step"},
	} {
		run := loaded(t, feature(tt.given+then), []string{"test_tool_with_progress"}, tt.load)
		if got := run.Results[0]; got.Verdict != tt.verdict || got.Reason != tt.words {
			t.Errorf("%s: %s: %s\nwant %s: %s", tt.reason, got.Verdict, got.Reason, tt.verdict, tt.words)
		}
	}
}

// TestLoadIsAlone demands that a scenario which puts load on the server has it
// for itself.
func TestLoadIsAlone(t *testing.T) {
	features := feature("Given the tool \"test_simple_text\"\nWhen the client calls the tool at 1/s for 1s\nThen no call fails")
	text := string(features["mine.feature"].Data)
	for range 8 {
		text += "  Scenario: Another\n    Given a session\n    When the client requests ping\n    Then the result is empty\n"
	}
	_, load, _ := strings.Cut(string(features["mine.feature"].Data), "Scenario: One\n")
	text += "  Scenario: Load again\n" + load
	features["mine.feature"].Data = []byte(text)
	var at, most atomic.Int32
	run := loaded(t, features, []string{"test_simple_text"}, func(context.Context, steps.Load) (*reports.Load, error) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		return &reports.Load{Planned: 1, Requests: 1}, nil
	})
	for _, r := range run.Results {
		if r.Verdict != reports.Pass {
			t.Errorf("%s: %s: %s", r.Scenario, r.Verdict, r.Reason)
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d loads at once, want 1", most.Load())
	}
}

// TestExamples demands that the examples can be run, and are known to put load
// on the server.
func TestExamples(t *testing.T) {
	examples := os.DirFS("../features/examples")
	if err := steps.Lint(examples); err != nil {
		t.Error(err)
	}
	if puts, err := steps.PutsLoad(examples); err != nil || !puts {
		t.Errorf("puts load: %v, %v", puts, err)
	}
	if puts, err := steps.PutsLoad(feature("Given a session\nWhen the client requests ping\nThen the result is empty")); err != nil || puts {
		t.Errorf("a ping puts load on a server: %v, %v", puts, err)
	}
}
