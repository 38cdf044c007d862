package main

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load/gauge"
)

// observeSettings are the flags of what to read the server's use of CPU and
// memory from.
type observeSettings struct {
	pid       int
	container string
	metrics   string
}

func (o *observeSettings) flags(c *cobra.Command) {
	f := c.Flags()
	f.IntVar(&o.pid, "pid", 0, "the server is process `PID` of this machine: watch its CPU and memory")
	f.StringVar(&o.container, "container", "", "the server is the container `NAME`: watch it through the Docker engine (default: the one that publishes the port, on this machine)")
	f.StringVar(&o.metrics, "metrics-url", "", "the server exports metrics for Prometheus at `URL` (default: /metrics beside the endpoint, on this machine)")
	c.MarkFlagsMutuallyExclusive("pid", "container")
}

// An observer is what the server is observed through.
type observer struct {
	gauge   gauge.Gauge    // nil if what it uses cannot be read
	metrics *gauge.Metrics // nil if it exports none
	alone   bool           // what is observed is the one replica that answers
	shared  int            // CPUs of this machine, if the server runs on it
	stop    []func()
}

func (o *observer) close() {
	for _, stop := range o.stop {
		stop()
	}
}

// observer finds out what can be read of the server: what the user named, or
// else, on this machine, what is found.
func (o *observeSettings) observer(ctx context.Context, e wire.Endpoint) (*observer, error) {
	found := &observer{}
	here := e.Transport == spec.Stdio || loopback(e.URL)
	if here {
		found.shared = runtime.NumCPU()
	}
	if err := o.findMetrics(ctx, e, here, found); err != nil {
		return nil, err
	}
	switch {
	case o.pid > 0:
		found.gauge, found.alone = gauge.Process(o.pid), true
	case o.container != "":
		c, err := gauge.NewContainer(ctx, o.container)
		if err != nil {
			found.close()
			return nil, cannot("--container %s: %v", o.container, err)
		}
		found.gauge, found.alone, found.stop = c, true, append(found.stop, c.Close)
	case e.Transport == spec.Stdio:
		return found, nil // each session launches its own
	case here:
		if c := gauge.PublishedBy(ctx, e.URL); c != nil {
			found.gauge, found.alone, found.stop = c, true, append(found.stop, c.Close)
		}
	}
	if found.gauge == nil && found.metrics != nil {
		if _, err := found.metrics.Read(ctx); err == nil {
			found.gauge = found.metrics
		}
	}
	return found, nil
}

func (o *observeSettings) findMetrics(ctx context.Context, e wire.Endpoint, here bool, found *observer) error {
	address, header := o.metrics, e.Header
	switch {
	case address != "":
		header = nil // credentials are for the endpoint, and this may be another server
	case here && e.URL != "":
		address = gauge.Beside(e.URL)
	default:
		return nil
	}
	m, err := gauge.NewMetrics(ctx, address, header)
	if err != nil {
		if o.metrics != "" {
			return cannot("--metrics-url %s: %v", o.metrics, err)
		}
		return nil
	}
	found.metrics, found.stop = m, append(found.stop, m.Close)
	return nil
}
