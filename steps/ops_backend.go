package steps

import (
	"context"
	"fmt"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// An outage is what was seen while the backend of the server was down, and after.
type outage struct {
	tool      *Tool            // that failed for it; nil if none did
	last      []*wire.Exchange // calls when the server knew that the backend was down
	ready     *page            // of the readiness endpoint; nil if it gave none
	recovered bool             // the tool succeeded when the backend was up again
	after     time.Duration    // this long after that
	final     *wire.Exchange
}

const (
	fast       = time.Second // in which a call fails that fails fast
	untilOpen  = 10          // calls at once, after which a breaker is open
	onceOpen   = 3           // calls after that, one by one
	lookAgain  = 500 * time.Millisecond
	candidates = 5                // tools at most
	bringUp    = 30 * time.Second // for the backend, whatever became of the run
)

func (w *World) backendAtHand(context.Context) error {
	if o := w.subject.Operations; o.Down == nil || o.Up == nil {
		return applicableIf("mcpcheck is told how to stop and start the backend: --backend-down COMMAND and --backend-up COMMAND",
			"mcpcheck was not told how to take the backend down")
	}
	return nil
}

// callInOutage takes the backend down once for all scenarios that are about it.
func (w *World) callInOutage(ctx context.Context) error {
	o, err := w.subject.operated.outage.get(func() (*outage, error) {
		readiness, _ := w.subject.readiness(ctx) // where it is can only be found while the server is ready
		return w.subject.takeDown(ctx, readiness)
	})
	if err != nil {
		return inconclusive{err}
	}
	if o.tool == nil {
		return applicableIf("a safe tool needs the backend that --backend-down takes down", "no safe tool fails while the backend is down")
	}
	w.tool, w.xs = o.tool, o.last
	if len(o.last) > 0 {
		w.x = o.last[len(o.last)-1]
	}
	return nil
}

func (s *Subject) takeDown(ctx context.Context, readiness string) (o *outage, err error) {
	safe, err := s.safeTools()
	if err != nil {
		return nil, err
	}
	c, err := s.aside(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	limit := min(s.timeout(), 5*time.Second)
	call := func(t *Tool) *wire.Exchange {
		k := toolCall(t.Name, t.Arguments)
		k.Timeout = limit
		return c.Start(ctx, k)
	}
	var working []*Tool
	for _, t := range safe {
		if t.Arguments == nil || len(working) == candidates {
			continue
		}
		x := call(t)
		if c.Finish(ctx, x); succeeded(x) {
			working = append(working, t)
		}
	}
	o = &outage{}
	isUp := false
	up := func(ctx context.Context) error {
		isUp = true
		return s.Operations.Up(ctx)
	}
	defer func() {
		if isUp {
			return
		}
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), bringUp)
		defer stop()
		if failed := up(last); failed != nil && err == nil {
			err = fmt.Errorf("the backend could not be brought up again: %w", failed)
		}
	}()
	if err := s.Operations.Down(ctx); err != nil {
		return nil, fmt.Errorf("the backend could not be taken down: %w", err)
	}
	for _, t := range working {
		x := call(t)
		if c.Finish(ctx, x); !succeeded(x) {
			o.tool = t
			break
		}
	}
	if o.tool == nil {
		return o, nil
	}
	var first []*wire.Exchange
	for range untilOpen {
		first = append(first, call(o.tool))
	}
	for _, x := range first {
		c.Finish(ctx, x)
	}
	for range onceOpen {
		x := call(o.tool)
		c.Finish(ctx, x)
		o.last = append(o.last, x)
	}
	if readiness != "" {
		o.ready, _ = s.get(ctx, readiness)
	}
	if err := up(ctx); err != nil {
		return nil, fmt.Errorf("the backend could not be brought up again: %w", err)
	}
	began := time.Now()
	for tick := time.NewTicker(lookAgain); ; {
		o.final = call(o.tool)
		c.Finish(ctx, o.final)
		o.recovered, o.after = succeeded(o.final), time.Since(began)
		if o.recovered || o.after > s.Operations.recovery() {
			tick.Stop()
			return o, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// failsFast goes by the fastest of the calls: a slow machine must not be blamed on
// the server.
func (w *World) failsFast(context.Context) error {
	fastest := time.Duration(-1)
	for _, x := range w.xs {
		if m := x.Response(); m != nil && (fastest < 0 || m.At.Sub(x.Sent) < fastest) {
			fastest = m.At.Sub(x.Sent)
		} else if ended, at := x.Ended(); m == nil && ended && x.Status() != 0 && (fastest < 0 || at.Sub(x.Sent) < fastest) {
			fastest = at.Sub(x.Sent)
		}
	}
	want := fmt.Sprintf("an error within %s after %d calls that failed", fast, untilOpen)
	switch {
	case fastest < 0:
		return unmetf(want, "no answer to %d more", len(w.xs))
	case fastest > fast:
		return unmetf(want, "the fastest of %d more after %s", len(w.xs), fastest.Round(time.Millisecond))
	}
	return nil
}

func (w *World) saidNotReady(context.Context) error {
	o := w.subject.operated.outage.value
	switch {
	case o.ready == nil:
		return inconclusivef("the readiness endpoint was not found, or did not answer while the backend was down")
	case o.ready.well():
		return unmetf("a status from 400 on at "+w.operation.address+" while the backend is down", "%d", o.ready.status)
	}
	return nil
}

func (w *World) recovered(context.Context) error {
	o := w.subject.operated.outage.value
	if o.recovered {
		return nil
	}
	w.x = o.final
	return unmetf(fmt.Sprintf("calls of %s that succeed within %s of the backend's return", o.tool.label(), w.subject.Operations.recovery()), "none")
}
