package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var lifecycleWords = []step{
	{when, "the client closes its connections and begins anew", do((*World).comeBack)},
	{when, "the client requests initialize at the revision under test", do((*World).initialize)},
	{when, "the client requests initialize at revision {revision}", do1(revision, (*World).initializeAt)},
	{when, "the client requests initialize with what nobody knows", do((*World).initializeOdd)},
	{when, "the client waits before it is initialized", do((*World).waitUninitialized)},
	{when, "the client waits before it requests initialize", do((*World).waitSilent)},
	{then, "the server accepts the notification", do((*World).acceptsNotification)},
	{then, "the server agrees to the revision under test", do((*World).agrees)},
	{then, "the server agrees to what it offered", do((*World).agreesToOffer)},
	{then, "the server answers and takes the next client", do((*World).survivesMismatch)},
	{then, "the server asks for nothing but ping", do((*World).asksNothing)},
	{then, "the server offers a published revision instead", do((*World).offersPublished)},
	{then, "the server offers its newest revision", do((*World).offersNewest)},
	{then, "the server said nothing first", do((*World).saidNothingFirst)},
}

var lifecycleInvariants = []invariant{
	{"lifecycle.initialize.capabilities-shape", eachResult("initialize", capabilitiesShaped)},
	{"lifecycle.initialize.instructions-type", eachResult("initialize", instructionsTyped)},
	{"lifecycle.initialize.not-input-required", eachResult("", notInputRequired)},
	{"lifecycle.initialize.result-required-fields", eachResult("initialize", initializeMembers)},
	{"lifecycle.initialize.server-info-fields", eachResult("initialize", implementationShaped)},
	{"lifecycle.operation.negotiated-version-must", eachMessage(ofNegotiatedRevision)},
	{"lifecycle.operation.negotiated-version-should", eachMessage(ofNegotiatedRevision)},
	{"lifecycle.operation.only-negotiated-capabilities-must", eachMessage(asksForWhatIsOffered)},
	{"lifecycle.operation.only-negotiated-capabilities-should", eachMessage(asksForWhatIsOffered)},
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
		return "", unmetf("a string protocolVersion", "%s", absent(r["protocolVersion"]))
	}
	return v, nil
}

// settled is negotiatedBy for those who leave it to others that there is a
// revision at all.
func settled(x *wire.Exchange) (string, error) {
	v, err := negotiatedBy(x)
	if err != nil {
		return "", rootCause{fmt.Errorf("initialize settles on no revision: %w", err)}
	}
	return v, nil
}

func (w *World) agrees(context.Context) error {
	v, err := settled(w.x)
	if err != nil {
		return err
	}
	if v != string(w.subject.Revision) {
		return unmetf(`protocolVersion "`+string(w.subject.Revision)+`"`, "%q", v)
	}
	return nil
}

// echoes reports whether the server agrees to the revision under test, without
// which nothing can be said of what it agrees to otherwise.
func (w *World) echoes(ctx context.Context) error {
	x, err := w.subject.offer(ctx, string(w.subject.Revision))
	if err != nil {
		return err
	}
	v, err := settled(x)
	if err == nil && v != string(w.subject.Revision) {
		err = rootCause{fmt.Errorf("initialize at %s is answered with protocolVersion %q", w.subject.Revision, v)}
	}
	return err
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
		if err := w.echoes(ctx); err != nil {
			return err
		}
		return unmetf("the offered revision "+v+" to be agreed to", "protocolVersion %q", again)
	}
	return nil
}

func (w *World) offersNewest(ctx context.Context) error {
	got, err := negotiatedBy(w.x)
	if err != nil || !slices.Contains(spec.Revisions, spec.Revision(got)) {
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
	if newest == "" {
		return w.echoes(ctx)
	}
	if got != newest {
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
	w.await(ctx, w.subject.silence(), func(m *wire.Message) bool { return asksEarly(m) })
	return nil
}

func asksEarly(m *wire.Message) bool { return m.IsRequest() && m.Method != "ping" }

func (w *World) asksNothing(context.Context) error {
	for _, m := range w.heard() {
		if asksEarly(m) {
			return unmetf("no request but ping before notifications/initialized", "%s", m.Method)
		}
	}
	return nil
}
