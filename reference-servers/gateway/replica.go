package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// A replica is one address of a server, and the connection to it.
type replica struct {
	upstream          *upstream
	endpoint, address string
	web               *http.Client // which reaches this address, whatever the host's name
	stop              context.CancelFunc
	looked            chan struct{} // closed after the first look
	kick              chan struct{} // asks for a look now
	stale             atomic.Bool   // the lists have changed
	inFlight          atomic.Int64

	mu     sync.Mutex
	client *client.Client
	close  func()
	lists  *catalogue // nil while it is down
	misses int        // in a row
}

func newReplica(u *upstream, endpoint, address string) *replica {
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	return &replica{
		upstream: u, endpoint: endpoint, address: address, looked: make(chan struct{}), kick: make(chan struct{}, 1),
		web: &http.Client{
			Transport: bounded{&http.Transport{
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return dialer.DialContext(ctx, network, address)
				},
				MaxIdleConnsPerHost: 64,
				IdleConnTimeout:     time.Minute,
				ForceAttemptHTTP2:   true,
			}},
			// The headers of the registry are meant for this server only.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// state is the connection, and what the replica lists: nil while it is down.
func (r *replica) state() (*client.Client, *catalogue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.client, r.lists
}

// run looks after the replica until the context ends.
func (r *replica) run(ctx context.Context) {
	defer r.disconnect()
	var read time.Time
	ticker := time.NewTicker(r.upstream.gateway.HealthInterval)
	defer ticker.Stop()
	for first := true; ; first = false {
		if err := r.look(ctx, &read); err == nil {
			r.mu.Lock()
			r.misses = 0
			r.mu.Unlock()
		} else if ctx.Err() == nil {
			r.miss(err, first)
		}
		if first {
			close(r.looked)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.kick:
		}
	}
}

// look asks the replica how it is, connects when it is not connected, and reads
// its lists when they may have changed.
func (r *replica) look(ctx context.Context, read *time.Time) error {
	timeout, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if err := r.healthy(timeout); err != nil {
		return err
	}
	c, lists := r.state()
	if c == nil {
		var err error
		if c, err = r.connect(ctx, timeout); err != nil {
			return err
		}
		lists = nil
	} else if r.upstream.HealthCheck == "" {
		if err := alive(timeout, c); err != nil {
			return err
		}
	}
	if lists != nil && !r.stale.Swap(false) && time.Since(*read) < r.upstream.gateway.Refresh {
		return nil
	}
	r.stale.Store(false)
	fresh, err := r.upstream.list(timeout, c)
	if err != nil {
		r.stale.Store(true)
		return fmt.Errorf("its lists: %w", err)
	}
	*read = time.Now()
	r.mu.Lock()
	up := r.client == c
	if up {
		r.lists = fresh
	}
	r.mu.Unlock()
	if !up {
		return errDown
	}
	if lists == nil {
		r.upstream.gateway.log("%s: %s is up", r.upstream.Name, r.address)
	}
	r.upstream.gateway.offer()
	return nil
}

const lookTime = 10 * time.Second

// well asks a replica that is connected how it is.
func (r *replica) well(ctx context.Context) error {
	c, _ := r.state()
	switch {
	case c == nil:
		return errDown
	case r.upstream.HealthCheck != "":
		return r.healthy(ctx)
	}
	return alive(ctx, c)
}

// healthy asks for the health check of the registry, if there is one.
func (r *replica) healthy(ctx context.Context) error {
	if r.upstream.HealthCheck == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	base, err := url.Parse(r.endpoint)
	if err != nil {
		return err
	}
	at, err := base.Parse("/" + trimSlash(r.upstream.HealthCheck))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	for name, value := range r.upstream.Headers {
		request.Header.Set(name, value)
	}
	response, err := r.web.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) //nolint:errcheck // so that the connection can be used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s", r.upstream.HealthCheck, response.Status)
	}
	return nil
}

func trimSlash(path string) string {
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return path
}

// alive asks a server without a health check for what costs least.
func alive(ctx context.Context, c *client.Client) error {
	if mcp.IsModernProtocol(c.ProtocolVersion()) {
		_, err := c.Discover(ctx, mcp.DiscoverRequest{})
		return err
	}
	return c.Ping(ctx) //nolint:staticcheck // for servers of older revisions
}

// miss counts a look that went wrong. One is forgiven to a replica that is up,
// unless nobody listens there any more.
func (r *replica) miss(err error, first bool) {
	r.mu.Lock()
	r.misses++
	forgiven := r.lists != nil && r.misses < 2 && !unsent(err)
	r.mu.Unlock()
	if !forgiven {
		r.down(err, first)
	}
}

// down takes the replica out of service until a look finds it well.
func (r *replica) down(err error, tell bool) {
	r.mu.Lock()
	was := r.lists != nil
	r.mu.Unlock()
	r.disconnect()
	if was || tell {
		r.upstream.gateway.log("%s: %s is down: %v", r.upstream.Name, r.address, err)
	}
	if was {
		r.upstream.gateway.offer()
	}
}

func (r *replica) disconnect() {
	r.mu.Lock()
	closing := r.close
	r.client, r.close, r.lists = nil, nil, nil
	r.mu.Unlock()
	if closing != nil {
		closing()
	}
}

// look soon, but do not wait for it.
func (r *replica) lookSoon() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// unsent says of an error that the request has reached nobody.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// bounded keeps a server from answering without end. Streams may last.
type bounded struct{ http.RoundTripper }

const maxAnswer = 64 << 20

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil && response.Header.Get("Content-Type") != "text/event-stream" {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}
