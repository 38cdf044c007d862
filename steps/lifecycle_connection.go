package steps

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// waitSilent says nothing for as long as a server may take to speak up, and
// begins only then.
func (w *World) waitSilent(ctx context.Context) error {
	w.await(ctx, w.subject.silence(), speaksFirst)
	w.begin(ctx)
	return nil
}

// begin requests initialize as every session of the run does.
func (w *World) begin(ctx context.Context) {
	w.x = w.session.Initialize(ctx, w.subject.Revision, nil)
	w.exchanges = append(w.exchanges, w.x)
}

// speaksFirst leaves alone what is no message, which is another matter.
func speaksFirst(m *wire.Message) bool { return m.Err == nil && m.Method != "ping" }

// saidNothingFirst leaves what comes before the endpoint event of HTTP+SSE to
// sse.endpoint-event.first.
func (w *World) saidNothingFirst(context.Context) error {
	if _, err := resultOf(w.x); err != nil {
		return rootCause{fmt.Errorf("initialize failed: %w", err)}
	}
	open := endpointEvent(w.session)
	for _, m := range w.heard() {
		if speaksFirst(m) && m.At.Before(w.x.Sent) && !m.At.Before(open) {
			return unmetf("nothing before initialize was sent", "%s", brief(string(m.Raw)))
		}
	}
	return nil
}

// endpointEvent tells when a stream of HTTP+SSE named its endpoint.
func endpointEvent(s *wire.Session) (at time.Time) {
	if s.Stream() == nil {
		return at
	}
	for _, e := range s.Stream().Events() {
		if e.Name() == "endpoint" {
			return e.At
		}
	}
	return at
}

func (w *World) acceptsNotification(ctx context.Context) error {
	if status := w.x.Status(); status >= http.StatusBadRequest {
		return unmetf("the notification to be accepted", "HTTP status %d", status)
	}
	return w.notificationUnanswered(ctx)
}

// returning is how a client introduces itself that goes away without a word and
// comes back.
var returning = map[string]any{"name": "mcpcheck-returning", "version": "1"}

// comeBack drops the connections of one client, as a crash would, and opens
// another one.
func (w *World) comeBack(ctx context.Context) error {
	call := wire.Call{Method: "initialize", Params: map[string]any{
		"protocolVersion": w.subject.Revision, "capabilities": struct{}{}, "clientInfo": returning,
	}}
	x := w.do(ctx, call)
	if _, err := resultOf(x); err != nil {
		return rootCause{fmt.Errorf("initialize failed: %w", err)}
	}
	w.session.SetRevision(w.subject.Revision)
	w.session.SetID(x.Header().Get("Mcp-Session-Id"))
	w.session.Initialized(ctx)
	if w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.listen(ctx, "").Cut()
	} else if stream := w.session.Stream(); stream != nil {
		stream.Cut()
	}
	w.session.SetID("") // or the session would be ended in good order
	w.session.Close()
	if err := w.connect(ctx); err != nil {
		return inconclusive{err}
	}
	w.do(ctx, call)
	return nil
}

// survivesMismatch asks for an answer of any kind. That a new process of a
// stdio server works shows nothing.
func (w *World) survivesMismatch(ctx context.Context) error {
	if _, err := w.response(); err != nil {
		return err
	}
	if w.subject.Endpoint.Transport == spec.Stdio {
		return nil
	}
	if err := w.connect(ctx); err != nil {
		return fmt.Errorf("after a client of an unknown revision: %w", err)
	}
	w.begin(ctx)
	return w.answersResult(ctx)
}
