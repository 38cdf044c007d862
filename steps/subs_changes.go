package steps

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var subsInvariants = []invariant{
	{"subs.filter.opt-in-only", changesAsked},
	{"subs.notification.id-absent-elsewhere", eachMessage(noSubscriptionElsewhere)},
	{"subs.notification.subscription-id", subscriptionNamed},
	{"subs.teardown.result-shape", eachResult(listenMethod, listenResultShaped)},
}

// filterOf returns the filter that an acknowledgement grants.
func filterOf(ack *wire.Message) map[string]json.RawMessage {
	params, _ := object(ack.Params())
	filter, _ := object(params["notifications"])
	return filter
}

func stringsOf(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// isChange reports whether a notification tells of a change.
func isChange(m *wire.Message) bool {
	return m.Method == updatedMethod || strings.HasPrefix(m.Method, "notifications/") && strings.HasSuffix(m.Method, "/list_changed")
}

func listens(c *Conversation) (list []*wire.Exchange) {
	for _, x := range c.Exchanges() {
		if x.Call.Method == listenMethod {
			list = append(list, x)
		}
	}
	return list
}

// changesAsked looks for changes told to a client that asked for none. On a
// channel that is shared they could belong to any subscription, if there is one:
// then they lack its id, which is required apart.
func changesAsked(c *Conversation, t *tally) {
	open := len(listens(c)) > 0
	for _, m := range c.Messages() {
		if !isChange(m) {
			continue
		}
		var err error
		onListen := m.Exchange != nil && m.Exchange.Call.Method == listenMethod
		if subscriptionID(m) == nil && !onListen && (m.Exchange != nil || !open) {
			err = unmetf("no "+m.Method+" to a client that did not ask for it", "%s", brief(string(m.Raw)))
		}
		t.check(origin(m), err)
	}
}

// isScoped reports whether a notification can only be about a request.
func isScoped(m *wire.Message) bool {
	return m.Method == "notifications/progress" || m.Method == "notifications/message"
}

func noSubscriptionElsewhere(_ *Conversation, m *wire.Message) (bool, error) {
	if !isScoped(m) {
		return false, nil
	}
	if id := subscriptionID(m); id != nil {
		return true, unmetf("no subscriptionId in "+m.Method, "%s", brief(string(id)))
	}
	return true, nil
}

// subscriptionNamed judges what came on the stream of a subscription, and on a
// shared channel the acknowledgements: nothing else there is known to belong to
// one. What should not have come on the stream at all is
// http.sse.listen-not-for-request-notifications.
func subscriptionNamed(c *Conversation, t *tally) {
	open := listens(c)
	if len(open) == 0 {
		return
	}
	for _, m := range c.Messages() {
		on := m.Exchange != nil && m.Exchange.Call.Method == listenMethod
		if !m.IsNotification() || isScoped(m) || !on && (m.Exchange != nil || m.Method != ackMethod) {
			continue
		}
		of := open
		if on {
			of = []*wire.Exchange{m.Exchange}
		}
		t.check(of[0], namesOne(m, of))
	}
}

func namesOne(m *wire.Message, of []*wire.Exchange) error {
	id := subscriptionID(m)
	for _, x := range of {
		if wire.SameID(id, x.ID) {
			return nil
		}
	}
	want := "subscriptionId " + string(of[0].ID)
	if len(of) > 1 {
		want = "the subscriptionId of an open subscription"
	}
	return unmetf(want+" in "+m.Method, "%s", absent(id))
}

// listenResultShaped leaves resultType, where it is missing, to result.*.
func listenResultShaped(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	meta, _ := object(r["_meta"])
	if id := meta[metaPrefix+"subscriptionId"]; !wire.SameID(id, x.ID) {
		return true, unmetf("_meta with subscriptionId "+string(x.ID), "%s", absent(id))
	}
	if kind := r["resultType"]; kind != nil && string(kind) != `"complete"` {
		return true, unmetf(`resultType "complete"`, "%s", brief(string(kind)))
	}
	return true, nil
}

// flags are those changes of lists that the server declares.
func (s *Subject) flags() map[string]any {
	filter := map[string]any{}
	f, err := s.facts()
	if err != nil {
		return filter
	}
	for flag, capability := range flagOf {
		if f.offers(capability) {
			filter[flag] = true
		}
	}
	return filter
}

// listenAgain closes a stream and asks for the same once more.
func (w *World) listenAgain(ctx context.Context) error {
	w.spoilt = true
	// The two ids begin alike, so that a server which mixes them up shows it.
	id := "mcpcheck-" + randomHex()
	listen := func(n string) *wire.Exchange {
		return w.start(ctx, wire.Call{
			Method: listenMethod, ID: id + n, Params: map[string]any{"notifications": w.subject.flags()}, NoResume: true,
		})
	}
	first := listen("-1")
	if err := w.acknowledged(ctx, first); err != nil {
		return err
	}
	first.Cut()
	first.WaitEnd(ctx, w.subject.grace())
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()}) // so that it can have noticed
	listen("-2")
	return nil
}

