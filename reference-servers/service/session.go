package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"

	"github.com/mark3labs/mcp-go/server"
)

// sessions are those that Streamable HTTP has open. Unlike mcp-go's, they belong
// to the client that opened them, and end for every HTTP method.
type sessions struct {
	metrics *metrics
	mu      sync.Mutex
	owner   map[string]string // by session id
}

const maxSessions = 10_000

var errNoSession = errors.New("session not found")

func (s *sessions) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.owner) >= maxSessions
}

// known says whether a session is open and the client's own.
func (s *sessions) known(id, client string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := s.owner[id]
	return ok && owner == client
}

// ResolveSessionIdManager is how mcp-go asks for the sessions of a request's
// client; without a request it asks for all.
func (s *sessions) ResolveSessionIdManager(r *http.Request) server.SessionIdManager {
	if r == nil {
		return ownSessions{s, ""}
	}
	return ownSessions{s, clientOf(r.Context())}
}

type ownSessions struct {
	*sessions
	client string
}

func (s ownSessions) Generate() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text()
	s.owner[id] = s.client
	s.metrics.sessions.Set(float64(len(s.owner)))
	return id
}

func (s ownSessions) Validate(id string) (terminated bool, err error) {
	if !s.known(id, s.client) {
		return false, errNoSession
	}
	return false, nil
}

func (s ownSessions) Terminate(id string) (notAllowed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owner, id)
	s.metrics.sessions.Set(float64(len(s.owner)))
	return false, nil
}

// sessionTag tells sessions apart without telling their ids, which are secrets.
func sessionTag(ctx context.Context) string {
	if s := server.ClientSessionFromContext(ctx); s != nil {
		return tag(s.SessionID())
	}
	return ""
}

func tag(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}
