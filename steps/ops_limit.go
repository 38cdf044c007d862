package steps

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A burst is what became of many requests at once.
type burst struct {
	sent    int
	refused *wire.Exchange // the first that was, for its rate; nil if none was
	again   *wire.Exchange // the last attempt after that
	waited  time.Duration  // before it, in all
}

const (
	burstSize   = 300
	burstAtOnce = 32
	comeBack    = 3 // attempts
	longestWait = 10 * time.Second
)

// sendBurst sends no more than it takes for the first refusal, once for all
// scenarios that are about it.
func (w *World) sendBurst(ctx context.Context) error {
	if may := w.subject.Operations.MayBurst; may != nil {
		if err := may(); err != nil {
			return applicableIf("load may be put on the server: --yes-load", "%s", err.Error())
		}
	}
	b, err := w.subject.operated.burst.get(func() (*burst, error) { return w.subject.burst(ctx) })
	if err != nil {
		return inconclusive{err}
	}
	if b.refused == nil {
		return applicableIf(fmt.Sprintf("the server limits the rate of a client to fewer than %d requests at once", burstSize), "the server refused none of %d requests for their rate", b.sent)
	}
	w.x = b.refused
	w.exchanges = append(w.exchanges, b.refused, b.again)
	return nil
}

func (s *Subject) burst(ctx context.Context) (*burst, error) {
	c, err := s.aside(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b := &burst{}
	for b.refused == nil && b.sent < burstSize {
		var some []*wire.Exchange
		for range min(burstAtOnce, burstSize-b.sent) {
			some = append(some, c.Start(ctx, wire.Call{Method: s.harmlessMethod()}))
			b.sent++
		}
		for _, x := range some {
			if c.Finish(ctx, x); b.refused == nil && forRate(x) {
				b.refused = x
			}
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	for x, n := b.refused, 0; x != nil && n < comeBack && forRate(x); n++ {
		wait := time.Second
		if told, ok := retryAfter(x.Header().Get("Retry-After"), time.Now()); ok {
			wait = min(told, longestWait)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		}
		b.waited += wait
		x = c.Do(ctx, wire.Call{Method: s.harmlessMethod()})
		b.again = x
	}
	return b, nil
}

// forRate reports whether a request was refused for coming too soon.
func forRate(x *wire.Exchange) bool {
	if x.Status() == http.StatusTooManyRequests {
		return true
	}
	m := x.Response()
	if m == nil || m.Error() == nil {
		return false
	}
	said := strings.ToLower(m.Error().Message)
	for _, words := range []string{"rate limit", "rate-limit", "too many requests", "rate exceeded"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}

// retryAfter reads the field Retry-After: a number of seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		n, err := strconv.Atoi(value)
		const century = 100 * 365 * 24 * 3600
		return time.Duration(min(n, century)) * time.Second, err == nil
	}
	at, err := http.ParseTime(value)
	return max(at.Sub(now), 0), err == nil
}

func (w *World) saysWhen(context.Context) error {
	if w.x.Status() != http.StatusTooManyRequests {
		return applicableIf("the server refuses with HTTP status 429", "the server refuses with a JSON-RPC error in an answer of status %d, which has no Retry-After", w.x.Status())
	}
	values := w.x.Header().Values("Retry-After")
	if len(values) == 0 {
		return unmetf("the header field Retry-After beside status 429", "none")
	}
	if _, ok := retryAfter(values[0], time.Now()); !ok {
		return unmetf("a Retry-After that is a number of seconds or an HTTP date", "%q", brief(values[0]))
	}
	return nil
}

func (w *World) servedAgain(context.Context) error {
	b := w.subject.operated.burst.value
	w.x = b.again
	switch {
	case forRate(b.again):
		return unmetf(fmt.Sprintf("a client that has waited %s, as it was told, to be served again", b.waited), "another refusal for its rate")
	case b.again.Response() == nil:
		return unmetf("a client that was refused for its rate to be served again", "%s", silence(b.again))
	}
	return nil
}
