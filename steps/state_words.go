package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The states that a scenario can ask for.
var stateWords = []step{
	{given, "a connection", do((*World).anyConnection)},
	{given, "a new connection", do((*World).connect)},
	{given, "a session", do((*World).join)},
	{given, "a session of its own", do((*World).open)},
	{given, "a session that is not yet initialized", do((*World).openUnfinished)},
	{given, "a session whose client offers {names}", do1(names, (*World).openOffering)},
	{given, "a second session", do((*World).openSecond)},
	{given, "a safe tool", do((*World).anySafeTool)},
	{given, "a safe tool with a required argument", do((*World).toolWithRequired)},
	{given, "a safe tool without required arguments", do((*World).toolWithoutRequired)},
	{given, "a safe tool with an output schema", do((*World).toolWithOutput)},
	{given, "the fixture tool {name}", do1(name, (*World).fixtureTool)},
	{given, "the list of {items}", do1(items, (*World).haveList)},
	{given, "a listed resource", do((*World).listedResource)},
	{given, "the fixture resource {uri}", do1(uri, (*World).fixtureResource)},
	{given, "the server declares {capability}", do1(capability, (*World).declares)},
	{given, "the server does not declare {capability}", do1(capability, (*World).lacks)},
	{given, "the server is modern only", do((*World).modernOnly)},
	{given, "the server is dual-era", do((*World).dualEra)},
	{given, "no resource template matches everything", do((*World).noCatchAll)},
}

// connect opens a connection on which nothing was said yet. Nobody else uses it.
func (w *World) connect(ctx context.Context) error {
	c, err := w.subject.open(ctx, nil)
	if err != nil {
		return rootCause{fmt.Errorf("no connection: %w", err)}
	}
	w.session, w.owned, w.spoilt, w.begun = c.Session, true, true, 0
	return nil
}

// anyConnection takes the one that the run began with, whether or not it came to
// a session there.
func (w *World) anyConnection(ctx context.Context) error {
	session, err := w.subject.session()
	if err == nil {
		w.session = session
		return nil
	}
	return w.connect(ctx)
}

func (w *World) join(context.Context) (err error) {
	w.session, err = w.subject.session()
	return err
}

func (w *World) open(ctx context.Context) (err error) {
	w.session, err = w.subject.exclusive(ctx)
	if w.owned = err == nil; w.owned {
		w.begun = len(w.session.Messages())
	}
	return err
}

// openUnfinished leaves the handshake before notifications/initialized.
func (w *World) openUnfinished(ctx context.Context) error {
	if _, err := w.subject.session(); err != nil {
		return err
	}
	c, err := w.subject.open(ctx, scripted)
	if err != nil {
		return rootCause{fmt.Errorf("no connection: %w", err)}
	}
	w.session, w.owned, w.spoilt, w.begun = c.Session, true, true, 0
	// All that a client can offer, so that a server that asks too early has reason to.
	c.Client = map[string]any{"roots": map[string]any{"listChanged": true}, "sampling": map[string]any{}}
	if w.subject.Revision >= spec.R20250618 {
		c.Client["elicitation"] = map[string]any{}
	}
	c.Hello = c.Initialize(ctx, w.subject.Revision, c.Client)
	_, err = resultOf(c.Hello)
	return err
}

// openOffering opens a session whose client has capabilities and answers what
// they let the server ask.
func (w *World) openOffering(ctx context.Context, capabilities []string) error {
	if _, err := w.subject.session(); err != nil {
		return err
	}
	c, err := w.subject.open(ctx, scripted)
	if err != nil {
		return rootCause{fmt.Errorf("no connection: %w", err)}
	}
	w.session, w.owned, w.spoilt, w.begun = c.Session, true, true, 0
	offered := map[string]any{}
	for _, name := range capabilities {
		offered[name] = map[string]any{}
	}
	if _, ok := offered["roots"]; ok {
		offered["roots"] = map[string]any{"listChanged": true}
	}
	return w.subject.greet(ctx, c, offered)
}

// scripted answers the server's requests as a helpful user would.
func scripted(m *wire.Message) wire.Answer {
	switch m.Method {
	case "ping":
		return wire.Answer{Result: struct{}{}}
	case "sampling/createMessage":
		return wire.Answer{Result: map[string]any{
			"role": "assistant", "model": "mcpcheck", "stopReason": "endTurn",
			"content": map[string]any{"type": "text", "text": "mcpcheck"},
		}}
	case "elicitation/create":
		return wire.Answer{Result: map[string]any{"action": "accept", "content": map[string]any{"username": "mcpcheck", "email": "mcpcheck@example.com"}}}
	case "roots/list":
		return wire.Answer{Result: map[string]any{"roots": []any{}}}
	}
	return wire.Answer{Error: &wire.RPCError{Code: "-32601", Message: "the client does not offer " + m.Method}}
}

