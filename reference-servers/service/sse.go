package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// An sse serves the transport of 2024-11-05: a stream for what the server says, and
// an address to post to.
type sse struct {
	*Guard
	mcp   *server.MCPServer
	mu    sync.Mutex
	pipes map[string]*ssePipe // by session id
}

type ssePipe struct {
	*pipe
	owner string
}

func (g *Guard) sse(s *server.MCPServer) *sse {
	return &sse{Guard: g, mcp: s, pipes: map[string]*ssePipe{}}
}

func (s *sse) stream(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	flusher, ok := w.(http.Flusher)
	if !ok {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	ctx, done := s.streams.add(r.Context(), "sse")
	defer done()
	base, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	p := &ssePipe{s.newPipe(base, s.mcp, rand.Text(), ""), clientOf(r.Context())}
	if !s.add(p) {
		w.Header().Set("Retry-After", "60")
		s.refuse(w, http.StatusServiceUnavailable, "sessions", &refusal{code: rateLimited, text: "too many sessions are open"})
		return
	}
	defer s.remove(p)
	if err := s.mcp.RegisterSession(base, p); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer s.mcp.UnregisterSession(base, p.id)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	fmt.Fprintf(w, "event: endpoint\ndata: /message?sessionId=%s\n\n", p.id)
	flusher.Flush()
	control := http.NewResponseController(w)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		limit := base
		if r.Context().Err() != nil {
			limit = r.Context() // nobody is left to answer
		}
		limit, cancel := context.WithTimeout(limit, s.ShutdownTimeout)
		defer cancel()
		p.finish(limit) //nolint:errcheck // the stream ends either way
		cancel()
		p.abandon()
	})
	err := p.write(func(data []byte) error {
		control.SetWriteDeadline(time.Now().Add(readTimeout)) //nolint:errcheck // not every writer has one
		if _, err := fmt.Fprintf(w, "event: message\ndata: %s\n\n", data); err != nil {
			return err
		}
		return control.Flush()
	})
	if err != nil {
		cancel()
	}
	if !stop() {
		<-ended
	}
}

func (s *sse) add(p *ssePipe) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pipes) >= maxSessions {
		return false
	}
	s.pipes[p.id] = p
	return true
}

func (s *sse) remove(p *ssePipe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pipes, p.id)
}

func (s *sse) post(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	p := s.pipes[r.URL.Query().Get("sessionId")]
	s.mu.Unlock()
	if p == nil || p.owner != clientOf(r.Context()) {
		writeJSON(w, http.StatusNotFound, (&refusal{code: mcp.INVALID_REQUEST, text: errNoSession.Error()}).json())
		return
	}
	data, ok := s.body(w, r)
	if !ok {
		return
	}
	m, wrong := s.parse(data)
	if wrong != nil && wrong.code == mcp.PARSE_ERROR {
		writeJSON(w, http.StatusBadRequest, wrong.json())
		return
	}
	if m != nil && m.id != nil && !s.limitWeb(w, r, m.id) {
		return
	}
	p.receive(data)
	w.WriteHeader(http.StatusAccepted)
}
