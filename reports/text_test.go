package reports_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestTextColour asks that colour changes nothing but colour, and that no other
// sequence than ours reaches the terminal.
func TestTextColour(t *testing.T) {
	ours := regexp.MustCompile(`\x1b\[(0|1|2|31|32|33)m`)
	plain := render(t, reports.Text(reports.TextOptions{}), sample())
	coloured := render(t, reports.Text(reports.TextOptions{Color: true}), sample())
	if !ours.Match(coloured) {
		t.Error("no colour")
	}
	if got := ours.ReplaceAllString(string(coloured), ""); got != string(plain) {
		t.Error("without its colours the coloured text differs from the plain one")
	}
}

// TestTextFailure asks that all that explains a failure is there.
func TestTextFailure(t *testing.T) {
	out := string(render(t, reports.Writers["text"], &reports.Report{Runs: []reports.Run{broken()}}))
	for _, want := range []string{
		"FAIL  MUST  errors.method-not-found.code\n",
		"  A request for a method that the server does not have is answered with the error code -32601.\n",
		"  " + site + "basic/index#responses\n",
		"  reason    the error code is that of an internal error\n",
		"  expected  error.code -32601\n",
		"  got       error.code -32603",
		"  Reproduce with:\n          curl -sS https://example.com/mcp -H",
		`"method":"mcpcheck/unknown"}'` + "\n",
		"Verdict: does not conform: 2 requirements\n  MUST        errors.method-not-found.code\n",
		"  no tool is safe to call without leave: `--allow-tool NAME` gives it (12, binding):\n",
		"     3  the server declares no resources capability\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	for _, absent := range []string{"resources.read.answered", "Transcript:", "lifecycle.initialize.first"} {
		if strings.Contains(out, absent) {
			t.Errorf("the text has %q, which is for verbose", absent)
		}
	}
}

func TestTextVerbose(t *testing.T) {
	out := string(render(t, reports.Text(reports.TextOptions{Verbose: true}), &reports.Report{Runs: []reports.Run{broken()}}))
	for _, x := range broken().Results {
		if !strings.Contains(out, x.ID) {
			t.Errorf("%s, which is %s, is not named", x.ID, x.Verdict)
		}
	}
	if !strings.Contains(out, "< status at 0.038 s\n") {
		t.Error("no transcript")
	}
}

// TestTextStrict asks that a SHOULD moves from the warnings to the failures.
func TestTextStrict(t *testing.T) {
	r := &reports.Report{Runs: []reports.Run{broken()}}
	byOption := string(render(t, reports.Text(reports.TextOptions{Strict: true}), r))
	if !strings.Contains(byOption, "FAIL  SHOULD  tools.list.deterministic-order") || strings.Contains(byOption, "Warnings") {
		t.Error("strict by option: the SHOULD is no failure")
	}
	r.Strict = true
	if string(render(t, reports.Writers["text"], r)) != byOption {
		t.Error("a strict report is written otherwise than with the option")
	}
}

// TestTextBounds asks that a server cannot flood a terminal or a CI log.
func TestTextBounds(t *testing.T) {
	flood := strings.Repeat("x\x1b\n", 1<<20)
	x := reports.Result{ID: "a.b", Area: flood, Level: spec.Must, Verdict: reports.Fail,
		Statement: flood, Link: flood, Reason: flood, Expected: flood, Got: flood, Scenario: flood, Reproduce: flood}
	for range 1000 {
		x.Transcript = append(x.Transcript, reports.Entry{Direction: flood[:100], Kind: flood[:1000], Header: []string{flood[:5000]}, Text: flood[:5000]})
	}
	y, z := x, x
	y.Verdict, y.Cause, z.Verdict = reports.Inconclusive, flood, reports.NotApplicable
	r := &reports.Report{Runs: []reports.Run{{Target: flood, Incomplete: flood, StderrTail: flood, Notes: []string{flood}, Server: reports.Server{Name: flood, Version: flood}, Results: []reports.Result{x, y, z}}}}
	for name, write := range map[string]reports.Writer{
		"text": reports.Writers["text"], "verbose": reports.Text(reports.TextOptions{Verbose: true}), "junit": reports.JUnit,
	} {
		if got := len(render(t, write, r)); got > 1<<19 {
			t.Errorf("%s: %d bytes, want at most %d", name, got, 1<<19)
		}
	}
}

func TestTextWidth(t *testing.T) {
	run := good()
	run.Notes = []string{strings.Repeat("word ", 100)}
	for _, width := range []int{60, 80, 120} {
		out := string(render(t, reports.Text(reports.TextOptions{Width: width}), &reports.Report{Runs: []reports.Run{run}}))
		for l := range strings.Lines(out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(l, "\n")); strings.Contains(l, "word") && n > width {
				t.Errorf("width is %d, want at most %d: %q", n, width, l)
			}
			if strings.HasSuffix(l, " \n") {
				t.Errorf("a line ends in a space: %q", l)
			}
		}
	}
}