func (w *World) openSecond(ctx context.Context) (err error) {
	w.second, err = w.subject.exclusive(ctx)
	return err
}

func (w *World) anySafeTool(context.Context) error {
	return w.takeTool("no safe tool has an input schema for which mcpcheck can make arguments; give them with --args FILE",
		func(t *Tool) bool { return t.Arguments != nil })
}

func (w *World) toolWithRequired(context.Context) error {
	return w.takeTool("no safe tool has a required argument without a default", func(t *Tool) bool {
		_, ok := withoutRequired(t)
		return ok
	})
}

func (w *World) toolWithoutRequired(context.Context) error {
	return w.takeTool("no safe tool does without required arguments", func(t *Tool) bool {
		var schema map[string]json.RawMessage
		if json.Unmarshal(t.Schema, &schema) != nil {
			return false
		}
		for _, keyword := range []string{"allOf", "anyOf", "oneOf", "not", "if", "$ref", "minProperties", "dependentRequired"} {
			if _, ok := schema[keyword]; ok {
				return false
			}
		}
		var required []string
		return json.Unmarshal(cmpOr(schema["required"], "[]"), &required) == nil && len(required) == 0 && t.Arguments != nil
	})
}

func cmpOr(raw json.RawMessage, otherwise string) json.RawMessage {
	if raw == nil {
		return json.RawMessage(otherwise)
	}
	return raw
}

func (w *World) toolWithOutput(context.Context) error {
	return w.takeTool("no safe tool declares an outputSchema", func(t *Tool) bool { return t.Output != nil && t.Arguments != nil })
}

func (w *World) takeTool(none string, fits func(*Tool) bool) error {
	t, err := w.subject.safeTool(none, fits)
	if err != nil {
		return err
	}
	w.tool, w.arguments = t, t.Arguments
	return nil
}

// fixtureTool takes a tool by its name. That the server lists it is not enough:
// it has to be safe to call as well.
func (w *World) fixtureTool(_ context.Context, name string) error {
	err := w.takeTool(fmt.Sprintf("the server has no tool %s that may be called", name), func(t *Tool) bool { return t.Name == name })
	if errors.Is(err, errNotApplicable) && w.subject.lists["tools/list"].had() {
		const want = "the server has a tool %[1]s like that of the everything server, and it may be called: annotations.readOnlyHint, or --allow-tool %[1]s"
		return applicableIf(fmt.Sprintf(want, name), "%s", err.Error())
	}
	return err
}

func (w *World) haveList(_ context.Context, what string) error {
	_, err := w.subject.list(listOf[what])
	return err
}

func (w *World) listedResource(context.Context) error {
	if _, err := w.subject.list("resources/list"); err != nil {
		return err
	}
	uris := w.subject.readable()
	if len(uris) == 0 {
		return notApplicable("the server lists no resource that is read through it")
	}
	w.resource = uris[0]
	return nil
}

func (w *World) fixtureResource(_ context.Context, uri string) error {
	l, err := w.subject.list("resources/list")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(l.items, func(i Item) bool { return i.text("uri") == uri }) {
		return notApplicable("the server lists no resource %s", uri)
	}
	w.resource = uri
	return nil
}

func (w *World) declares(_ context.Context, capability string) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	if !f.offers(capability) {
		return w.subject.undeclared(capability)
	}
	return nil
}

func (w *World) lacks(_ context.Context, capability string) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	if f.offers(capability) {
		return applicableIf("the server does not declare capabilities."+capability, "the server declares %s", capability)
	}
	return nil
}

// legacy reports whether the server negotiates with initialize as well.
func (w *World) legacy(ctx context.Context) (bool, error) {
	x, err := w.subject.offer(ctx, string(spec.R20251125))
	if err != nil {
		return false, err
	}
	_, err = negotiatedBy(x)
	return err == nil, nil
}

func (w *World) modernOnly(ctx context.Context) error {
	dual, err := w.legacy(ctx)
	if err == nil && dual {
		return applicableIf("the server refuses initialize", "the server also serves the revisions that begin with initialize")
	}
	return err
}

func (w *World) dualEra(ctx context.Context) error {
	dual, err := w.legacy(ctx)
	if err == nil && !dual {
		return applicableIf("the server also serves an earlier revision", "the server refuses initialize: it serves the stateless revisions only")
	}
	return err
}

// noCatchAll keeps probes with odd URIs from servers that promise to take any.
func (w *World) noCatchAll(context.Context) error {
	l, err := w.subject.list("resources/templates/list")
	if err != nil {
		if strings.Contains(err.Error(), "has no") {
			return nil
		}
		return err
	}
	for _, item := range l.items {
		if t := item.text("uriTemplate"); strings.HasPrefix(t, "{") {
			return applicableIf("each resource template begins with a scheme of its own", "the resource template %s could match any URI", item.label())
		}
	}
	return nil
}
