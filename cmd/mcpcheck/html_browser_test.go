//go:build browser

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/browser"
)

// TestBrowserRuns measures for real and reads the figures of the JSON report off
// the page. What is measured is left to the machine.
func TestBrowserRuns(t *testing.T) {
	t.Setenv(as, "mcpcheck")
	ctx := browser.New(t)
	dir := t.TempDir()
	for _, tt := range []struct {
		name     string
		args     []string
		pictures int // at the least
	}{
		{"load", []string{"load", "--reference", "everything", "--rate", "300/s", "--duration", "2s", "--slo", "p99<10s"}, 4},
		{"capacity", []string{"capacity", "--reference", "everything", "--slo", "p99<5s", "--step", "300ms", "--max-rate", "60", "--repeats", "1"}, 3},
		{"autoscale", []string{"autoscale", "--capacity", capacityReport(t, nil), "--peak", "900/s", "--traffic", "burst"}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, tt.name+".html")
			o := call(t, append(tt.args, "--report", "html="+file, "--report", "json=-")...)
			run := o.report(t).Runs[0]
			var want []string
			switch c := run.Capacity; {
			case run.Load != nil:
				want = []string{fmt.Sprintf("%d of %d requests sent", run.Load.Requests, run.Load.Planned), fmt.Sprintf("ok: %d", run.Load.Outcomes[0].Count)}
			case c != nil:
				want = append(c.Notes, fmt.Sprintf("%.1f", c.Steps[0].InProgress))
				if c.Server != nil {
					want = append(want, fmt.Sprintf("%.0f MiB", c.Server.Memory/(1<<20)))
				}
				if a := c.Autoscale; a != nil {
					want = append(want, a.Metric, fmt.Sprintf("%.2f", a.Simulation.PodHours), a.Arithmetic[0].Reason)
				}
			default:
				t.Fatalf("exit %d without a measurement: %s", o.status, o.stderr)
			}
			for _, v := range browser.Views {
				p := browser.Open(ctx, t, file, v)
				for _, x := range p.Troubles {
					t.Errorf("%v: %s", v, x)
				}
				if p.Pictures < tt.pictures || p.Scripts > 0 || p.Wider > 0 {
					t.Errorf("%v: %d pictures, %d scripts, %v px too wide, want %d, 0, 0", v, p.Pictures, p.Scripts, p.Wider, tt.pictures)
				}
				for _, w := range want {
					if !strings.Contains(p.Text, w) {
						t.Errorf("%v: %q of the run cannot be read", v, w)
					}
				}
			}
		})
	}
}
