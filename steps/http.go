package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var httpWords = []step{
	{given, "the server listens on this machine", do((*World).listensHere)},
	{given, "a stream from the server", do((*World).haveStream)},
	{given, "two streams from the server", do((*World).haveStreams)},
	{given, "a request that is answered with an event stream", do((*World).haveStreaming)},
	{when, "the client sends a harmless request from {uri}", do1(uri, (*World).harmlessFrom)},
	{when, "the client greets the server from {uri}", do1(uri, (*World).greetFrom)},
	{when, "the client greets the server without an Origin", do((*World).greetWithoutOrigin)},
	{when, "the client greets the server at other addresses of this machine", do((*World).greetElsewhere)},
	{when, "the client listens", do((*World).listenOnce)},
	{when, "the client listens from {uri}", do1(uri, (*World).listenFrom)},
	{when, "the client listens without an Origin", do((*World).listenWithoutOrigin)},
	{when, "the client sends a harmless notification", do((*World).harmlessNotification)},
	{when, "the client sends a notification that cannot be accepted", do((*World).badNotification)},
	{when, "the client sends that request", do((*World).sendStreaming)},
	{when, "the client sends that request twice at once", do((*World).sendStreamingTwice)},
	{when, "the client asks to resume the stream of that request", do((*World).resumeStreaming)},
	{when, "the client calls the tool with a progress token", do((*World).callWithProgress)},
	{when, "the client calls the tool and offers {names}", do1(names, (*World).callOffering)},
	{when, "the client starts slow work and closes the connection", do((*World).abandonSlow)},
	{then, "the foreign page is not served", do((*World).pageNotServed)},
	{then, "the foreign page is refused with HTTP status 403", do((*World).pageRefused403)},
	{then, "the lack of an Origin is no reason to refuse", do((*World).originNotNeeded)},
	{then, "the server is not there", do((*World).notElsewhere)},
	{then, "the server answers with an event stream or with HTTP status 405", do((*World).streamOr405)},
	{then, "the server acknowledges the notification without a body, or refuses it", do((*World).notificationAcknowledged)},
	{then, "the server refuses the notification with an HTTP error status", do((*World).notificationRefused)},
	{then, "the server acknowledges the client's answer without a body", do((*World).answerAcknowledged)},
	{then, "each request is answered on its own stream", do((*World).answeredOnOwn)},
	{then, "no stream carries the response to another request", do((*World).onlyOwnResponse)},
	{then, "the stream from the server carries no response", do((*World).noResponseOnGet)},
	{then, "no message of the server arrives twice", do((*World).singleDelivery)},
	{then, "the first event has an id and no data", do((*World).primed)},
	{then, "the server announces when to come back", do((*World).announcesRetry)},
	{then, "nothing of the stream is repeated", do((*World).nothingReplayed)},
	{then, "the stream carries no request of the server", do((*World).noRequestOnStream)},
	{then, "the work is finished", do((*World).slowFinished)},
	{then, "the work is cancelled", do((*World).slowCancelled)},
	{then, "the work goes no further", do((*World).slowStopped)},
	{then, "the unknown method has HTTP status 404", do((*World).unknownMethod404)},
}

var httpInvariants = []invariant{
	{"http.endpoint.single-path", eachExchange(noOtherPath)},
	{"http.post.request-content-type", eachExchange(contentTypeFits)},
	{"http.post.json-single-object", eachExchange(oneObject)},
	{"http.sse.valid-stream", validStreams},
	{"http.sse.related-messages", eachNotification("notifications/progress", progressRelated)},
	{"http.sse.related-notifications", eachMessage(notificationRelated)},
	{"http.sse.no-early-close", eachExchange(noEarlyClose)},
	{"http.sse.close-after-response", eachExchange(closedAfterResponse)},
	{"http.sse.listen-not-for-request-notifications", eachMessage(notOnListenStream)},
	{"http.sse.x-accel-buffering", eachExchange(notBuffered)},
	{"http.get.unrelated-messages", eachNotification("notifications/progress", progressNotOnGet)},
	{"http.get.retry-before-close", eachExchange(retryBeforeClose)},
}

