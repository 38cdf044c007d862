package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A client is one session of the server, ready to send.
type client struct {
	session   *wire.Session
	templates []wire.Template // by operation
	url       *url.URL        // nil over stdio
	pipe      *pipe           // nil where HTTP brings the answer
}

// openAtOnce is how many sessions are opened at the same time.
const openAtOnce = 16

// openClients opens the sessions of a plan.
func openClients(ctx context.Context, p Plan) ([]*client, error) {
	clients := make([]*client, p.sessions())
	errs := make([]error, len(clients))
	gate := make(chan struct{}, openAtOnce)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			clients[i], errs[i] = openClient(ctx, p)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		closeClients(clients)
		for _, first := range errs {
			if first != nil {
				return nil, first
			}
		}
	}
	return clients, nil
}

func closeClients(clients []*client) {
	gate := make(chan struct{}, openAtOnce)
	var wg sync.WaitGroup
	for _, c := range clients {
		if c == nil {
			continue
		}
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			c.session.Close()
		})
	}
	wg.Wait()
}

func openClient(ctx context.Context, p Plan) (_ *client, err error) {
	s, err := wire.Open(ctx, p.Endpoint)
	c := &client{session: s}
	defer func() {
		if err != nil && s != nil {
			s.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, s, p.Revision); err != nil {
		return nil, err
	}
	if err := c.learnMirrors(ctx, p); err != nil {
		return nil, err
	}
	for _, o := range p.Mix {
		t, err := s.Template(wire.Call{Method: o.Method, Params: o.Params})
		if err != nil {
			return nil, err
		}
		c.templates = append(c.templates, t)
	}
	if p.Endpoint.Transport != spec.Stdio {
		if c.url, err = url.Parse(c.templates[0].URL); err != nil {
			return nil, err
		}
	}
	if p.Endpoint.Transport != spec.StreamableHTTP {
		c.pipe = newPipe(s)
	}
	return c, nil
}

func sessionsOf(clients []*client) (s Sessions) {
	for _, c := range clients {
		if c.session == nil {
			continue // each request opens its own
		}
		s.Assigned = s.Assigned || c.session.ID() != ""
		if child := c.session.Child(); child != nil {
			s.PIDs = append(s.PIDs, child.PID)
		}
	}
	return s
}

// OpenSession opens a session of the server of a plan, ready for requests. It is
// for who measures sessions themselves, and has to close it.
func OpenSession(ctx context.Context, p Plan) (*wire.Session, error) {
	s, err := wire.Open(ctx, p.Endpoint)
	if err == nil {
		err = greet(ctx, s, p.Revision)
	}
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	return s, nil
}

// greet makes a session ready for requests.
func greet(ctx context.Context, s *wire.Session, r spec.Revision) error {
	if r.Modern() {
		s.SetRevision(r)
		return nil
	}
	x := s.Initialize(ctx, r, nil)
	m := x.Response()
	switch {
	case m == nil && x.Err() != nil:
		return fmt.Errorf("initialize is not answered: %w", x.Err())
	case m == nil:
		return fmt.Errorf("initialize is answered with HTTP status %d", x.Status())
	case m.Error() != nil:
		return fmt.Errorf("initialize is answered with error %s (%s)", m.Error().Code, m.Error().Message)
	}
	var result struct {
		ProtocolVersion spec.Revision `json:"protocolVersion"`
	}
	if json.Unmarshal(m.Result(), &result) != nil || result.ProtocolVersion != r {
		return fmt.Errorf("initialize at %s is answered with protocolVersion %q", r, result.ProtocolVersion)
	}
	s.Initialized(ctx)
	return nil
}

// learnMirrors lists the tools, where some of their parameters may have to be
// repeated in header fields.
func (c *client) learnMirrors(ctx context.Context, p Plan) error {
	if !p.Revision.Modern() || p.Endpoint.Transport != spec.StreamableHTTP {
		return nil
	}
	for _, o := range p.Mix {
		if o.Method == "tools/call" {
			if x := c.session.Request(ctx, "tools/list", nil); x.Response() == nil {
				return fmt.Errorf("tools/list is not answered: %w", x.Err())
			}
			return nil
		}
	}
	return nil
}

// newTransport makes the HTTP transport of an attack: as many connections as
// there are requests in progress.
func newTransport(workers int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConns:        workers,
		MaxIdleConnsPerHost: workers,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
	}
}
