package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// harmlessNotification tells the server what it can ignore. The stateless
// revisions define no notification of the client over HTTP.
func (w *World) harmlessNotification(ctx context.Context) error {
	c := wire.Call{Notification: true, Method: "notifications/cancelled", Params: map[string]any{"requestId": "mcpcheck-" + randomHex(), "reason": "mcpcheck"}}
	if w.subject.Revision.Modern() {
		c.Method, c.Params = "notifications/x-mcpcheck", nil
	}
	w.do(ctx, c)
	return nil
}

// badNotification belongs to a session that does not exist, or to a revision
// that does not.
func (w *World) badNotification(ctx context.Context) error {
	c := wire.Call{Notification: true, Method: "notifications/cancelled", Params: map[string]any{"requestId": "mcpcheck-" + randomHex(), "reason": "mcpcheck"}}
	switch {
	case w.session.ID() != "":
		c.Header = map[string][]string{"Mcp-Session-Id": {randomHex() + randomHex()}}
	case w.subject.Revision >= spec.R20250618:
		c.Header = map[string][]string{"MCP-Protocol-Version": {"1900-01-01"}}
	default:
		return applicableIf("the server assigns a session id with the header Mcp-Session-Id of its answer to initialize", "the server assigns no session")
	}
	w.do(ctx, c)
	return nil
}

func (w *World) notificationAcknowledged(context.Context) error {
	err := acceptedBare(w.x)
	if err == nil && w.x.Status() != http.StatusAccepted {
		return notApplicable("the server refuses the notification")
	}
	return err
}

// acceptedBare judges the answer to a POST that has no response.
func acceptedBare(x *wire.Exchange) error {
	const want = "HTTP status 202 without a body, or an error status"
	switch status := x.Status(); {
	case status == 0:
		return inconclusivef("%s", silence(x))
	case status == http.StatusAccepted && (len(x.Payload()) > 0 || x.Streams()):
		return unmetf(want, "status 202 with a body of type %q", x.Header().Get("Content-Type"))
	case status == http.StatusAccepted || status >= 400:
		return nil
	case status >= 300:
		return rootCause{errors.New("the notification is sent to another path, see http.endpoint.single-path")}
	default:
		return unmetf(want, "status %d", status)
	}
}

// notificationRefused takes a success for an acceptance, which is judged apart.
func (w *World) notificationRefused(context.Context) error {
	status := w.x.Status()
	refused := false
	for _, m := range w.x.Messages() {
		refused = refused || m.Has("error")
	}
	switch {
	case status == 0:
		return inconclusivef("%s", silence(w.x))
	case status >= 400:
		return nil
	case refused:
		return unmetf("an HTTP error status with the refusal", "status %d", status)
	case status >= 300:
		return inconclusivef("HTTP status %d", status)
	}
	return notApplicable("the server accepts the notification")
}

func (w *World) answerAcknowledged(ctx context.Context) error {
	if len(w.x.Replies()) == 0 {
		return notApplicable("the server asked for nothing")
	}
	for _, x := range w.x.Replies() {
		x.Wait(ctx)
		if err := acceptedBare(x); err != nil {
			return err
		}
		if x.Status() >= 400 {
			return unmetf("HTTP status 202 for the answer to a request of the server", "status %d", x.Status())
		}
	}
	return nil
}

// ordinary reports whether an exchange is a request as a client should send it,
// within a conversation that was opened well: the answer to it is the protocol's
// and not that of a gatekeeper.
func ordinary(c *Conversation, x *wire.Exchange) bool {
	if !isPost(x) || x.Call.Raw != nil || x.Call.Pieces != nil || x.Call.Raw11 != nil || x.Call.ID != nil || x.Call.Header != nil || x.Call.NoMeta {
		return false
	}
	if c.Hello == nil || c.Hello.Response() == nil || c.Hello.Response().Result() == nil || x != c.Hello && x.Call.Method == "initialize" {
		return false
	}
	for _, other := range c.Exchanges() {
		if other.Call.Verb == http.MethodDelete && other.Sent.Before(x.Sent) {
			return false
		}
	}
	return x == c.Hello || x.Asked.Get("Mcp-Session-Id") == c.Hello.Header().Get("Mcp-Session-Id")
}

// contentTypeFits leaves to HTTP what HTTP refuses: only a success and a plain
// 400 are answers of the protocol to a request that is in order.
func contentTypeFits(c *Conversation, x *wire.Exchange) (bool, error) {
	status := x.Status()
	if !ordinary(c, x) || status != http.StatusBadRequest && (status < 200 || status > 299) {
		return false, nil
	}
	if x.Streams() {
		return true, nil
	}
	if len(x.Payload()) == 0 {
		return false, nil
	}
	if t, _, _ := mime.ParseMediaType(x.Header().Get("Content-Type")); t != "application/json" {
		return true, unmetf("Content-Type application/json or text/event-stream in the answer to "+x.Call.Method, "HTTP status %d with %q", status, x.Header().Get("Content-Type"))
	}
	return true, nil
}

// oneObject leaves arrays outside of the revision that has batches to the rules
// of JSON-RPC, which forbid them altogether.
func oneObject(c *Conversation, x *wire.Exchange) (bool, error) {
	t, _, _ := mime.ParseMediaType(x.Header().Get("Content-Type"))
	body := bytes.TrimSpace(x.Payload())
	if !ordinary(c, x) || t != "application/json" || x.Status() < 200 || x.Status() > 299 || len(body) == 0 {
		return false, nil
	}
	const want = "one JSON-RPC response and nothing else"
	if body[0] == '[' && json.Valid(body) {
		if c.Revision() != spec.R20250326 {
			return false, nil
		}
		return true, unmetf(want, "an array in answer to a single request")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	var first json.RawMessage
	if d.Decode(&first) != nil {
		return false, nil // no JSON: judged where messages are
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return true, unmetf(want, "something after it: %s", brief(string(body[d.InputOffset():])))
	}
	if m := wire.Parse(first)[0]; m.Err == nil && m.Has("method") {
		return true, unmetf(want, "a message with a method: %s", brief(string(first)))
	}
	return true, nil
}

// noOtherPath looks for redirects within a conversation that was opened at the
// path that the user named. Those to another host are an operator's matter.
func noOtherPath(c *Conversation, x *wire.Exchange) (bool, error) {
	get := isGet(x) && !c.Revision().Modern()
	if c.Hello == nil || c.Hello.Response() == nil || x.Status() == 0 || x.Call.Verb != "" && !get {
		return false, nil
	}
	to, err := url.Parse(x.Header().Get("Location"))
	base, bad := url.Parse(x.Session.Endpoint.URL)
	if x.Status() < 300 || x.Status() > 399 || err != nil || bad != nil {
		return true, nil
	}
	if at := base.ResolveReference(to); at.Host == base.Host && at.Path != base.Path {
		return true, unmetf("all of the protocol at "+base.Path, "HTTP status %d to %s", x.Status(), at.Path)
	}
	return true, nil
}
