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
	saved := filepath.Join(dir, "capacity.json")
	for _, tt := range []struct {
		name     string
		args     []string
		pictures int // at the least
	}{
		{"load", []string{"load", "--reference", "everything", "--rate", "100/s", "--duration", "2s", "--slo", "p99<10s"}, 4},
		{"capacity", []string{"capacity", "--reference", "everything", "--slo", "p99<5s", "--step", "2s", "--max-rate", "60", "--repeats", "1", "--report", "json=" + saved}, 5},
		{"autoscale", []string{"autoscale", "--capacity", saved, "--replicas", "1", "--peak", "300/s", "--traffic", "burst"}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, tt.name+".html")
			o := call(t, append(tt.args, "--report", "html="+file, "--report", "json=-")...)
			run := o.report(t).Runs[0]
			var want []string
			switch c := run.Capacity; {
			case run.Load != nil:
				want = []string{fmt.Sprintf("%d of %d requests sent", run.Load.Requests, run.Load.Planned), fmt.Sprintf("%.0f/s", run.Load.Rate)}
			case c != nil:
				want = append(c.Notes, fmt.Sprintf("%.0f MiB", c.Server.Memory/(1<<20)))
				if c.Autoscale != nil {
					want = append(want, c.Autoscale.Refusals...)
				}
				if c.Rate > 0 {
					want = append(want, fmt.Sprintf("%.1f/s", c.Rate))
				}
				if c.Autoscale != nil && len(c.Autoscale.Refusals) == 0 {
					want = append(want, c.Autoscale.Metric, fmt.Sprintf("%.2f", c.Autoscale.Simulation.PodHours))
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