func (w *World) acknowledgesNew(context.Context) error {
	if w.subject.ack(w.session, w.x) == nil {
		return unmetf(ackMethod+", as for the first", "%s", outcome(w.x))
	}
	return nil
}

func (w *World) listenForOtherList(ctx context.Context) error {
	x := w.subscribeTo(ctx, map[string]any{"promptsListChanged": true})
	w.named["other"] = x
	return w.acknowledged(ctx, x)
}

const toolsChanged = "notifications/tools/list_changed"

func toldTo(x *wire.Exchange) func(*wire.Message) bool {
	return func(m *wire.Message) bool { return m.Method == toolsChanged && cameOn(m, x) }
}

var errNoChange = rootCause{errors.New("no " + toolsChanged + " came to a client that listened for it")}

// changedOnlyThere looks at the other subscription only after the change came to
// the one that asked for it.
func (w *World) changedOnlyThere(ctx context.Context) error {
	if w.await(ctx, w.subject.patience(), toldTo(w.listener)) == nil {
		return errNoChange
	}
	if m := w.await(ctx, w.subject.silence(), toldTo(w.named["other"])); m != nil {
		return unmetf("no "+toolsChanged+" on a subscription to changes of prompts", "%s", brief(string(m.Raw)))
	}
	return nil
}

func (w *World) stopListening(ctx context.Context) error {
	if err := w.callTool(ctx); err != nil {
		return err
	}
	if w.await(ctx, w.subject.patience(), toldTo(w.listener)) == nil {
		return errNoChange
	}
	w.cancel(ctx, w.listener)
	w.since = len(w.session.Messages())
	return w.callTool(ctx)
}

func (w *World) changeNotTold(ctx context.Context) error {
	if _, err := w.result(); err != nil {
		return inconclusivef("the change was not made: %w", err)
	}
	m := w.session.AwaitFrom(ctx, w.since, w.subject.silence(), toldTo(w.listener))
	if m != nil {
		return unmetf("no "+toolsChanged+" after notifications/cancelled", "%s", brief(string(m.Raw)))
	}
	return nil
}

// listenAndGo has an id that nobody else has.
func (w *World) listenAndGo(ctx context.Context) error {
	c, err := w.subject.open(ctx, nil)
	if err != nil {
		return err
	}
	w.listener = c.Start(ctx, wire.Call{
		Method: listenMethod, ID: "mcpcheck-gone-" + randomHex(), NoResume: true,
		Params: map[string]any{"notifications": map[string]any{"toolsListChanged": true}},
	})
	w.exchanges = append(w.exchanges, w.listener)
	if w.subject.ack(c.Session, w.listener) == nil {
		c.Close()
		return rootCause{errors.New(listenMethod + " is not acknowledged")}
	}
	c.Close()
	return w.callTool(ctx)
}

func (w *World) nothingToGone(ctx context.Context) error {
	if _, err := w.result(); err != nil {
		return inconclusivef("the change was not made: %w", err)
	}
	gone := func(m *wire.Message) bool { return wire.SameID(subscriptionID(m), w.listener.ID) }
	if m := w.await(ctx, w.subject.silence(), gone); m != nil {
		w.spoilt = true
		return unmetf("nothing for the subscription of a connection that was closed", "%s", brief(string(m.Raw)))
	}
	return nil
}

func (w *World) listenAndCloseStdin(ctx context.Context) error {
	w.listener = w.subscribeTo(ctx, w.subject.flags())
	if err := w.acknowledged(ctx, w.listener); err != nil {
		return err
	}
	return w.closeStdin(ctx)
}

func (w *World) endsWithResult(context.Context) error {
	if w.subject.Endpoint.Transport != spec.Stdio {
		return notLaunched()
	}
	if _, err := resultOf(w.listener); err != nil {
		return unmetf("a result of "+listenMethod+" before the end of stdout", "%s", outcome(w.listener))
	}
	return nil
}
