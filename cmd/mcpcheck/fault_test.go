package main

import (
	"os"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestFaultsFromOutside demands that who names nothing but the address of a
// broken server is told of the fault: finding out what the server speaks must not
// hide it. With MCPCHECK_MATRIX it tries every fault, else every twentieth.
func TestFaultsFromOutside(t *testing.T) {
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	step := 20
	if os.Getenv("MCPCHECK_MATRIX") != "" {
		step = 1
	}
	for i, f := range everything.Faults() {
		q := all[f.ID]
		if f.ID == "tools.schema.no-network-ref" || f.ID == "tools.schema.unresolved-ref-rejected" {
			continue // they show only where mcpcheck launches the server
		}
		if strings.HasPrefix(f.ID, "ops.breaker.") || f.ID == "ops.readiness.backend" || f.ID == "ops.permission.denied-resources" {
			continue // they show only when more is told: how to take the backend down, and what is denied
		}
		if i%step != 0 || !q.Over(spec.StreamableHTTP) || !q.In(spec.R20251125) && !q.In(spec.R20260728) {
			continue
		}
		t.Run(f.ID, func(t *testing.T) {
			t.Parallel()
			o := call(t, "--target", everythingAt(t, f.ID), "--only", q.Area()+".", "--profile", string(q.Profile()), "--timeout", "2s", "--report", "json=-",
				"--allow-tool", strings.Join(everything.ToolNames(), ","))
			for _, run := range o.report(t).Runs {
				for _, x := range run.Results {
					if x.ID == f.ID && x.Verdict == reports.Fail {
						return
					}
				}
			}
			t.Errorf("exit %d: %s does not fail although the server %s: %s", o.status, f.ID, f.Does, o.stdout[:min(len(o.stdout), 600)])
		})
	}
}
