package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestCapacity searches up to a low rate, with steps too short to be a
// measurement: what holds is left to the machine, what is observed is not.
func TestCapacity(t *testing.T) {
	t.Setenv(as, "mcpcheck")
	for _, tt := range []struct {
		reason string
		target []string
	}{
		{"the bundled server, as a process of its own", []string{"--reference", "everything"}},
		{"a server that each session launches", []string{"--target", self() + " serve everything"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, append(tt.target, "capacity", "--slo", "p99<5s", "--step", "300ms", "--max-rate", "40", "--repeats", "1", "--report", "json=-")...)
			r := o.report(t)
			c := r.Runs[0].Capacity
			if o.status == misused || c == nil || len(c.Steps) < 7 || len(c.Mix) == 0 || c.Replicas != 1 {
				t.Fatalf("exit %d, capacity %+v, want levels and steps of one replica\n%s", o.status, c, o.stderr)
			}
			if (o.status == conforms) != (c.Rate > 0 && len(c.Refusals) == 0) {
				t.Errorf("exit %d for %v/s, refused because of %q", o.status, c.Rate, c.Refusals)
			}
			if !strings.Contains(o.stderr, "the search ends within 1m50s (--deadline)") {
				t.Errorf("the time that it may take is not said up front:\n%s", o.stderr)
			}
			relaunch := strings.Contains(strings.Join(c.Notes, "\n"), "each step launched the server anew")
			if stdio := r.Runs[0].Transport == "stdio"; relaunch != stdio || strings.Contains(o.stderr, "launches the server anew") != stdio {
				t.Errorf("over %s the notes are %q, and up front it says\n%s", r.Runs[0].Transport, c.Notes, o.stderr)
			}
			observed := 0
			for _, s := range c.Steps {
				if s.Phase != "level" && s.Rate > 40 {
					t.Errorf("%s tries %v/s, above --max-rate", s.Phase, s.Rate)
				}
				if s.Server != nil {
					observed++
					if s.Server.Memory < 1<<20 || s.Server.CPU < 0 {
						t.Errorf("%s %v/s: the server used %+v", s.Phase, s.Rate, s.Server)
					}
				}
			}
			if runtime.GOOS == "linux" && observed == 0 {
				t.Error("what the server used is not observed in any step")
			}
		})
	}
}

// TestCapacityDeadline demands that a search ends when it has to, and says so.
func TestCapacityDeadline(t *testing.T) {
	t.Setenv(as, "mcpcheck")
	o := call(t, "--reference", "everything", "capacity", "--slo", "p99<5s", "--deadline", "200ms", "--report", "json=-")
	r := o.report(t)
	if o.status != unfinished || !strings.Contains(r.Runs[0].Incomplete, "the search took longer than its deadline, 200ms") {
		t.Errorf("exit %d, incomplete %q", o.status, r.Runs[0].Incomplete)
	}
	if c := r.Runs[0].Capacity; c.Rate != 0 || len(c.Refusals) == 0 {
		t.Errorf("got %v/s, refused because of %q, want nothing but the reason", c.Rate, c.Refusals)
	}
}

func TestCapacityUsage(t *testing.T) {
	for _, tt := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"nothing to hold", nil, "capacity needs --slo"},
		{"no objective", []string{"--slo", "fast"}, `the objective "fast"`},
		{"the rate is what is searched for", []string{"--slo", "rate>=10/s"}, "rate and throughput are what capacity finds"},
		{"too short to measure", []string{"--slo", "p99<1s", "--step", "1ms"}, "--step is 1ms"},
		{"manifests of nothing", []string{"--slo", "p99<1s", "--out", "deploy"}, "--out and --traffic need --peak"},
		{"no peak", []string{"--slo", "p99<1s", "--peak", "high"}, `--peak: the rate is "high"`},
		{"no rate", []string{"--slo", "p99<1s", "--max-rate", "all"}, `the rate is "all"`},
		{"a deadline that has passed", []string{"--slo", "p99<1s", "--deadline", "-1s"}, "--deadline is -1s"},
		{"repeated never", []string{"--slo", "p99<1s", "--repeats", "0"}, "--repeats must be 1 or more"},
	} {
		o := call(t, append([]string{"capacity", "--target", os.Args[0]}, tt.args...)...)
		if o.status != misused || !strings.Contains(o.stderr, tt.want) {
			t.Errorf("%s: exit %d, %q, want 2 and %q", tt.reason, o.status, o.stderr, tt.want)
		}
	}
}
