// Package service runs an MCP server the way that production wants it: over
// stdio, Streamable HTTP or HTTP+SSE, with health and metrics, limits, a circuit
// breaker round the backend, permission boundaries, an audit log, and an end that
// loses no call.
//
// A server is made of a Guard's Options, asks its backend through the Guard's
// Call, and is served by its Run:
//
//	guard, err := service.New("docker", version, config)
//	s := server.NewMCPServer("docker", version, guard.Options()...)
//	...
//	err = guard.Run(ctx, service.Server{MCP: s, Ready: ping}, stdin, stdout, stderr)
package service

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/server"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// A Server is what a Guard runs.
type Server struct {
	MCP *server.MCPServer
	// Ready asks whether the backend answers; nil when there is none.
	Ready func(context.Context) error
	// Close gives back what the server holds, once no call is in flight.
	Close func() error
}

// A Guard stands between the clients, a server, and its backend.
type Guard struct {
	name, version string
	settings
	metrics  *metrics
	log      sink
	audit    *slog.Logger
	policy   *policy
	breaker  *gobreaker.CircuitBreaker[struct{}]
	slots    chan struct{} // one for each call that may run at once
	calls    calls
	hooks    *server.Hooks
	limits   *limits
	sessions *sessions
	streams  *streams
	drained  atomic.Bool // readiness is off
}

// New returns the Guard of one server, or says what is wrong with the Config.
func New(name, version string, c Config) (*Guard, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	g := &Guard{name: name, version: version, settings: s, audit: slog.New(slog.DiscardHandler)}
	if s.Audit {
		g.audit = slog.New(slog.NewJSONHandler(&g.log, nil)).With("server", name)
	}
	g.metrics = newMetrics(name, version)
	g.policy = &policy{settings: s}
	g.breaker = g.newBreaker("")
	if s.MaxConcurrent > 0 {
		g.slots = make(chan struct{}, s.MaxConcurrent)
	}
	g.hooks = g.newHooks()
	g.limits = &limits{rate: s.rate, burst: s.burst, clients: map[string]*rate.Limiter{}}
	g.sessions = &sessions{metrics: g.metrics, owner: map[string]string{}}
	g.streams = &streams{gauge: g.metrics.streams, open: map[int]context.CancelFunc{}}
	return g, nil
}

// Hooks are those of the Guard. A server with hooks of its own adds them here,
// since mcp-go takes one set.
func (g *Guard) Hooks() *server.Hooks { return g.hooks }

// A sink is where the audit log goes once it is known: never to stdout.
type sink struct {
	mu sync.Mutex
	to io.Writer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to == nil {
		return len(p), nil
	}
	return s.to.Write(p)
}

func (s *sink) open(to io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
}

// Version is that of the server.
func (g *Guard) Version() string { return g.version }

// discard takes what net/http says of clients that went away.
var discard = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
