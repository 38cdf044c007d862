package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// A Session is the client's side of one conversation: one child process, one
// SSE stream with its POST address, or one client of an MCP endpoint.
type Session struct {
	Endpoint Endpoint

	// Respond answers the server's requests; nil answers ping and refuses the
	// rest. It is set before the first call.
	Respond func(*Message) Answer
	// OnUnanswered is told of each request: whether the server left it unanswered.
	OnUnanswered func(x *Exchange, unanswered bool)

	redact *redactor
	lastID atomic.Int64
	client *http.Client
	child  *Child
	born   time.Time // when child was launched
	stream *Exchange // the standing stream of HTTP+SSE
	post   string    // where HTTP+SSE posts to
	life   context.Context
	kill   context.CancelFunc

	diverted atomic.Pointer[func([]byte) bool]
	fallen   chan struct{} // closed with the first reason in down

	called  chan struct{} // closed at the first call: Respond is set by then
	calling sync.Once

	mu        sync.Mutex
	changed   chan struct{}
	revision  spec.Revision
	id        string
	exchanges []*Exchange
	messages  []*Message
	lines     []Line
	pending   []*Exchange // on a shared channel, oldest first
	mirrored  map[string][]mirror
	answered  map[string]bool // the server's requests, by id
	down      error           // why nothing more can be sent or received
	closing   bool
	postErr   error    // why the endpoint event gives no address
	unwritten []func() // what waits for the child's stdin
	heard     volume
	writing   bool

	deaf    error // why stdin takes nothing more; of the goroutine that writes
	remnant remnant
	drained <-chan struct{} // closed when all that a launched server wrote was read; nil without one
}

// A Line is one line that a launched server wrote to stdout.
type Line struct {
	Text       []byte
	At         time.Time
	Terminated bool       // it ended in LF
	Messages   []*Message // nil for a blank line
}

// ClientInfo is how mcpcheck introduces itself.
var ClientInfo = map[string]any{"name": "mcpcheck", "version": "1"}

// Open makes ready for a conversation: it launches the server, or opens the SSE
// stream of the older transport. It sends no message. The error says why there
// can be no conversation.
func Open(ctx context.Context, e Endpoint) (*Session, error) {
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{
		Endpoint: e, redact: newRedactor(e), life: life, kill: kill,
		changed: make(chan struct{}), fallen: make(chan struct{}), called: make(chan struct{}),
		mirrored: map[string][]mirror{}, answered: map[string]bool{},
	}
	var err error
	switch e.Transport {
	case spec.Stdio:
		err = s.launch()
	case spec.StreamableHTTP:
		s.client = newClient()
	case spec.SSE:
		s.client = newClient()
		err = s.openStream(ctx)
	default:
		err = fmt.Errorf("transport is %q, want one of %v", e.Transport, spec.Transports)
	}
	if err != nil {
		s.Close()
		return s, err
	}
	return s, nil
}

// Revision is the one that the session declares; "" before negotiation.
func (s *Session) Revision() spec.Revision { s.mu.Lock(); defer s.mu.Unlock(); return s.revision }

// SetRevision makes further calls declare a revision.
func (s *Session) SetRevision(r spec.Revision) { s.mu.Lock(); defer s.mu.Unlock(); s.revision = r }

// ID is the session id that the server assigned, or "".
func (s *Session) ID() string { s.mu.Lock(); defer s.mu.Unlock(); return s.id }

// SetID makes further calls carry another session id, or with "" none.
func (s *Session) SetID(id string) {
	s.redact.learn(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
}

// Stream is the standing stream of HTTP+SSE, or nil.
func (s *Session) Stream() *Exchange { return s.stream }

// Child is the launched server, or nil.
func (s *Session) Child() *Child { return s.child }

// Logged is the end of what a launched server wrote to stderr, without secrets.
func (s *Session) Logged() string {
	if s.child == nil {
		return ""
	}
	logged := s.child.Stderr.String()
	return s.redact.text(logged[max(0, len(logged)-entryLimit):])
}

// Exchanges are all exchanges so far, in the order of sending.
func (s *Session) Exchanges() []*Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.exchanges)
}

// Messages are all messages so far, in the order of arrival.
func (s *Session) Messages() []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Lines are all lines that a launched server wrote to stdout so far.
func (s *Session) Lines() []Line { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.lines) }

