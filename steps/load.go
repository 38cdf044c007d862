package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/mcpcheck/mcpcheck/reports"
)

// A Load is what a feature file asks to be put on the server: calls of one tool
// at a rate, sent when they are due whether or not earlier ones were answered.
type Load struct {
	Tool      string
	Arguments json.RawMessage
	Rate      float64 // calls a second
	Duration  time.Duration
	Sessions  int // used in turn
}

var loadWords = []step{
	{given, "the tool {text}", do1(text, (*World).toolCalled)},
	{given, "the tool {text} with the arguments {json}", do2(text, jsonText, (*World).toolCalledWith)},
	{when, "the client calls the tool at {rate} for {duration}", do2(rate, duration, (*World).putLoad)},
	{when, "the client calls the tool at {rate} for {duration} in {count} sessions", do3(rate, duration, count, (*World).putLoadIn)},
	{then, "the {latency} stays below {duration}", do2(latency, duration, (*World).latencyBelow)},
	{then, "the error rate stays below {percent}", do1(percent, (*World).errorsBelow)},
	{then, "the throughput stays above {rate}", do1(rate, (*World).throughputAbove)},
	{then, "no call fails", do((*World).noCallFails)},
}

// mostOften is the highest rate that can be asked for, in calls a second.
const mostOften = 1e6

func asRate(s string) (float64, error) {
	number, unit, _ := strings.Cut(s, "/")
	per := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v/per <= mostOften) {
		return 0, errors.New("want a rate above 0 such as 100/s")
	}
	return v / per, nil
}

func asDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errors.New("want a time above 0 such as 200ms or 30s")
	}
	return d, nil
}

func asShare(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || !(v > 0 && v <= 100) {
		return 0, errors.New("want a share above 0% such as 0.1%, or the step \"no call fails\"")
	}
	return v / 100, nil
}

// PutsLoad reports whether feature files put load on the server.
func PutsLoad(features fs.FS) (bool, error) {
	suite := godog.TestSuite{Options: &godog.Options{FS: features, Paths: []string{"."}}}
	list, err := suite.RetrieveFeatures()
	for _, f := range list {
		for _, sc := range f.Pickles {
			if loadOf(sc) > 0 {
				return true, nil
			}
		}
	}
	return false, err
}

// loadOf returns how long a scenario puts load on the server: an act that is
// said to last does that, and nothing else does.
func loadOf(sc *godog.Scenario) (total time.Duration) {
	for _, s := range sc.Steps {
		for _, c := range words() {
			at := slices.Index(c.params, duration.name)
			if c.keyword != when || at < 0 {
				continue
			}
			if m := c.expr.FindStringSubmatch(s.Text); m != nil {
				d, _ := asDuration(m[at+1]) // the step itself says what is wrong with it
				total += max(d, 1)
			}
		}
	}
	return total
}

// enter lets a scenario begin when it disturbs none and none disturbs it: one
// that puts load on the server has it for itself.
func (s *Subject) enter(load time.Duration) (leave func()) {
	if load > 0 {
		s.crowd.Lock()
		return s.crowd.Unlock
	}
	s.crowd.RLock()
	return s.crowd.RUnlock
}

// toolCalled takes a tool by its name. A tool of that name is what the author of
// the scenario counts on, so that without it nothing can be concluded.
func (w *World) toolCalled(_ context.Context, name string) error {
	l, err := w.subject.list("tools/list")
	if err != nil {
		return err
	}
	if !slices.Contains(itemNames(l.items, "name"), name) {
		return fmt.Errorf("the server has no tool %q", name)
	}
	safe, err := w.subject.safeTools()
	if err != nil && !errors.Is(err, errNotApplicable) {
		return err
	}
	for _, t := range safe {
		if t.Name == name {
			w.tool, w.arguments = t, t.Arguments
			return nil
		}
	}
	return fmt.Errorf("the tool %q is not marked read-only; allow it with --allow-tool %s", name, name)
}

func (w *World) toolCalledWith(ctx context.Context, name, arguments string) error {
	if err := w.toolCalled(ctx, name); err != nil {
		return err
	}
	if _, err := object(json.RawMessage(arguments)); err != nil {
		return &misspelt{fmt.Errorf("the arguments are no JSON object: %s", brief(arguments))}
	}
	w.arguments = json.RawMessage(arguments)
	return nil
}

func (w *World) putLoad(ctx context.Context, rate float64, d time.Duration) error {
	return w.putLoadIn(ctx, rate, d, 1)
}

