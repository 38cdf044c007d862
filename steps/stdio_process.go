package steps

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// exitLimit is how long a server may take to end.
func (s *Subject) exitLimit() time.Duration { return s.patience() * 5 / 3 }

// running demands a launched server that has not ended yet.
func (w *World) running() (*wire.Child, error) {
	c := w.session.Child()
	if c == nil {
		return nil, notLaunched()
	}
	if err := w.session.Down(); err != nil {
		return nil, inconclusivef("the server had ended before: %w", err)
	}
	w.spoilt = true
	return c, nil
}

// closeStdin ends the server as the specification asks clients to.
func (w *World) closeStdin(ctx context.Context) error {
	if _, err := w.running(); err != nil {
		return err
	}
	w.shutdown = w.session.Shutdown(ctx, w.subject.exitLimit())
	return nil
}

// manyRequests are so many that some are still to be answered when the first was.
const manyRequests = 20

func (w *World) closeStdinEarly(ctx context.Context) error {
	first := w.start(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	for range manyRequests {
		w.start(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	}
	first.Wait(ctx)
	return w.closeStdin(ctx)
}

func (w *World) exitsByItself(context.Context) error {
	if w.shutdown.By != "stdin closed" {
		return unmetf(fmt.Sprintf("an exit within %s of the end of stdin", w.subject.exitLimit()), "none, until %s", w.shutdown.By)
	}
	return nil
}

// sendSIGTERM leaves stdin open, so that the signal is the only reason to end.
func (w *World) sendSIGTERM(ctx context.Context) error {
	c, err := w.running()
	if err != nil {
		return err
	}
	if err := c.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("SIGTERM could not be sent: %w", err)
	}
	if exited(ctx, c, w.subject.exitLimit()) {
		w.shutdown = wire.Shutdown{By: "SIGTERM", Status: c.Status()}
	}
	return nil
}

func exited(ctx context.Context, c *wire.Child, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.Exited:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (w *World) exitsForSignal(context.Context) error {
	if w.shutdown.By != "SIGTERM" {
		return unmetf(fmt.Sprintf("an exit within %s of SIGTERM", w.subject.exitLimit()), "none")
	}
	return nil
}

// restart lets the server die without a chance to tidy up, and asks its
// successor what it was asked last.
func (w *World) restart(ctx context.Context) error {
	again := w.x.Call
	dead, err := w.running()
	if err != nil {
		return err
	}
	if err := dead.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("the server could not be killed: %w", err)
	}
	if !exited(ctx, dead, w.subject.exitLimit()) {
		return fmt.Errorf("the server outlives SIGKILL")
	}
	w.subject.giveBack(w.session, true)
	w.owned = false
	if err := w.connect(ctx); err != nil {
		return inconclusive{err}
	}
	w.do(ctx, again)
	return nil
}
