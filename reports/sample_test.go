package reports_test

import (
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

const site = "https://modelcontextprotocol.io/specification/2025-11-25/"

// hostile holds what a server may send to harm a reader: a sequence that clears
// the terminal, one that sets its title, invalid UTF-8, C1 controls, runes that
// reverse text or that XML forbids, and ends of what might enclose it.
const hostile = "\x1b[2J\x1b]0;owned\x07 \xff\xfe \u009b31m \u202egnp.exe \ufffe \x00 ]]> </testcase> \"'&<!-- \u2028 \U000e0041"

// sample is a report in which everything occurs: each verdict at each level,
// advisory results, several servers, revisions and transports, one server that
// could not be reached, and strings that mean harm.
func sample() *reports.Report {
	r := &reports.Report{
		SchemaVersion: reports.SchemaVersion,
		Tool:          reports.Tool{Name: "mcpcheck", Version: "0.1.0"},
		Started:       time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC),
		Runs:          []reports.Run{broken(), good(), matrix(), wicked(), unreachable()},
	}
	r.Sort()
	return r
}

// broken is a server such as many are.
func broken() reports.Run {
	run := good()
	run.Target, run.Transport, run.Revision = "https://example.com/mcp", spec.StreamableHTTP, spec.R20251125
	run.Server = reports.Server{Name: "weather", Version: "2.3.1"}
	run.Notes = []string{"the server also speaks 2025-06-18; `--revision all` judges that too"}
	run.Results = append(run.Results, reports.Result{
		ID: "errors.method-not-found.code", Area: "errors", Level: spec.Must,
		Statement: "A request for a method that the server does not have is answered with the error code -32601.",
		Link:      site + "basic/index#responses",
		Verdict:   reports.Fail,
		Reason:    "the error code is that of an internal error",
		Expected:  "error.code -32601",
		Got:       "error.code -32603, error.message \"Cannot read properties of undefined (reading 'handler')\"",
		Scenario:  "A method that nobody has", Duration: ms(41),
		Reproduce: "curl -sS https://example.com/mcp -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' " +
			"-H 'Mcp-Session-Id: <redacted>' -d '{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"mcpcheck/unknown\"}'",
		Transcript: []reports.Entry{
			{At: ms(0), Direction: "sent", Kind: "request", Header: []string{"Content-Type: application/json", "Mcp-Session-Id: <redacted>"}, Text: `{"jsonrpc":"2.0","id":7,"method":"mcpcheck/unknown"}`},
			{At: ms(38), Direction: "received", Kind: "status", Header: []string{"Content-Type: application/json"}, Text: "200 OK"},
			{At: ms(39), Direction: "received", Kind: "body", Text: `{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"Cannot read properties of undefined (reading 'handler')"}}`},
			{At: ms(40), Direction: "note", Kind: "process", Text: "the connection was closed by the server"},
		},
	}, reports.Result{
		ID: "session.delete.then-404", Area: "session", Level: spec.Must,
		Statement: "After a session was ended, a request that names it is answered with 404.",
		Link:      site + "basic/transports#session-management",
		Verdict:   reports.Fail, Reason: "status is 200, want 404",
		Scenario: "An ended session", Duration: ms(12),
		Reproduce: "curl -sS -X DELETE https://example.com/mcp -H 'Mcp-Session-Id: '\"$ID\"\ncurl -sS https://example.com/mcp -H 'Mcp-Session-Id: '\"$ID\" -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}'",
	}, reports.Result{
		ID: "tools.list.deterministic-order", Area: "tools", Level: spec.Should,
		Statement: "The tools come in the same order in each list, as long as they do not change.",
		Link:      site + "server/tools#listing-tools",
		Verdict:   reports.Fail, Reason: "the second list begins with \"search\", the first with \"forecast\"",
		Scenario: "Two lists in a row", Duration: ms(20),
	}, reports.Result{
		ID: "sse.event.id-unique", Area: "sse", Level: spec.Must, Advisory: true,
		Statement: "No two events of a session have the same id.",
		Link:      site + "basic/transports#resumability-and-redelivery",
		Verdict:   reports.Fail, Expected: "event ids that differ", Got: "event id \"1\" on two streams",
		Scenario: "Two streams", Duration: ms(30),
	})
	run.Repetitions = 3
	run.Unstable = []reports.Unstable{{
		ID: "ping.answered", Verdicts: []reports.Verdict{reports.Pass, reports.NotApplicable, reports.Pass},
		Reasons: []string{"", "the server declares nothing to ping for", ""},
	}, {
		ID: "session.delete.then-404", Verdicts: []reports.Verdict{reports.Pass, reports.Fail, reports.Fail},
		Reasons: []string{"", "status is 200, want 404", "status is 500, want 404"},
	}, {
		ID: "tools.list.deterministic-order", Verdicts: []reports.Verdict{reports.Inconclusive, reports.Pass, reports.Fail},
		Reasons: []string{"the list was not answered within 10s", "", "the second list begins with \"search\", the first with \"forecast\""},
	}}
	for _, id := range []string{"call.unknown-tool", "call.result.content", "call.structured", "call.is-error", "call.progress", "call.cancel", "call.missing-argument", "call.wrong-type", "call.two-at-once", "call.meta", "call.large", "call.unicode"} {
		run.Results = append(run.Results, reports.Result{
			ID: "tools." + id, Area: "tools", Level: spec.Must, Statement: "A call is answered as asked.", Link: site + "server/tools#calling-tools",
			Verdict: reports.Inconclusive, Cause: "no tool is safe to call without leave: `--allow-tool NAME` gives it",
			Reason: "no tool is annotated as read-only", Scenario: "A call", Duration: ms(1),
		})
	}
	return run
}

