package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// progressing makes a tool call that asks for progress.
func progressing(c wire.Call) wire.Call {
	c.Meta = map[string]any{"progressToken": "mcpcheck-" + randomHex()}
	return c
}

// streaming finds a request that the server answers with an event stream, once
// for the run: a server may do so for all, for some or for none.
func (s *Subject) streaming(ctx context.Context, session *wire.Session) (func() wire.Call, error) {
	return s.streamed.get(func() (func() wire.Call, error) {
		harmless := func() wire.Call { return wire.Call{Method: s.harmlessMethod()} }
		if session.Do(ctx, harmless()).Streams() {
			return harmless, nil
		}
		const none = "the server answers with JSON objects, not with event streams"
		t, err := s.safeTool(none, func(t *Tool) bool { return t.Name == "test_tool_with_progress" && t.Arguments != nil })
		if err != nil {
			return nil, notApplicable(none)
		}
		call := func() wire.Call { return progressing(toolCall(t.Name, t.Arguments)) }
		if !session.Do(ctx, call()).Streams() {
			return nil, notApplicable(none)
		}
		return call, nil
	})
}

func (w *World) haveStreaming(ctx context.Context) (err error) {
	w.streaming, err = w.subject.streaming(ctx, w.session)
	return err
}

func (w *World) sendStreaming(ctx context.Context) error {
	w.do(ctx, w.streaming())
	return nil
}

// sendStreamingTwice has two streams open at once. The progress tokens, if any,
// tell that the two belong together.
func (w *World) sendStreamingTwice(ctx context.Context) error {
	token := "mcpcheck-" + randomHex()
	for i := range 2 {
		c := w.streaming()
		if c.Meta != nil {
			c.Meta = map[string]any{"progressToken": fmt.Sprintf("%s.%d", token, i)}
		}
		w.xs = append(w.xs, w.start(ctx, c))
	}
	for _, x := range w.xs {
		w.session.Finish(ctx, x)
	}
	for _, x := range w.xs {
		x.WaitEnd(ctx, w.subject.grace())
	}
	return nil
}

// answeredOnOwn leaves a stream that ended without its response to the
// requirement about that, in the revisions that have it.
func (w *World) answeredOnOwn(context.Context) error {
	for i, x := range w.xs {
		w.x = x
		if !x.Streams() {
			return applicableIf("the server answers with an event stream", "the server answered with a JSON object this time")
		}
		if x.Response() != nil {
			continue
		}
		if x.EndedByServer() && w.subject.Revision < spec.R20251125 {
			return rootCause{errors.New("a stream ended without the response, see http.sse.no-early-close")}
		}
		return unmetf("the response on the stream of its request", "request %d of %d: %s", i+1, len(w.xs), silence(x))
	}
	return nil
}

func (w *World) onlyOwnResponse(context.Context) error {
	for _, x := range w.xs {
		w.x = x
		if x.Response() == nil {
			return rootCause{errors.New("a request has no response, see http.sse.response-included")}
		}
		for _, m := range x.Messages() {
			if m.IsResponse() && !wire.SameID(m.ID, x.ID) {
				return unmetf("only the response with id "+string(x.ID)+" in the answer to it", "one with id %s", brief(string(m.ID)))
			}
		}
	}
	return nil
}

func (w *World) primed(context.Context) error {
	if !w.x.Streams() || len(w.x.Events()) == 0 {
		return applicableIf("the server answers with an event stream", "the server answered with a JSON object this time")
	}
	e := w.x.Events()[0]
	const want = "a first event with an id and empty data"
	switch {
	case !e.HasID:
		return unmetf(want, "one without an id")
	case len(e.Data) > 0:
		return unmetf(want, "one with data")
	}
	return nil
}

func (w *World) announcesRetry(context.Context) error {
	if !w.x.Streams() || !w.x.EndedByServer() || hasOwnResponse(w.x) {
		return notApplicable("the server closed no connection before the response")
	}
	if !hasRetry(w.x) {
		return unmetf("an event with a retry field before the connection is closed", "none among %d events", len(w.x.Events()))
	}
	return nil
}

