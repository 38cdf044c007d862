package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var subsWords = []step{
	{given, "the server tells of changes", do((*World).tellsOfChanges)},
	{given, "a session that listens for changes of another list as well", do((*World).listenForOtherList)},
	{when, "the client listens for changes", do((*World).listenForAll)},
	{when, "the client listens, closes the stream and listens again", do((*World).listenAgain)},
	{when, "the client listens, goes away and calls the tool over another connection", do((*World).listenAndGo)},
	{when, "the client hears of a change, stops listening and changes the list again", do((*World).stopListening)},
	{when, "the client listens and closes stdin", do((*World).listenAndCloseStdin)},
	{then, "the server lets itself be listened to", do((*World).listenable)},
	{then, "the answer to who listens is an event stream", do((*World).listensToStream)},
	{then, "the stream stays open", do((*World).staysOpen)},
	{then, "the server acknowledges each subscription", do((*World).acknowledgesEach)},
	{then, "the new subscription is acknowledged", do((*World).acknowledgesNew)},
	{then, "nothing comes before the acknowledgement", do((*World).nothingBeforeAck)},
	{then, "each acknowledgement has its form", do((*World).acksShaped)},
	{then, "each acknowledgement grants what was asked for and no more", do((*World).acksGrant)},
	{then, "the change comes only to the subscription that asked for it", do((*World).changedOnlyThere)},
	{then, "no change is told after that", do((*World).changeNotTold)},
	{then, "nothing is told to the subscription that is gone", do((*World).nothingToGone)},
	{then, "the subscription ends with a result", do((*World).endsWithResult)},
}

const (
	listenMethod = "subscriptions/listen"
	ackMethod    = "notifications/subscriptions/acknowledged"
)

// flagOf names for each flag of a filter the capability that promises it.
var flagOf = map[string]string{
	"toolsListChanged": "tools.listChanged", "promptsListChanged": "prompts.listChanged", "resourcesListChanged": "resources.listChanged",
}

// subscriptions are what a client opened to see how the server takes them.
type subscriptions struct {
	session *wire.Session
	all     []*wire.Exchange
	acks    map[*wire.Exchange]*wire.Message
}

func (w *World) tellsOfChanges(context.Context) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	for _, capability := range flagOf {
		if f.offers(capability) {
			return nil
		}
	}
	if f.offers("resources.subscribe") {
		return nil
	}
	return notApplicable("the server declares neither listChanged nor resources.subscribe")
}

// subscribed opens a few subscriptions, once for all scenarios that look at how
// one begins: for everything, with a string and with 0 as id; for one kind of
// change; and for nothing at all.
func (s *Subject) subscribed() (*subscriptions, error) {
	return s.subscribing.get(func() (*subscriptions, error) {
		f, err := s.facts()
		if err != nil {
			return nil, err
		}
		c, err := s.open(s.ctx, nil)
		if err != nil {
			return nil, rootCause{err}
		}
		l := &subscriptions{session: c.Session, acks: map[*wire.Exchange]*wire.Message{}}
		everything := map[string]any{}
		narrow := map[string]any{}
		for flag, capability := range flagOf {
			everything[flag] = true
			if f.offers(capability) {
				narrow = map[string]any{flag: true}
			}
		}
		if uris := s.readable(); f.offers("resources.subscribe") && len(uris) > 0 {
			everything["resourceSubscriptions"] = uris[:1]
		}
		for _, call := range []wire.Call{
			{ID: "mcpcheck-listens", Params: map[string]any{"notifications": everything}},
			{ID: 0, Params: map[string]any{"notifications": everything}},
			{Params: map[string]any{"notifications": narrow}},
			{Params: map[string]any{"notifications": map[string]any{}}},
		} {
			call.Method, call.NoResume = listenMethod, true
			x := c.Start(s.ctx, call)
			l.all = append(l.all, x)
			if l.acks[x] = s.ack(c.Session, x); l.acks[x] == nil {
				break // the next would fare no better
			}
		}
		s.workBeside(c.Session)
		return l, nil
	})
}

// workBeside makes a request that may report progress while subscriptions are open.
func (s *Subject) workBeside(session *wire.Session) {
	for _, name := range []string{"test_tool_with_progress", ""} {
		t, err := s.safeTool("", func(t *Tool) bool { return t.Arguments != nil && (name == "" || t.Name == name) })
		if err == nil {
			c := toolCall(t.Name, t.Arguments)
			c.Meta = map[string]any{"progressToken": "mcpcheck-beside"}
			session.Do(s.ctx, c)
			return
		}
	}
}

// ack waits for the acknowledgement of a subscription. One without the id of its
// subscription is judged by subs.notification.subscription-id.
func (s *Subject) ack(session *wire.Session, x *wire.Exchange) *wire.Message {
	m := session.Await(s.ctx, s.patience(), func(m *wire.Message) bool {
		return m.Answers == x || m.Method == ackMethod && (cameOn(m, x) || m.Exchange == nil && !m.At.Before(x.Sent) && subscriptionID(m) == nil)
	})
	if m == nil || m.Method != ackMethod {
		return nil
	}
	return m
}

// listenForAll is an act of the whole run, like the first request of a list.
func (w *World) listenForAll(context.Context) error {
	l, err := w.subject.subscribed()
	if err != nil {
		return err
	}
	w.subscriptions, w.x = l, l.all[0]
	w.exchanges = append(w.exchanges, l.all...)
	return nil
}

