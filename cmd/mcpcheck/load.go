package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/reports"
)

// loadSettings are the flags of what to send, which load and capacity share.
type loadSettings struct {
	settings
	compareSettings
	mix      string
	tool     string
	sessions int
	fresh    bool
	workers  int
	slo      string

	// start, if not nil, starts a bundled server in another way.
	start func(ctx context.Context, name string) (url string, stop func(), err error)
	note  func(string) // is told what is not a matter of course
}

func (o *loadSettings) flags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	targetFlags(f, &o.selection)
	f.StringVar(&o.revision, "revision", "auto", "speak this `REVISION`; auto for the newest that the server serves")
	f.StringVar(&o.mix, "mix", "", "send what `FILE` lists: tools, resources, prompts and methods with weights")
	f.StringVar(&o.tool, "tool", "", "call the tool `NAME` and nothing else")
	f.StringVar(&o.arguments, "args", "", "take the arguments of tools from the JSON `FILE`: an object by tool name")
	f.StringSliceVar(&o.allowTools, "allow-tool", nil, "the tool `NAME` may be called although it is not marked read-only; repeatable")
	f.IntVar(&o.sessions, "sessions", 1, "use `N` sessions in turn")
	f.BoolVar(&o.fresh, "fresh-sessions", false, "open and end a session for each request")
	f.IntVar(&o.workers, "max-workers", load.DefaultWorkers, "have at most `N` requests in progress")
	f.DurationVar(&o.timeout, "timeout", load.DefaultTimeout, "wait this long for one answer")
	f.StringVar(&o.slo, "slo", "", "demand `OBJECTIVES` such as 'p99<200ms,errors<0.1%,rate>=95/s'")
	f.BoolVar(&o.yes, "yes-load", false, yesLoad)
	f.StringArrayVar(&o.reports, "report", nil, "write a report as `FORMAT=PATH`: text, json, junit or html; - is the standard output; repeatable")
}

func loadCommand() *cobra.Command {
	var o loadSettings
	var rate, ramp, out string
	var concurrency int
	var duration time.Duration
	c := plain(&cobra.Command{
		Use:   "load (--target URL|COMMAND | --reference NAME) --rate 100/s",
		Short: "Measure how a server answers at a rate",
		Args:  cobra.NoArgs,
		Example: `  mcpcheck load --target http://127.0.0.1:3000/mcp --rate 100/s --duration 30s --slo 'p99<200ms,errors<0.1%'
  mcpcheck load --target http://127.0.0.1:3000/mcp --ramp 10..500 --tool search --args args.json
  mcpcheck load --target './server --stdio' --concurrency 8`,
		RunE: func(c *cobra.Command, _ []string) error {
			o.selection.LookupEnv = os.LookupEnv
			pace, err := parsePace(rate, ramp, concurrency)
			if err != nil {
				return err
			}
			pace.Duration = duration
			if duration <= 0 {
				return usage("--duration is %s, want more than 0", duration)
			}
			return o.attack(c.Context(), pace, out, c.OutOrStdout(), c.ErrOrStderr())
		},
	})
	o.flags(c)
	f := c.Flags()
	f.StringVar(&rate, "rate", "", "send requests at this `RATE`, such as 100/s or 600/m")
	f.StringVar(&ramp, "ramp", "", "let the rate go `FROM..TO` over the duration")
	f.IntVar(&concurrency, "concurrency", 0, "keep `N` requests in progress instead: a closed loop")
	f.DurationVar(&duration, "duration", 10*time.Second, "send for this long")
	f.StringVar(&out, "out", "", "write each result to `FILE`, in vegeta's encoding; mcpcheck report reads it")
	o.compareSettings.flags(c)
	c.MarkFlagsMutuallyExclusive("rate", "ramp", "concurrency")
	c.MarkFlagsMutuallyExclusive("mix", "tool")
	return c
}

// parsePace reads how fast to send.
func parsePace(rate, ramp string, concurrency int) (p load.Plan, err error) {
	switch {
	case ramp != "":
		from, to, ok := strings.Cut(ramp, "..")
		if !ok {
			return p, usage("--ramp is %q, want FROM..TO such as 10..500", ramp)
		}
		if p.Rate, err = parseRate("--ramp", from); err != nil {
			return p, err
		}
		p.Ramp, err = parseRate("--ramp", to)
		return p, err
	case concurrency < 0:
		return p, usage("--concurrency is %d, want 1 or more", concurrency)
	case concurrency > 0:
		p.Concurrency = concurrency
		return p, nil
	case rate == "":
		return p, usage("load needs one of --rate, --ramp and --concurrency")
	}
	p.Rate, err = parseRate("--rate", rate)
	return p, err
}

