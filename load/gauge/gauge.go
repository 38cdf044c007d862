// Package gauge reads what a server uses while it is measured: of a process from
// /proc, of a container from the Docker engine, of any server from the metrics
// that it exports for Prometheus.
//
// It reads and does not judge. What cannot be read is absent, and never 0.
package gauge

import (
	"context"
	"math"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// A Reading is what a server uses at one moment.
type Reading struct {
	At     time.Time
	CPU    float64 // seconds, counted from some moment
	Memory float64 // bytes resident
	// Counts are of what a server may fail to give back, such as Files.
	Counts map[string]float64
}

// What is counted, if it can be.
const (
	Files      = "open files"
	Threads    = "threads"
	Goroutines = "goroutines"
)

// A Gauge reads what one server uses.
type Gauge interface {
	Read(context.Context) (Reading, error)
	// Source says what it reads: "process", "container" or "metrics".
	Source() string
	// Every is how often to read: what costs the server something is read less often.
	Every() time.Duration
}

// A Watch is a gauge that is read again and again.
type Watch struct {
	stop context.CancelFunc
	done chan struct{}

	source   string
	readings []Reading // whole when done is closed
}

// Begin reads the gauge after a while, and then at its pace until d has passed.
func Begin(ctx context.Context, g Gauge, after, d time.Duration) *Watch {
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{stop: stop, done: make(chan struct{}), source: g.Source()}
	go w.run(ctx, g, after, d)
	return w
}

func (w *Watch) run(ctx context.Context, g Gauge, after, d time.Duration) {
	defer close(w.done)
	end := time.Now().Add(after + d)
	pause := time.NewTimer(after)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		r, err := g.Read(ctx)
		if err != nil || r.At.After(end) {
			return
		}
		w.readings = append(w.readings, r)
		// The last reading is to be as near to the end as can be.
		left := time.Until(end) - g.Every()/10
		if left <= 0 {
			return
		}
		pause.Reset(min(g.Every(), left))
	}
}

// End stops reading and returns what was read.
func (w *Watch) End() []Reading {
	w.stop()
	<-w.done
	return w.readings
}

// Resources are what was used from the first reading to the last: the mean of
// CPU and the most memory; nil if there are not two readings to compare.
func (w *Watch) Resources() *reports.Resources {
	list := w.End()
	if len(list) < 2 {
		return nil
	}
	first, last := list[0], list[len(list)-1]
	took := last.At.Sub(first.At).Seconds()
	if !(took > 0) || last.CPU < first.CPU { // it began anew meanwhile
		return nil
	}
	u := &reports.Resources{CPU: (last.CPU - first.CPU) / took, Source: w.source}
	for _, r := range list {
		u.Memory = math.Max(u.Memory, r.Memory)
	}
	return u
}