// greeting is the request that opens a conversation.
func (s *Subject) greeting() wire.Call {
	if s.Revision.Modern() {
		return wire.Call{Method: "server/discover"}
	}
	return wire.Call{Method: "initialize", Params: map[string]any{
		"protocolVersion": s.Revision, "capabilities": struct{}{}, "clientInfo": wire.ClientInfo,
	}}
}

// greet opens a conversation as something else than mcpcheck usually is. The
// session that this may open is ended with the scenario.
func (w *World) greet(ctx context.Context, header map[string][]string) *wire.Exchange {
	c := w.subject.greeting()
	c.Header = header
	x := w.do(ctx, c)
	if id := x.Header().Get("Mcp-Session-Id"); id != "" {
		w.session.SetID(id)
	}
	return x
}

// streamByGet asks for the stream that is no answer to a request.
func (w *World) streamByGet(ctx context.Context) (*wire.Exchange, error) {
	x := w.listen(ctx, "")
	w.spoilt = true // a stream may outlive its connection
	switch {
	case x.Status() == http.StatusOK && x.Streams():
		return x, nil
	case x.Status() == http.StatusMethodNotAllowed:
		return nil, applicableIf("the server answers GET with an event stream, not with status 405", "the server offers no stream by GET")
	case x.Status() == 0:
		return nil, errors.New("GET: " + silence(x))
	}
	return nil, rootCause{fmt.Errorf("GET is answered with HTTP status %d", x.Status())}
}

func (w *World) haveStream(ctx context.Context) (err error) {
	w.named["stream"], err = w.streamByGet(ctx)
	return err
}

// haveStreams asks for a sign of life where the second stream was the end of the
// first, so that the end of the session is not taken for the reason.
func (w *World) haveStreams(ctx context.Context) error {
	if err := w.haveStream(ctx); err != nil {
		return err
	}
	if x := w.listen(ctx, ""); x.Status() != http.StatusOK || !x.Streams() {
		return notApplicable("the server offers one stream by GET in a session, not two")
	}
	if w.named["stream"].WaitEnd(ctx, w.subject.silence()) {
		w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()})
		return notApplicable("the server ends a stream when there is another one")
	}
	return nil
}

func (w *World) listenOnce(ctx context.Context) error {
	w.listen(ctx, "")
	w.spoilt = true
	return nil
}

func (w *World) streamOr405(context.Context) error {
	const want = "an event stream, or HTTP status 405"
	switch status := w.x.Status(); {
	case status == 0:
		return inconclusivef("GET: %s", silence(w.x))
	case status == http.StatusOK && w.x.Streams(), status == http.StatusMethodNotAllowed:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests || status >= 500:
		return rootCause{fmt.Errorf("GET is answered with HTTP status %d", status)}
	case status < 300:
		return unmetf(want, "HTTP status %d with Content-Type %q", status, w.x.Header().Get("Content-Type"))
	case status < 400:
		return rootCause{errors.New("GET is sent to another path, see http.endpoint.single-path")}
	default:
		return unmetf(want, "HTTP status %d", status)
	}
}

// unknownMethod404 leaves the code of the error to whoever judges errors.
func (w *World) unknownMethod404(context.Context) error {
	const want = "HTTP status 404 with a JSON-RPC error"
	if _, err := w.rpcError(); err != nil {
		return unmetf(want, "%s", gotOf(err))
	}
	if status := w.x.Status(); status != http.StatusNotFound {
		return unmetf(want, "HTTP status %d", status)
	}
	return nil
}

// gotOf is what an unmet observation saw.
func gotOf(err error) string {
	var u *unmet
	if errors.As(err, &u) {
		return u.got
	}
	return err.Error()
}

// isGet reports whether an exchange is a stream of a legacy session that no
// request opened.
func isGet(x *wire.Exchange) bool {
	return x != nil && x.Call.Verb == http.MethodGet && x.Call.LastID == "" && x.Session.Stream() != x
}

// isPost reports whether an exchange is a request that the answer is a stream
// or a body of its own for.
func isPost(x *wire.Exchange) bool {
	return x != nil && x.Call.Verb == "" && x.ID != nil && x.Session.Endpoint.Transport == spec.StreamableHTTP
}
