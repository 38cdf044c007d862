package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrUnavailable is what Call returns without asking the backend, which has
// failed too often a moment ago.
var ErrUnavailable = errors.New("the backend is unavailable")

// Healthy marks an error of a backend that works: what was asked for is not
// there, say. It does not count against the breaker.
func Healthy(err error) error {
	if err == nil {
		return nil
	}
	return healthy{err}
}

type healthy struct{ error }

func (h healthy) Unwrap() error { return h.error }

// Call makes one call of the backend, named for the metrics. It is given the
// backend's timeout, and is not made at all while the breaker is open.
func (g *Guard) Call(ctx context.Context, operation string, f func(context.Context) error) error {
	return (&Backend{g, g.breaker}).Call(ctx, operation, f)
}

// A Backend is one of several that a server asks, with a breaker of its own: what
// ails one is not to stop the others.
type Backend struct {
	*Guard
	breaker *gobreaker.CircuitBreaker[struct{}]
}

// Backend returns a backend of that name.
func (g *Guard) Backend(name string) *Backend { return &Backend{g, g.newBreaker(name)} }

// Call makes one call of this backend, as Guard.Call does.
func (g *Backend) Call(ctx context.Context, operation string, f func(context.Context) error) error {
	start := time.Now()
	_, err := g.breaker.Execute(func() (struct{}, error) {
		if g.BackendTimeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, g.BackendTimeout, errSlow)
			defer cancel()
		}
		err := f(ctx)
		if err != nil && errors.Is(context.Cause(ctx), errSlow) {
			err = fmt.Errorf("%s: no answer within %v: %w", operation, g.BackendTimeout, err)
		}
		return struct{}{}, err
	})
	outcome := "ok"
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		outcome = "rejected"
		err = fmt.Errorf("%s: %w; it is tried again within %v", operation, ErrUnavailable, g.BreakerCooldown)
	case err != nil && works(err):
		outcome = "refused"
	case err != nil:
		outcome = "error"
	}
	g.metrics.backendCall(operation, outcome, time.Since(start))
	return err
}

var errSlow = errors.New("backend timeout")

// works says whether an error speaks of a backend that works. A call that its
// client gave up says nothing of the backend.
func works(err error) bool {
	var h healthy
	return err == nil || errors.As(err, &h) || code(err) != 0 || errors.Is(err, context.Canceled)
}

// newBreaker makes the breaker of a backend; the only one has no name.
func (g *Guard) newBreaker(backend string) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:    backend,
		Timeout: g.BreakerCooldown,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return g.BreakerFailures > 0 && c.ConsecutiveFailures >= uint32(g.BreakerFailures)
		},
		IsSuccessful: works,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			g.metrics.breakerState(backend, to)
			attrs := []any{"state", to.String()}
			if backend != "" {
				attrs = append(attrs, "backend", backend)
			}
			g.audit.Warn("breaker", attrs...)
		},
	})
}

// IsHealthy says whether Healthy marked an error.
func IsHealthy(err error) bool {
	var h healthy
	return errors.As(err, &h)
}
