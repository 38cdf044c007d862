package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A World is all the state of one scenario. Each scenario gets a new one and
// leaves nothing behind: there are no package variables and no context values.
type World struct {
	subject *Subject // the server under test, and what is known of it

	session       *wire.Session // opened by a Given
	owned         bool          // the session is this scenario's alone
	spoilt        bool          // and nobody may use it after
	begun         int           // the messages in it from before the scenario
	second        *wire.Session // another one beside it
	tool          *Tool         // found by a Given
	arguments     json.RawMessage
	resource      string // a URI, found by a Given
	template      Item   // a resource template, found by a Given
	prompt        Item   // found by a Given
	listed        string // the list method of list
	list          *listing
	listener      *wire.Exchange // that brings notifications
	since         int            // the messages in the session from before the act that matters
	subscriptions *subscriptions
	byName        wire.Call         // asks for something by its name, found by a Given
	values        map[string]string // given to a prompt, by argument
	x             *wire.Exchange
	xs            []*wire.Exchange // several at once
	named         map[string]*wire.Exchange
	batch         []batchMember    // the requests in the batch that was sent
	listings      []*listing       // one after the other
	called        []*Tool          // by xs
	streaming     func() wire.Call // a request that is answered with an event stream, found by a Given
	key           string           // of what the scenario started
	shutdown      wire.Shutdown
	operation     operation
	load          *reports.Load    // that was put on the server
	heeded        time.Time        // until when a cancellation may not have been
	exchanges     []*wire.Exchange // all that the scenario sent, for the report

	verdict reports.Verdict // what the steps so far amount to
	reason  error           // why, unless Pass
}

// step performs one step: it judges the outcome, and turns a fault of the
// feature file into our own error.
func (w *World) step(ctx context.Context, k keyword, f func() error) error {
	if err := w.subject.stopped(); err != nil {
		return w.judge(ctx, given, rootCause{err})
	}
	err := f()
	var m *misspelt
	if errors.As(err, &m) {
		k = when
	}
	return w.judge(ctx, k, err)
}

// do sends a call in the scenario's session and waits for the answer.
func (w *World) do(ctx context.Context, c wire.Call) *wire.Exchange {
	x := w.start(ctx, c)
	w.session.Finish(ctx, x)
	return x
}

// start sends a call and does not wait.
func (w *World) start(ctx context.Context, c wire.Call) *wire.Exchange {
	x := w.session.Start(ctx, c)
	w.x = x
	w.exchanges = append(w.exchanges, x)
	return x
}

// await waits for a message that came since the scenario began: the session may
// have served others before.
func (w *World) await(ctx context.Context, d time.Duration, match func(*wire.Message) bool) *wire.Message {
	return w.session.AwaitFrom(ctx, w.begun, d, match)
}

// heard are the messages since the scenario began.
func (w *World) heard() []*wire.Message {
	all := w.session.Messages()
	return all[min(w.begun, len(all)):]
}

// close gives back or ends the sessions of the scenario.
func (w *World) close() {
	w.stopSubscriptions()
	if w.session != nil && w.owned {
		w.subject.giveBack(w.session, w.spoilt)
	}
	if w.second != nil {
		w.subject.giveBack(w.second, w.spoilt)
	}
}

// unanswered reports whether the last request of the scenario has no answer.
func (w *World) unanswered() bool {
	n := len(w.exchanges)
	return n > 0 && w.exchanges[n-1].Response() == nil
}

// response returns the response to the last request, or why there is none.
func (w *World) response() (*wire.Message, error) { return responseTo(w.x) }

func responseTo(x *wire.Exchange) (*wire.Message, error) {
	if x == nil {
		return nil, &misspelt{fmt.Errorf("no request was sent before this step")}
	}
	if x.Status() == http.StatusUnauthorized {
		return nil, rootCause{fmt.Errorf("the server wants authorization: %s is answered with HTTP status 401", named(x))}
	}
	if m := x.Response(); m != nil {
		return m, nil
	}
	if err := elsewhere(x); err != nil {
		return nil, rootCause{err}
	}
	if err := misframed(x.Session); err != nil {
		return nil, rootCause{err}
	}
	return nil, unmetf("a response", "%s", silence(x))
}

// elsewhere says why a request got no response for a reason that has nothing to
// do with it: there are too many, somebody before the server answers, or the
// session is over, which a server may end at any time.
func elsewhere(x *wire.Exchange) error {
	switch status := x.Status(); status {
	case http.StatusTooManyRequests:
		return errors.New("the server limits the rate of requests: HTTP status 429")
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("the server is not available: HTTP status %d", status)
	}
	if sessionLost(x) {
		return errors.New("the session is over: HTTP status 404")
	}
	return nil
}

// sessionLost reports whether a request in the session that the server assigned
// was answered with what says that there is no such session.
func sessionLost(x *wire.Exchange) bool {
	if x.Status() != http.StatusNotFound || x.Call.Fresh || x.Response() != nil {
		return false
	}
	for name, values := range x.Asked { // which may be spelt in any case
		if strings.EqualFold(name, sessionHeader) && len(values) > 0 {
			return values[0] != "" && values[0] == x.Session.ID()
		}
	}
	return false
}

// named names an exchange for a reader.
func named(x *wire.Exchange) string { return cmp.Or(x.Call.Method, "a message") }

// silence describes an exchange that brought no response.
func silence(x *wire.Exchange) string {
	switch {
	case x.Err() != nil:
		return "no response: " + x.Err().Error()
	case x.Status() != 0:
		what := "no body"
		if n := len(x.Payload()); n > 0 {
			what = fmt.Sprintf("a body of type %q that is no JSON-RPC response", x.Header().Get("Content-Type"))
		} else if x.Streams() {
			what = "an event stream without the response"
		}
		return fmt.Sprintf("HTTP status %d with %s", x.Status(), what)
	}
	return "no response"
}

// result returns the result in the last response.
func (w *World) result() (json.RawMessage, error) { return resultOf(w.x) }

func resultOf(x *wire.Exchange) (json.RawMessage, error) {
	m, err := responseTo(x)
	if err != nil {
		return nil, err
	}
	if e := m.Error(); e != nil {
		return nil, unmetf("a result", "error %s (%s)", e.Code, brief(e.Message))
	}
	if m.Result() == nil {
		return nil, unmetf("a result", "%s", brief(string(m.Raw)))
	}
	return m.Result(), nil
}

// rpcError returns the error in the last response.
func (w *World) rpcError() (*wire.RPCError, error) { return errorOf(w.x) }

func errorOf(x *wire.Exchange) (*wire.RPCError, error) {
	m, err := responseTo(x)
	if err != nil {
		return nil, err
	}
	e := m.Error()
	if e == nil {
		return nil, unmetf("a JSON-RPC error", "%s", brief(string(m.Raw)))
	}
	return e, nil
}

// brief cuts a text for a reader.
func brief(s string) string {
	const limit = 160
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit]) + "…"
}
