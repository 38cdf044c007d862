package everything

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// errCancelled is the cause of the end of a call that the client cancelled.
var errCancelled = errors.New("cancelled by the client")

// A sink takes the messages that belong to one request.
type sink interface {
	// send takes a message that precedes the response.
	send(data []byte)
	// finish takes the response, or nil when there is none, and the status that
	// it has over HTTP. Nothing follows it.
	finish(data []byte, status int)
	// twoWay reports whether the client can see a request sent here.
	twoWay() bool
}

// call is one request in progress.
type call struct {
	srv       *Server
	sess      *session // nil for a modern request over HTTP
	ctx       context.Context
	cancel    context.CancelCauseFunc
	out       sink
	ending    <-chan struct{} // closed when the channel or the server shuts down
	revision  string
	transport string
	fellow    *call  // another one beside it; only faults care
	told      bool   // it has sent progress; only faults care
	peer      string // modern: the connection that brought it; only faults care
	id        json.RawMessage
	method    string
	params    object
	meta      object // of the request; never nil
	caps      object // what the client declared; never nil
	level     string // modern: the lowest level of log messages, or ""
	state     object // modern: what the server put into the request state; nil when there is none
}

func (c *call) modern() bool { return isModern(c.revision) }

// since reports whether the call is made in that revision or a later one.
func (c *call) since(revision string) bool { return c.revision >= revision }

func (c *call) origin() origin {
	return origin{method: c.method, params: c.params, revision: c.revision, transport: c.transport}
}

// run handles the call and sends its response.
func (s *Server) run(c *call) {
	defer c.cancel(nil)
	result, err := s.dispatch(c)
	s.attend(c, result, err)
	s.stray(c)
	if c.sess != nil {
		c.sess.finished(c)
	}
	switch {
	case errors.Is(context.Cause(c.ctx), errCancelled) && !s.broken("cancel.received.no-response") && !c.speaksOn():
		s.conclude(c, nil, 0)
	case err != nil:
		s.conclude(c, s.seal(errorMessage(c.id, err), c.origin()), err.status)
	case result == nil:
		s.conclude(c, nil, 0)
	default:
		data := s.spoil(c, s.seal(object{"jsonrpc": "2.0", "id": c.id, "result": result}, c.origin()))
		if s.broken("session.scoped-delivery") || s.broken("sse.client-isolation") {
			s.leak(c, data)
		}
		s.conclude(c, data, 0)
	}
	if c.method == "initialize" && err == nil && c.transport != overHTTP {
		c.sess.hasten(c.out.send)
	}
}

func errorMessage(id json.RawMessage, err *rpcError) object {
	m := object{"jsonrpc": "2.0", "id": nil, "error": err.object()}
	if id != nil {
		m["id"] = id
	}
	return m
}

// notify sends a notification that belongs to the call.
func (c *call) notify(method string, params object) {
	o := c.origin()
	o.method = method
	data := c.srv.seal(object{"jsonrpc": "2.0", "method": method, "params": params}, o)
	c.srv.path(c, method).send(data)
	c.srv.duplicate(c, method, data)
}

// progress reports progress, if the client asked for it.
func (c *call) progress(done, total int, message string) {
	token, ok := c.meta["progressToken"]
	if !ok || !isID(token) {
		if !c.srv.broken("progress.sent.active-token-only") {
			return
		}
		token = "unasked"
	}
	params := object{"progressToken": token, "progress": done, "total": total}
	if c.since(rev2025_03_26) {
		params["message"] = message
	}
	c.notify("notifications/progress", params)
}

// levels lists the levels of log messages, lowest first.
var levels = []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}

// log sends a log message, if the client wants to see its level.
func (c *call) log(level string, data any) {
	lowest := c.level
	if !c.modern() {
		lowest = c.sess.logLevel()
	}
	if lowest == "" && !c.srv.broken("logging.message.opt-in") ||
		slices.Index(levels, level) < slices.Index(levels, lowest) && !c.srv.broken("logging.set-level.filters") {
		return
	}
	c.notify("notifications/message", object{"level": level, "logger": "everything", "data": data})
}

// pause waits, and reports whether the call goes on.
func (c *call) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// answerTimeout is how long the server waits for the answer to its own
// request. Behind an elicitation there may be a person, but not behind those
// of a reference server.
const answerTimeout = 5 * time.Second

// request asks the client, in a legacy revision, and returns its result.
func (c *call) request(method string, params object) (object, error) {
	if !c.out.twoWay() {
		return nil, errors.New("the client does not accept an event stream, so it cannot be asked")
	}
	id, answer := c.sess.expect()
	defer c.sess.forget(id)
	o := c.origin()
	o.method = method
	m := object{"jsonrpc": "2.0", "id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	data := c.srv.seal(m, o)
	c.out.send(data)
	c.srv.duplicate(c, method, data)
	t := time.NewTimer(answerTimeout)
	defer t.Stop()
	select {
	case body := <-answer:
		if result, ok := body["result"].(object); ok {
			return result, nil
		}
		return nil, errors.New("the client answered with an error")
	case <-t.C:
		c.notify("notifications/cancelled", object{"requestId": id, "reason": "no answer in time"})
		return nil, errors.New("the client did not answer in time")
	case <-c.ending:
		return nil, errors.New("the connection ends")
	case <-c.ctx.Done():
		return nil, c.ctx.Err()
	}
}
