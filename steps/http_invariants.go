package steps

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// validStreams judges every event of Streamable HTTP that carries data. An event
// of another type than message reaches no one who listens for messages: a
// message must not hide there, while anything else may.
func validStreams(c *Conversation, t *tally) {
	if c.Endpoint.Transport != spec.StreamableHTTP {
		return
	}
	for _, x := range c.Exchanges() {
		for _, e := range x.Events() {
			data := bytes.TrimSpace(e.Data)
			if len(data) == 0 {
				continue
			}
			m := wire.Parse(data)[0]
			message := m.Err == nil && m.Has("jsonrpc")
			switch {
			case e.Name() != "message" && message:
				t.check(x, unmetf("messages in events of type message", "one in an event of type %q", e.Name()))
			case e.Name() == "message" && !message:
				t.check(x, unmetf("a JSON-RPC message in each event", "%s", brief(string(data))))
			case message:
				t.check(x, nil)
			}
		}
	}
}

// tokenOf is the progress token that a request asked with, nil without one.
func tokenOf(x *wire.Exchange) json.RawMessage {
	var body struct {
		Params struct {
			Meta struct {
				Token json.RawMessage `json:"progressToken"`
			} `json:"_meta"`
		} `json:"params"`
	}
	if x == nil || json.Unmarshal(x.Body, &body) != nil {
		return nil
	}
	return body.Params.Meta.Token
}

// tokenIn is the progress token of a notification.
func tokenIn(m *wire.Message) json.RawMessage {
	var p struct {
		Token json.RawMessage `json:"progressToken"`
	}
	if m.Method != "notifications/progress" || json.Unmarshal(m.Params(), &p) != nil {
		return nil
	}
	return p.Token
}

// asker is the request of the conversation that a progress token belongs to.
func asker(c *Conversation, token json.RawMessage) *wire.Exchange {
	for _, x := range c.Exchanges() {
		if own := tokenOf(x); own != nil && wire.SameID(own, token) {
			return x
		}
	}
	return nil
}

// progressRelated judges progress on the stream of a request: a token that no
// request had is judged where progress is.
func progressRelated(c *Conversation, m *wire.Message) (bool, error) {
	token := tokenIn(m)
	if token == nil || !isPost(m.Exchange) {
		return false, nil
	}
	other := asker(c, token)
	switch {
	case other == nil:
		return false, nil
	case other == m.Exchange || wire.SameID(tokenOf(m.Exchange), token):
		return true, nil
	}
	return true, unmetf("messages about the request whose stream it is", "progress of another request, with the token %s", brief(string(token)))
}

// notificationRelated knows which notifications can only belong to a
// subscription.
func notificationRelated(c *Conversation, m *wire.Message) (bool, error) {
	if !m.IsNotification() || !isPost(m.Exchange) || m.Exchange.Call.Method == "subscriptions/listen" {
		return false, nil
	}
	id := subscriptionID(m)
	ofOpen := func(x *wire.Exchange) bool { return wire.SameID(x.ID, id) }
	switch {
	case isChange(m) && id != nil && slices.ContainsFunc(listens(c), ofOpen):
		return true, unmetf("notifications about the request whose stream it is", "%s of a subscription", m.Method)
	case isChange(m), id != nil:
		return false, nil // judged by subs.filter.opt-in-only and subs.notification.id-absent-elsewhere
	case m.Method != "notifications/progress":
		return true, nil
	}
	return progressRelated(c, m)
}

// noEarlyClose leaves out what the client had ended itself: there, the response
// may be missing.
func noEarlyClose(c *Conversation, x *wire.Exchange) (bool, error) {
	if !isPost(x) || !x.Streams() || !x.EndedByServer() || x.Err() != nil && !hasResumed(x) {
		return false, nil
	}
	_, at := x.Ended()
	for _, other := range c.Exchanges() {
		if other.Call.Verb == http.MethodDelete && other.Sent.Before(at) || cancels(other, x) {
			return false, nil
		}
	}
	for _, m := range x.Messages() {
		if m.IsResponse() {
			return true, nil
		}
	}
	return true, unmetf("a stream that goes on until the response", "it ended after %d events without the response to %s", len(x.Events()), x.Call.Method)
}