// parseRate reads requests a second, or a minute or an hour where it says so.
func parseRate(flag, s string) (float64, error) {
	number, per := strings.TrimSpace(s), time.Second
	for suffix, unit := range map[string]time.Duration{"/s": time.Second, "/m": time.Minute, "/h": time.Hour} {
		if n, ok := strings.CutSuffix(number, suffix); ok {
			number, per = n, unit
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v <= 1e6) {
		return 0, usage("%s: the rate is %q, want a number above 0 such as 100/s", flag, s)
	}
	return v / per.Seconds(), nil
}

// attack is the load command.
func (o *loadSettings) attack(ctx context.Context, p load.Plan, out string, stdout, stderr io.Writer) error {
	slo, err := o.objectives()
	if err != nil {
		return err
	}
	before, err := o.earlier()
	if err != nil {
		return err
	}
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	progress := terminal(stderr)
	o.note = progress.note
	defer progress.clear()
	plan, stop, err := o.plan(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return usage("--out: %v", err)
		}
		defer f.Close() //nolint:errcheck // nothing is buffered: what cannot be written fails before
		plan.Out = f
	}
	plan.Progress = progress.load
	started := time.Now()
	result, err := load.Attack(ctx, plan)
	progress.clear()
	run := reports.Run{Target: plan.Target, Transport: plan.Endpoint.Transport, Revision: plan.Revision, Load: result}
	if err != nil {
		if result == nil {
			return cannot("%s: %v", plan.Target, err)
		}
		run.Incomplete = err.Error()
	}
	run.Load.Objectives = slo.Judge(run.Load)
	if before != nil {
		run.Load.Comparison = before(run.Load)
	}
	run.Duration = reports.Duration(time.Since(started))
	return o.write(outputs, started, run)
}

// write writes the report of one measurement, and returns its status.
func (o *loadSettings) write(outputs []output, started time.Time, run reports.Run) error {
	report := &reports.Report{
		SchemaVersion: reports.SchemaVersion, Tool: reports.Tool{Name: "mcpcheck", Version: version()},
		Started: started.UTC().Truncate(time.Second), Runs: []reports.Run{run},
	}
	return publish(outputs, report)
}

func (o *loadSettings) objectives() (load.SLO, error) {
	if o.slo == "" {
		return nil, nil
	}
	slo, err := load.ParseSLO(o.slo)
	if err != nil {
		return nil, usage("--slo: %v", err)
	}
	return slo, nil
}

// plan finds out what the server speaks and offers, and completes the plan. The
// function that it returns stops what was started for it.
func (o *loadSettings) plan(ctx context.Context, p load.Plan) (load.Plan, func(), error) {
	none := func() {}
	job, err := o.prepare()
	if err != nil {
		return p, none, err
	}
	if len(job.servers) != 1 {
		return p, none, usage("load is put on one server, and %d are named: choose with --server", len(job.servers))
	}
	if o.sessions < 1 || o.workers < 1 {
		return p, none, usage("--sessions and --max-workers must be 1 or more")
	}
	server := job.servers[0]
	if err := o.mayLoad(server); err != nil {
		return p, none, err
	}
	endpoint, stop, err := o.endpoint(ctx, server)
	if err != nil {
		return p, none, err
	}
	found, err := target.Probe(ctx, endpoint)
	if err != nil {
		stop()
		return p, none, cannot("%s: %v", server, err)
	}
	p.Target, p.Endpoint, p.Sessions, p.Fresh, p.Workers, p.Timeout = server.String(), found.Endpoint, o.sessions, o.fresh, o.workers, o.timeout
	if p.Revision, err = o.speaks(found, job.revisions); err == nil {
		p.Mix, err = o.operations(ctx, p, job.arguments)
	}
	if err != nil {
		stop()
		return p, none, err
	}
	return p, stop, nil
}

func (o *loadSettings) endpoint(ctx context.Context, server target.Server) (wire.Endpoint, func(), error) {
	if server.Reference == "" || o.start == nil {
		e, stop, err := o.settings.endpoint(ctx, server, o.note)
		if err != nil {
			return e, nil, cannot("%v", err)
		}
		return e, stop, nil
	}
	url, stop, err := o.start(ctx, server.Reference)
	if err != nil {
		return wire.Endpoint{}, nil, cannot("--reference %s: %v", server.Reference, err)
	}
	return wire.Endpoint{URL: url, Timeout: o.timeout}, stop, nil
}

func (o *loadSettings) speaks(found *target.Finding, named []spec.Revision) (spec.Revision, error) {
	if len(named) > 1 {
		return "", usage("--revision names %d revisions, want one", len(named))
	}
	if len(named) == 1 {
		return named[0], nil
	}
	newest := found.Newest()
	return newest[len(newest)-1], nil
}

// operations says what to send: what the user named, or else what is safe.
func (o *loadSettings) operations(ctx context.Context, p load.Plan, arguments map[string]json.RawMessage) (load.Mix, error) {
	if o.mix != "" {
		data, err := os.ReadFile(o.mix)
		if err != nil {
			return nil, usage("--mix: %v", err)
		}
		mix, err := load.ParseMix(data)
		if err != nil {
			return nil, usage("--mix: %s: %v", o.mix, err)
		}
		return mix, nil
	}
	allowed := o.allowTools
	if o.tool != "" {
		allowed = append(allowed, o.tool) // to name it is to allow it
	}
	mix, err := load.DefaultMix(ctx, p, load.Safe{Only: o.tool, Allowed: allowed, Arguments: arguments})
	if err != nil {
		return nil, cannot("%s: %v", p.Target, err)
	}
	return mix, nil
}

// load shows how far an attack has come.
func (p *progress) load(s load.Snapshot) {
	if p.line == nil {
		return
	}
	left := max(s.Duration-s.Elapsed, 0).Round(time.Second)
	p.line.Say(fmt.Sprintf("%.0f/s, p99 %s, %d failed, slip %s, %s left",
		s.Rate, s.P99.Round(10*time.Microsecond), s.Failed, s.Slip.Round(10*time.Microsecond), left))
}
