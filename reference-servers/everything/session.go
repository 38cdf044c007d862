package everything

import (
	"context"
	"encoding/json"
	"sync"
)

// session is what the server keeps of one client between its requests: of a
// stdio connection, a Streamable HTTP session or an HTTP+SSE connection.
type session struct {
	srv       *Server
	id        string
	transport string
	ctx       context.Context
	cancel    context.CancelFunc
	deliver   func([]byte) // sends what belongs to no request

	mu          sync.Mutex
	revision    string // "" before initialize
	caps        object
	initialized bool
	level       string
	subscribed  map[string]bool
	inflight    map[string]*call
	waiting     map[string]chan object
	lastID      int
	marked      bool // of use to a fault
	http        streams
	calls       sync.WaitGroup
}

func (s *Server) newSession(transport string) *session {
	sess := &session{
		srv:        s,
		transport:  transport,
		caps:       object{},
		level:      "info",
		subscribed: map[string]bool{},
		inflight:   map[string]*call{},
		waiting:    map[string]chan object{},
	}
	sess.ctx, sess.cancel = context.WithCancel(s.ctx)
	s.mu.Lock()
	s.peers[sess] = true
	s.mu.Unlock()
	return sess
}

// end abandons all that the session does.
func (sess *session) end() {
	s := sess.srv
	s.mu.Lock()
	delete(s.peers, sess)
	delete(s.sessions, sess.id)
	s.mu.Unlock()
	sess.cancel()
	sess.http.end()
}

// negotiated returns the revision that initialize settled, or "".
func (sess *session) negotiated() string {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.revision
}

func (sess *session) logLevel() string {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.level
}

func (sess *session) ready() bool {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.initialized
}

// started remembers a call so that it can be cancelled.
func (sess *session) started(c *call) {
	if c.method == "initialize" {
		return
	}
	sess.mu.Lock()
	defer sess.mu.Unlock()
	sess.inflight[key(c.id)] = c
}

func (sess *session) finished(c *call) {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.inflight[key(c.id)] == c {
		delete(sess.inflight, key(c.id))
	}
}

// expect takes an id for a request of the server, and returns where its answer
// will arrive.
func (sess *session) expect() (int, <-chan object) {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	sess.lastID++
	answer := make(chan object, 1)
	sess.waiting[key(sess.lastID)] = answer
	return sess.lastID, answer
}

func (sess *session) forget(id int) {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	delete(sess.waiting, key(id))
}

// take handles a notification or a response of the client.
func (sess *session) take(m message) {
	if m.response {
		sess.mu.Lock()
		answer := sess.waiting[key(m.id)]
		delete(sess.waiting, key(m.id))
		sess.mu.Unlock()
		if answer != nil {
			answer <- m.body
		}
		return
	}
	switch m.method {
	case "notifications/initialized":
		sess.mu.Lock()
		sess.initialized = sess.revision != ""
		sess.mu.Unlock()
	case "notifications/roots/list_changed":
		sess.askRoots()
	case "notifications/cancelled":
		if id, ok := m.params["requestId"]; ok && isID(id) {
			sess.mu.Lock()
			c := sess.inflight[key(id)]
			sess.mu.Unlock()
			if c != nil {
				c.cancel(errCancelled)
			}
		}
	}
}

// notify sends a notification that belongs to no request.
func (sess *session) notify(method string, params object) {
	m := object{"jsonrpc": "2.0", "method": method}
	if params != nil {
		m["params"] = params
	}
	sess.deliver(sess.srv.seal(m, origin{method: method, revision: sess.negotiated(), transport: sess.transport}))
}

// newCall is a legacy request of the session.
func (sess *session) newCall(m message, out sink, ending <-chan struct{}) *call {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	c := &call{
		srv: sess.srv, sess: sess, out: out, ending: ending,
		revision: sess.revision, transport: sess.transport,
		id: m.id, method: m.method, params: m.params, meta: object{}, caps: sess.caps,
	}
	if meta, ok := m.params["_meta"].(object); ok {
		c.meta = meta
	}
	c.ctx, c.cancel = context.WithCancelCause(sess.ctx)
	return c
}

// reject answers a message that is no request.
func (s *Server) reject(id json.RawMessage, err *rpcError, revision, transport string) []byte {
	return s.seal(errorMessage(id, err), origin{revision: revision, transport: transport})
}

// idle returns when no call of the session is in progress.
func (sess *session) idle() { sess.calls.Wait() }
