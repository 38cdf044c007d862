package steps

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var featuresWords = []step{
	{then, "the server answers that it has no list of {items}", do1(items, (*World).answersNoList)},
	{then, "a change that the server notifies is well formed", do((*World).changeShaped)},
	{then, "the server does not notify {method}", do1(method, (*World).notNotified)},
}

var featuresInvariants = []invariant{
	{"features.capability.sub-flags-boolean", eachResult("initialize", flagsBoolean)},
	{"features.list-changed.only-when-declared", eachMessage(changesDeclared)},
	{"features.list-changed.shape", eachMessage(changesShaped)},
	{"features.schema.optional-not-null", eachMessage(optionalNotNull)},
}

// listedFeatures are the capabilities that come with a list, and with the flags
// that say what becomes known of its changes.
var listedFeatures = map[string][]string{
	"tools": {"listChanged"}, "resources": {"listChanged", "subscribe"}, "prompts": {"listChanged"}, "logging": nil, "completions": nil,
}

// flagsBoolean leaves null to features.schema.optional-not-null.
func flagsBoolean(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	declared, err := object(r["capabilities"])
	if err != nil {
		return false, nil //nolint:nilerr // judged by lifecycle.initialize.result-required-fields
	}
	for _, name := range keys(declared) {
		flags, known := listedFeatures[name]
		if !known || isNull(declared[name]) {
			continue
		}
		capability, err := object(declared[name])
		if err != nil {
			return true, unmetf("capabilities."+name+", an object", "%s", brief(string(declared[name])))
		}
		for _, flag := range flags {
			if raw := capability[flag]; raw != nil && !isNull(raw) && !hasType(raw, "boolean") {
				return true, unmetf("capabilities."+name+"."+flag+", a boolean", "%s", brief(string(raw)))
			}
		}
	}
	return true, nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// withList are the features that a change is told of.
var withList = []string{"tools", "resources", "prompts"}

// listChange is the feature whose list a notification says has changed.
func listChange(m *wire.Message) (string, bool) {
	rest, ok := strings.CutPrefix(m.Method, "notifications/")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "/list_changed")
}

// changesDeclared goes by what the server declared in the same conversation.
func changesDeclared(c *Conversation, m *wire.Message) (bool, error) {
	feature, ok := listChange(m)
	if !ok || c.Hello == nil || !slices.Contains(withList, feature) {
		return false, nil
	}
	result, err := resultOf(c.Hello)
	if err != nil {
		return false, nil //nolint:nilerr // nothing was declared
	}
	if !declaredIn(result).offers(feature + ".listChanged") {
		return true, unmetf("capabilities."+feature+".listChanged, or no "+m.Method, "%s without it", m.Method)
	}
	return true, nil
}

// declaredIn reads the capabilities out of a result of initialize or
// server/discover.
func declaredIn(result json.RawMessage) *facts {
	f := &facts{}
	if r, err := object(result); err == nil {
		f.capabilities, _ = object(r["capabilities"]) // what is no object declares nothing
	}
	return f
}

// changesShaped says what jsonrpc.notification.shape says of other notifications.
func changesShaped(c *Conversation, m *wire.Message) (bool, error) {
	feature, ok := listChange(m)
	switch {
	case !ok:
		return false, nil
	case !slices.Contains(withList, feature):
		return !c.extended(), advisory(unmetf("a change of the list of tools, resources or prompts", "%s", brief(m.Method)))
	case m.Has("id"):
		return true, unmetf(m.Method+" without an id", "id %s", brief(string(m.ID)))
	}
	if params := m.Params(); params != nil {
		if _, err := object(params); err != nil {
			return true, unmetf("params of "+m.Method+", an object if any", "%s", brief(string(params)))
		}
	}
	return true, nil
}

// changeShaped waits for a change to be told, and leaves it to others to require
// that.
func (w *World) changeShaped(ctx context.Context) error {
	c := w.subject.conversation(w.session)
	m := w.await(ctx, w.subject.patience(), func(m *wire.Message) bool { _, ok := listChange(m); return ok })
	if m == nil {
		return notApplicable("the server told of no change")
	}
	for _, m := range w.heard() {
		if _, err := changesShaped(c, m); err != nil {
			return err
		}
	}
	return nil
}

// answersNoList leaves a list of what was not declared to the requirement that
// the feature be declared.
func (w *World) answersNoList(ctx context.Context, what string) error {
	if result, err := w.result(); err == nil && len(itemsOf(w.x, result, listMember[listOf[what]])) > 0 {
		return notApplicable("the server serves %s all the same, which %s.capability.declared judges", what, what)
	}
	return w.answersCode(ctx, "-32601")
}

// notNotified comes after an answer that shows that the server is at work.
func (w *World) notNotified(ctx context.Context, method string) error {
	if _, err := w.result(); err != nil {
		return inconclusivef("the change was not made: %w", err)
	}
	m := w.await(ctx, w.subject.silence(), func(m *wire.Message) bool { return m.Method == method })
	if m != nil {
		return unmetf("no "+method, "one: %s", brief(string(m.Raw)))
	}
	return nil
}

// optionalNotNull looks at the members that a revision declares as optional. Of
// nextCursor, whose null says something, pagination.next-cursor.string judges.
func optionalNotNull(c *Conversation, m *wire.Message) (bool, error) {
	method, doc := m.Method, m.Params()
	if x := m.Answers; x != nil && m.Result() != nil && x.Call.Raw == nil && x.Call.Pieces == nil {
		method, doc = x.Call.Method, m.Result()
	}
	places, known := optionalIn[method]
	if !known || doc == nil {
		return false, nil
	}
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return false, nil
	}
	for _, place := range places {
		if !place.in(c.Revision()) {
			continue
		}
		if where := nullAt(v, place.path, ""); where != "" {
			return true, unmetf(where+" left out where it has no value", "null")
		}
	}
	return true, nil
}
