package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// An Exchange is one act of the client and all that came back for it. Its
// fields are complete once the exchange has ended; until then they are read
// through its methods.
type Exchange struct {
	Session *Session
	Call    Call
	Body    []byte          // what was sent
	ID      json.RawMessage // of the request; nil if it was none that could be read
	Sent    time.Time
	Asked   http.Header // the header fields that were sent
	Shared  bool        // answered on a channel shared with others, not by HTTP

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each change
	status   int           // of the HTTP answer; 0 before or without one
	header   http.Header
	payload  []byte // the body of an answer that is no event stream
	events   []*Event
	messages []*Message
	response *Message
	extra    []*Message // further responses to the same request
	replies  []*Exchange
	resumed  []*Exchange
	err      error
	started  bool // header fields have arrived
	ended    bool // nothing more will come
	endedAt  time.Time
	byServer bool // the end was the server's doing
	cut      context.CancelFunc
	log      []Entry
}

func newExchange(s *Session, c Call) *Exchange {
	return &Exchange{Session: s, Call: c, changed: make(chan struct{}), cut: func() {}}
}

// update changes the exchange and wakes those who wait for it.
func (x *Exchange) update(f func()) {
	x.mu.Lock()
	f()
	close(x.changed)
	x.changed = make(chan struct{})
	x.mu.Unlock()
}

// await waits until cond holds, the context ends or the time is over. The
// condition is called with the lock held.
func (x *Exchange) await(ctx context.Context, d time.Duration, cond func() bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		x.mu.Lock()
		ok, changed := cond(), x.changed
		x.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-timer.C:
			return false
		}
	}
}

func (x *Exchange) fail(err error) {
	x.update(func() {
		if x.err == nil {
			x.err = err
		}
		x.end()
	})
}

// end marks the exchange as complete; the lock is held.
func (x *Exchange) end() {
	if !x.ended {
		x.ended, x.endedAt = true, time.Now()
	}
}

// Status is the status of the HTTP answer; 0 without one.
func (x *Exchange) Status() int { x.mu.Lock(); defer x.mu.Unlock(); return x.status }

// Header is the header of the HTTP answer, nil without one.
func (x *Exchange) Header() http.Header { x.mu.Lock(); defer x.mu.Unlock(); return x.header }

// Payload is the body of an HTTP answer that is no event stream.
func (x *Exchange) Payload() []byte { x.mu.Lock(); defer x.mu.Unlock(); return x.payload }

// Err says why there is no (more) answer; nil if the server ended it.
func (x *Exchange) Err() error { x.mu.Lock(); defer x.mu.Unlock(); return x.err }

// Events are the events received so far on this exchange's own stream.
func (x *Exchange) Events() []*Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.events[:len(x.events):len(x.events)]
}

// Messages are the messages received so far on this exchange's own stream.
func (x *Exchange) Messages() []*Message {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.messages[:len(x.messages):len(x.messages)]
}

// Response is the answer to the request, or nil. Its id may be another than was
// sent where nothing else can explain it.
func (x *Exchange) Response() *Message { x.mu.Lock(); defer x.mu.Unlock(); return x.response }

// Extra are responses beyond the first.
func (x *Exchange) Extra() []*Message { x.mu.Lock(); defer x.mu.Unlock(); return x.extra }

// Replies are the client's answers to requests that came with this exchange.
func (x *Exchange) Replies() []*Exchange { x.mu.Lock(); defer x.mu.Unlock(); return x.replies }

// Resumptions are the GETs that went on with the stream of this exchange.
func (x *Exchange) Resumptions() []*Exchange { x.mu.Lock(); defer x.mu.Unlock(); return x.resumed }

// Ended reports whether nothing more will come, and when that was so.
func (x *Exchange) Ended() (bool, time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ended, x.endedAt
}

// EndedByServer reports whether the server ended the answer in good order.
func (x *Exchange) EndedByServer() bool { x.mu.Lock(); defer x.mu.Unlock(); return x.byServer }

// Streams reports whether the answer is an event stream.
func (x *Exchange) Streams() bool { return mediaType(x.Header()) == eventStream }

// LastEventID is the id of the last event that had one.
func (x *Exchange) LastEventID() string {
	events := x.Events()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].HasID {
			return events[i].ID
		}
	}
	return ""
}

// Wait waits for the answer: for a request its response, for anything else the
// end of the HTTP answer, and for a GET its header. It reports whether that came.
func (x *Exchange) Wait(ctx context.Context) bool {
	return x.await(ctx, x.timeout(), x.complete)
}

func (x *Exchange) complete() bool {
	switch {
	case x.response != nil || x.ended:
		return true
	case x.Call.Verb == http.MethodGet:
		return x.started
	}
	return false
}

// WaitResponse waits for a response, for d at most.
func (x *Exchange) WaitResponse(ctx context.Context, d time.Duration) bool {
	return x.await(ctx, d, func() bool { return x.response != nil })
}

// WaitStatus waits for the status of the HTTP answer, for d at most. Over HTTP+SSE
// the response can come before it.
func (x *Exchange) WaitStatus(ctx context.Context, d time.Duration) bool {
	return x.await(ctx, d, func() bool { return x.started || x.err != nil || x.ended && !x.Shared })
}

// WaitEnd waits until nothing more will come, for d at most.
func (x *Exchange) WaitEnd(ctx context.Context, d time.Duration) bool {
	return x.await(ctx, d, func() bool { return x.ended })
}

// WaitMessage waits for a message on this exchange's own stream, for d at most.
func (x *Exchange) WaitMessage(ctx context.Context, d time.Duration, match func(*Message) bool) *Message {
	var found *Message
	x.await(ctx, d, func() bool {
		for _, m := range x.messages {
			if match(m) {
				found = m
				return true
			}
		}
		return x.ended
	})
	return found
}

// WaitEvents waits until n events came or the stream ended, for d at most.
func (x *Exchange) WaitEvents(ctx context.Context, d time.Duration, n int) bool {
	x.await(ctx, d, func() bool { return len(x.events) >= n || x.ended })
	return len(x.Events()) >= n
}

// Cut drops the HTTP connection of the exchange, as a failing network would.
func (x *Exchange) Cut() {
	x.mu.Lock()
	cut := x.cut
	x.mu.Unlock()
	cut()
}

func (x *Exchange) timeout() time.Duration {
	if x.Call.Timeout > 0 {
		return x.Call.Timeout
	}
	return x.Session.Endpoint.timeout()
}

// TimedOut reports whether the server left a request unanswered.
func (x *Exchange) TimedOut() bool { return errors.Is(x.Err(), ErrTimeout) }

// receive files a message that came on this exchange's own stream.
func (x *Exchange) receive(m *Message) {
	m.Exchange = x
	x.Session.learnMirrors(x, m)
	x.update(func() {
		x.messages = append(x.messages, m)
		if m.IsResponse() && x.Call.Verb == "" {
			x.answeredBy(m)
		}
	})
	x.Session.receive(m)
}

// answeredBy files a response; the lock is held.
func (x *Exchange) answeredBy(m *Message) {
	m.Answers = x
	switch {
	case x.response == nil:
		x.response = m
	case x.ID != nil && !SameID(x.response.ID, x.ID) && SameID(m.ID, x.ID):
		x.extra, x.response = append(x.extra, x.response), m
	default:
		x.extra = append(x.extra, m)
	}
}
