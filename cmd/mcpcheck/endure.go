package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/ceiling"
	"github.com/mcpcheck/mcpcheck/load/soak"
	"github.com/mcpcheck/mcpcheck/reports"
)

// endureSettings are the flags of what is measured besides the highest rate: how
// long a server lasts, and how many sessions it holds.
type endureSettings struct {
	soak     time.Duration
	soakRate string
	ceiling  bool
	most     int
}

func (e *endureSettings) flags(c *cobra.Command) {
	f := c.Flags()
	f.DurationVar(&e.soak, "soak", 0, "look for leaks of memory, files and goroutines for this long, such as 10m")
	f.StringVar(&e.soakRate, "soak-rate", "", "soak at this `RATE` (default: half of what was found to hold)")
	f.BoolVar(&e.ceiling, "sessions-ceiling", false, "find how many sessions and streams the server holds at once")
	f.IntVar(&e.most, "max-sessions", ceiling.DefaultMost, "open at most `N` sessions for that")
}

// alone reports whether something can be measured without objectives.
func (e *endureSettings) alone(planned bool) bool {
	return !planned && (e.ceiling || e.soak > 0) && (e.soak == 0 || e.soakRate != "")
}

// check says what is wrong with the flags, before anything is measured.
func (e *endureSettings) check() error {
	switch {
	case e.soak < 0 || e.soak > 0 && e.soak < time.Second:
		return usage("--soak is %s, want 1s or more; leaks show in minutes", e.soak)
	case e.soak == 0 && e.soakRate != "":
		return usage("--soak-rate needs --soak, how long to soak")
	case e.most < 1:
		return usage("--max-sessions is %d, want 1 or more", e.most)
	}
	if e.soakRate == "" {
		return nil
	}
	_, err := parseRate("--soak-rate", e.soakRate)
	return err
}

// measure soaks the server and looks for its ceiling, in this order: nothing is
// measured of a server that was filled to the brim.
func (e *endureSettings) measure(ctx context.Context, p load.Plan, seen *observer, found *reports.Capacity, progress *progress) error {
	if e.soak > 0 {
		if err := e.soakIt(ctx, p, seen, found, progress); err != nil {
			return err
		}
	}
	if !e.ceiling || ctx.Err() != nil {
		return ctx.Err()
	}
	if p.Endpoint.Transport == spec.Stdio {
		found.Notes = append(found.Notes, "no ceiling of sessions was looked for: over stdio each session is a process of its own, on the machine of its client")
		return nil
	}
	got, err := ceiling.Find(ctx, p, ceiling.Options{
		Most: e.most, Gauge: seen.gauge, Metrics: seen.metrics,
		Begin: func(n int) { progress.say(fmt.Sprintf("opening %d sessions", n)) },
	})
	if err != nil {
		return err
	}
	found.Sessions, found.SessionMetrics = got.Ceiling, got.Metrics
	if p.Revision.Modern() {
		got.Ceiling.Notes = append(got.Ceiling.Notes, fmt.Sprintf("revision %s has no sessions: these are clients with a subscription each; --revision measures those of an older one", p.Revision))
	}
	return ctx.Err()
}

func (e *endureSettings) soakIt(ctx context.Context, p load.Plan, seen *observer, found *reports.Capacity, progress *progress) error {
	rate := found.Rate / 2
	if e.soakRate != "" {
		rate, _ = parseRate("--soak-rate", e.soakRate) // it was checked before
	}
	if rate == 0 {
		found.Notes = append(found.Notes, "there was no soak, for no rate was found that holds: --soak-rate names one")
		return nil
	}
	doing := ""
	p.Progress = func(s load.Snapshot) { progress.step(doing, s) }
	result, err := soak.Run(ctx, p, soak.Options{Duration: e.soak, Rate: rate, Gauge: seen.gauge, Begin: func(phase string) { doing = "soak with " + phase }})
	if result != nil && len(result.Phases) > 0 {
		found.Soak = result
	}
	return err
}

// upFront says how long it takes.
func (e *endureSettings) upFront() (words []string) {
	if e.soak > 0 {
		words = append(words, fmt.Sprintf("the soak takes %s", e.soak))
	}
	if e.ceiling {
		words = append(words, fmt.Sprintf("sessions are opened for %s at the most", ceiling.DefaultBudget))
	}
	return words
}

// say shows what is being done.
func (p *progress) say(words string) {
	if p.line != nil {
		p.line.Say(words)
	}
}
