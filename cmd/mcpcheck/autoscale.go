package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/load/autoscale"
	"github.com/mcpcheck/mcpcheck/reports"
)

// autoscaleSettings are the flags of the autoscaling target that is to follow
// from a capacity.
type autoscaleSettings struct {
	inputs   autoscale.Inputs
	peak     string
	growth   string
	headroom string
	traffic  string
	out      string
}

func (a *autoscaleSettings) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&a.peak, "peak", "", "derive an autoscaling target for this `RATE`, such as 900/s")
	f.IntVar(&a.inputs.PeakSessions, "peak-sessions", 0, "at the peak `N` sessions are open at the same time")
	f.StringVar(&a.growth, "growth", "", "the load grows by at most this `SHARE`, such as 20%/m (the default) or 100%/h")
	f.StringVar(&a.headroom, "headroom", "auto", "keep this `SHARE` of the capacity free, such as 30%; auto derives it")
	f.DurationVar(&a.inputs.PodStart, "pod-start", 0, fmt.Sprintf("a new pod takes this long until it serves (default %s)", autoscale.DefaultPodStart))
	f.DurationVar(&a.inputs.Scrape, "scrape", autoscale.DefaultScrape, "Prometheus scrapes the pods this often")
	f.DurationVar(&a.inputs.RateWindow, "rate-window", autoscale.DefaultRateWindow, "take the rate of the metric over this time")
	f.StringVar(&a.inputs.Namespace, "namespace", "default", "the deployment is in the namespace `NAME`")
	f.StringVar(&a.inputs.Deployment, "deployment", autoscale.DefaultDeployment, "scale the deployment `NAME`")
	f.StringVar(&a.inputs.Container, "pod-container", "", "in a pod, the server is the container `NAME` (default: called like the deployment)")
	f.StringVar(&a.inputs.Selector, "selector", "", "its pods have the label `KEY=VALUE` (default app=DEPLOYMENT)")
	f.StringVar(&a.inputs.Metric, "metric", autoscale.DefaultMetric, "the autoscaler calls the metric `NAME`")
	f.StringVar(&a.inputs.Series, "series", "", "the server counts requests in the metric `NAME` (default: what it was seen to export, or that of OpenTelemetry)")
	f.StringVar(&a.inputs.SessionSeries, "session-series", "", "the server counts open sessions in the metric `NAME` (default: what was seen to follow them)")
	f.StringVar(&a.inputs.Prometheus, "prometheus", autoscale.DefaultPrometheus, "KEDA finds Prometheus at this `URL`")
	f.StringVar(&a.traffic, "traffic", "", "play `TRAFFIC` to the target: "+strings.Join(autoscale.Shapes, ", ")+", or a CSV file of times and rates")
	f.DurationVar(&a.inputs.SessionLife, "session-life", 0, "in that, a session lasts this long, if the server has sessions (default 10m)")
	f.StringVar(&a.out, "out", "", "write the manifests into the folder `DIR`")
}

// wanted reports whether a target is to be derived at all.
func (a *autoscaleSettings) wanted() bool { return a.peak != "" }

// A goal is what the flags of autoscaling ask for, found to be sound.
type goal struct {
	inputs  autoscale.Inputs
	traffic autoscale.Traffic // without points if none is to be played
	out     string
}

// goal checks the flags, before anything is measured.
func (a *autoscaleSettings) goal() (goal, error) {
	g := goal{inputs: a.inputs, out: a.out}
	var err error
	if g.inputs.Peak, err = parseRate("--peak", a.peak); err != nil {
		return g, err
	}
	if a.growth != "" {
		if g.inputs.Growth, err = autoscale.ParseGrowth(a.growth); err != nil {
			return g, usage("--growth: %v", err)
		}
	}
	if g.inputs.Headroom, err = autoscale.ParseHeadroom(a.headroom); err != nil {
		return g, usage("--headroom: %v", err)
	}
	if err := g.inputs.Check(); err != nil {
		return g, failure{err, misused}
	}
	switch {
	case a.traffic == "":
	case slices.Contains(autoscale.Shapes, a.traffic):
		g.traffic, err = autoscale.Shape(a.traffic, g.inputs.Peak)
	default:
		var data []byte
		if data, err = os.ReadFile(a.traffic); err == nil {
			g.traffic, err = autoscale.ParseTraffic(filepath.Base(a.traffic), data)
		}
	}
	if err != nil {
		return g, usage("--traffic: %v", err)
	}
	return g, nil
}

// derive puts the target that follows from a capacity into it, and writes the
// manifests. That none follows is part of the outcome, and no error.
func (g goal) derive(c *reports.Capacity) error {
	r, err := autoscale.Recommend(c, g.inputs)
	if err != nil {
		return failure{err, misused}
	}
	c.Autoscale = &r.Autoscale
	if len(r.Refusals) > 0 {
		return nil
	}
	if len(g.traffic.Points) > 0 {
		if r.Simulation, err = r.Simulate(g.traffic); err != nil {
			return cannot("--traffic: %v", err)
		}
	}
	if g.out == "" {
		return nil
	}
	if err := r.Write(g.out); err != nil {
		return cannot("--out: %v", err)
	}
	return nil
}

func autoscaleCommand() *cobra.Command {
	var a autoscaleSettings
	var o settings
	var from string
	var replicas int
	c := plain(&cobra.Command{
		Use:   "autoscale --capacity REPORT.json --peak 900/s",
		Short: "Derive an autoscaling target from a capacity that was measured before",
		Args:  cobra.NoArgs,
		Example: `  mcpcheck capacity --target http://127.0.0.1:3000/mcp --slo 'p99<200ms' --report json=capacity.json
  mcpcheck autoscale --capacity capacity.json --peak 900/s --deployment search --out deploy/
  mcpcheck autoscale --capacity capacity.json --peak 900/s --traffic diurnal`,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case from == "":
				return usage("autoscale needs --capacity, the JSON report of a capacity")
			case !a.wanted():
				return usage("autoscale needs --peak, the rate to plan for")
			case replicas < 0:
				return usage("--replicas is %d, want 1 or more", replicas)
			}
			g, err := a.goal()
			if err != nil {
				return err
			}
			return autoscaleReport(&o, g, from, replicas, c.OutOrStdout())
		},
	})
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&from, "capacity", "", "take the capacity from the JSON report `FILE`")
	f.IntVar(&replicas, "replicas", 0, "`N` replicas answered while it was measured, if the report does not say")
	a.flags(c)
	f.StringArrayVar(&o.reports, "report", nil, "write a report as `FORMAT=PATH`: text, json, junit or html; - is the standard output; repeatable")
	return c
}

// autoscaleReport derives the target for a report, and writes that again.
func autoscaleReport(o *settings, g goal, from string, replicas int, stdout io.Writer) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return usage("--capacity: %v", err)
	}
	report, err := reports.Read(bytes.NewReader(data))
	if err != nil {
		return usage("--capacity: %s: %v", from, err)
	}
	report.Runs = slices.DeleteFunc(report.Runs, func(r reports.Run) bool { return r.Capacity == nil })
	if len(report.Runs) != 1 {
		return usage("--capacity: %s holds %d capacities, want 1", from, len(report.Runs))
	}
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	c := report.Runs[0].Capacity
	if replicas > 0 {
		c.Replicas = replicas
	}
	if err := g.derive(c); err != nil {
		return err
	}
	for _, out := range outputs {
		if err := out.write(report); err != nil {
			return cannot("report: %v", err)
		}
	}
	if status := report.Status(false); status != conforms {
		return verdict(status)
	}
	return nil
}
