package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var statelessWords = []step{
	{given, "the server declares a list", do((*World).declaresList)},
	{when, "the client calls the tool without, with and without sampling", do((*World).callThrice)},
	{when, "the client discovers without clientCapabilities before and after a full request", do((*World).discoverThrice)},
	{when, "the client discovers with {name} {json} in _meta", do2(name, jsonText, (*World).discoverWith)},
	{when, "the client discovers without _meta", do((*World).discoverBare)},
	{when, "the client discovers without {name} in _meta", do1(name, (*World).discoverWithout)},
	{when, "the client requests that list", do((*World).requestList)},
	{when, "the client requests that list on a second connection", do((*World).requestListElsewhere)},
	{when, "the client requests that list under several names", do((*World).requestListAs)},
	{when, "the client sends {count} harmless requests as {count} clients", do2(count, count, (*World).harmlessAs)},
	{then, "each name sees the same", do((*World).sameForAll)},
	{then, "each answer is a result", do((*World).eachResulted)},
	{then, "the error lists the required capabilities", do((*World).listsRequired)},
	{then, "the refusal of the request has HTTP status 400", do((*World).refusedWith400)},
	{then, "the second refusal is like the first", do((*World).refusedAgain)},
	{then, "the server asks for no input that the client does not offer", do((*World).asksNoUnoffered)},
	{then, "the server answers on the second connection as well", do((*World).servedElsewhere)},
	{then, "the server refuses the lack of a revision", do((*World).refusesNoRevision)},
	{then, "the server refuses with -32602, or -32020 over HTTP", do((*World).refusesParams)},
}

var statelessInvariants = []invariant{
	{"stateless.request-meta.log-level-optional", eachNotification("notifications/message", notLoggedUnasked)},
	{"stateless.server-info.present", eachResult("", serverInfoElsewhere)},
	{"stateless.server-info.shape", eachResult("", serverInfoShaped)},
}

func (w *World) discoverBare(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: "server/discover", Params: struct{}{}, NoMeta: true})
	return nil
}

func (w *World) discoverWithout(ctx context.Context, member string) error {
	w.do(ctx, wire.Call{Method: "server/discover", Meta: map[string]any{metaPrefix + member: nil}})
	return nil
}

func (w *World) discoverWith(ctx context.Context, member, value string) error {
	w.do(ctx, wire.Call{Method: "server/discover", Meta: map[string]any{metaPrefix + member: json.RawMessage(value)}})
	return nil
}

// discoverThrice first learns what the server does when it knows nothing of the
// client, so that what it remembers can be told from what it does not check.
func (w *World) discoverThrice(ctx context.Context) error {
	without := map[string]any{metaPrefix + "clientCapabilities": nil}
	w.named["first"] = w.do(ctx, wire.Call{Method: "server/discover", Meta: without})
	w.do(ctx, wire.Call{Method: "server/discover", Meta: sampling})
	w.do(ctx, wire.Call{Method: "server/discover", Meta: without})
	return nil
}

// sampling declares a capability of the client.
var sampling = map[string]any{metaPrefix + "clientCapabilities": map[string]any{"sampling": map[string]any{}}}

// refusedAgain looks at the last of several requests. Where the first, which is
// to be refused as well, was not, another requirement says so.
func (w *World) refusedAgain(context.Context) error {
	first := w.named["first"]
	if refusal(first) != nil {
		return rootCause{fmt.Errorf("%s was to be refused and is answered with %s", first.Call.Method, outcome(first))}
	}
	if w.x.Status() == 0 && w.x.Err() != nil && !w.x.TimedOut() {
		return nil // an HTTP stack may refuse by closing the connection
	}
	return refusal(w.x)
}

func (w *World) eachResulted(context.Context) error {
	for _, x := range w.xs {
		w.x = x
		if _, err := resultOf(x); err != nil {
			return err
		}
	}
	return nil
}

// refusesNoRevision takes any error over stdio from a server of both eras:
// there, a request that names no revision could belong to either. Over HTTP it
// grades HeaderMismatch as an advisory: the header then has no equal in the body,
// and which of the two rules goes first is not settled.
func (w *World) refusesNoRevision(ctx context.Context) error {
	e, err := w.rpcError()
	if err != nil {
		return err
	}
	if w.session.Endpoint.Transport != spec.Stdio {
		if e.Code == codeMismatch {
			return advisory(w.answersCode(ctx, "-32602"))
		}
		return w.answersCode(ctx, "-32602")
	}
	dual, err := w.legacy(ctx)
	switch {
	case err != nil:
		return inconclusive{err}
	case dual:
		return nil
	}
	return w.answersCode(ctx, "-32602")
}

