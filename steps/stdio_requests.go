package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The ways to write to stdin.
const (
	inPieces    = "in small pieces"
	inOneWrite  = "two at a time"
	endedByCRLF = "ended by CRLF"
	ofOneMiB    = "of 1 MiB"
)

// writeHarmless writes requests in a way that framing by lines allows.
func (w *World) writeHarmless(ctx context.Context, how string) error {
	pad := 0
	if how == ofOneMiB {
		pad = 1 << 20
	}
	id, line, err := w.harmlessLine(pad)
	if err != nil {
		return err
	}
	c := wire.Call{ID: id, Pieces: [][]byte{line, []byte("\n")}}
	switch how {
	case inPieces:
		third := len(line) / 3
		c.Pieces = [][]byte{line[:third], line[third : 2*third], line[2*third:], []byte("\n")}
	case endedByCRLF:
		c.Pieces = [][]byte{append(line, "\r\n"...)}
	case inOneWrite:
		// The other one is expected here and written there.
		id, other, err := w.harmlessLine(0)
		if err != nil {
			return err
		}
		w.xs = append(w.xs, w.start(ctx, wire.Call{ID: id, Pieces: [][]byte{}}))
		c.Pieces = [][]byte{slices.Concat(line, []byte("\n"), other, []byte("\n"))}
	}
	w.xs = append(w.xs, w.start(ctx, c))
	for _, x := range w.xs {
		w.session.Finish(ctx, x)
	}
	return nil
}

// harmlessLine encodes a harmless request, with so many bytes more in its _meta.
func (w *World) harmlessLine(pad int) (id json.RawMessage, line []byte, err error) {
	var m struct {
		Version string                                `json:"jsonrpc"`
		ID      json.RawMessage                       `json:"id"`
		Method  string                                `json:"method"`
		Params  map[string]map[string]json.RawMessage `json:"params"`
	}
	filled := w.substitute(`{"jsonrpc":"2.0","id":$id,"method":"$method","params":$params}`)
	if err := json.Unmarshal([]byte(filled), &m); err != nil {
		return nil, nil, err
	}
	if pad > 0 {
		if m.Params["_meta"] == nil {
			m.Params["_meta"] = map[string]json.RawMessage{}
		}
		m.Params["_meta"]["com.example/padding"] = json.RawMessage(`"` + strings.Repeat("x", pad) + `"`)
	}
	line, err = json.Marshal(m)
	return m.ID, line, err
}

// stdinID has a line break in it, which must come back as an escape.
const stdinID = `"mcpcheck\nstdin"`

// askOnStdin asks something harmless. Where there is no session, the request
// that was to begin it is looked at instead: its answer may have gone elsewhere.
func (w *World) askOnStdin(ctx context.Context) error {
	session, err := w.subject.session()
	if err == nil {
		w.session = session
		return w.harmlessWithID(ctx, stdinID)
	}
	for _, c := range w.subject.conversations() {
		if c.Hello != nil && !c.Probe {
			w.session, w.x = c.Session, c.Hello
			return nil
		}
	}
	return err
}

// answersOnStdout leaves it to others that there is no answer at all.
func (w *World) answersOnStdout(context.Context) error {
	if w.x.Response() != nil {
		return nil
	}
	for line := range strings.Lines(w.session.Child().Stderr.String()) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] != '{' {
			continue
		}
		if m := wire.Parse([]byte(line))[0]; m.IsResponse() && wire.SameID(m.ID, w.x.ID) {
			return unmetf("the response on stdout", "it on stderr: %s", brief(line))
		}
	}
	_, err := w.response()
	return inconclusive{err}
}

// served asks for something that may need the server to be in good shape: a
// tool call where one is safe, else a list.
func (w *World) served(ctx context.Context) error {
	c := wire.Call{Method: w.subject.harmlessMethod()}
	if t, err := w.subject.safeTool("none", func(t *Tool) bool { return t.Arguments != nil }); err == nil {
		c = toolCall(t.Name, t.Arguments)
	} else if method, ok := w.listMethod(); ok {
		if _, err := w.subject.list(method); err != nil {
			return err
		}
		c = wire.Call{Method: method}
	}
	_, err := resultOf(w.do(ctx, c))
	return err
}

