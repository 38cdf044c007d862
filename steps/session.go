package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var sessionWords = []step{
	{given, "a session with an id", do((*World).joinWithID)},
	{given, "a session that the client has ended", do((*World).openEnded)},
	{when, "the client opens {count} sessions", do1(count, (*World).openMany)},
	{when, "the client sends a harmless request without its session id", do((*World).harmlessWithoutSession)},
	{when, "the client sends a harmless request with a session id that nobody was given", do((*World).harmlessForged)},
	{when, "the client sends a harmless request over a connection of its own", do((*World).harmlessFresh)},
	{when, "the client opens a stream", do((*World).openStream)},
	{when, "the client opens a stream without its session id", do((*World).openStreamWithoutSession)},
	{when, "the client works in one session and listens in both", do((*World).workApart)},
	{then, "the server assigns a session id", do((*World).assignsID)},
	{then, "the session id is visible ASCII", do((*World).visibleID)},
	{then, "no session id comes twice", do((*World).idsDiffer)},
	{then, "no session id can be guessed from the others", do((*World).idsUnguessable)},
	{then, "the server has no need of the id, or refuses with HTTP status {count}", do1(count, (*World).needlessOrStatus)},
	{then, "the stream is opened all the same, or refused with HTTP status {count}", do1(count, (*World).openedOrRefused)},
	{then, "the stream is refused with HTTP status {count}", do1(count, (*World).streamRefused)},
	{then, "nothing of that work reaches the second session", do((*World).keptApart)},
}

var sessionInvariants = []invariant{}

const sessionHeader = "Mcp-Session-Id"

func (w *World) joinWithID(context.Context) (err error) {
	if w.session, err = w.subject.session(); err != nil {
		return err
	}
	if w.session.ID() == "" {
		return applicableIf("the server assigns a session id with the header Mcp-Session-Id of its answer to initialize", "the server assigns no session ids")
	}
	return nil
}

func (w *World) openEnded(ctx context.Context) error {
	if err := w.joinWithID(ctx); err != nil {
		return err
	}
	if err := w.open(ctx); err != nil {
		return err
	}
	w.spoilt = true
	x := w.do(ctx, wire.Call{Verb: http.MethodDelete})
	if x.Status() < 200 || x.Status() > 299 {
		return notApplicable("the server does not let clients end a session: it answers DELETE with status %d", x.Status())
	}
	return nil
}

// openMany opens sessions one after the other, as their ids are to be compared,
// and ends them again.
func (w *World) openMany(ctx context.Context, n int) error {
	for range n {
		c, err := w.subject.open(ctx, nil)
		if err != nil {
			return rootCause{fmt.Errorf("no connection: %w", err)}
		}
		c.Probe = true
		c.Hello = c.Initialize(ctx, w.subject.Revision, nil)
		w.x, w.xs, w.exchanges = c.Hello, append(w.xs, c.Hello), append(w.exchanges, c.Hello)
		w.subject.giveBack(c.Session, true)
		if _, err := resultOf(c.Hello); err != nil {
			return rootCause{fmt.Errorf("initialize failed: %w", err)}
		}
	}
	return nil
}

func (w *World) harmlessWithoutSession(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Header: map[string][]string{sessionHeader: nil}})
	return nil
}

func (w *World) harmlessFresh(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Fresh: true})
	return nil
}

func (w *World) harmlessForged(ctx context.Context) error {
	forged := forgedID(w.session.ID())
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Header: map[string][]string{sessionHeader: {forged}}})
	return nil
}

// forgedID changes one character of an id, so that its form stays the same. It
// leaves the end alone: there, Base64 may have bits that count for nothing.
func forgedID(id string) string {
	b := []byte(id)
	for i := len(b) * 3 / 4; i < len(b); i++ {
		switch {
		case !alphanumeric(rune(b[i])):
			continue
		case b[i] == '0':
			b[i] = '1'
		default:
			b[i] = '0'
		}
		return string(b)
	}
	return id + "0"
}

// openStream listens for what the server says by itself, and hangs up.
func (w *World) openStream(ctx context.Context) error {
	w.listen(ctx, "").Cut()
	return nil
}

func (w *World) openStreamWithoutSession(ctx context.Context) error {
	w.do(ctx, wire.Call{Verb: http.MethodGet, Header: map[string][]string{sessionHeader: nil}}).Cut()
	return nil
}

func sessionIDs(x *wire.Exchange) []string { return x.Header().Values(sessionHeader) }

func (w *World) assignsID(context.Context) error {
	if _, err := w.result(); err != nil {
		return rootCause{fmt.Errorf("initialize failed: %w", err)}
	}
	if len(sessionIDs(w.x)) == 0 {
		return applicableIf("the server assigns a session id with the header Mcp-Session-Id of its answer to initialize", "the server assigns no session ids")
	}
	return nil
}

func (w *World) visibleID(context.Context) error {
	ids := sessionIDs(w.x)
	if len(ids) != 1 {
		return unmetf("one "+sessionHeader, "%d", len(ids))
	}
	if !visibleASCII(ids[0]) {
		return unmetf(sessionHeader+" of visible ASCII characters", "%q", brief(ids[0]))
	}
	return nil
}

