package reports_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

func small() *reports.Report {
	return &reports.Report{
		Tool: reports.Tool{Name: "mcpcheck", Version: "0.1.0"},
		Runs: []reports.Run{{
			Target: "http://127.0.0.1:8080/mcp", Transport: spec.StreamableHTTP, Revision: spec.R20251125,
			Duration: ms(250), Untestable: 3,
			Results: []reports.Result{{
				ID: "lifecycle.initialize.answered", Area: "lifecycle", Level: spec.Must, Verdict: reports.Pass,
			}, {
				ID: "ping.result-empty", Area: "ping", Level: spec.Must, Verdict: reports.Fail,
				Statement: "The result of a ping is an empty object.",
				Link:      site + "basic/utilities/ping#message-format",
				Reason:    `result is "pong", want {}`,
				Reproduce: `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
			}},
		}},
	}
}

func ExampleText() {
	write := reports.Text(reports.TextOptions{Width: 80})
	if err := write(os.Stdout, small()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// mcpcheck 0.1.0
	//
	// http://127.0.0.1:8080/mcp
	//   streamable-http, revision 2025-11-25, 0.250 s
	//
	//   area       pass  fail
	//   lifecycle     1     ·
	//   ping          ·     1
	//
	// Failures
	//   FAIL  MUST  ping.result-empty
	//         The result of a ping is an empty object.
	//         https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/ping#message-format
	//         reason    result is "pong", want {}
	//         Reproduce with:
	//           {"jsonrpc":"2.0","id":1,"method":"ping"}
	//
	// Summary
	//        1  pass
	//        1  fail
	//        0  warn
	//        0  not applicable
	//        0  inconclusive
	//        3  untestable      no client can observe them
	//        0  unchecked
	//    40.0%  judged          2 of the 5 requirements that apply, checked or not
	//
	// Verdict: does not conform: 1 requirement
	//   MUST        ping.result-empty
}

// A new format is one function.
func ExampleWriter() {
	var failures reports.Writer = func(w io.Writer, r *reports.Report) error {
		out := csv.NewWriter(w)
		for _, run := range r.Runs {
			for _, x := range run.Results {
				if x.Costs(r.Strict) {
					out.Write([]string{x.ID, x.Reason})
				}
			}
		}
		out.Flush()
		return out.Error()
	}
	if err := failures(os.Stdout, small()); err != nil {
		fmt.Println(err)
	}
	// Output: ping.result-empty,"result is ""pong"", want {}"
}

func ExampleReport_Status() {
	r := small()
	fmt.Println(r.Status(false), r.Runs[0].Conclusion(false))
	r.Runs[0].Results = r.Runs[0].Results[:1]
	fmt.Println(r.Status(false), r.Runs[0].Conclusion(false))
	r.Runs[0].Results = nil
	fmt.Println(r.Status(false), r.Runs[0].Conclusion(false))
	// Output:
	// 1 does not conform: 1 requirement
	// 0 conforms
	// 3 could not be judged: no requirement was judged
}

func ExampleRead() {
	var file strings.Builder
	if err := reports.JSON(&file, small()); err != nil {
		fmt.Println(err)
	}
	r, err := reports.Read(strings.NewReader(file.String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Runs[0].Target, r.Runs[0].Counts().Fail)

	_, err = reports.Read(strings.NewReader(`{"schemaVersion": "7"}`))
	fmt.Println(err)
	// Output:
	// http://127.0.0.1:8080/mcp 1
	// schemaVersion is "7", want "1": the report was written by another version of mcpcheck
}