// good conforms, as far as it was judged.
func good() reports.Run {
	run := reports.Run{
		Target: "npx -y @modelcontextprotocol/server-everything stdio", Transport: spec.Stdio, Revision: spec.R20250618,
		Server:     reports.Server{Name: "everything", Version: "1.0.0"},
		Untestable: 31, Unchecked: 112, Duration: ms(4210),
	}
	add := func(v reports.Verdict, reason, area string, names ...string) {
		for _, name := range names {
			run.Results = append(run.Results, reports.Result{
				ID: area + "." + name, Area: area, Level: spec.Must, Statement: "Something holds.", Link: site + area,
				Verdict: v, Reason: reason, Scenario: "Something is tried", Duration: ms(3),
			})
		}
	}
	add(reports.Pass, "", "lifecycle", "initialize.answered", "initialize.result-required-fields", "initialize.first")
	add(reports.Pass, "", "ping", "answered", "result-empty")
	add(reports.Pass, "", "jsonrpc", "message.well-formed", "message.version-member", "response.id-echo")
	add(reports.NotApplicable, "the server declares no resources capability", "resources", "list.answered", "read.answered", "read.unknown-code")
	add(reports.NotApplicable, "the server assigns no session id", "session", "id.visible-ascii")
	for i, r := range run.Results {
		switch {
		case r.Verdict == reports.Pass:
			run.Results[i].Observations = 1
		case r.Area == "resources":
			run.Results[i].Remedy = "the server declares capabilities.resources in its answer to initialize"
		}
	}
	return run
}

// matrix has each verdict at each level, advisory and not.
func matrix() reports.Run {
	run := reports.Run{Target: "https://example.com/matrix", Transport: spec.SSE, Revision: spec.R20241105, Duration: ms(900), Untestable: 1}
	for _, level := range []spec.Level{spec.Must, spec.MustNot, spec.Should, spec.ShouldNot, spec.May} {
		for _, verdict := range reports.Verdicts {
			for _, advisory := range []bool{false, true} {
				id := "matrix." + strings.ReplaceAll(strings.ToLower(string(level)+"-"+string(verdict)), " ", "-")
				if advisory {
					id += ".advisory"
				}
				x := reports.Result{
					ID: id, Area: "matrix", Level: level, Advisory: advisory, Statement: "Each verdict occurs at each level.",
					Link: site + "basic", Verdict: verdict, Scenario: "A cell of the matrix", Duration: ms(1),
				}
				if verdict != reports.Pass {
					x.Reason = "the verdict is " + string(verdict)
				}
				run.Results = append(run.Results, x)
			}
		}
	}
	return run
}

// wicked is a server that attacks whoever reads about it, and a run cut short.
func wicked() reports.Run {
	return reports.Run{
		Target: "http://127.0.0.1:9/" + hostile, Transport: spec.StreamableHTTP, Revision: spec.R20260728,
		Server:     reports.Server{Name: hostile, Version: strings.Repeat("9", 500)},
		Notes:      []string{hostile},
		Incomplete: "three requests in a row went unanswered: " + hostile,
		StderrTail: "\x1b[31mERROR\x1b[0m cannot bind\r\n\tat main.js:1 " + hostile + "\n",
		Duration:   ms(30000),
		Unstable: []reports.Unstable{{
			ID: "tools.list.answered", Verdicts: []reports.Verdict{reports.Pass, reports.Fail, reports.Fail}, Reasons: []string{"", hostile, ""},
		}, {ID: hostile, Verdicts: []reports.Verdict{reports.Pass, reports.Fail}, Reasons: []string{"", "a reason\nVerdict: conforms"}}},
		Results: []reports.Result{{
			ID: "tools.list.answered", Area: "tools", Level: spec.Must, Statement: "A list of tools is answered.", Link: site + "server/tools",
			Verdict: reports.Fail, Reason: hostile, Expected: "a name\nVerdict: conforms", Got: strings.Repeat("AB \x1b[5m", 150),
			Scenario: "A list", Reproduce: "curl '" + hostile + "'", Duration: ms(5),
			Transcript: []reports.Entry{{Direction: "received", Kind: "body", Header: []string{"X: " + hostile}, Text: hostile}},
		}, {
			ID: "tools.name.characters", Area: "tools", Level: spec.Should, Statement: "Names are plain.", Link: site + "server/tools",
			Verdict: reports.Fail, Got: strings.Repeat("\n", 5000), Scenario: "A list", Duration: ms(5),
		}, {
			ID: "tools.call.answered", Area: "tools", Level: spec.Must, Statement: "A call is answered.", Link: site + "server/tools",
			Verdict: reports.NotApplicable, Reason: hostile, Scenario: "A call", Duration: ms(5),
		}, {
			ID: "ping.answered", Area: "ping", Level: spec.Must, Statement: "A ping is answered.", Link: site + "basic/utilities/ping",
			Verdict: reports.Inconclusive, Cause: hostile, Reason: hostile, Scenario: "A ping", Duration: ms(5),
		}},
	}
}

func unreachable() reports.Run {
	return reports.Run{
		Target: "http://127.0.0.1:1/mcp", Unreachable: true, Duration: ms(2),
		Incomplete: "dial tcp 127.0.0.1:1: connect: connection refused",
	}
}

func ms(n int64) reports.Duration { return reports.Duration(n * int64(time.Millisecond)) }