// cancelListen cancels a subscription once the server acknowledged it, and waits
// for the answer to something that it was asked later.
func (w *World) cancelListen(ctx context.Context) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	filter := map[string]any{}
	for flag, capability := range flagOf {
		if f.offers(capability) {
			filter[flag] = true
		}
	}
	if len(filter) == 0 { // a subscription to nothing may end at once
		return notApplicable("the server declares no listChanged")
	}
	x := w.start(ctx, wire.Call{Method: listenMethod, Params: map[string]any{"notifications": filter}})
	w.await(ctx, w.subject.patience(), func(m *wire.Message) bool { return m.Answers == x || ofSubscription(m, x) })
	if e, err := errorOf(x); err == nil {
		return notApplicable("the server refuses subscriptions/listen with %s (%s)", e.Code, brief(e.Message))
	}
	if x.Response() != nil || !slices.ContainsFunc(w.heard(), func(m *wire.Message) bool { return ofSubscription(m, x) }) {
		return rootCause{fmt.Errorf("subscriptions/listen is not acknowledged")}
	}
	w.cancel(ctx, x)
	return nil
}

// ofSubscription reports whether a notification belongs to a subscription.
func ofSubscription(m *wire.Message, x *wire.Exchange) bool {
	var p struct {
		Meta map[string]json.RawMessage `json:"_meta"`
	}
	return m.IsNotification() && json.Unmarshal(m.Params(), &p) == nil && wire.SameID(p.Meta[metaPrefix+"subscriptionId"], x.ID)
}

// cancel cancels a request and gives the server time to heed it: until it
// answered what it was asked afterwards, and a little longer.
func (w *World) cancel(ctx context.Context, x *wire.Exchange) {
	w.do(ctx, wire.Call{Method: "notifications/cancelled", Params: map[string]any{"requestId": x.ID, "reason": "a test of cancellation"}, Notification: true})
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	w.await(ctx, w.subject.grace(), func(*wire.Message) bool { return false })
	w.x, w.heeded = x, time.Now()
}

// subscriptionSilent looks for a response at any time, since only the
// cancellation can have brought it on, and for notifications after a while.
func (w *World) subscriptionSilent(ctx context.Context) error {
	w.await(ctx, w.subject.silence(), func(m *wire.Message) bool {
		return m.Answers == w.x || ofSubscription(m, w.x) && m.At.After(w.heeded)
	})
	if m := w.x.Response(); m != nil {
		return unmetf("nothing more for the cancelled request", "%s", brief(string(m.Raw)))
	}
	for _, m := range w.heard() {
		if ofSubscription(m, w.x) && m.At.After(w.heeded) {
			return unmetf("nothing more for the cancelled request", "%s", brief(string(m.Raw)))
		}
	}
	return nil
}

// cancelSlowCall lets the tool work for longer than anybody listens.
func (w *World) cancelSlowCall(ctx context.Context) error {
	long := w.subject.grace() + 2*w.subject.silence() + w.subject.patience()
	x := w.start(ctx, wire.Call{
		Method: "tools/call",
		Params: map[string]any{"name": w.tool.Name, "arguments": map[string]any{"milliseconds": min(long.Milliseconds(), 10_000)}},
		Meta:   map[string]any{"progressToken": slowToken},
	})
	if w.await(ctx, w.subject.patience(), func(m *wire.Message) bool { return m.Answers == x || ofSlowCall(m) }) == nil || x.Response() != nil {
		return inconclusivef("the call ended before it reported progress")
	}
	w.cancel(ctx, x)
	return nil
}

const slowToken = "mcpcheck-slow"

func ofSlowCall(m *wire.Message) bool {
	var p struct {
		Token json.RawMessage `json:"progressToken"`
	}
	return m.Method == "notifications/progress" && json.Unmarshal(m.Params(), &p) == nil && string(p.Token) == fmt.Sprintf("%q", slowToken)
}

func (w *World) noMoreProgress(ctx context.Context) error {
	late := func(m *wire.Message) bool { return ofSlowCall(m) && m.At.After(w.heeded) }
	if m := w.await(ctx, w.subject.silence(), late); m != nil {
		return unmetf("no progress after the cancellation", "%s", brief(string(m.Raw)))
	}
	return nil
}
