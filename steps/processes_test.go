package steps_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// fresh are the checks that need a process of their own: they judge how a
// conversation begins or ends, or leave it in a state of its own.
var fresh = []string{
	"lifecycle.", "version.", "stdio.shutdown.", "stdio.restart.", "discover.supported-versions.",
	"stateless.no-prior-context", "stateless.capabilities.no-inference", "subs.teardown.", "subs.no-state-across-connections", "ping.respond-before-initialized",
	".list-changed.", "resources.updated.", "resources.unsubscribe.", "resources.security.validate-uris", ".no-connection-variance", ".no-side-effect-variance",
}

// TestProcesses bounds the processes that a run over stdio starts: a server that
// takes a second to start must not cost minutes.
func TestProcesses(t *testing.T) {
	var all, shared []string
	for id := range catalogue(t) {
		all = append(all, id)
		if !slices.ContainsFunc(fresh, func(part string) bool { return strings.Contains(id, part) }) {
			shared = append(shared, id)
		}
	}
	for _, r := range spec.Revisions {
		for _, c := range []struct {
			checks string
			only   []string
			limit  int32
		}{{"all", all, 40}, {"those that can share a process", shared, 12}} {
			t.Run(c.checks+"/"+string(r), func(t *testing.T) {
				t.Parallel()
				var started atomic.Int32
				e := serve(t, spec.Stdio, "")
				launch := e.Launch
				e.Launch = func() (*wire.Child, error) {
					started.Add(1)
					return launch()
				}
				judgeAtOnce(t, 1, e, r, c.only...) // so that the count does not hang on the machine
				n := started.Load()
				t.Logf("%d processes", n)
				if n > c.limit {
					t.Errorf("%d processes, want at most %d", n, c.limit)
				}
			})
		}
	}
}
