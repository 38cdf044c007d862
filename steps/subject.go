package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A Subject is the server under test as all scenarios of a run see it.
type Subject struct {
	Config

	stop context.CancelCauseFunc
	ctx  context.Context

	shared      lazy[*wire.Session]
	known       lazy[*facts]
	streamed    lazy[func() wire.Call] // a request that is answered with an event stream
	lists       map[string]*lazy[*listing]
	reads       lazy[[]*wire.Exchange] // of the listed resources
	gets        lazy[[]*wire.Exchange] // of the listed prompts
	compared    lazy[*comparison]
	subscribing lazy[*subscriptions]
	offers      map[string]*lazy[*wire.Exchange] // initialize by the revision asked for
	fastest     time.Duration                    // in which the server answered a request; 0 before the first
	started     time.Time
	crowd       sync.RWMutex // of scenarios; one that puts load on the server is alone

	operated operated // of the production profile

	mu       sync.Mutex
	notes    []string // for the report
	presence presence
	sessions []*Conversation
	idle     []*wire.Session // exclusive ones that are free again
}

// A Conversation is a session and what it is good for.
type Conversation struct {
	*wire.Session
	Client map[string]any // the capabilities that the client declared
	Hello  *wire.Exchange // initialize or server/discover, if it was sent
	Probe  bool           // it was opened to try something unusual; its revision may be another

	quiet func() time.Duration // how long to listen for what must not come
}

// lazy is a value that the first scenario to need it obtains for all.
type lazy[T any] struct {
	once  sync.Once
	done  atomic.Bool
	value T
	err   error
}

func (l *lazy[T]) get(f func() (T, error)) (T, error) {
	l.once.Do(func() {
		l.value, l.err = f()
		l.done.Store(true)
	})
	return l.value, l.err
}

// had reports whether the value was obtained already.
func (l *lazy[T]) had() bool { return l.done.Load() && l.err == nil }

func newSubject(ctx context.Context, c Config) *Subject {
	s := &Subject{Config: c, lists: map[string]*lazy[*listing]{}, offers: map[string]*lazy[*wire.Exchange]{}, started: time.Now()}
	s.ctx, s.stop = context.WithCancelCause(ctx)
	for _, method := range listMethods {
		s.lists[method] = &lazy[*listing]{}
	}
	return s
}

// stopped says why the run has to end, nil while it goes on.
func (s *Subject) stopped() error {
	if s.ctx.Err() == nil {
		return nil
	}
	return context.Cause(s.ctx)
}

// say tells the reader of the report something about the run as a whole.
func (s *Subject) say(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, note)
}

// open opens a connection on which nothing has been said.
func (s *Subject) open(ctx context.Context, respond func(*wire.Message) wire.Answer) (*Conversation, error) {
	session, err := wire.Open(ctx, s.Endpoint)
	if session == nil {
		return nil, err
	}
	c := &Conversation{Session: session, quiet: s.silence}
	if s.Revision.Modern() {
		session.SetRevision(s.Revision)
	}
	session.Respond = respond
	session.OnUnanswered = s.hear
	s.mu.Lock()
	s.sessions = append(s.sessions, c)
	s.mu.Unlock()
	return c, err
}

// greet does what comes before operation: the handshake, or in the modern
// revisions the question what the server offers.
func (s *Subject) greet(ctx context.Context, c *Conversation, capabilities map[string]any) error {
	c.Client = capabilities
	if s.Revision.Modern() {
		c.Hello = c.Request(ctx, "server/discover", nil)
		_, err := resultOf(c.Hello)
		if err != nil {
			return rootCause{fmt.Errorf("server/discover failed: %w", err)}
		}
		return nil
	}
	c.Hello = c.Initialize(ctx, s.Revision, capabilities)
	result, err := resultOf(c.Hello)
	if err != nil {
		return rootCause{fmt.Errorf("initialize failed: %w", err)}
	}
	var r struct {
		ProtocolVersion spec.Revision `json:"protocolVersion"`
	}
	if json.Unmarshal(result, &r) != nil || r.ProtocolVersion != s.Revision {
		return fmt.Errorf("initialize at %s is answered with protocolVersion %q", s.Revision, r.ProtocolVersion)
	}
	c.Initialized(ctx)
	return nil
}

// session returns the one that scenarios share.
func (s *Subject) session() (*wire.Session, error) {
	return s.shared.get(func() (*wire.Session, error) {
		c, err := s.open(s.ctx, nil)
		if err == nil {
			err = s.greet(s.ctx, c, nil)
		}
		if err != nil {
			if c != nil && c.Hello != nil && c.Hello.TimedOut() {
				err = unheard{err}
			}
			return nil, rootCause{fmt.Errorf("no session: %w", err)}
		}
		s.mu.Lock()
		s.presence.common = c.Session
		s.mu.Unlock()
		return c.Session, nil
	})
}

// exclusive returns a session that no other scenario uses meanwhile.
func (s *Subject) exclusive(ctx context.Context) (*wire.Session, error) {
	if _, err := s.session(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		session := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return session, nil
	}
	s.mu.Unlock()
	c, err := s.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	return c.Session, s.greet(ctx, c, nil)
}

// giveBack takes a session from a scenario that is done with it: for others, if
// it is still good, else to end it.
func (s *Subject) giveBack(session *wire.Session, spoilt bool) {
	if !spoilt && session.Down() == nil && session.Revision() == s.Revision {
		s.mu.Lock()
		s.idle = append(s.idle, session)
		s.mu.Unlock()
		return
	}
	if session.Endpoint.Transport != spec.Stdio {
		session.Close()
		return
	}
	// A process may take its time to end; the run waits for it at its own end.
	go session.Close()
}

// conversation returns what is known of a session.
func (s *Subject) conversation(session *wire.Session) *Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sessions {
		if c.Session == session {
			return c
		}
	}
	return nil
}

// Conversations are all conversations of the run so far.
func (s *Subject) conversations() []*Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sessions)
}

// haste is how long each step of ending a server may take when the run ended early.
const haste = 500 * time.Millisecond

// close ends all conversations, side by side.
func (s *Subject) close() {
	var wg sync.WaitGroup
	for _, c := range s.conversations() {
		wg.Go(func() {
			if s.stopped() != nil {
				c.Shutdown(context.Background(), haste)
			}
			c.Close()
		})
	}
	wg.Wait()
}

// offer asks for a revision on a new connection, once for each revision.
func (s *Subject) offer(ctx context.Context, asked string) (*wire.Exchange, error) {
	s.mu.Lock()
	l, ok := s.offers[asked]
	if !ok {
		l = &lazy[*wire.Exchange]{}
		s.offers[asked] = l
	}
	s.mu.Unlock()
	return l.get(func() (*wire.Exchange, error) {
		c, err := s.open(s.ctx, nil)
		if err != nil {
			return nil, rootCause{err}
		}
		c.Probe = true
		c.SetRevision("")
		c.Hello = c.Initialize(s.ctx, spec.Revision(asked), nil)
		// A revision that the client does not speak ends the conversation.
		s.giveBack(c.Session, true)
		return c.Hello, nil
	})
}
