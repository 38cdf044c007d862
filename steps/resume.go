package steps

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var resumeWords = []step{
	{given, "stream {stream} of the tool, cut after an event with an id", do1(stream, (*World).openCut)},
	{given, "stream {stream} of the tool, read to its end", do1(stream, (*World).openWhole)},
	{when, "the client resumes stream {stream}", do1(stream, (*World).resume)},
	{then, "stream {stream} goes on without messages of stream {stream}", do2(stream, stream, (*World).resumedAlone)},
	{then, "stream {stream} goes on after what was received", do1(stream, (*World).resumedAfter)},
	{then, "the response arrives although the server closed the connection before", do((*World).resumedByPolling)},
}

var resumeInvariants = []invariant{
	{"resume.event-id.unique", eventIDsUnique},
}

// streamOf starts a call whose messages can be told from those of others.
func (w *World) streamOf(ctx context.Context, name string) *wire.Exchange {
	mark := "mcpcheck-" + name + "-" + randomHex()
	c := toolCall(w.tool.Name, w.arguments)
	c.Params.(map[string]any)["_meta"] = map[string]any{"progressToken": mark}
	c.ID, c.Timeout = mark, w.subject.patience()
	w.named[name] = w.start(ctx, c)
	return w.x
}

// openCut drops the connection as soon as the stream can be resumed. A server
// may be done before that: then another call is cut.
func (w *World) openCut(ctx context.Context, name string) error {
	const tries = 3
	for range tries {
		x := w.streamOf(ctx, name)
		for n := 1; x.WaitEvents(ctx, w.subject.patience(), n) && resumableFrom(x) == ""; n++ {
		}
		x.Cut()
		x.WaitEnd(ctx, w.subject.patience()) // what was read before the cut is still filed
		switch {
		case x.Status() != 0 && !x.Streams():
			return notApplicable("the server answers the tool %s without an event stream", w.tool.Name)
		case x.Streams() && resumableFrom(x) == "":
			return applicableIf("the server gives the events of its streams ids", "the server gives its events no ids")
		case x.Response() == nil && resumableFrom(x) != "":
			return nil
		}
	}
	return fmt.Errorf("the tool %s answered before its stream could be cut", w.tool.Name)
}

// resumableFrom is the id of the last event, if a message came with one.
func resumableFrom(x *wire.Exchange) string {
	if slices.ContainsFunc(x.Events(), func(e *wire.Event) bool { return e.HasID && len(e.Data) > 0 }) {
		return x.LastEventID()
	}
	return ""
}

func (w *World) openWhole(ctx context.Context, name string) error {
	x := w.streamOf(ctx, name)
	w.session.Finish(ctx, x)
	_, err := responseTo(x)
	return err
}

// resume goes on with a stream until its response, over several connections if
// the server closes one before that.
func (w *World) resume(ctx context.Context, name string) error {
	x := w.named[name]
	w.session.Finish(ctx, x)
	list := x.Resumptions()
	w.exchanges = append(w.exchanges, list...)
	for _, get := range list {
		w.x = get
		get.WaitEnd(ctx, w.subject.grace())
		get.Cut()
	}
	return nil
}

// goesOn returns the resumptions of a stream. That there is a replay is the
// server's choice.
func (w *World) goesOn(name string) ([]*wire.Exchange, error) {
	list := w.named[name].Resumptions()
	if len(list) == 0 {
		return nil, inconclusivef("the stream was not resumed: %v", w.named[name].Err())
	}
	if get := list[0]; get.Status() != http.StatusOK || !get.Streams() {
		return nil, notApplicable("the server resumes no streams: it answers GET with Last-Event-ID with status %d", get.Status())
	}
	for _, get := range list {
		if len(get.Messages()) > 0 {
			return list, nil
		}
	}
	return nil, notApplicable("the server replays no messages on a resumed stream")
}

// resumedAlone looks for what the other stream has brought. A message that came
// on the wrong stream alone was not replayed there, but sent there.
func (w *World) resumedAlone(_ context.Context, name, other string) error {
	list, err := w.goesOn(name)
	if err != nil {
		return err
	}
	brought := map[string]bool{}
	for _, m := range w.named[other].Messages() {
		brought[string(m.Raw)] = belongs(m, w.named[other].ID)
	}
	for _, get := range list {
		for _, m := range get.Messages() {
			if brought[string(m.Raw)] {
				w.x = get
				return unmetf("messages of the resumed stream only", "one of another stream: %s", brief(string(m.Raw)))
			}
		}
	}
	return nil
}

func (w *World) resumedAfter(_ context.Context, name string) error {
	list, err := w.goesOn(name)
	if err != nil {
		return err
	}
	had := map[string]bool{}
	for _, x := range append([]*wire.Exchange{w.named[name]}, list...) {
		var ids []string
		for _, e := range x.Events() {
			if !e.HasID || e.ID == "" {
				continue
			}
			if had[e.ID] {
				w.x = x
				return unmetf("events after "+brief(x.Call.LastID), "event %s again", brief(e.ID))
			}
			ids = append(ids, e.ID)
		}
		for _, id := range ids {
			had[id] = true
		}
	}
	return nil
}

// resumedByPolling looks at a call whose connection the server closed by itself.
func (w *World) resumedByPolling(context.Context) error {
	x := w.x
	list := x.Resumptions()
	switch {
	case len(list) == 0 && x.Response() != nil:
		return notApplicable("the server did not close the connection before the response")
	case len(list) == 0:
		return notApplicable("the server gives its events no ids, and ended the stream without the response")
	case x.Response() != nil:
		return nil
	}
	w.x = list[len(list)-1]
	got := fmt.Sprintf("status %d", w.x.Status())
	if w.x.Streams() {
		got = fmt.Sprintf("%d messages without it", len(w.x.Messages()))
	}
	return unmetf("the response, on GET with Last-Event-ID", "%s", got)
}

// An eventPlace is where an event id was seen.
type eventPlace struct {
	x    *wire.Exchange
	data []byte
}

// eventIDsUnique looks for one id on two events of a session. A resumed stream
// repeats events as they were.
func eventIDsUnique(c *Conversation, t *tally) {
	first := map[[2]string]eventPlace{}
	for _, x := range c.Exchanges() {
		for _, e := range x.Events() {
			if !e.HasID || e.ID == "" {
				continue
			}
			key := [2]string{sessionOf(x), e.ID}
			before, seen := first[key]
			if !seen {
				first[key] = eventPlace{x, e.Data}
			}
			if seen && !(x.Call.LastID != "" && bytes.Equal(before.data, e.Data)) {
				t.check(x, unmetf("an id for each event of the session", "id %s on two", brief(e.ID)))
				continue
			}
			t.check(x, nil)
		}
	}
}

// sessionOf is the session that an exchange belongs to; initialize belongs to
// the one that it began.
func sessionOf(x *wire.Exchange) string {
	if id := x.Asked.Get(sessionHeader); id != "" {
		return id
	}
	return x.Header().Get(sessionHeader)
}
