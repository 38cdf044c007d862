package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// An invariant is a requirement on everything that the server sends, whatever
// the scenario. It is judged on all traffic of the run: scenarios would only
// repeat one another.
type invariant struct {
	id    string
	judge func(*Conversation, *tally)
}

// A tally is what an invariant amounts to over the traffic so far.
type tally struct {
	seen  int // cases judged
	err   error
	x     *wire.Exchange // that broke it
	extra int            // further violations
	known map[string]bool
}

// first reports whether a value comes for the first time: what is listed often
// is judged once.
func (t *tally) first(raw json.RawMessage) bool {
	if t.known == nil {
		t.known = map[string]bool{}
	}
	again := t.known[string(raw)]
	t.known[string(raw)] = true
	return !again
}

// check counts a case: err says how it is not as it must be. The first such case
// is the one to be told, unless it is an advisory and a later one is not.
func (t *tally) check(x *wire.Exchange, err error) {
	t.seen++
	if err == nil {
		return
	}
	if t.err == nil || isAdvisory(t.err) && !isAdvisory(err) {
		t.err, t.x = err, x // what costs conformance goes first
		return
	}
	if !isAdvisory(err) || isAdvisory(t.err) {
		t.extra++
	}
}

// noneSeen is why an invariant is not applicable.
const noneSeen = "nothing of the kind was seen"

// judgeInvariants judges the invariants over all conversations of the run.
func (s *Subject) judgeInvariants(list []invariant) []reports.Result {
	all := s.conversations()
	s.shareHello(all)
	results := make([]reports.Result, 0, len(list))
	for _, inv := range list {
		t := &tally{}
		for _, c := range all {
			if s.underTest(c) {
				inv.judge(c, t)
			}
		}
		results = append(results, s.invariantResult(inv, t))
		if s.Done != nil {
			s.Done(s.Catalogue[inv.id].Area())
		}
	}
	return results
}

// shareHello gives each stateless conversation what the server said of itself
// in another one: it said that to every client.
func (s *Subject) shareHello(all []*Conversation) {
	session, err := s.session()
	if err != nil || !s.Revision.Modern() {
		return
	}
	hello := s.conversation(session).Hello
	for _, c := range all {
		if c.Hello == nil {
			c.Hello = hello
		}
	}
}

// underTest reports whether a conversation is held in the revision under test.
// Whatever a handshake may have settled, it is none of the stateless revisions.
func (s *Subject) underTest(c *Conversation) bool {
	if c.Probe && s.Revision.Modern() {
		return false
	}
	return c.Revision() == s.Revision || c.Revision() == "" && !c.Probe
}

func (s *Subject) invariantResult(inv invariant, t *tally) reports.Result {
	q := s.Catalogue[inv.id]
	scenario := fmt.Sprintf("in all traffic (%d seen)", t.seen)
	switch {
	case t.err != nil:
		r := s.result(q, reports.Fail, t.err)
		r.Scenario = scenario
		if t.extra > 0 {
			r.Reason += fmt.Sprintf(" (and %d more)", t.extra)
		}
		if t.x != nil {
			r.Reproduce = s.reproduce(t.x)
			r.Transcript = transcript(t.x.Sent, []*wire.Exchange{t.x})
		}
		return r
	case t.seen > 0:
		r := s.result(q, reports.Pass, nil)
		r.Scenario, r.Observations = scenario, t.seen
		return r
	}
	v, err := reports.NotApplicable, errors.New(noneSeen)
	if stopped := s.stopped(); stopped != nil {
		v, err = reports.Inconclusive, rootCause{stopped}
	} else if _, down := s.session(); down != nil {
		v, err = reports.Inconclusive, down
	}
	r := s.result(q, v, err)
	r.Scenario = scenario
	return r
}

// eachMessage judges every message. The function returns false when a message
// is no case of the requirement.
func eachMessage(f func(*Conversation, *wire.Message) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		for _, m := range c.Messages() {
			if seen, err := f(c, m); seen {
				t.check(origin(m), err)
			}
		}
	}
}

// eachResult judges the result of every request of a method; "" stands for all.
func eachResult(method string, f func(*Conversation, *wire.Exchange, json.RawMessage) (bool, error)) func(*Conversation, *tally) {
	return eachMessage(func(c *Conversation, m *wire.Message) (bool, error) {
		x := m.Answers
		if _, err := object(m.Result()); err != nil {
			return false, nil // judged by jsonrpc.result.object
		}
		if x == nil || x.Call.Raw != nil || x.Call.Pieces != nil || method != "" && x.Call.Method != method {
			return false, nil
		}
		return f(c, x, m.Result())
	})
}

// eachError judges every error response.
func eachError(f func(*Conversation, *wire.Message, *wire.RPCError) (bool, error)) func(*Conversation, *tally) {
	return eachMessage(func(c *Conversation, m *wire.Message) (bool, error) {
		if !m.IsResponse() || !m.Has("error") {
			return false, nil
		}
		e := m.Error()
		if e == nil {
			return false, nil // judged by jsonrpc.error.fields
		}
		return f(c, m, e)
	})
}

// eachNotification judges every notification of a method; "" stands for all.
func eachNotification(method string, f func(*Conversation, *wire.Message) (bool, error)) func(*Conversation, *tally) {
	return eachMessage(func(c *Conversation, m *wire.Message) (bool, error) {
		if !m.IsNotification() || method != "" && m.Method != method {
			return false, nil
		}
		return f(c, m)
	})
}

// eachExchange judges everything that the client sent and what came back.
func eachExchange(f func(*Conversation, *wire.Exchange) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		for _, x := range c.Exchanges() {
			if seen, err := f(c, x); seen {
				t.check(x, err)
			}
		}
	}
}

// origin is the exchange that a message belongs to, nil if none is known.
func origin(m *wire.Message) *wire.Exchange {
	if m.Answers != nil {
		return m.Answers
	}
	return m.Exchange
}

// settle lets streams end that the server is about to end, so that what it does
// after a response is seen as well.
func (s *Subject) settle() {
	if s.Endpoint.Transport == spec.Stdio || s.stopped() != nil {
		return
	}
	until := time.Now().Add(s.silence())
	for _, c := range s.conversations() {
		for _, x := range c.Exchanges() {
			if x.Call.Verb == "" && x.Response() != nil && x.Streams() {
				x.WaitEnd(s.ctx, time.Until(until))
			}
		}
	}
}
