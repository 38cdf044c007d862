package everything

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// Options chooses how the server behaves.
type Options struct {
	// Fault is the id of the requirement to break, or "" to conform.
	Fault string
	// RefURL is what the schema of one more tool refers to, or "". The server
	// does not fetch it.
	RefURL string
	// Page is the page size of every list. With 0 all tools are on one page,
	// and prompts, resources and templates have several.
	Page int
	// ModernOnly leaves out the revisions that begin with initialize.
	ModernOnly bool
	// Production makes it a server as it is run in production: one that limits the
	// rate of requests, writes an audit log and serves files. So is one whose fault
	// is of the requirements of production.
	Production bool
	// Backend reports whether the backend that tools need in production is up; nil
	// for always.
	Backend func() bool
	// Stderr takes what a fault or the audit log writes; nil stands for that of the process.
	Stderr io.Writer
}

// Server is the reference server. One value serves any number of clients, over
// any of its transports, at the same time.
type Server struct {
	fault   string
	rewrite rewrite // nil unless the fault shows in messages
	page    int
	modern  bool // serves the stateless revisions only
	refURL  string
	stderr  io.Writer
	key     []byte // signs cursors and request states

	// closing is closed when the server begins to shut down: subscriptions end
	// in good order. ctx ends after that: all other work is abandoned.
	closing chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	sessions  map[string]*session // Streamable HTTP, by session id
	order     []string            // their ids, oldest first
	channels  map[string]*channel // HTTP+SSE, by session id
	peers     map[*session]bool   // every legacy session, for list changes
	listeners map[*subscription]bool
	changes   map[string]int // times that each list, and the watched resource, changed
	slow      map[string]*slowRun
	slowOrder []string
	issued    int // numbers what faults must not repeat

	exposed sync.Once // these are of faults over HTTP
	met     []*call
	replays streams

	operation operation

	memory memory // of what came before, in a server that breaks statelessness
}

// New returns a server. A fault that it does not know is an error.
func New(o Options) (*Server, error) {
	if o.Page < 0 {
		return nil, fmt.Errorf("page size is %d, want 0 or more", o.Page)
	}
	s := &Server{
		fault:     o.Fault,
		page:      o.Page,
		stderr:    o.Stderr,
		refURL:    o.RefURL,
		modern:    o.ModernOnly || slices.Contains(modernOnlyFaults, o.Fault),
		key:       make([]byte, 32),
		closing:   make(chan struct{}),
		sessions:  map[string]*session{},
		channels:  map[string]*channel{},
		peers:     map[*session]bool{},
		listeners: map[*subscription]bool{},
		changes:   map[string]int{},
		slow:      map[string]*slowRun{},
	}
	s.operation.on = o.Production || strings.HasPrefix(o.Fault, "ops.")
	s.operation.backend = o.Backend
	if s.stderr == nil {
		s.stderr = os.Stderr
	}
	if o.Fault != "" {
		f, err := findFault(o.Fault)
		if err != nil {
			return nil, err
		}
		s.rewrite = f.rewrite
	}
	rand.Read(s.key) // never fails
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// broken reports whether the requirement is the one to break.
func (s *Server) broken(requirement string) bool { return s.fault == requirement }

// enter counts one more piece of work, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// Close ends sessions, subscriptions and streams, and returns when no work is
// left. Whoever serves over stdio sees ServeStdio return.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.work.Wait()
		return
	}
	s.closed = true
	close(s.closing)
	listeners := maps.Clone(s.listeners)
	s.mu.Unlock()
	for l := range listeners {
		<-l.over
	}
	s.cancel()
	s.mu.Lock()
	sessions := maps.Clone(s.sessions)
	s.mu.Unlock()
	for _, sess := range sessions {
		sess.end()
	}
	s.work.Wait()
}

// changed counts a change of what name stands for, and returns how many there
// were.
func (s *Server) changed(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes[name]++
	return s.changes[name]
}

func (s *Server) changeCount(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes[name]
}

// number returns a fresh positive number.
func (s *Server) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	return s.issued
}
