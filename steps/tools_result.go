package steps

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// calledResult returns the members of a tools/call result that is one: not a
// request for input, and not a task that will have the result later.
func calledResult(result json.RawMessage) (map[string]json.RawMessage, bool) {
	r, err := object(result)
	if err != nil {
		return nil, false
	}
	kind, typed := r["resultType"]
	_, task := r["task"]
	if typed && string(kind) != `"complete"` || task && r["content"] == nil {
		return nil, false
	}
	return r, true
}

func contentArray(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, ok := calledResult(result)
	if !ok {
		return false, nil
	}
	if kindOf(r["content"]) != "array" {
		return true, unmetf("content, an array", "%s", memberIs("content", r["content"]))
	}
	return true, nil
}

func isErrorBoolean(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, ok := calledResult(result)
	raw, present := r["isError"]
	if !ok || !present {
		return ok, nil
	}
	if kindOf(raw) != "boolean" {
		return true, unmetf("isError, a boolean", "isError %s", brief(string(raw)))
	}
	return true, nil
}

// failedCall reports whether a result says that the tool failed.
func failedCall(r map[string]json.RawMessage) bool { return string(r["isError"]) == "true" }

func structuredObject(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, ok := calledResult(result)
	raw, present := r["structuredContent"]
	if !ok || !present {
		return false, nil
	}
	if kindOf(raw) != "object" {
		return true, unmetf("structuredContent, an object", "structuredContent %s", brief(string(raw)))
	}
	return true, nil
}

// structuredAsText is an advisory in the modern revisions, whose own page shows
// an example without the text.
func structuredAsText(c *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, ok := calledResult(result)
	structured, present := r["structuredContent"]
	var content []json.RawMessage
	if !ok || !present || failedCall(r) || json.Unmarshal(r["content"], &content) != nil {
		return false, nil
	}
	var texts []string
	for _, raw := range content {
		item := Item{Raw: raw, Members: membersOf(raw)}
		if item.text("type") == "text" {
			texts = append(texts, item.text("text"))
		}
	}
	if saidInText(structured, texts) {
		return true, nil
	}
	got := "no text item"
	if len(texts) > 0 {
		got = "the text " + brief(texts[0])
	}
	err := unmetf("a text item with the JSON of structuredContent "+brief(string(structured)), "%s", got)
	if c.Revision().Modern() {
		err = advisory(err)
	}
	return true, err
}

// saidInText reports whether texts repeat a structured value. What a library had
// to wrap, because the value was no object, may be repeated without its wrapping,
// and of a list each element by itself.
func saidInText(structured json.RawMessage, texts []string) bool {
	var want any
	if json.Unmarshal(structured, &want) != nil {
		return false
	}
	if slices.ContainsFunc(texts, func(t string) bool { return says(t, want) }) {
		return true
	}
	wrapper, ok := want.(map[string]any)
	inner, wrapped := wrapper["result"]
	if !ok || !wrapped || len(wrapper) != 1 {
		return false
	}
	list, isList := inner.([]any)
	if !isList || slices.ContainsFunc(texts, func(t string) bool { return says(t, inner) }) {
		return slices.ContainsFunc(texts, func(t string) bool { return says(t, inner) || t == inner })
	}
	if len(list) != len(texts) {
		return false
	}
	for i, t := range texts {
		if !says(t, list[i]) && t != list[i] {
			return false
		}
	}
	return true
}

// says reports whether a text is the JSON of a value.
func says(text string, want any) bool {
	var got any
	return json.Unmarshal([]byte(text), &got) == nil && reflect.DeepEqual(got, want)
}

// maxStructured is how many tools with an output schema are called for the sake
// of their results.
const maxStructured = 8

// callWithOutput is not applicable where no such tool can be called.
func (w *World) callWithOutput(ctx context.Context) error {
	safe, err := w.subject.safeTools()
	if err != nil {
		return err
	}
	called := 0
	for _, t := range safe {
		if t.Output == nil || t.Arguments == nil || called >= maxStructured {
			continue
		}
		called++
		w.called = append(w.called, t)
		w.xs = append(w.xs, w.do(ctx, toolCall(t.Name, t.Arguments)))
	}
	if called == 0 {
		return notApplicable("no safe tool declares an outputSchema")
	}
	return nil
}

// structuredConforms leaves out what cannot be judged: calls that failed, and
// schemas that cannot be used.
func (w *World) structuredConforms(context.Context) error {
	judged := 0
	for i, x := range w.xs {
		r, ok := completedCall(x)
		if !ok {
			continue
		}
		schema, err := spec.CompileForeign(withoutFormats(w.called[i].Output))
		if err != nil {
			continue
		}
		judged++
		raw, present := r["structuredContent"]
		if present && kindOf(raw) != "object" && !w.subject.Revision.Modern() {
			continue // judged by tools.structured.object
		}
		w.x = x
		if err := structuredFits(w.called[i].Name, schema, r); err != nil {
			return err
		}
	}
	if judged == 0 {
		return notApplicable("no call of a safe tool with an outputSchema succeeded")
	}
	return nil
}

// completedCall returns the result of a call that went well.
func completedCall(x *wire.Exchange) (map[string]json.RawMessage, bool) {
	result, err := resultOf(x)
	if err != nil {
		return nil, false
	}
	r, ok := calledResult(result)
	return r, ok && !failedCall(r)
}

func structuredFits(tool string, schema spec.Schema, r map[string]json.RawMessage) error {
	raw, ok := r["structuredContent"]
	if !ok {
		return unmetf("structuredContent, since the tool declares an outputSchema", "none in the result of %q, only %v", tool, slices.Sorted(maps.Keys(r)))
	}
	for _, v := range schema.Validate(raw) {
		if !v.Unjudged() {
			return unmetf("structuredContent that conforms to the outputSchema", "in the result of %q: %s", tool, v)
		}
	}
	return nil
}

// reportsFailure takes an error of the protocol for what it is not, but asks for
// words in either case.
func (w *World) reportsFailure(context.Context) error {
	const want = "a result with isError true and a text"
	result, err := w.result()
	var u *unmet
	if errors.As(err, &u) {
		return unmetf(want, "%s", u.got)
	}
	if err != nil {
		return err
	}
	r, err := object(result)
	if err != nil {
		return err
	}
	if !failedCall(r) {
		return unmetf(want, "%s", memberIs("isError", r["isError"]))
	}
	var content []json.RawMessage
	json.Unmarshal(r["content"], &content) //nolint:errcheck // judged by tools.call.content-array
	if !slices.ContainsFunc(content, func(raw json.RawMessage) bool {
		return (Item{Members: membersOf(raw)}).text("type") == "text"
	}) {
		return unmetf(want, "%s", memberIs("content", r["content"]))
	}
	return nil
}
