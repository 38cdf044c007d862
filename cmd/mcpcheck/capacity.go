package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/capacity"
	"github.com/mcpcheck/mcpcheck/reports"
)

// capacitySettings are the flags of the capacity command.
type capacitySettings struct {
	loadSettings
	observe observeSettings
	endure  endureSettings
	scale   autoscaleSettings
	options capacity.Options
	maxRate string
}

func capacityCommand() *cobra.Command {
	var o capacitySettings
	c := plain(&cobra.Command{
		Use:   "capacity (--target URL|COMMAND | --reference NAME) --slo OBJECTIVES",
		Short: "Find the highest rate at which a server holds its objectives",
		Args:  cobra.NoArgs,
		Example: `  mcpcheck capacity --target http://127.0.0.1:3000/mcp --slo 'p99<200ms,errors<0.1%'
  mcpcheck capacity --target http://127.0.0.1:3000/mcp --pid 4711 --slo 'p99<200ms' --tool search --args args.json
  mcpcheck capacity --target http://127.0.0.1:3000/mcp --slo 'p99<200ms' --soak 10m --sessions-ceiling
  mcpcheck capacity --reference everything --slo 'p99<50ms' --peak 5000/s --out deploy/`,
		RunE: func(c *cobra.Command, _ []string) error {
			o.selection.LookupEnv = os.LookupEnv
			o.start = o.launchReference
			return o.search(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	})
	o.flags(c)
	f := c.Flags()
	f.DurationVar(&o.options.Step, "step", 2500*time.Millisecond, "measure each rate for this long, and half as long again when it is repeated")
	f.StringVar(&o.maxRate, "max-rate", "", "try no `RATE` above this")
	f.IntVar(&o.options.Repeats, "repeats", 3, "demand that the rate holds again, `N` times")
	f.DurationVar(&o.options.Budget, "budget", capacity.DefaultBudget, "begin nothing but the repetitions after this long")
	f.DurationVar(&o.options.Deadline, "deadline", 0, "end the search after this long, whatever it is at (default twice the budget, or what the repetitions need)")
	o.observe.flags(c)
	o.endure.flags(c)
	f.IntVar(&o.options.Replicas, "replicas", 0, "`N` replicas answer at that URL; 0 if you do not know")
	o.scale.flags(c)
	c.MarkFlagsMutuallyExclusive("mix", "tool")
	return c
}

// search is the capacity command.
func (o *capacitySettings) search(ctx context.Context, stdout, stderr io.Writer) (err error) {
	switch {
	case o.slo == "" && !o.endure.alone(o.scale.wanted()):
		return usage("capacity needs --slo: what has to hold, such as 'p99<200ms,errors<0.1%%'")
	case o.options.Step < 100*time.Millisecond:
		return usage("--step is %s, want 100ms or more", o.options.Step)
	case o.options.Deadline < 0:
		return usage("--deadline is %s, want a time longer than 0", o.options.Deadline)
	case o.options.Repeats < 1 || o.observe.pid < 0 || o.options.Replicas < 0 || o.options.Budget <= 0:
		return usage("--repeats must be 1 or more, --budget more than 0, --pid and --replicas not negative")
	}
	if err := o.endure.check(); err != nil {
		return err
	}
	if o.maxRate != "" {
		if o.options.MaxRate, err = parseRate("--max-rate", o.maxRate); err != nil {
			return err
		}
	}
	slo, err := o.objectives()
	if err != nil {
		return err
	}
	if slo.On("rate", "throughput") {
		return usage("--slo: rate and throughput are what capacity finds; bound latency and errors")
	}
	var wanted goal
	if o.scale.wanted() {
		if wanted, err = o.scale.goal(); err != nil {
			return err
		}
	} else if o.scale.out != "" || o.scale.traffic != "" {
		return usage("--out and --traffic need --peak, the rate to plan for")
	}
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	progress := terminal(stderr)
	o.note = progress.note
	defer progress.clear()
	plan, stop, err := o.plan(ctx, load.Plan{})
	if err != nil {
		return err
	}
	defer stop()
	seen, err := o.observe.observer(ctx, plan.Endpoint)
	if err != nil {
		return err
	}
	defer seen.close()
	o.options.Gauge, o.options.Metrics = seen.gauge, seen.metrics
	if plan.Endpoint.Transport == spec.Stdio || seen.alone && o.options.Replicas == 0 {
		o.options.Replicas = 1
	}
	doing := ""
	o.options.Begin = func(phase string, rate float64) { doing = fmt.Sprintf("%s %.0f/s", phase, rate) }
	plan.Progress = func(s load.Snapshot) { progress.step(doing, s) }
	fmt.Fprintln(stderr, o.upFront(plan))
	started := time.Now()
	found := &reports.Capacity{Transport: string(plan.Endpoint.Transport), Replicas: o.options.Replicas}
	if len(slo) > 0 {
		if found, err = capacity.Search(ctx, plan, slo, o.options); found == nil {
			return cannot("%s: %v", plan.Target, err)
		}
	}
	found.SharedCPUs = seen.shared
	if ctx.Err() == nil {
		err = errors.Join(err, o.endure.measure(ctx, plan, seen, found, progress))
	}
	progress.clear()
	run := reports.Run{Target: plan.Target, Transport: plan.Endpoint.Transport, Revision: plan.Revision, Capacity: found}
	if err != nil {
		run.Incomplete = err.Error()
	}
	if o.scale.wanted() {
		if err := wanted.derive(found); err != nil {
			return err
		}
	}
	run.Duration = reports.Duration(time.Since(started))
	return o.write(outputs, started, run)
}

// upFront says what the search is going to cost.
func (o *capacitySettings) upFront(p load.Plan) string {
	var words []string
	if o.slo != "" {
		words = append(words, fmt.Sprintf("the search ends within %s (--deadline)", o.options.Longest().Round(time.Second)))
	}
	if p.Endpoint.Transport == spec.Stdio {
		words = append(words, "each step launches the server anew")
	}
	return "mcpcheck: " + strings.Join(append(words, o.endure.upFront()...), "; ")
}

// launchTime is how long the bundled server may take to listen.
const launchTime = 10 * time.Second

// launchReference starts a bundled server as a process of its own, so that what
// it uses can be told from what mcpcheck uses.
func (o *capacitySettings) launchReference(ctx context.Context, name string) (string, func(), error) {
	if name != "everything" { // in a container it is apart already
		o.options.Replicas = 1
		return startReference(ctx, name, o.note)
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	// Over its pipes nothing is said: this is but the way to launch and to end.
	s, err := wire.Open(ctx, wire.Endpoint{Transport: spec.Stdio, Command: []string{self, "serve", name, "--http", "127.0.0.1:0"}})
	if err != nil {
		return "", nil, err
	}
	child := s.Child()
	stop := func() {
		child.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended already
		s.Close()
	}
	url, err := announced(ctx, child)
	if err != nil {
		stop()
		return "", nil, err
	}
	o.observe.pid, o.options.Replicas = child.PID, 1
	return url, stop, nil
}

// announced waits until a server says where it listens.
func announced(ctx context.Context, child *wire.Child) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, launchTime)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if _, said, ok := strings.Cut(child.Stderr.String(), "listening on "); ok {
			if url, _, whole := strings.Cut(said, "\n"); whole {
				return strings.TrimSpace(url), nil
			}
		}
		select {
		case <-look.C:
		case <-child.Exited:
			return "", fmt.Errorf("it ended: %s: %s", child.Status(), strings.TrimSpace(child.Stderr.String()))
		case <-ctx.Done():
			return "", errors.New("it does not listen in time")
		}
	}
}

// step shows how far a step has come.
func (p *progress) step(doing string, s load.Snapshot) {
	if p.line != nil {
		p.line.Say(fmt.Sprintf("%s: %.0f/s, p99 %s, %d failed, slip %s", doing, s.Rate, s.P99.Round(10*time.Microsecond), s.Failed, s.Slip.Round(10*time.Microsecond)))
	}
}