func (w *World) putLoadIn(_ context.Context, rate float64, d time.Duration, sessions int) error {
	switch {
	case w.tool == nil:
		return &misspelt{errors.New("no tool was named before this step")}
	case w.arguments == nil:
		return inconclusivef("no arguments could be made for the tool %q: %w; give them with --args FILE", w.tool.Name, w.tool.Refusal)
	case sessions < 1:
		return &misspelt{errors.New("want 1 session or more")}
	case w.subject.Load == nil:
		return inconclusivef("load may not be put on this server")
	}
	var err error
	w.load, err = w.subject.Load(w.subject.ctx, Load{w.tool.Name, w.arguments, rate, d, sessions})
	if err == nil && w.load.Interrupted {
		err = cmp.Or(w.subject.stopped(), errors.New("it was interrupted"))
	}
	if err != nil {
		return inconclusive{fmt.Errorf("the load could not be put on the server: %w", err)}
	}
	w.subject.say(fmt.Sprintf("load on the tool %q, %g/s for %s: %s", w.tool.Name, rate, d, figures(w.load)))
	return nil
}

// figures sums up a load for a reader.
func figures(l *reports.Load) string {
	return fmt.Sprintf("%d calls, p50 %s, p99 %s, %s failed, throughput %.1f/s",
		l.Requests, inTime(l.Latency.P50), inTime(l.Latency.P99), inPercent(l.ErrorShare), l.Throughput)
}

func inTime(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(10 * time.Microsecond).String()
}

func inPercent(share float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(100*share, 'f', 2, 64), ".00") + "%"
}

// bounded judges a figure of the load. An answer in another session's hands is
// worse than any of them. A delay of our own makes figures worse than they are,
// so that a bound which holds in spite of it does hold; one that does not is
// broken only if it would be without the delay.
func (w *World) bounded(holds func(*reports.Load) bool, want string, got func(*reports.Load) string) error {
	l := w.load
	switch {
	case l == nil:
		return &misspelt{errors.New("no load was put on the server before this step")}
	case l.Leaked > 0:
		return unmetf("answers that stay in their session", "%d that reached another", l.Leaked)
	case l.GeneratorBound && holds(undelayed(l)) && (tooFew(l) || !holds(l)):
		return inconclusivef("mcpcheck could not send as fast as asked for, so the figures are not the server's")
	case !holds(l):
		return unmetf(want, "%s", got(l))
	}
	return nil
}

// tooFew reports whether fewer calls were sent than the scenario asks for.
func tooFew(l *reports.Load) bool { return float64(l.Requests) < 0.99*float64(l.Planned) }

// undelayed is a load as if every call had been sent when it was due: at the
// most, since how much would have been answered then is not known.
func undelayed(l *reports.Load) *reports.Load {
	sent := *l
	sent.Latency, sent.Throughput = l.Service, math.Inf(1)
	return &sent
}

// percentiles are the figures of latency that a step can be about.
var percentiles = map[string]func(reports.Percentiles) float64{
	"mean latency": func(p reports.Percentiles) float64 { return p.Mean },
	"p50":          func(p reports.Percentiles) float64 { return p.P50 },
	"p90":          func(p reports.Percentiles) float64 { return p.P90 },
	"p95":          func(p reports.Percentiles) float64 { return p.P95 },
	"p99":          func(p reports.Percentiles) float64 { return p.P99 },
	"p99.9":        func(p reports.Percentiles) float64 { return p.P999 },
	"max latency":  func(p reports.Percentiles) float64 { return p.Max },
}

// latencyBelow judges the time from when calls were due, so that a server cannot
// hide a stall by what was not sent meanwhile.
func (w *World) latencyBelow(_ context.Context, of string, d time.Duration) error {
	actual := func(l *reports.Load) float64 { return percentiles[of](l.Latency) }
	return w.bounded(func(l *reports.Load) bool { return actual(l) < reports.Milliseconds(d) }, fmt.Sprintf("a %s below %s", of, d),
		func(l *reports.Load) string {
			return fmt.Sprintf("a %s of %s over %d calls", of, inTime(actual(l)), l.Requests)
		})
}

func (w *World) errorsBelow(_ context.Context, share float64) error {
	return w.bounded(func(l *reports.Load) bool { return l.ErrorShare < share }, "an error rate below "+inPercent(share), failed)
}

func (w *World) noCallFails(context.Context) error {
	return w.bounded(func(l *reports.Load) bool { return l.ErrorShare == 0 }, "no call that fails", failed)
}

// failed tells how calls failed, the most frequent way first.
func failed(l *reports.Load) string {
	var ways []string
	for _, o := range l.Outcomes {
		if o.Outcome != "ok" {
			ways = append(ways, fmt.Sprintf("%s in %d", o.Outcome, o.Count))
		}
	}
	return fmt.Sprintf("an error rate of %s over %d calls (%s)", inPercent(l.ErrorShare), l.Requests, strings.Join(ways, ", "))
}

func (w *World) throughputAbove(_ context.Context, rate float64) error {
	return w.bounded(func(l *reports.Load) bool { return l.Throughput > rate }, fmt.Sprintf("a throughput above %g/s", rate),
		func(l *reports.Load) string {
			return fmt.Sprintf("a throughput of %.1f/s over %d calls", l.Throughput, l.Requests)
		})
}
