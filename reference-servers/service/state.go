package service

import (
	"context"
	"crypto/rand"
	"maps"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// state is what a session keeps of its client.
type state struct {
	id      string
	notes   chan mcp.JSONRPCNotification
	started atomic.Bool
	level   atomic.Value
	info    atomic.Value
	caps    atomic.Value
	version atomic.Value
}

var (
	_ server.SessionWithLogging            = (*state)(nil)
	_ server.SessionWithClientInfo         = (*state)(nil)
	_ server.SessionWithSubscriptionFilter = (*state)(nil)
)

func (s *state) SessionID() string                                   { return s.id }
func (s *state) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notes }
func (s *state) Initialize()                                         { s.started.Store(true) }
func (s *state) Initialized() bool                                   { return s.started.Load() }
func (s *state) SetLogLevel(l mcp.LoggingLevel)                      { s.level.Store(l) }
func (s *state) SetClientInfo(i mcp.Implementation)                  { s.info.Store(i) }
func (s *state) SetClientCapabilities(c mcp.ClientCapabilities)      { s.caps.Store(c) }
func (s *state) SetProtocolVersion(v string)                         { s.version.Store(v) }

func (s *state) GetLogLevel() mcp.LoggingLevel {
	if l, ok := s.level.Load().(mcp.LoggingLevel); ok {
		return l
	}
	return mcp.LoggingLevelInfo
}

func (s *state) GetClientInfo() mcp.Implementation {
	i, _ := s.info.Load().(mcp.Implementation)
	return i
}

func (s *state) GetClientCapabilities() mcp.ClientCapabilities {
	c, _ := s.caps.Load().(mcp.ClientCapabilities)
	return c
}

// ProtocolVersion is the one that was negotiated, if there was a handshake.
func (s *state) ProtocolVersion() string {
	v, _ := s.version.Load().(string)
	return v
}

// SetSubscriptionFilter is for subscriptions, which are sessions of their own.
func (s *state) SetSubscriptionFilter(mcp.SubscriptionFilter) {}

// SubscriptionFilter says that a client with a handshake is told of everything,
// and any other of nothing outside of its subscriptions.
func (s *state) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	return mcp.SubscriptionFilter{}, s.ProtocolVersion() == "" // mcp-go calls Initialize without a handshake, too
}

// A subscription is one that a client has over a pipe. mcp-go keeps one filter for
// each session, so each subscription is a session.
type subscription struct {
	state
	filter atomic.Pointer[mcp.SubscriptionFilter]
}

// Initialized says that there is no handshake to wait for.
func (s *subscription) Initialized() bool { return true }

// SetSubscriptionFilter notes what the client wants to be told.
func (s *subscription) SetSubscriptionFilter(f mcp.SubscriptionFilter) { s.filter.Store(&f) }

// SubscriptionFilter is what the client wants to be told.
func (s *subscription) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	if f := s.filter.Load(); f != nil {
		return *f, true
	}
	return mcp.SubscriptionFilter{}, true
}

// subscribe serves a subscription until it ends, and returns its response.
func (p *pipe) subscribe(ctx context.Context, m *message) mcp.JSONRPCMessage {
	s := &subscription{state: state{id: p.id + " " + string(m.id) + " " + rand.Text(), notes: make(chan mcp.JSONRPCNotification, 256)}}
	if err := p.mcp.RegisterSession(ctx, s); err != nil {
		return mcp.NewJSONRPCError(mcp.NewRequestId(m.id), mcp.INTERNAL_ERROR, "the subscription cannot be had", nil)
	}
	send := func(n mcp.JSONRPCNotification) {
		meta := map[string]any{}
		maps.Copy(meta, n.Params.Meta) // which others share
		meta[mcp.MetaKeySubscriptionID] = m.id
		n.Params.Meta = meta
		sendJSON(func(data []byte) error { p.put(data); return nil }, n) //nolint:errcheck // put cannot fail
	}
	over, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sent)
		for {
			select {
			case n := <-s.notes:
				send(n)
			case <-over:
				return
			}
		}
	}()
	response := p.mcp.HandleMessage(p.mcp.WithContext(ctx, s), m.raw)
	p.mcp.UnregisterSession(ctx, s.id)
	close(over)
	<-sent
	for {
		select {
		case n := <-s.notes:
			send(n)
		default:
			return response
		}
	}
}
