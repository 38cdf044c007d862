package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// Notifications that the server sends of its own accord. Before 2026-07-28 they
// come to every session, over Streamable HTTP on a stream that a GET opens; from
// then on a client has to ask for them with subscriptions/listen.
var noticeWords = []step{
	{given, "a session that listens for changes of the list of {items}", do1(items, (*World).listenForList)},
	{then, "the server notifies {method}", do1(method, (*World).notified)},
}

// changeFlag is the member of the filter that asks for changes of a list.
var changeFlag = map[string]string{
	"tools": "toolsListChanged", "resources": "resourcesListChanged", "resource templates": "resourcesListChanged", "prompts": "promptsListChanged",
}

func (w *World) listenForList(ctx context.Context, what string) error {
	return w.listenFor(ctx, map[string]any{changeFlag[what]: true})
}

// listenFor opens a session to which notifications come. The filter says which,
// where that is to be said.
func (w *World) listenFor(ctx context.Context, filter map[string]any) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	w.spoilt = w.session.Endpoint.Transport != spec.Stdio // a stream may outlive its connection
	if w.subject.Revision.Modern() {
		w.listener = w.subscribeTo(ctx, filter)
		return w.acknowledged(ctx, w.listener)
	}
	if w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.listener = w.listen(ctx, "")
	}
	return nil
}

// subscribeTo opens a stream of notifications, which stays open.
func (w *World) subscribeTo(ctx context.Context, filter map[string]any) *wire.Exchange {
	x := w.session.Start(ctx, wire.Call{Method: "subscriptions/listen", Params: map[string]any{"notifications": filter}, NoResume: true})
	w.exchanges = append(w.exchanges, x)
	return x
}

// stopSubscriptions makes a session fit for others. One in which a scenario did
// not pass may still bring what it asked for, and is left to nobody.
func (w *World) stopSubscriptions() {
	if !w.owned || w.spoilt {
		return
	}
	for _, x := range w.exchanges {
		if x.Session != w.session || x.Call.Method != listenMethod {
			continue
		}
		w.spoilt = w.verdict != reports.Pass && w.verdict != reports.NotApplicable
		if ended, _ := x.Ended(); !ended {
			w.session.Notify(w.subject.ctx, "notifications/cancelled", map[string]any{"requestId": x.ID, "reason": "the scenario is over"})
		}
	}
}

// acknowledged waits until a subscription is in force.
func (w *World) acknowledged(ctx context.Context, x *wire.Exchange) error {
	m := w.await(ctx, w.subject.patience(), func(m *wire.Message) bool {
		// One without the id of its subscription is required apart.
		mine := cameOn(m, x) || m.Exchange == nil && subscriptionID(m) == nil
		return m.Answers == x || m.Method == "notifications/subscriptions/acknowledged" && mine
	})
	if m == nil || m.Method == "" {
		return rootCause{fmt.Errorf("subscriptions/listen is not acknowledged")}
	}
	return nil
}

// cameOn reports whether a notification belongs to a subscription.
func cameOn(m *wire.Message, x *wire.Exchange) bool {
	if m.Exchange != nil {
		return m.Exchange == x
	}
	return wire.SameID(subscriptionID(m), x.ID)
}

func subscriptionID(m *wire.Message) json.RawMessage {
	var p struct {
		Meta map[string]json.RawMessage `json:"_meta"`
	}
	json.Unmarshal(m.Params(), &p) //nolint:errcheck // judged where notifications are
	return p.Meta[metaPrefix+"subscriptionId"]
}

func (w *World) notified(ctx context.Context, method string) error {
	return w.noticed(ctx, method, func(m *wire.Message) bool { return m.Method == method })
}

// noticed waits for a notification. Where nothing could have brought it, its
// absence shows nothing.
func (w *World) noticed(ctx context.Context, what string, match func(*wire.Message) bool) error {
	if w.await(ctx, w.subject.patience(), match) != nil {
		return nil
	}
	if x := w.listener; x != nil && x.Call.Verb == http.MethodGet && !x.Streams() {
		return notApplicable("the server opens no stream for notifications: it answers GET with status %d", x.Status())
	}
	if _, err := w.result(); err != nil {
		return inconclusivef("the change was not made: %w", err)
	}
	return unmetf(what, "none within %s", w.subject.patience())
}
