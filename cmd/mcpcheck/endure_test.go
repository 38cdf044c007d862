package main

import (
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/load/soak"
)

// TestEndure soaks the bundled server and fills it with sessions: what it takes
// is left to the machine, what is observed is not.
func TestEndure(t *testing.T) {
	t.Setenv(as, "mcpcheck")
	for _, tt := range []struct {
		reason, revision string
		sessions         bool
	}{
		{"with sessions and their streams", "2025-11-25", true},
		{"with subscriptions", "2026-07-28", false},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, "--reference", "everything", "--revision", tt.revision, "capacity", "--sessions-ceiling", "--max-sessions", "40", "--soak", "2s", "--soak-rate", "20/s", "--report", "json=-")
			c := o.report(t).Runs[0].Capacity
			if c == nil || c.Sessions == nil || c.Soak == nil {
				t.Fatalf("exit %d, capacity %+v, want a ceiling and a soak\n%s", o.status, c, o.stderr)
			}
			if s := c.Sessions; s.Opened != 40 || s.Streams != 40 || s.Reached || s.NotEnded != 0 || len(s.Levels) < 7 {
				t.Errorf("got %+v, want 40 with their streams, all ended", s)
			}
			phases := map[string]bool{}
			for _, p := range c.Soak.Phases {
				phases[p.Phase] = true
			}
			if phases[soak.Sessions] != tt.sessions || phases[soak.Abandoned] != tt.sessions || !phases[soak.Requests] {
				t.Errorf("the phases are %v", phases)
			}
			if o.status != unfinished || c.Soak.Tells() { // 20 requests
				t.Errorf("exit %d, %+v, want no verdict from so few requests", o.status, c.Soak.Trends)
			}
		})
	}
}

func TestEndureUsage(t *testing.T) {
	for _, tt := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"a soak at half of nothing", []string{"--soak", "10m"}, "capacity needs --slo"},
		{"a ceiling, but a plan without objectives", []string{"--sessions-ceiling", "--peak", "9/s"}, "capacity needs --slo"},
		{"no time", []string{"--soak", "1ms", "--soak-rate", "1/s"}, "--soak is 1ms"},
		{"no soak", []string{"--sessions-ceiling", "--soak-rate", "1/s"}, "--soak-rate needs --soak"},
		{"no rate", []string{"--soak", "1m", "--soak-rate", "some"}, `--soak-rate: the rate is "some"`},
		{"none", []string{"--sessions-ceiling", "--max-sessions", "0"}, "--max-sessions is 0"},
	} {
		o := call(t, append([]string{"capacity", "--target", self()}, tt.args...)...)
		if o.status != misused || !strings.Contains(o.stderr, tt.want) {
			t.Errorf("%s: exit %d, %q, want 2 and %q", tt.reason, o.status, o.stderr, tt.want)
		}
	}
}