// refusesParams takes HeaderMismatch as well, where what the params lack is what
// a header repeats.
func (w *World) refusesParams(ctx context.Context) error {
	e, err := w.rpcError()
	if err == nil && e.Code == codeMismatch && w.session.Endpoint.Transport != spec.Stdio {
		return nil
	}
	return w.answersCode(ctx, "-32602")
}

func (w *World) listMethod() (string, bool) {
	f, err := w.subject.facts()
	if err != nil {
		return "", false
	}
	for _, method := range listMethods {
		if f.offers(listCapability[method]) {
			return method, true
		}
	}
	return "", false
}

func (w *World) declaresList(context.Context) error {
	if _, err := w.subject.facts(); err != nil {
		return err
	}
	method, ok := w.listMethod()
	if !ok {
		return notApplicable("the server declares none of tools, resources and prompts")
	}
	_, err := w.subject.list(method)
	return err
}

func (w *World) requestList(ctx context.Context) error {
	method, _ := w.listMethod()
	w.do(ctx, wire.Call{Method: method})
	return nil
}

// requestListElsewhere asks twice as a client with a title of its own, which can
// be known again.
func (w *World) requestListElsewhere(ctx context.Context) error {
	other, err := w.subject.exclusive(ctx)
	if err != nil {
		return err
	}
	method, _ := w.listMethod()
	call := wire.Call{Method: method, Meta: map[string]any{
		metaPrefix + "clientInfo": map[string]any{"name": "mcpcheck", "version": "1", "title": "mcpcheck " + randomHex()},
	}}
	w.named["first"] = w.do(ctx, call)
	w.session, w.owned = other, true
	call.Fresh = true
	w.do(ctx, call)
	return nil
}

// servedElsewhere looks at the second of two requests.
func (w *World) servedElsewhere(ctx context.Context) error {
	if _, err := resultOf(w.named["first"]); err != nil {
		return rootCause{fmt.Errorf("%s: %w", w.x.Call.Method, err)}
	}
	return w.answersResult(ctx)
}

// requestListAs asks as A, B, nobody and again as A: a list that changes by
// itself shows in the two answers to A; then all are asked again.
func (w *World) requestListAs(ctx context.Context) error {
	const tries = 10
	method, _ := w.listMethod()
	for range tries {
		w.askListAs(ctx, method)
		if slices.Equal(listOn(w.xs[0]), listOn(w.xs[3])) {
			break
		}
	}
	return nil
}

func (w *World) askListAs(ctx context.Context, method string) {
	w.xs = nil
	for _, name := range []any{"mcpcheck-a", "mcpcheck-b", nil, "mcpcheck-a"} {
		meta := map[string]any{metaPrefix + "clientInfo": nil}
		if name != nil {
			meta[metaPrefix+"clientInfo"] = map[string]any{"name": name, "version": "1"}
		}
		x := w.do(ctx, wire.Call{Method: method, Meta: meta})
		x.WaitEnd(ctx, w.subject.grace()) // so that all of them go over one connection
		w.xs = append(w.xs, x)
	}
}

// listOn is what the list of an answer holds, nil if there is none.
func listOn(x *wire.Exchange) []string {
	result, err := resultOf(x)
	if err != nil {
		return nil
	}
	r, err := object(result)
	if err != nil {
		return nil
	}
	return anyOrder(r[listMember[x.Call.Method]])
}

func (w *World) sameForAll(context.Context) error {
	var seen [][]string
	for i, x := range w.xs {
		result, err := resultOf(x)
		if err != nil && i == 2 {
			seen = append(seen, seen[0]) // that clientInfo may be absent is another requirement
			continue
		}
		if err != nil {
			return rootCause{fmt.Errorf("%s: %w", x.Call.Method, err)}
		}
		r, err := object(result)
		if err != nil {
			return inconclusive{err}
		}
		seen = append(seen, anyOrder(r[listMember[x.Call.Method]]))
	}
	if !slices.Equal(seen[0], seen[3]) {
		return inconclusivef("the list changed meanwhile")
	}
	for i := 1; i < 3; i++ {
		if !slices.Equal(seen[0], seen[i]) {
			w.x = w.xs[i]
			return unmetf("the same list for every client", "another one under another clientInfo")
		}
	}
	return nil
}

