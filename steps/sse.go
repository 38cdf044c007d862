package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var sseWords = []step{
	{when, "the client opens the event stream", do((*World).openEventStream)},
	{when, "the client opens the event stream and posts what a session begins with", do((*World).openEventStreamAndPost)},
	{then, "the event stream is open", do((*World).eventStreamOpen)},
	{then, "each message that was posted has an HTTP status of success", do((*World).postsTaken)},
	{then, "an endpoint event names the address for messages", do((*World).endpointNamed)},
	{then, "no message comes before the endpoint event", do((*World).endpointFirst)},
	{then, "the response comes on the event stream", do((*World).responseOnStream)},
}

var sseInvariants = []invariant{
	{"sse.message-events", messageEvents},
}

// openEventStream opens a stream of the older transport, whatever comes of it.
func (w *World) openEventStream(ctx context.Context) error {
	c, err := w.subject.open(ctx, nil)
	if c == nil {
		return err
	}
	w.session, w.owned, w.spoilt = c.Session, true, true
	w.x = c.Stream()
	w.exchanges = append(w.exchanges, w.x)
	w.named["stream"] = w.x
	return nil
}

func (w *World) openEventStreamAndPost(ctx context.Context) error {
	if err := w.openEventStream(ctx); err != nil {
		return err
	}
	if w.eventStreamOpen(ctx) != nil {
		return nil // which is the first thing to be observed
	}
	if endpointOf(w.x) == nil {
		return rootCause{fmt.Errorf("the event stream brings no endpoint event")}
	}
	if err := w.session.Down(); err != nil {
		return rootCause{err}
	}
	c := w.subject.conversation(w.session)
	c.Hello = c.Initialize(ctx, w.subject.Revision, nil)
	w.xs = []*wire.Exchange{c.Hello, c.Initialized(ctx), c.Do(ctx, wire.Call{Method: "ping", ID: "posted"})}
	w.exchanges = append(w.exchanges, w.xs...)
	return nil
}

func (w *World) eventStreamOpen(context.Context) error {
	x := w.named["stream"]
	switch {
	case x.Status() == 0:
		return inconclusivef("there is no connection: %w", x.Err())
	case x.Status() != http.StatusOK:
		return unmetf("HTTP status 200", "%d", x.Status())
	case !x.Streams():
		return unmetf("Content-Type text/event-stream", "%q", x.Header().Get("Content-Type"))
	}
	return nil
}

func (w *World) postsTaken(ctx context.Context) error {
	for _, x := range w.xs {
		x.WaitStatus(ctx, w.subject.patience())
		if w.x = x; x.Status() < 200 || x.Status() > 299 {
			return unmetf("an HTTP status of success for "+x.Call.Method, "%s", silence(x))
		}
	}
	return nil
}

// endpointOf returns the first endpoint event of a stream, or nil.
func endpointOf(stream *wire.Exchange) *wire.Event {
	for _, e := range stream.Events() {
		if e.Name() == "endpoint" {
			return e
		}
	}
	return nil
}

func (w *World) endpointNamed(ctx context.Context) error {
	if err := w.eventStreamOpen(ctx); err != nil {
		return rootCause{fmt.Errorf("no event stream: %w", err)}
	}
	e := endpointOf(w.x)
	if e == nil {
		return unmetf("an endpoint event", "%d other events", len(w.x.Events()))
	}
	if why := noAddress(string(e.Data)); why != "" {
		return unmetf("an endpoint event whose data is a URI", "%s", why)
	}
	return nil
}

// noAddress says why the data of an endpoint event names no address, "" if it
// does. It may be relative to that of the stream, and of another origin.
func noAddress(data string) string {
	switch {
	case strings.TrimSpace(data) == "":
		return "empty data"
	case json.Valid([]byte(data)):
		return "JSON: " + brief(data)
	case strings.ContainsAny(data, " \t\r\n"):
		return fmt.Sprintf("%q, which has white space", brief(data))
	}
	if _, err := url.Parse(data); err != nil {
		return fmt.Sprintf("%q, which is no URI", brief(data))
	}
	return ""
}

func (w *World) endpointFirst(ctx context.Context) error {
	if err := w.eventStreamOpen(ctx); err != nil {
		return rootCause{fmt.Errorf("no event stream: %w", err)}
	}
	for _, e := range w.x.Events() {
		switch {
		case e.Name() == "endpoint":
			return nil
		case isRPC(e.Data):
			return unmetf("the endpoint event before any message", "%s", brief(string(e.Data)))
		}
	}
	return rootCause{fmt.Errorf("the event stream brings no endpoint event")}
}

func (w *World) responseOnStream(context.Context) error {
	if w.x.Response() != nil {
		return nil
	}
	if isRPC(w.x.Payload()) {
		return unmetf("the response on the event stream", "it in the body of the POST only")
	}
	return unmetf("the response on the event stream", "%s", silence(w.x))
}

// isRPC reports whether some data is a JSON-RPC message, or several.
func isRPC(data []byte) bool {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return false
	}
	for _, m := range wire.Parse(data) {
		if m.Err != nil || !m.Has("jsonrpc") {
			return false
		}
	}
	return true
}

// messageEvents looks for messages in events of another type, and for events of
// the right type without one. Other events, such as those that keep a connection
// alive, are no messages.
func messageEvents(c *Conversation, t *tally) {
	stream := c.Stream()
	if stream == nil {
		return
	}
	for _, e := range stream.Events() {
		switch {
		case e.Name() == "message" && !json.Valid(e.Data):
			t.check(stream, unmetf("JSON in an event of type message", "%q", brief(string(e.Data))))
		case e.Name() == "message":
			t.check(stream, nil)
		case isRPC(e.Data):
			t.check(stream, unmetf("an event of type message for a message", "one of type %q", brief(e.Name())))
		}
	}
}