// Down says why the conversation is over; nil while it goes on.
func (s *Session) Down() error { s.mu.Lock(); defer s.mu.Unlock(); return s.down }

// NextID returns an id that the session has not used.
func (s *Session) NextID() int64 { return s.lastID.Add(1) }

// Do sends a call and waits for its answer.
func (s *Session) Do(ctx context.Context, c Call) *Exchange {
	x := s.Start(ctx, c)
	s.Finish(ctx, x)
	return x
}

// Request sends a request and waits for its answer.
func (s *Session) Request(ctx context.Context, method string, params any) *Exchange {
	return s.Do(ctx, Call{Method: method, Params: params})
}

// Notify sends a notification.
func (s *Session) Notify(ctx context.Context, method string, params any) *Exchange {
	return s.Do(ctx, Call{Method: method, Params: params, Notification: true})
}

// Start sends a call and does not wait.
func (s *Session) Start(ctx context.Context, c Call) *Exchange {
	if !c.standing && !c.reply {
		s.calling.Do(func() { close(s.called) })
	}
	x := newExchange(s, c)
	if err := x.encode(); err != nil {
		x.fail(err)
		return x
	}
	x.Sent = time.Now()
	s.mu.Lock()
	s.exchanges = append(s.exchanges, x)
	down := s.down
	s.mu.Unlock()
	switch {
	case down != nil:
		x.fail(down)
	case s.Endpoint.Transport == spec.Stdio:
		s.write(x)
	case c.Raw11 != nil:
		go s.sendRaw(ctx, x)
	default:
		s.send(x)
	}
	return x
}

// Finish waits for the answer to a call that was started. A stream that the
// server broke off is resumed, as clients should; a request that stays
// unanswered is cancelled, as clients should.
func (s *Session) Finish(ctx context.Context, x *Exchange) {
	done := x.Wait(ctx)
	if more := s.startingFor(); !done && more > 0 {
		done = x.await(ctx, more, x.complete)
	}
	if done && x.Response() == nil {
		done = s.resume(ctx, x)
	}
	unanswered := false
	if !done {
		err := ErrTimeout
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		unanswered = errors.Is(err, ErrTimeout) && x.ID != nil
		s.abandon(x, err)
	}
	if s.OnUnanswered != nil && x.ID != nil {
		s.OnUnanswered(x, unanswered)
	}
}

// abandon gives up waiting for an exchange.
func (s *Session) abandon(x *Exchange, err error) {
	x.fail(err)
	x.note("note", "request", nil, err.Error())
	s.forget(x)
	// Over modern HTTP a closed stream is the cancellation; before that it was
	// none, and a notification has to say it.
	defer x.Cut()
	if x.ID == nil || x.Call.Method == "initialize" || x.Call.isRaw() || s.Revision().Modern() && s.Endpoint.Transport != spec.Stdio {
		return
	}
	if s.Down() == nil {
		s.Start(s.life, Call{Method: "notifications/cancelled", Params: map[string]any{"requestId": x.ID, "reason": "timeout"}, Notification: true})
	}
}

// Initialize sends the initialize request. From a result it takes the session
// id and the negotiated revision, which further calls declare.
func (s *Session) Initialize(ctx context.Context, r spec.Revision, capabilities map[string]any) *Exchange {
	if capabilities == nil {
		capabilities = map[string]any{}
	}
	x := s.Do(ctx, Call{Method: "initialize", Params: map[string]any{
		"protocolVersion": r, "capabilities": capabilities, "clientInfo": ClientInfo,
	}})
	if m := x.Response(); m != nil && m.Result() != nil {
		if version, ok := text(members(m.Result())["protocolVersion"]); ok {
			s.SetRevision(spec.Revision(version))
		}
		s.SetID(x.Header().Get("Mcp-Session-Id"))
	}
	return x
}

// Initialized tells the server that the client is ready.
func (s *Session) Initialized(ctx context.Context) *Exchange {
	return s.Notify(ctx, "notifications/initialized", nil)
}

// Await waits for a message anywhere in the session, also one that has come
// already, for d at most.
func (s *Session) Await(ctx context.Context, d time.Duration, match func(*Message) bool) *Message {
	return s.AwaitFrom(ctx, 0, d, match)
}

