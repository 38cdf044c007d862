package ceiling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
)

// A client holds one session open, and one stream if the server has any.
type client struct {
	session *wire.Session
	stream  *wire.Exchange // nil without one
	took    time.Duration  // to answer when it was asked last
}

func (c *client) streaming() bool {
	if c.stream == nil {
		return false
	}
	ended, _ := c.stream.Ended()
	return !ended
}

// raise opens sessions until so many are open. It returns why one was refused,
// and refused again whenever it was tried.
func (s *search) raise(target int) error {
	for len(s.held) < target && s.ctx.Err() == nil && !s.over() {
		refused := s.together(target - len(s.held))
		if refused == nil || ours(refused) {
			return refused
		}
		// What was opened at the same time may have been in the way.
		pause, again := s.Pause, 0
		for ; again < tries; again++ {
			wait(s.ctx, pause)
			c, err := s.open()
			if err == nil {
				s.held = append(s.held, c)
				s.refusals++
				break
			}
			refused, pause = err, 2*pause
		}
		if again == tries {
			return refused
		}
	}
	return nil
}

// together opens several sessions at the same time, until one is refused.
func (s *search) together(n int) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var stop atomic.Bool
	var refused error
	gate := make(chan struct{}, atOnce)
	for range n {
		gate <- struct{}{}
		if stop.Load() || s.ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-gate }()
			c, err := s.open()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				stop.Store(true)
				if refused == nil {
					refused = err
				}
				if s.first == nil {
					s.first = err
				}
				return
			}
			s.held = append(s.held, c)
		})
	}
	wg.Wait()
	return refused
}

// open opens one session. It is not interrupted: what the server has opened has
// to be known, or it could not be ended.
func (s *search) open() (*client, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), max(s.plan.Timeout, load.DefaultTimeout))
	defer cancel()
	session, err := load.OpenSession(ctx, s.plan)
	if err != nil {
		return nil, err
	}
	c := &client{session: session}
	if s.plan.Endpoint.Transport == spec.SSE {
		c.stream = session.Stream()
		return c, nil
	}
	if s.plan.Revision.Modern() {
		c.stream, err = s.subscribe(ctx, session)
	} else if !s.streamsEnd() {
		var lack error
		if c.stream, lack = s.listen(ctx, session); lack != nil {
			s.lacks(lack)
		}
	}
	if err != nil {
		session.Close()
		return nil, err
	}
	return c, nil
}

// listen opens the stream on which the server may send by itself.
func (s *search) listen(ctx context.Context, session *wire.Session) (*wire.Exchange, error) {
	x := session.Start(ctx, wire.Call{Verb: http.MethodGet})
	switch {
	case !x.WaitStatus(ctx, load.DefaultTimeout) && x.Status() == 0:
		x.Cut()
		if err := x.Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("GET is not answered")
	case x.Status() == http.StatusMethodNotAllowed:
		return nil, errNoStreams
	case !x.Streams():
		x.Cut()
		return nil, fmt.Errorf("GET is answered with HTTP status %d", x.Status())
	}
	return x, nil
}

// subscribe opens a subscription, where that is all that can be held.
func (s *search) subscribe(ctx context.Context, session *wire.Session) (*wire.Exchange, error) {
	x := session.Start(ctx, wire.Call{Method: "subscriptions/listen", Params: map[string]any{
		"notifications": map[string]any{"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true},
	}})
	acknowledged := x.WaitMessage(ctx, load.DefaultTimeout, func(*wire.Message) bool { return true })
	m := x.Response()
	switch {
	case m != nil && m.Error() != nil:
		return nil, fmt.Errorf("subscriptions/listen is answered with error %s (%s)", m.Error().Code, m.Error().Message)
	case acknowledged == nil && x.Err() != nil:
		return nil, x.Err()
	case acknowledged == nil && x.Status() >= http.StatusMultipleChoices:
		return nil, fmt.Errorf("subscriptions/listen is answered with HTTP status %d", x.Status())
	case acknowledged == nil:
		return nil, errors.New("subscriptions/listen is not acknowledged")
	case m != nil:
		return nil, errors.New("subscriptions/listen is answered at once, and holds nothing open")
	}
	return x, nil
}

var errNoStreams = errors.New("the server has no streams of its own")

// lacks records why there is no stream, or no more.
func (s *search) lacks(err error) {
	s.streams.Lock()
	defer s.streams.Unlock()
	if s.lack == nil {
		s.lack = err
	}
}

func (s *search) streamsEnd() bool {
	s.streams.Lock()
	defer s.streams.Unlock()
	return s.lack != nil
}

// ask sends a ping to each session, and returns how many do not answer. Where
// there are no sessions, it is streams that the server has ended.
func (s *search) ask() (dead int, why error) {
	var mu sync.Mutex
	s.each(s.held, func(c *client) {
		err := c.alive(s.ctx, s.plan)
		if err != nil && s.ctx.Err() == nil {
			mu.Lock()
			defer mu.Unlock()
			if dead++; why == nil {
				why = err
			}
		}
	})
	return dead, why
}

func (c *client) alive(ctx context.Context, p load.Plan) error {
	if p.Revision.Modern() {
		if !c.streaming() {
			return errors.New("the server ended the stream")
		}
		return nil
	}
	began := time.Now()
	x := c.session.Request(ctx, "ping", nil)
	c.took = time.Since(began)
	m := x.Response()
	switch {
	case m != nil && m.Error() == nil:
		return nil
	case x.Status() >= http.StatusMultipleChoices:
		return fmt.Errorf("HTTP status %d", x.Status())
	case m != nil:
		return fmt.Errorf("error %s (%s)", m.Error().Code, m.Error().Message)
	case x.Err() != nil:
		return x.Err()
	}
	return errors.New("no response")
}

// each does something with several clients at the same time.
func (s *search) each(list []*client, do func(*client)) {
	var wg sync.WaitGroup
	gate := make(chan struct{}, atOnce)
	for _, c := range list {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			do(c)
		})
	}
	wg.Wait()
}

// ours reports whether it is this machine that has no more to give.
func ours(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