// anyOrder is what a list holds, in an order of its own.
func anyOrder(raw json.RawMessage) []string {
	list := []string{}
	for _, item := range elements(raw) {
		list = append(list, string(compact(item)))
	}
	slices.Sort(list)
	return list
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

func (w *World) harmlessAs(ctx context.Context, n, clients int) error {
	for i := range n {
		w.xs = append(w.xs, w.start(ctx, wire.Call{Method: w.subject.harmlessMethod(), Meta: map[string]any{
			metaPrefix + "clientInfo": map[string]any{"name": fmt.Sprintf("mcpcheck-%d", i%clients), "version": "1"},
		}}))
	}
	for _, x := range w.xs {
		w.session.Finish(ctx, x)
	}
	return nil
}

func (w *World) callThrice(ctx context.Context) error {
	c := toolCall(w.tool.Name, w.arguments)
	w.named["first"] = w.do(ctx, c)
	c.Meta = sampling
	w.do(ctx, c)
	return w.callTool(ctx)
}

// inputAsked returns the input requests of a result by their keys; nil if the
// result asks for no input.
func inputAsked(result json.RawMessage) map[string]json.RawMessage {
	var r struct {
		Type     string                     `json:"resultType"`
		Requests map[string]json.RawMessage `json:"inputRequests"`
	}
	if json.Unmarshal(result, &r) != nil || r.Type != "input_required" {
		return nil
	}
	return r.Requests
}

// asksNoUnoffered judges a call whose client offers nothing at all.
func (w *World) asksNoUnoffered(context.Context) error {
	m, err := w.response()
	if err != nil {
		return err
	}
	for _, raw := range inputAsked(m.Result()) {
		return unmetf("no input request, as the client declared no capability", "%s", brief(string(raw)))
	}
	return nil
}

func (w *World) listsRequired(ctx context.Context) error {
	if m := w.x.Response(); m != nil && inputAsked(m.Result()) != nil {
		return rootCause{fmt.Errorf("the server asks for input that the client did not offer")}
	}
	if err := w.answersCode(ctx, "-32021"); err != nil {
		return err
	}
	data, err := w.errorData()
	if err != nil {
		return err
	}
	required, err := object(data["requiredCapabilities"])
	if err != nil || len(required) == 0 {
		return unmetf("data.requiredCapabilities, an object of capabilities", "%s", absent(data["requiredCapabilities"]))
	}
	for name, value := range required {
		if _, err := object(value); err != nil {
			return unmetf("data.requiredCapabilities."+name+", an object", "%s", brief(string(value)))
		}
	}
	return nil
}

// notLoggedUnasked looks at log messages on the stream of a request that set no
// logLevel; on a shared channel only where no request ever set one.
func notLoggedUnasked(c *Conversation, m *wire.Message) (bool, error) {
	asks := func(x *wire.Exchange) bool { return x.Call.Meta[metaPrefix+"logLevel"] != nil }
	if m.Exchange != nil {
		if asks(m.Exchange) {
			return false, nil
		}
	} else {
		for _, x := range c.Exchanges() {
			if asks(x) {
				return false, nil
			}
		}
	}
	return true, unmetf("no notifications/message without logLevel in _meta", "%s", brief(string(m.Raw)))
}

// serverInfo returns the member of a result's _meta.
func serverInfo(result json.RawMessage) (json.RawMessage, bool) {
	var r struct {
		Meta map[string]json.RawMessage `json:"_meta"`
	}
	if json.Unmarshal(result, &r) != nil {
		return nil, false
	}
	raw, ok := r.Meta[metaPrefix+"serverInfo"]
	return raw, ok
}

func serverInfoElsewhere(c *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	if x.Call.Method == "server/discover" {
		return false, nil // judged by discover.result.server-info
	}
	return serverInfoPresent(c, x, result)
}

func serverInfoPresent(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	if _, err := object(r["_meta"]); err != nil && r["_meta"] != nil {
		return false, nil //nolint:nilerr // judged by meta.object-type
	}
	if _, ok := serverInfo(result); !ok {
		return true, unmetf("_meta with "+metaPrefix+"serverInfo", "none in the result of %s", x.Call.Method)
	}
	return true, nil
}

func serverInfoShaped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	raw, ok := serverInfo(result)
	if !ok {
		return false, nil
	}
	return true, conformsTo(spec.R20260728, "Implementation", raw)
}
