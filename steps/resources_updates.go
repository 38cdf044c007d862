package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

const updatedMethod = "notifications/resources/updated"

// otherResource is one that nothing changes meanwhile.
const otherResource = "test://static-text"

// errNoUpdate is why nothing can be said of when updates stop or where they go.
var errNoUpdate = rootCause{errors.New("no update came to a client that had subscribed")}

func (w *World) listenForUpdates(ctx context.Context) error {
	if err := w.listenFor(ctx, map[string]any{"resourceSubscriptions": []string{w.resource}}); err != nil {
		return err
	}
	if w.subject.Revision.Modern() {
		return nil
	}
	w.spoilt = true // until the subscription is ended
	x := w.do(ctx, wire.Call{Method: "resources/subscribe", Params: map[string]any{"uri": w.resource}})
	_, err := resultOf(x)
	return err
}

// listenForOther opens a second subscription beside the first.
func (w *World) listenForOther(ctx context.Context) error {
	x := w.subscribeTo(ctx, map[string]any{"resourceSubscriptions": []string{otherResource}})
	w.named["other"] = x
	return w.acknowledged(ctx, x)
}

func (w *World) subscribeAndEnd(ctx context.Context) error {
	params := map[string]any{"uri": w.resource}
	w.named["subscribe"] = w.do(ctx, wire.Call{Method: "resources/subscribe", Params: params})
	w.named["unsubscribe"] = w.do(ctx, wire.Call{Method: "resources/unsubscribe", Params: params})
	return nil
}

func (w *World) subscribed(context.Context) error {
	w.x = w.named["subscribe"]
	_, err := w.resultMembers()
	return err
}

func (w *World) unsubscribed(context.Context) error {
	if _, err := resultOf(w.named["subscribe"]); err != nil {
		return rootCause{fmt.Errorf("resources/subscribe: %w", err)}
	}
	w.x = w.named["unsubscribe"]
	_, err := w.resultMembers()
	return err
}

// updatedURIOf returns the uri of an update.
func updatedURIOf(m *wire.Message) string {
	params, _ := object(m.Params())
	return unquoted(params["uri"])
}

// isUpdate matches an update of a resource or of a part of it.
func isUpdate(resource string) func(*wire.Message) bool {
	return func(m *wire.Message) bool {
		return m.Method == updatedMethod && covers(resource, updatedURIOf(m))
	}
}

// covers reports whether a subscription to a resource brings updates of a URI:
// of its own, or of a sub-resource.
func covers(resource, uri string) bool { return strings.HasPrefix(uri, resource) }

func (w *World) updated(ctx context.Context) error {
	return w.noticed(ctx, updatedMethod+" of "+w.resource, isUpdate(w.resource))
}

// changeUnsubscribed changes the resource again only when an update has shown
// that changes are told.
func (w *World) changeUnsubscribed(ctx context.Context) error {
	if err := w.callTool(ctx); err != nil {
		return err
	}
	if w.await(ctx, w.subject.patience(), isUpdate(w.resource)) == nil {
		return errNoUpdate
	}
	x := w.do(ctx, wire.Call{Method: "resources/unsubscribe", Params: map[string]any{"uri": w.resource}})
	if _, err := resultOf(x); err != nil {
		return inconclusivef("resources/unsubscribe failed: %w", err)
	}
	w.await(ctx, w.subject.grace(), func(*wire.Message) bool { return false }) // stragglers
	w.since = len(w.session.Messages())
	return w.callTool(ctx)
}

func (w *World) notUpdated(ctx context.Context) error {
	if _, err := w.result(); err != nil {
		return inconclusivef("the change was not made: %w", err)
	}
	m := w.session.AwaitFrom(ctx, w.since, w.subject.silence(), isUpdate(w.resource))
	if m != nil {
		return unmetf("no "+updatedMethod+" after resources/unsubscribe", "%s", brief(string(m.Raw)))
	}
	w.spoilt = w.session.Endpoint.Transport != spec.Stdio
	return nil
}

// updatedOnlyThere looks at the other subscription only after the update came to
// the one that asked for it.
func (w *World) updatedOnlyThere(ctx context.Context) error {
	right := func(m *wire.Message) bool { return m.Method == updatedMethod && cameOn(m, w.listener) }
	if w.await(ctx, w.subject.patience(), right) == nil {
		return errNoUpdate
	}
	other := w.named["other"]
	wrong := func(m *wire.Message) bool {
		return m.Method == updatedMethod && cameOn(m, other) && !covers(otherResource, updatedURIOf(m))
	}
	if m := w.await(ctx, w.subject.silence(), wrong); m != nil {
		return unmetf("no update on a subscription to "+otherResource+" only", "%s", brief(string(m.Raw)))
	}
	return nil
}

// updatedUnasked takes any subscription of the session so far: whether one has
// ended is resources.unsubscribe.effective.
func updatedUnasked(c *Conversation, m *wire.Message) (bool, error) {
	uri := updatedURIOf(m)
	if uri == "" {
		return false, nil // judged by resources.updated.uri
	}
	if !declaresSubscriptions(c) {
		return false, nil // judged by arch.capabilities.subscription-declared
	}
	for _, x := range c.Exchanges() {
		if x.Call.Method == "resources/subscribe" && x.Sent.Before(m.At) && covers(uriOf(x), uri) {
			return true, nil
		}
	}
	return true, unmetf("no "+updatedMethod+" without a subscription", "one of %q", brief(uri))
}

func updatedURI(c *Conversation, m *wire.Message) (bool, error) {
	params, err := object(m.Params())
	if err != nil {
		return true, unmetf("params with a string uri", "%s", absent(m.Params()))
	}
	return true, badURIMember(c.Revision(), "uri", params["uri"])
}
