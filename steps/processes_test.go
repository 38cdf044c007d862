package steps_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// fresh are the checks that judge how a conversation begins or ends, and need
// processes for that.
var fresh = []string{
	"lifecycle.", "version.", "stdio.shutdown.", "stdio.restart.", "discover.supported-versions.", "ping.respond-before-initialized",
	"stateless.no-prior-context", "subs.teardown.", "subs.no-state-across-connections",
}

// TestProcesses bounds the processes that a run over stdio starts: a server that
// takes a second to start must not cost minutes. A full run may start so many
// beyond those that the checks of a conversation's begin and end need.
func TestProcesses(t *testing.T) {
	var beginOrEnd []string
	for id := range catalogue(t) {
		if slices.ContainsFunc(fresh, func(part string) bool { return strings.HasPrefix(id, part) }) {
			beginOrEnd = append(beginOrEnd, id)
		}
	}
	for _, r := range spec.Revisions {
		for _, c := range []struct {
			name                  string
			parallel, beyond, all int
		}{{"one at a time", 1, 6, 24}, {"several at a time", 0, 12, 32}} {
			t.Run(string(r)+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				few, all := processes(t, r, c.parallel, beginOrEnd...), processes(t, r, c.parallel)
				t.Logf("%d processes, of which %d belong to checks of begin and end", all, few)
				if all-few > c.beyond || all > c.all {
					t.Errorf("%d processes, want at most %d, and %d beyond the %d of checks of begin and end", all, c.all, c.beyond, few)
				}
			})
		}
	}
}

// processes counts those that a run starts.
func processes(t *testing.T, r spec.Revision, parallel int, only ...string) int {
	t.Helper()
	var started atomic.Int32
	e := serve(t, spec.Stdio, "")
	launch := e.Launch
	e.Launch = func() (*wire.Child, error) {
		started.Add(1)
		return launch()
	}
	judgeAtOnce(t, parallel, e, r, only...)
	return int(started.Load())
}

// TestFrailProcess judges a server that ends at the first line that is no JSON:
// one requirement is broken, and what follows has another process.
func TestFrailProcess(t *testing.T) {
	for _, r := range []spec.Revision{spec.R20251125, spec.R20260728} {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			var broken []string
			e := serve(t, spec.Stdio, "")
			launch := e.Launch
			e.Launch = func() (*wire.Child, error) {
				c, err := launch()
				if err == nil {
					c.Stdin = &frail{WriteCloser: c.Stdin, child: c}
				}
				return c, err
			}
			for _, result := range judge(t, e, r).Results {
				if result.Verdict == reports.Pass || result.Verdict == reports.NotApplicable {
					continue
				}
				if result.ID != "errors.parse-error.survive" || result.Verdict != reports.Fail {
					t.Errorf("%s: %s: %s", result.ID, result.Verdict, result.Reason)
				}
				broken = append(broken, result.ID)
			}
			if len(broken) == 0 {
				t.Error("the server conforms")
			}
		})
	}
}

// frail is the stdin of a server that ends when a line is no JSON.
type frail struct {
	io.WriteCloser
	child *wire.Child
	line  []byte // so far
}

func (f *frail) Write(p []byte) (int, error) {
	for part := range bytes.Lines(p) {
		f.line = append(f.line, part...)
		if !bytes.HasSuffix(part, []byte("\n")) {
			break
		}
		if !json.Valid(f.line) {
			return len(p), f.child.Signal(syscall.SIGKILL)
		}
		f.line = nil
	}
	return f.WriteCloser.Write(p)
}
