package load

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

func verdicts(c *reports.Comparison) map[string]string {
	by := map[string]string{}
	for _, x := range c.Changes {
		by[x.Metric] = x.Verdict
	}
	return by
}

var usual = imagined{rate: 200, duration: 5 * time.Second, median: 5 * time.Millisecond}

// TestCompareEqual demands that equal servers are found equal, again and again.
func TestCompareEqual(t *testing.T) {
	for seed := range uint64(100) {
		before, after := usual, usual
		before.seed, after.seed = 2*seed, 2*seed+1
		c := Compare("before.json", []*reports.Load{before.load()}, after.load(), DefaultNoise)
		for _, x := range c.Changes {
			if x.Verdict != reports.Same {
				t.Errorf("seed %d: %s is %s: %.3f, before %.3f: %s", seed, x.Metric, x.Verdict, x.After, x.Before, x.Why)
			}
		}
		if len(c.Changes) != 5 || len(c.Refusals) > 0 {
			t.Fatalf("got %+v", c)
		}
	}
	same := usual.load()
	if c := Compare("", []*reports.Load{same}, same, 0); verdicts(c)["p50"] != reports.Same {
		t.Errorf("a run differs from itself: %+v", c)
	}
}

func TestCompare(t *testing.T) {
	slower, slightly, failing, faster, odd := usual, usual, usual, usual, usual
	slower.median, slower.seed = 8*time.Millisecond, 1
	slightly.median, slightly.duration = 5300*time.Microsecond, time.Minute
	failing.failing, failing.seed = 0.03, 1
	faster.median, faster.seed = 2*time.Millisecond, 1
	odd.failing, odd.seed = 0.001, 1
	long, noisy := usual, usual
	long.duration = time.Minute
	noisy.median, noisy.seed = 7*time.Millisecond, 3
	for _, tt := range []struct {
		reason string
		before []imagined
		after  imagined
		want   map[string]string // figures that differ
		why    string            // of the p50
	}{
		{"a slower server", []imagined{usual}, slower, map[string]string{"p50": "worse", "p95": "worse", "p99": "worse"}, "neither chance nor noise"},
		{"a faster one", []imagined{usual}, faster, map[string]string{"p50": "better", "p95": "better", "p99": "better"}, "neither chance nor noise"},
		{"a slightly slower one, for long", []imagined{long}, slightly, nil, "too small to tell from another moment of the machine"},
		{"one that fails now and then", []imagined{usual}, failing, map[string]string{"errors": "worse"}, ""},
		{"one that failed once", []imagined{usual}, odd, nil, ""},
		{"earlier runs that differ as much themselves", []imagined{usual, noisy}, slower, nil, "twice the spread of 2 earlier runs"},
	} {
		var before []*reports.Load
		for _, b := range tt.before {
			before = append(before, b.load())
		}
		c := Compare("before.json", before, tt.after.load(), DefaultNoise)
		for _, x := range c.Changes {
			want := tt.want[x.Metric]
			if want == "" {
				want = reports.Same
			}
			if x.Verdict != want {
				t.Errorf("%s: %s is %s, want %s: %.3f, before %.3f: %s", tt.reason, x.Metric, x.Verdict, want, x.After, x.Before, x.Why)
			}
			if x.Metric == "p50" && !strings.Contains(x.Why, tt.why) {
				t.Errorf("%s: the reason is %q, want %q in it", tt.reason, x.Why, tt.why)
			}
		}
		status := reports.Run{Load: &reports.Load{Requests: 1, Comparison: c}}.Status(false)
		if worse := slices.Contains([]string{tt.want["p50"], tt.want["errors"]}, "worse"); (status == 1) != worse {
			t.Errorf("%s: status %d", tt.reason, status)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	other, few, late := usual, usual, usual
	other.rate = 300
	few.duration = 200 * time.Millisecond
	late.slip = time.Second
	fewer := usual.load()
	fewer.Plan.Mix = append(fewer.Plan.Mix, reports.LoadMixPart{Operation: "tools/list"})
	for _, tt := range []struct {
		reason string
		before *reports.Load
		want   string
	}{
		{"another rate", other.load(), "the rate is 200/s, before 300/s"},
		{"another mix", fewer, "the mix is tools/call search, before tools/call search, tools/list"},
		{"too few requests", few.load(), "there are too few requests to tell how much they vary: want 100 or more, in an attack that is not cut off"},
		{"a generator that was late", late.load(), "mcpcheck could not send as fast as asked for"},
	} {
		c := Compare("before.json", []*reports.Load{tt.before}, usual.load(), DefaultNoise)
		run := reports.Run{Load: &reports.Load{Requests: 1, Comparison: c}}
		if len(c.Changes) > 0 || !slices.Equal(c.Refusals, []string{tt.want}) || run.Status(false) != 3 || !strings.Contains(run.Conclusion(false), "it cannot be compared: "+tt.want) {
			t.Errorf("%s: %+v, want %q and nothing else; %s", tt.reason, c, tt.want, run.Conclusion(false))
		}
	}
}