// AwaitFrom leaves out the first messages, of which from is the number.
func (s *Session) AwaitFrom(ctx context.Context, from int, d time.Duration, match func(*Message) bool) *Message {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for seen := from; ; {
		s.mu.Lock()
		list, changed, down := s.messages[min(seen, len(s.messages)):], s.changed, s.down
		seen = max(seen, len(s.messages))
		s.mu.Unlock()
		if i := slices.IndexFunc(list, match); i >= 0 {
			return list[i]
		}
		if down != nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return nil
		}
	}
}

// receive files a message and answers it if it asks for something.
func (s *Session) receive(m *Message) {
	s.mu.Lock()
	s.messages = append(s.messages, m)
	if m.Err != nil {
		s.heard.junk++
	}
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	if m.IsRequest() && !s.Revision().Modern() && s.owes(m) {
		go s.reply(m)
	}
}

// owes reports whether a request of the server is still to be answered: one that
// a resumed stream repeats may have been.
func (s *Session) owes(m *Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.answered[string(m.ID)]
	s.answered[string(m.ID)] = true
	return !was || !m.Resumed
}

// reply answers a request of the server.
func (s *Session) reply(m *Message) {
	select {
	case <-s.called:
	case <-s.life.Done():
		return
	}
	a := Answer{Error: &RPCError{Code: "-32601", Message: "the client does not offer " + m.Method}}
	if m.Method == "ping" {
		a = Answer{Result: struct{}{}}
	}
	if s.Respond != nil {
		a = s.Respond(m)
	}
	if a.Silent || s.Down() != nil {
		return
	}
	body := map[string]any{"jsonrpc": "2.0", "id": m.ID}
	switch {
	case a.Error != nil:
		body["error"] = a.Error
	case a.Result != nil:
		body["result"] = a.Result
	default:
		body["result"] = struct{}{}
	}
	raw, err := marshal(body)
	if err != nil {
		raw = mustMarshal(map[string]any{"jsonrpc": "2.0", "id": m.ID, "error": RPCError{Code: "-32603", Message: err.Error()}})
	}
	x := s.Start(s.life, Call{Raw: raw, Notification: true, reply: true})
	if m.Exchange != nil {
		m.Exchange.update(func() { m.Exchange.replies = append(m.Exchange.replies, x) })
	}
}

// arrived files a message from a channel that all requests share.
func (s *Session) arrived(m *Message) {
	if m.IsResponse() {
		if x := s.match(m); x != nil {
			x.note("received", "line", nil, s.redact.result(m.Raw))
			s.learnMirrors(x, m)
			x.update(func() { x.answeredBy(m); x.end() })
		}
	}
	s.receive(m)
}

// match finds the request that a response answers: the one of the same id, else
// one that a careless server may have meant, else, for an error without an id,
// the oldest input that had none.
func (s *Session) match(m *Message) *Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	noID := m.ID == nil || string(m.ID) == "null"
	waits := func(x *Exchange) bool { ended, _ := x.Ended(); return !ended }
	for _, fits := range []func(*Exchange) bool{
		func(x *Exchange) bool { return x.ID != nil && SameID(x.ID, m.ID) },
		func(x *Exchange) bool { return x.ID != nil && !noID && likeID(x.ID, m.ID) },
		func(x *Exchange) bool { return noID && x.ID == nil && waits(x) },
		func(x *Exchange) bool { return noID && x.Call.isRaw() && waits(x) },
		func(x *Exchange) bool { return noID && m.Has("error") && waits(x) },
	} {
		if i := slices.IndexFunc(s.pending, func(x *Exchange) bool { return x.Response() == nil && fits(x) }); i >= 0 {
			return s.pending[i]
		}
		if i := slices.IndexFunc(s.pending, fits); i >= 0 && !noID {
			return s.pending[i]
		}
	}
	return nil
}

// forget stops expecting an answer on the shared channel.
func (s *Session) forget(x *Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.ID == nil {
		s.pending = slices.DeleteFunc(s.pending, func(p *Exchange) bool { return p == x })
	}
}

// fall ends the session: nothing more can be sent or received.
func (s *Session) fall(err error) {
	s.mu.Lock()
	if s.down == nil {
		s.down = err
		close(s.fallen)
	}
	pending := s.pending
	s.pending = nil
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	for _, x := range pending {
		if x.Response() == nil {
			x.fail(err)
		}
	}
}
