package service

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// maxFlight bounds the requests of one client that are in flight. Beyond it, the
// next line is read when one of them is answered.
const maxFlight = 2048

// A pipe is a client at the other end of two streams of messages, as with stdio
// and HTTP+SSE. mcp-go's own transports give up what is in flight when the input
// ends, and may send a notification after the response that it belongs before.
type pipe struct {
	state
	guard  *Guard
	mcp    *server.MCPServer
	base   context.Context
	output chan []byte
	slots  chan struct{}
	flight sync.WaitGroup
	client string        // for the rate limit; none when it was applied before
	end    chan struct{} // nothing is to go out any more
	closed chan struct{} // nothing goes out any more

	mu     sync.Mutex
	asked  map[string]*asked // by id
	ending bool
}

// asked is a request in flight.
type asked struct {
	cancel context.CancelFunc
	stream bool // it lasts until it is told to end
	gone   bool // the client wants no answer any more
}

func (g *Guard) newPipe(ctx context.Context, s *server.MCPServer, id, client string) *pipe {
	return &pipe{
		state: state{id: id, notes: make(chan mcp.JSONRPCNotification, 256)},
		guard: g, mcp: s, base: ctx, client: client,
		output: make(chan []byte), end: make(chan struct{}), closed: make(chan struct{}), slots: make(chan struct{}, maxFlight), asked: map[string]*asked{},
	}
}

// write sends what is to go out, until the end. It alone writes, notifications
// first, so that none comes after the response of its request.
func (p *pipe) write(send func([]byte) error) error {
	defer close(p.closed)
	notes := func() error {
		for {
			select {
			case n := <-p.notes:
				if err := sendJSON(send, n); err != nil {
					return err
				}
			default:
				return nil
			}
		}
	}
	for {
		select {
		case n := <-p.notes:
			if err := sendJSON(send, n); err != nil {
				return err
			}
		case data := <-p.output:
			if err := notes(); err != nil {
				return err
			}
			if err := send(data); err != nil {
				return err
			}
		case <-p.end:
			return notes()
		}
	}
}

func sendJSON(send func([]byte) error, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return send(data)
}

func (p *pipe) put(data []byte) {
	if data == nil {
		return
	}
	select {
	case p.output <- data:
	case <-p.closed:
	}
}

// finish ends streams, waits for the answers in flight, and ends the output.
func (p *pipe) finish(ctx context.Context) error {
	p.mu.Lock()
	p.ending = true
	for _, a := range p.asked {
		if a.stream {
			a.cancel()
		}
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { p.flight.Wait(); close(done) }()
	select {
	case <-done:
		p.abandon()
		<-p.closed
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	left := len(p.asked)
	for _, a := range p.asked {
		a.cancel()
	}
	p.mu.Unlock()
	return fmt.Errorf("%d calls were still in flight after %v", left, p.guard.ShutdownTimeout)
}

// abandon ends the output, whatever is left of it.
func (p *pipe) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
	select {
	case <-p.end:
	default:
		close(p.end)
	}
}

// receive takes one line of input.
func (p *pipe) receive(data []byte) {
	if !p.enter() {
		return // we read on past the end: whoever sent this is answered by the end itself
	}
	defer p.flight.Done()
	if list, ok := batch(data, p.ProtocolVersion()); ok && p.ProtocolVersion() != "" {
		p.flight.Go(func() { p.put(p.handleAll(list)) })
		return
	}
	m, wrong := p.guard.parse(data)
	if wrong != nil {
		p.guard.rejected("message", p.id, wrong)
		p.put(wrong.json())
		return
	}
	switch {
	case m.method == "": // we ask clients for nothing
	case m.id == nil:
		p.notified(m)
	case m.method == string(mcp.MethodInitialize):
		p.put(p.handle(m)) // what follows builds on it
	default:
		a := p.begin(m)
		p.slots <- struct{}{}
		p.flight.Go(func() {
			defer func() { <-p.slots }()
			p.put(p.finishing(m, a))
		})
	}
}

// enter keeps finish waiting, unless it has begun.
func (p *pipe) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending {
		return false
	}
	p.flight.Add(1)
	return true
}

func (p *pipe) notified(m *message) {
	if m.method == string(mcp.MethodNotificationCancelled) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if a := p.asked[string(m.params["requestId"])]; a != nil {
			a.gone = true
			a.cancel()
		}
		return
	}
	p.handle(m)
}

func (p *pipe) begin(m *message) *asked {
	a := &asked{stream: m.method == string(mcp.MethodSubscriptionsListen)}
	var ctx context.Context
	ctx, a.cancel = context.WithCancel(p.base)
	m.ctx = ctx
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[string(m.id)] = a
	if a.stream && p.ending {
		a.cancel()
	}
	return a
}

func (p *pipe) finishing(m *message, a *asked) []byte {
	defer a.cancel()
	answer := p.handle(m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked[string(m.id)] == a {
		delete(p.asked, string(m.id))
	}
	if a.gone {
		return nil
	}
	return answer
}

// handle has mcp-go handle a message, and returns the answer, if any.
func (p *pipe) handle(m *message) (answer []byte) {
	if m.id != nil && p.client != "" {
		if wait, ok := p.guard.limits.allow(p.client); !ok {
			why := limited(m.id, wait)
			p.guard.rejected("rate", p.id, why)
			return why.json()
		}
	}
	defer func() {
		if v := recover(); v != nil {
			p.guard.audit.Error("panic", "session", tag(p.id), "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			answer = (&refusal{id: m.id, code: mcp.INTERNAL_ERROR, text: "internal error"}).json()
		}
	}()
	ctx := m.ctx
	if ctx == nil {
		ctx = p.base
	}
	ctx = withMessage(ctx, m)
	var response mcp.JSONRPCMessage
	if m.method == string(mcp.MethodSubscriptionsListen) {
		response = p.subscribe(ctx, m)
	} else {
		response = p.mcp.HandleMessage(p.mcp.WithContext(ctx, p), m.raw)
	}
	if response == nil {
		return nil
	}
	data, err := json.Marshal(response)
	if err != nil {
		return (&refusal{id: m.id, code: mcp.INTERNAL_ERROR, text: "the result cannot be sent"}).json()
	}
	return p.guard.answer(m, data)
}