func visibleASCII(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return c < 0x21 || c > 0x7E }) < 0
}

func (w *World) idsDiffer(context.Context) error {
	seen := map[string]bool{}
	for _, x := range w.xs {
		id := x.Header().Get(sessionHeader)
		if seen[id] {
			w.x = x
			return unmetf("another session id for each session", "the same one twice")
		}
		seen[id] = true
	}
	return nil
}

func (w *World) idsUnguessable(context.Context) error {
	var ids []string
	for _, x := range w.xs {
		ids = append(ids, x.Header().Get(sessionHeader))
	}
	if why := guessable(ids); why != "" {
		return unmetf("session ids that cannot be predicted", "%s", why)
	}
	return nil
}

// guessable says why ids, in the order of their issue, look as if the next one
// could be told; "" if they do not.
func guessable(ids []string) string {
	shortest := len(ids[0])
	for _, id := range ids {
		shortest = min(shortest, len(id))
	}
	if shortest < 16 {
		return fmt.Sprintf("an id of %d characters", shortest)
	}
	head, tail := ids[0], ids[0]
	for _, id := range ids {
		for !strings.HasPrefix(id, head) {
			head = head[:len(head)-1]
		}
		for !strings.HasSuffix(id, tail) {
			tail = tail[1:]
		}
	}
	differing := shortest - len(head) - len(tail)
	digits := true
	for _, id := range ids {
		part := id[len(head):max(len(id)-len(tail), len(head))]
		digits = digits && strings.Trim(part, "0123456789") == ""
	}
	switch {
	case differing < 8:
		return fmt.Sprintf("ids that differ in %d characters only", max(differing, 0))
	case digits && differing < 16:
		return fmt.Sprintf("ids that differ in a number of %d digits only, as counters and times do", differing)
	}
	return ""
}

// needlessOrStatus takes an error with status 200 for a need of the id: what
// lacks it is not served.
func (w *World) needlessOrStatus(ctx context.Context, want int) error {
	if _, err := w.result(); err == nil {
		return notApplicable("the server serves requests without a session id as well")
	}
	return w.statusIs(ctx, want)
}

func (w *World) openedOrRefused(ctx context.Context, want int) error {
	if w.x.Status() == http.StatusOK && w.x.Streams() {
		return notApplicable("the server opens a stream without a session id as well")
	}
	refused := w.x
	offered := w.do(ctx, wire.Call{Verb: http.MethodGet})
	offered.Cut()
	w.x = refused
	if !offered.Streams() {
		return applicableIf("the server answers GET with an event stream, not with status 405", "the server offers no stream to GET") // judged by http.get.stream-or-405
	}
	return w.streamRefused(ctx, want)
}

func (w *World) streamRefused(ctx context.Context, want int) error {
	if w.x.Status() == http.StatusMethodNotAllowed {
		return applicableIf("the server answers GET with an event stream, not with status 405", "the server offers no stream to GET")
	}
	return w.statusIs(ctx, want)
}

// workApart calls a safe tool, or else pings, in one session while both listen.
// An id and a progress token that nothing else has tell what belongs to it. That
// the second session hears is shown by a request of its own.
func (w *World) workApart(ctx context.Context) error {
	mark := "apart-" + randomHex()
	if w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.listen(ctx, "")
		hears := w.second.Do(ctx, wire.Call{Verb: http.MethodGet})
		defer hears.Cut()
		defer w.x.Cut()
		if !hears.Streams() {
			return applicableIf("the server answers GET with an event stream, not with status 405", "the server offers no stream to GET, so nothing could go astray")
		}
	}
	if _, err := resultOf(w.second.Do(ctx, wire.Call{Method: "ping", ID: mark + "-second"})); err != nil {
		return inconclusivef("the second session: %w", err)
	}
	c := wire.Call{Method: "ping"}
	if t, err := w.subject.safeTool("", func(t *Tool) bool { return t.Arguments != nil }); err == nil {
		c = toolCall(t.Name, t.Arguments)
	}
	if params, ok := c.Params.(map[string]any); ok {
		params["_meta"] = map[string]any{"progressToken": mark}
	}
	c.ID = mark
	w.named["work"] = w.do(ctx, c)
	w.second.Await(ctx, w.subject.silence(), func(m *wire.Message) bool { return belongs(m, w.x.ID) })
	return nil
}

// belongs reports whether a message is about the request with that id, which is
// also its progress token.
func belongs(m *wire.Message, id json.RawMessage) bool {
	var params map[string]json.RawMessage
	if json.Unmarshal(m.Params(), &params) != nil {
		params = nil
	}
	return wire.SameID(m.ID, id) || bytes.Equal(params["progressToken"], id)
}

func (w *World) keptApart(context.Context) error {
	work := w.named["work"]
	if _, err := responseTo(work); err != nil {
		return inconclusive{err}
	}
	for _, m := range w.second.Messages() {
		if belongs(m, work.ID) {
			// What the second session received is no longer its own doing.
			other := w.subject.conversation(w.second)
			other.Probe = true
			other.SetRevision("")
			return unmetf("messages of the first session in the first session only", "in the second: %s", brief(string(m.Raw)))
		}
	}
	return nil
}
