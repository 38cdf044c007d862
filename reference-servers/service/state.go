package service

import (
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
	filter  atomic.Pointer[mcp.SubscriptionFilter]
}

var (
	_ server.SessionWithLogging            = (*state)(nil)
	_ server.SessionWithClientInfo         = (*state)(nil)
	_ server.SessionWithSubscriptionFilter = (*state)(nil)
)

func (s *state) SessionID() string                                   { return s.id }
func (s *state) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notes }
func (s *state) Initialize()                                         { s.started.Store(true) }
func (s *state) Initialized() bool                                   { return s.started.Load() || s.filter.Load() != nil }
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

// SetSubscriptionFilter notes what a client without a handshake wants to be told.
func (s *state) SetSubscriptionFilter(f mcp.SubscriptionFilter) {
	if f.IsEmpty() {
		s.filter.Store(nil)
		return
	}
	s.filter.Store(&f)
}

// SubscriptionFilter says that a client with a handshake is told of everything,
// and any other of what it asked for.
func (s *state) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	if f := s.filter.Load(); f != nil {
		return *f, true
	}
	return mcp.SubscriptionFilter{}, !s.started.Load()
}
