package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// maxResumptions bounds how often one stream is taken up again.
const maxResumptions = 20

// resume goes on with the stream of a request that the server broke off before
// the response, as a client may from 2025-03-26 to 2025-11-25. It reports false
// if the time that one request may take ran out meanwhile.
func (s *Session) resume(ctx context.Context, x *Exchange) bool {
	r := s.Revision()
	if x.ID == nil || x.Call.NoResume || r < spec.R20250326 || r.Modern() {
		return true
	}
	from, last, wait := x, x.LastEventID(), 100*time.Millisecond
	deadline := time.Now().Add(x.timeout())
	for range maxResumptions {
		if last == "" || !from.Streams() || s.isClosing() {
			return true
		}
		wait = from.retry(wait)
		if !pause(ctx, wait, deadline) {
			return false
		}
		get := s.Start(ctx, Call{Verb: http.MethodGet, LastID: last})
		x.update(func() { x.resumed = append(x.resumed, get) })
		m := get.WaitMessage(ctx, time.Until(deadline), func(m *Message) bool { return m.IsResponse() && SameID(m.ID, x.ID) })
		if m != nil {
			x.update(func() { x.err = nil; x.answeredBy(m) })
			return true
		}
		if ended, _ := get.Ended(); !ended {
			s.abandon(get, ErrTimeout)
			return false
		}
		// A stream without a new id is polled again from where the last one was.
		if id := get.LastEventID(); id != "" {
			last = id
		}
		from = get
	}
	return true
}

// retry is how long the server wants clients to wait before they reconnect.
func (x *Exchange) retry(before time.Duration) time.Duration {
	for _, e := range x.Events() {
		if e.Retry >= 0 {
			before = time.Duration(e.Retry) * time.Millisecond
		}
	}
	return before
}

// pause waits for d. It never cuts that short to reconnect before its time: it
// reports false if the deadline comes first.
func pause(ctx context.Context, d time.Duration, deadline time.Time) bool {
	left := time.Until(deadline)
	timer := time.NewTimer(min(d, left))
	defer timer.Stop()
	select {
	case <-timer.C:
		return d < left
	case <-ctx.Done():
		return false
	}
}

// openStream opens the standing stream of HTTP+SSE and waits for the address
// that messages go to.
func (s *Session) openStream(ctx context.Context) error {
	s.stream = s.Start(ctx, Call{Verb: http.MethodGet, standing: true})
	isEndpoint := func(e *Event) bool { return e.Type == "endpoint" }
	s.stream.await(ctx, s.Endpoint.timeout(), func() bool {
		return s.stream.ended || slices.ContainsFunc(s.stream.events, isEndpoint) ||
			s.stream.started && (s.stream.status != http.StatusOK || mediaType(s.stream.header) != eventStream)
	})
	switch {
	case s.postAddress() != "":
	case s.stream.Err() != nil:
		return s.stream.Err()
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case s.stream.Status() == 0:
		return ErrTimeout
	case s.stream.Status() != http.StatusOK:
		return fmt.Errorf("GET is answered with status %d, want an event stream", s.stream.Status())
	case mediaType(s.stream.Header()) != eventStream:
		return fmt.Errorf("GET is answered with %q, want %q", s.stream.Header().Get("Content-Type"), eventStream)
	case !slices.ContainsFunc(s.stream.Events(), isEndpoint):
		return errors.New("the event stream brings no endpoint event")
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.postErr
	}
	go func() {
		s.stream.WaitEnd(s.life, 365*24*time.Hour)
		switch err := s.stream.Err(); {
		case s.isClosing():
		case err != nil:
			s.fall(fmt.Errorf("the event stream broke off: %w", err))
		default:
			s.fall(errors.New("the server ended the event stream"))
		}
	}()
	return nil
}

func (s *Session) postAddress() string { s.mu.Lock(); defer s.mu.Unlock(); return s.post }

// setPost takes the address of an endpoint event, which names the session.
func (s *Session) setPost(data string) {
	s.redact.learnAddress(data)
	to, err := resolve(s.Endpoint.URL, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.post != "" || s.postErr != nil: // only the first one counts
	case err != nil:
		s.postErr = err
	default:
		s.post = to
	}
}

// resolve returns the address that an endpoint event names, if it is of the
// stream's own origin.
func resolve(stream, data string) (string, error) {
	base, err := url.Parse(stream)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(data)
	if err != nil {
		return "", fmt.Errorf("the endpoint event holds %.200q, which is no URI", data)
	}
	if to.Scheme != base.Scheme || to.Host != base.Host {
		return "", fmt.Errorf("the endpoint event points to %q, which is another origin than %q",
			to.Scheme+"://"+to.Host, base.Scheme+"://"+base.Host)
	}
	if to.User == nil {
		to.User = base.User
	}
	return to.String(), nil
}