func hasRetry(x *wire.Exchange) bool {
	for _, e := range x.Events() {
		if e.Retry >= 0 {
			return true
		}
	}
	return false
}

// hasOwnResponse reports whether the response came on the request's own stream,
// not on one that resumed it.
func hasOwnResponse(x *wire.Exchange) bool {
	m := x.Response()
	return m != nil && m.Exchange == x
}

// resumeStreaming asks with the last id before the response, where there is one.
func (w *World) resumeStreaming(ctx context.Context) error {
	x := w.do(ctx, w.streaming())
	if !x.Streams() || x.Response() == nil {
		return applicableIf("the server answers with an event stream", "the server answered with a JSON object this time")
	}
	id := "1"
	for _, e := range x.Events() {
		if e.HasID && (x.Response().Event != e || id == "1") {
			id = e.ID
		}
	}
	get := w.listen(ctx, id)
	get.WaitMessage(ctx, w.subject.silence(), func(*wire.Message) bool { return true })
	get.Cut()
	return nil
}

func (w *World) nothingReplayed(context.Context) error {
	if w.x.Status() == 0 {
		return inconclusivef("%s", silence(w.x))
	}
	if list := w.x.Messages(); w.x.Streams() && len(list) > 0 {
		return unmetf("a stream that cannot be resumed with Last-Event-ID", "%s", brief(string(list[0].Raw)))
	}
	return nil
}

func (w *World) noRequestOnStream(context.Context) error {
	for _, m := range w.x.Messages() {
		if m.IsRequest() {
			return unmetf("notifications and one response on the stream", "the request %s", m.Method)
		}
	}
	if _, err := w.response(); err != nil {
		return inconclusive{err}
	}
	return nil
}

func (w *World) callWithProgress(ctx context.Context) error {
	w.do(ctx, progressing(toolCall(w.tool.Name, w.arguments)))
	return nil
}

// callOffering makes a call whose client can answer what the server may ask.
func (w *World) callOffering(ctx context.Context, capabilities []string) error {
	offered := map[string]any{}
	for _, name := range capabilities {
		offered[name] = map[string]any{}
	}
	c := progressing(toolCall(w.tool.Name, w.arguments))
	c.Meta[metaPrefix+"clientCapabilities"] = offered
	w.do(ctx, c)
	return nil
}

// noResponseOnGet waits a little: a copy may come after the original.
func (w *World) noResponseOnGet(ctx context.Context) error {
	x := w.named["stream"]
	if m := x.WaitMessage(ctx, w.subject.silence(), (*wire.Message).IsResponse); m != nil {
		return unmetf("no response on the stream opened by GET", "%s", brief(string(m.Raw)))
	}
	return nil
}

// singleDelivery counts what can be told apart: requests by id, progress by
// token and value.
func (w *World) singleDelivery(ctx context.Context) error {
	identifiable := func(m *wire.Message) bool { return !m.Resumed && identity(m) != "" }
	if w.await(ctx, w.subject.patience(), identifiable) == nil {
		return notApplicable("the server sent no request and no progress")
	}
	seen := map[string]*wire.Message{}
	twice := func(m *wire.Message) bool {
		first := seen[identity(m)]
		if !identifiable(m) || first == m {
			return false
		}
		if first == nil {
			seen[identity(m)] = m
		}
		return first != nil && first.Exchange != m.Exchange
	}
	if m := w.await(ctx, w.subject.silence(), twice); m != nil {
		return unmetf("each message on one stream", "the same on two: %s", brief(string(m.Raw)))
	}
	return nil
}

// identity tells a message of the server from all others, where that can be.
func identity(m *wire.Message) string {
	switch {
	case m.IsRequest():
		return m.Method + " " + string(m.ID)
	case m.Method == "notifications/progress":
		var p struct {
			Token    json.RawMessage `json:"progressToken"`
			Progress json.RawMessage `json:"progress"`
		}
		if json.Unmarshal(m.Params(), &p) != nil || p.Token == nil {
			return ""
		}
		return fmt.Sprintf("progress %s of %s", p.Progress, p.Token)
	}
	return ""
}