func (w *World) listenable(context.Context) error {
	for _, x := range w.subscriptions.all {
		w.x = x
		if e, err := errorOf(x); err == nil {
			return unmetf("a subscription, as the server declares changes", "error %s (%s)", e.Code, brief(e.Message))
		}
		if x.Status() >= 400 {
			return unmetf("a subscription, as the server declares changes", "%s", silence(x))
		}
	}
	return nil
}

// notListenable is the cause why nothing more can be said of subscriptions.
func (w *World) notListenable() error {
	x := w.subscriptions.all[0]
	switch {
	case w.listenable(context.Background()) != nil:
		return rootCause{fmt.Errorf("%s is refused: %s", listenMethod, outcome(w.x))}
	case w.subject.Endpoint.Transport != spec.Stdio && x.Status() != 0 && !x.Streams():
		return rootCause{fmt.Errorf("%s is not answered with an event stream", listenMethod)}
	}
	return nil
}

func (w *World) listensToStream(context.Context) error {
	if w.listenable(context.Background()) != nil {
		return w.notListenable()
	}
	w.x = w.subscriptions.all[0]
	if w.x.Status() == 0 {
		return rootCause{fmt.Errorf("%s is not acknowledged", listenMethod)}
	}
	if !w.x.Streams() || w.x.Status() != 200 {
		return unmetf("HTTP status 200 with text/event-stream", "%d with %q", w.x.Status(), w.x.Header().Get("Content-Type"))
	}
	return nil
}

// staysOpen records a subscription that the server ended in good order, and does
// not blame it: it may.
func (w *World) staysOpen(ctx context.Context) error {
	if err := w.notListenable(); err != nil {
		return err
	}
	w.x = w.subscriptions.all[0]
	ended := w.x.WaitEnd(ctx, w.subject.silence())
	switch {
	case w.x.Response() != nil:
		return notApplicable("the server ended the subscription in good order")
	case ended:
		return unmetf("a stream that stays open until a response ends it", "the end of the stream within %s", w.subject.silence())
	}
	return nil
}

func (w *World) acknowledgesEach(context.Context) error {
	if err := w.notListenable(); err != nil {
		return err
	}
	for _, x := range w.subscriptions.all {
		if filter := filterAsked(x); len(filter) == 0 && x.Response() != nil {
			continue // it asked for nothing, and was over at once
		}
		if w.x = x; w.subscriptions.acks[x] == nil {
			return unmetf(ackMethod, "none within %s for the subscription %s", w.subject.patience(), x.ID)
		}
	}
	return nil
}

// filterAsked is the filter that a subscription was opened with.
func filterAsked(x *wire.Exchange) map[string]any {
	params, _ := x.Call.Params.(map[string]any)
	filter, _ := params["notifications"].(map[string]any)
	return filter
}

// acked returns the acknowledgements, in order, or why there are none.
func (w *World) acked() ([]*wire.Exchange, error) {
	if err := w.notListenable(); err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(slices.Clone(w.subscriptions.all), func(x *wire.Exchange) bool { return w.subscriptions.acks[x] == nil })
	if len(list) == 0 {
		return nil, rootCause{fmt.Errorf("%s is not acknowledged", listenMethod)}
	}
	return list, nil
}

func (w *World) nothingBeforeAck(context.Context) error {
	list, err := w.acked()
	if err != nil {
		return err
	}
	for _, x := range list {
		w.x = x
		for _, m := range w.subscriptions.session.Messages() {
			if m == w.subscriptions.acks[x] {
				break
			}
			if m.IsNotification() && cameOn(m, x) {
				return unmetf(ackMethod+" first", "%s before it", brief(m.Method))
			}
		}
	}
	return nil
}

func (w *World) acksShaped(context.Context) error {
	list, err := w.acked()
	if err != nil {
		return err
	}
	schema, err := spec.MessageSchema(w.subject.Revision, "SubscriptionsAcknowledgedNotification")
	if err != nil {
		return inconclusive{err}
	}
	for _, x := range list {
		w.x = x
		for _, v := range schema.Validate(w.subscriptions.acks[x].Raw) {
			if strings.HasPrefix(v.Path, "params") && !strings.Contains(v.Path, "_meta") && !v.Unjudged() {
				return unmetf("a SubscriptionsAcknowledgedNotification", "%s: %s", v.Path, v.Text)
			}
		}
	}
	return nil
}

// acksGrant looks at flags that are true: an explicit false grants nothing.
func (w *World) acksGrant(context.Context) error {
	list, err := w.acked()
	if err != nil {
		return err
	}
	f, err := w.subject.facts()
	if err != nil {
		return inconclusive{err}
	}
	for _, x := range list {
		w.x = x
		asked := filterAsked(x)
		granted := filterOf(w.subscriptions.acks[x])
		for flag, capability := range flagOf {
			switch {
			case string(granted[flag]) != "true":
			case asked[flag] == nil:
				return unmetf("no more than was asked for", "%s", flag)
			case !f.offers(capability):
				return unmetf("no change that the server does not declare", "%s without %s", flag, capability)
			}
		}
		uris, _ := asked["resourceSubscriptions"].([]string)
		for _, uri := range stringsOf(granted["resourceSubscriptions"]) {
			if !slices.Contains(uris, uri) {
				return unmetf("resourceSubscriptions of those that were asked for", "%s", brief(uri))
			}
		}
	}
	return nil
}