// cancels reports whether a notification of the client cancels a request.
func cancels(notification, x *wire.Exchange) bool {
	var body struct {
		Method string `json:"method"`
		Params struct {
			ID json.RawMessage `json:"requestId"`
		} `json:"params"`
	}
	return json.Unmarshal(notification.Body, &body) == nil && body.Method == "notifications/cancelled" && wire.SameID(body.Params.ID, x.ID)
}

func hasResumed(x *wire.Exchange) bool { return len(x.Resumptions()) > 0 }

// closedAfterResponse judges only streams that were left alone long enough.
func closedAfterResponse(c *Conversation, x *wire.Exchange) (bool, error) {
	if !isPost(x) || !x.Streams() || !hasOwnResponse(x) {
		return false, nil
	}
	if x.EndedByServer() {
		return true, nil
	}
	open := time.Since(x.Response().At)
	if ended, at := x.Ended(); ended {
		open = at.Sub(x.Response().At)
	}
	if open < c.quiet() {
		return false, nil
	}
	return true, unmetf("a stream that ends with the response to "+x.Call.Method, "it was still open %s after", open.Round(100*time.Millisecond))
}

func notOnListenStream(_ *Conversation, m *wire.Message) (bool, error) {
	if m.Exchange == nil || m.Exchange.Call.Method != "subscriptions/listen" || !isPost(m.Exchange) {
		return false, nil
	}
	if isScoped(m) {
		return true, unmetf("only change notifications on the stream of subscriptions/listen", "%s", m.Method)
	}
	return true, nil
}

// notBuffered passes over answers that came through a proxy: nginx, for one,
// takes the header for itself.
func notBuffered(_ *Conversation, x *wire.Exchange) (bool, error) {
	h := x.Header()
	if !x.Streams() || !isPost(x) || h.Get("Via") != "" || strings.Contains(strings.ToLower(h.Get("Server")), "nginx") {
		return false, nil
	}
	if got := h.Get("X-Accel-Buffering"); !strings.EqualFold(got, "no") {
		return true, unmetf("the header X-Accel-Buffering: no with an event stream", "%q", got)
	}
	return true, nil
}

// progressNotOnGet counts progress on its own stream as well, if it could have
// gone to the other one.
func progressNotOnGet(c *Conversation, m *wire.Message) (bool, error) {
	x := asker(c, tokenIn(m))
	switch {
	case x == nil || tokenIn(m) == nil:
		return false, nil
	case isGet(m.Exchange):
		return true, unmetf("messages that belong to no running request on the stream opened by GET", "progress of %s", x.Call.Method)
	case !isPost(m.Exchange):
		return false, nil
	}
	for _, get := range c.Exchanges() {
		if ended, at := get.Ended(); isGet(get) && get.Streams() && get.Sent.Before(m.At) && (!ended || at.After(m.At)) {
			return true, nil
		}
	}
	return false, nil
}

// retryBeforeClose is advisory: whether the server closed a connection or ended
// the stream cannot be told apart from outside, and the latter needs no retry.
func retryBeforeClose(c *Conversation, x *wire.Exchange) (bool, error) {
	if !isGet(x) || !x.Streams() || !x.EndedByServer() || x.LastEventID() == "" {
		return false, nil
	}
	_, at := x.Ended()
	alive := false
	for _, other := range c.Exchanges() {
		if other.Call.Verb == http.MethodDelete && other.Sent.Before(at) {
			return false, nil
		}
		alive = alive || other.Sent.After(at) && other.Status() >= 200 && other.Status() < 300 && other.Call.Verb == ""
	}
	if !alive {
		return false, nil
	}
	if !hasRetry(x) {
		return true, advisory(unmetf("an event with a retry field before the connection is closed", "none among %d events", len(x.Events())))
	}
	return true, nil
}
