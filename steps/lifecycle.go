package steps

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var lifecycleWords = []step{
	{when, "the client requests initialize at the revision under test", do((*World).initialize)},
	{when, "the client requests initialize at revision {revision}", do1(revision, (*World).initializeAt)},
	{when, "the client requests initialize with what nobody knows", do((*World).initializeOdd)},
	{when, "the client waits before it is initialized", do((*World).waitUninitialized)},
	{then, "the server agrees to the revision under test", do((*World).agrees)},
	{then, "the server offers a published revision instead", do((*World).offersPublished)},
	{then, "the server agrees to what it offered", do((*World).agreesToOffer)},
	{then, "the server offers its newest revision", do((*World).offersNewest)},
	{then, "the server asks for nothing but ping", do((*World).asksNothing)},
	{then, "the result conforms to its schema", do((*World).resultConforms)},
}

var lifecycleInvariants = []invariant{
	{"lifecycle.initialize.first-interaction", nothingBeforeInitialize},
	{"lifecycle.initialize.not-input-required", eachResult("", notInputRequired)},
	{"lifecycle.shutdown.no-message", eachMessage(noShutdownMessage)},
}

func (w *World) initialize(ctx context.Context) error {
	return w.initializeAt(ctx, w.subject.Revision)
}

// initializeAt uses one connection for each revision, whichever scenario asks.
func (w *World) initializeAt(ctx context.Context, r spec.Revision) error {
	x, err := w.subject.offer(ctx, string(r))
	if err != nil {
		return err
	}
	w.x = x
	w.exchanges = append(w.exchanges, x)
	return nil
}

func (w *World) initializeOdd(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: "initialize", Params: map[string]any{
		"protocolVersion": w.subject.Revision,
		"capabilities":    map[string]any{"experimental": map[string]any{"com.example/unknown": map[string]any{}}, "x-unknown": map[string]any{"a": 1}},
		"clientInfo":      map[string]any{"name": "mcpcheck", "version": "1", "x-unknown": []int{1}},
		"x-unknown":       true,
	}})
	return nil
}

// negotiatedBy returns the revision that an initialize result names.
func negotiatedBy(x *wire.Exchange) (string, error) {
	result, err := resultOf(x)
	if err != nil {
		return "", err
	}
	var r map[string]json.RawMessage
	var v string
	if json.Unmarshal(result, &r) != nil || json.Unmarshal(r["protocolVersion"], &v) != nil {
		return "", unmetf("a string protocolVersion", "%s", brief(string(r["protocolVersion"])))
	}
	return v, nil
}

func (w *World) agrees(context.Context) error {
	v, err := negotiatedBy(w.x)
	if err != nil {
		return err
	}
	if v != string(w.subject.Revision) {
		return unmetf(`protocolVersion "`+string(w.subject.Revision)+`"`, "%q", v)
	}
	return nil
}

// offersPublished takes an error as an advisory: each legacy revision shows an
// error in an example of its lifecycle page, and asks for a counter-offer in its
// text.
func (w *World) offersPublished(context.Context) error {
	if _, refused := errorOf(w.x); refused == nil {
		_, err := resultOf(w.x)
		return advisory(err)
	}
	v, err := negotiatedBy(w.x)
	if err != nil {
		return err
	}
	if !slices.Contains(spec.Revisions, spec.Revision(v)) {
		return unmetf("a published revision that the server supports", "protocolVersion %q", v)
	}
	return nil
}

func (w *World) agreesToOffer(ctx context.Context) error {
	v, err := negotiatedBy(w.x)
	if err != nil {
		return nil //nolint:nilerr // a refusal offers nothing
	}
	x, err := w.subject.offer(ctx, v)
	if err != nil {
		return err
	}
	w.exchanges = append(w.exchanges, x)
	again, err := negotiatedBy(x)
	if err != nil {
		return err
	}
	if again != v {
		return unmetf("the offered revision "+v+" to be agreed to", "protocolVersion %q", again)
	}
	return nil
}

func (w *World) offersNewest(ctx context.Context) error {
	got, err := negotiatedBy(w.x)
	if err != nil {
		return notApplicable("the server makes no counter-offer")
	}
	newest := ""
	for _, r := range spec.Revisions {
		if r.Modern() {
			continue
		}
		x, err := w.subject.offer(ctx, string(r))
		if err != nil {
			return err
		}
		if v, err := negotiatedBy(x); err == nil && v == string(r) {
			newest = v
		}
	}
	if newest != "" && got != newest {
		return unmetf("the newest that the server agrees to, "+newest, "protocolVersion %q", got)
	}
	return nil
}

// waitUninitialized gives the server time to ask too early. A stream is open for
// what it may want to ask.
func (w *World) waitUninitialized(ctx context.Context) error {
	if w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.listen(ctx, "")
	}
	w.session.Await(ctx, w.subject.silence(), func(m *wire.Message) bool { return asksEarly(m) })
	return nil
}

func asksEarly(m *wire.Message) bool { return m.IsRequest() && m.Method != "ping" }

func (w *World) asksNothing(context.Context) error {
	for _, m := range w.session.Messages() {
		if asksEarly(m) {
			return unmetf("no request but ping before notifications/initialized", "%s", m.Method)
		}
	}
	return nil
}

func nothingBeforeInitialize(c *Conversation, t *tally) {
	if len(c.Exchanges()) == 0 {
		return
	}
	first := c.Exchanges()[0]
	if c.Stream() != nil && len(c.Exchanges()) > 1 {
		first = c.Exchanges()[1]
	}
	if first.Call.Method != "initialize" {
		return
	}
	t.seen++
	for _, m := range c.Messages() {
		if m.At.Before(first.Sent) && m.Method != "ping" {
			t.check(first, unmetf("nothing before initialize was sent", "%s", brief(string(m.Raw))))
			return
		}
	}
}

func notInputRequired(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	var r map[string]json.RawMessage
	if json.Unmarshal(result, &r) != nil {
		return false, nil
	}
	if string(r["resultType"]) == `"input_required"` {
		return true, unmetf("a result of this revision", `resultType "input_required", which begins with 2026-07-28`)
	}
	return true, nil
}

func noShutdownMessage(_ *Conversation, m *wire.Message) (bool, error) {
	if m.Method == "" {
		return false, nil
	}
	if name := strings.TrimPrefix(m.Method, "notifications/"); name == "shutdown" || name == "exit" {
		return true, unmetf("no message for the shutdown: closing the transport says it", "%q", m.Method)
	}
	return true, nil
}

// resultConforms validates the last result against the schema of its method.
func (w *World) resultConforms(context.Context) error {
	result, err := w.result()
	if err != nil {
		return err
	}
	return conforms(w.subject.Revision, w.x.Call.Method, result)
}

func conforms(r spec.Revision, method string, result json.RawMessage) error {
	definition, ok := spec.ResultDefinition(r, method)
	if !ok {
		return nil
	}
	return conformsTo(r, definition, result)
}

func conformsTo(r spec.Revision, definition string, doc json.RawMessage) error {
	schema, err := spec.MessageSchema(r, definition)
	if err != nil {
		return inconclusive{err}
	}
	if broken := schema.Validate(doc); len(broken) > 0 {
		return unmetf("a "+definition+" of revision "+string(r), "%s: %s", broken[0].Path, broken[0].Text)
	}
	return nil
}
