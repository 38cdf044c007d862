package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func (w *World) callUnknown(ctx context.Context) error {
	w.do(ctx, toolCall("conformance-no-such-tool-"+randomHex(), json.RawMessage("{}")))
	return nil
}

func (w *World) callWith(ctx context.Context, arguments string) error {
	raw, err := w.fill(arguments)
	if err == nil {
		w.do(ctx, toolCall(w.tool.Name, raw))
	}
	return err
}

// toolAccepts is the other half of a refusal: a tool that refuses everything
// proves nothing by it.
func (w *World) toolAccepts(ctx context.Context, arguments string) error {
	if err := w.callWith(ctx, arguments); err != nil {
		return err
	}
	if _, ok := completedCall(w.x); !ok {
		return fmt.Errorf("the tool does not accept %s", arguments)
	}
	return nil
}

func (w *World) callMalformed(ctx context.Context, params string) error {
	raw, err := w.fill(params)
	if err == nil {
		w.do(ctx, wire.Call{Method: "tools/call", Params: raw})
	}
	return err
}

func (w *World) callWithoutRequired(ctx context.Context) error {
	arguments, _ := withoutRequired(w.tool)
	w.do(ctx, toolCall(w.tool.Name, arguments))
	return nil
}

// callBare leaves arguments out, and then sends an empty object.
func (w *World) callBare(ctx context.Context) error {
	for _, arguments := range []json.RawMessage{nil, json.RawMessage("{}")} {
		w.xs = append(w.xs, w.do(ctx, toolCall(w.tool.Name, arguments)))
	}
	w.x = w.xs[0]
	return nil
}

func (w *World) treatsAlike(context.Context) error {
	bare, err := responseTo(w.xs[0])
	if err != nil {
		return err
	}
	empty, err := responseTo(w.xs[1])
	if err != nil {
		return inconclusive{err}
	}
	const want = "the same without arguments as with empty ones"
	switch {
	case empty.Result() == nil:
		return notApplicable("the tool refuses empty arguments as well")
	case bare.Result() == nil:
		return unmetf(want, "%s without, and a result with empty ones", brief(string(bare.Raw)))
	case failedCall(membersOf(bare.Result())) && !failedCall(membersOf(empty.Result())):
		return advisory(unmetf(want, "isError true without, and no error with empty ones"))
	}
	return nil
}

// breaks reports whether arguments do not conform to a tool's inputSchema.
func breaks(t *Tool, arguments json.RawMessage) bool {
	schema, err := spec.CompileForeign(t.Schema)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(schema.Validate(arguments), func(v spec.Violation) bool { return !v.Unjudged() })
}

// withArgument returns the tool's arguments with one of them set.
func withArgument(t *Tool, name string, value any) json.RawMessage {
	var arguments map[string]any
	if json.Unmarshal(t.Arguments, &arguments) != nil {
		return nil
	}
	more := maps.Clone(arguments)
	if more == nil {
		more = map[string]any{}
	}
	more[name] = value
	data, err := json.Marshal(more)
	if err != nil {
		return nil
	}
	return data
}

const unknownArgument = "mcpcheck_unknown"

func (w *World) toolClosed(context.Context) error {
	return w.takeTool("no safe tool has additionalProperties false", func(t *Tool) bool {
		closed := string(membersOf(t.Schema)["additionalProperties"]) == "false"
		return closed && t.Arguments != nil && breaks(t, withArgument(t, unknownArgument, "mcpcheck"))
	})
}

func (w *World) callWithUnknown(ctx context.Context) error {
	w.do(ctx, toolCall(w.tool.Name, withArgument(w.tool, unknownArgument, "mcpcheck")))
	return nil
}

// choiceOf returns a property of a tool that is one of some strings.
func choiceOf(t *Tool) (string, bool) {
	var schema struct {
		Properties map[string]struct {
			Enum []any `json:"enum"`
		} `json:"properties"`
	}
	if t.Arguments == nil || json.Unmarshal(t.Schema, &schema) != nil {
		return "", false
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		enum := schema.Properties[name].Enum
		strings := !slices.ContainsFunc(enum, func(v any) bool { _, ok := v.(string); return !ok })
		if len(enum) > 0 && strings && breaks(t, withArgument(t, name, 42)) {
			return name, true
		}
	}
	return "", false
}

func (w *World) toolWithChoice(context.Context) error {
	return w.takeTool("no safe tool has an argument that is one of some strings", func(t *Tool) bool {
		_, ok := choiceOf(t)
		return ok
	})
}

func (w *World) callWithNumber(ctx context.Context) error {
	name, _ := choiceOf(w.tool)
	w.do(ctx, toolCall(w.tool.Name, withArgument(w.tool, name, 42)))
	return nil
}

func (w *World) toolWithLetter(context.Context) error {
	l, err := w.subject.list("tools/list")
	if err != nil {
		return err
	}
	listed := itemNames(l.items, "name")
	return w.takeTool("no safe tool that can be called has a letter in its name", func(t *Tool) bool {
		_, ok := otherCase(t.Name, listed)
		return ok && t.Arguments != nil
	})
}

func (w *World) callOtherCase(ctx context.Context) error {
	l, err := w.subject.list("tools/list")
	if err != nil {
		return err
	}
	name, _ := otherCase(w.tool.Name, itemNames(l.items, "name"))
	w.do(ctx, toolCall(name, w.arguments))
	return nil
}

// refused reports whether the last call was refused, in one way or the other.
func (w *World) refused() (bool, error) {
	m, err := w.response()
	if err != nil {
		return false, err
	}
	if m.Result() == nil {
		return true, nil
	}
	r, ok := calledResult(m.Result())
	if !ok {
		return false, notApplicable("the call brings no result yet: the server asks for input, or made a task of it")
	}
	return failedCall(r), nil
}

func (w *World) knowsNoTool(context.Context) error {
	refused, err := w.refused()
	if err == nil && !refused {
		return unmetf("a refusal, as of a tool that does not exist", "%s", brief(string(w.x.Response().Raw)))
	}
	return err
}

func (w *World) refusesArguments(context.Context) error {
	refused, err := w.refused()
	if err == nil && !refused {
		return unmetf("an error, or a result with isError true, for arguments that break the inputSchema of "+w.tool.label(), "%s", brief(string(w.x.Response().Raw)))
	}
	return err
}

// refusesArgumentsAdvised is for what servers may read generously.
func (w *World) refusesArgumentsAdvised(ctx context.Context) error {
	return advisory(w.refusesArguments(ctx))
}

// tellsInResult is an advisory: the revisions since 2025-11-25 want a result and
// have an error in an example, and which of the two counts is not settled.
func (w *World) tellsInResult(context.Context) error {
	const want = "a result with isError true"
	m, err := w.response()
	if err != nil {
		return err
	}
	if m.Result() == nil {
		return advisory(unmetf(want, "%s", brief(string(m.Raw))))
	}
	if !failedCall(membersOf(m.Result())) {
		return notApplicable("the server does not refuse the arguments")
	}
	return nil
}

// refusesUnknown takes isError as an advisory: no revision forbids it in so many
// words.
func (w *World) refusesUnknown(context.Context) error {
	_, err := w.rpcError()
	if refused, _ := w.refused(); refused {
		return advisory(err)
	}
	return err
}

func (w *World) refusedUnknownWith(ctx context.Context, code string) error {
	if _, err := w.rpcError(); err != nil {
		return notApplicable("the server does not refuse an unknown tool with an error")
	}
	return advisory(w.answersCode(ctx, code))
}

// refusesMalformed takes any code for an advisory at most, as no revision fixes
// one. Over HTTP, a header that cannot repeat what the body lacks may be refused
// first.
func (w *World) refusesMalformed(context.Context) error {
	const want = "an error with code -32602 or -32600"
	if w.x.Response() == nil && w.x.Status() >= 400 {
		return advisory(unmetf(want, "%s", silence(w.x)))
	}
	e, err := w.rpcError()
	if err != nil {
		if refused, _ := w.refused(); refused {
			return advisory(err)
		}
		return err
	}
	switch {
	case e.Code == "-32602" || e.Code == "-32600":
		return nil
	case e.Code == "-32020" && w.session.Endpoint.Transport == spec.StreamableHTTP && w.subject.Revision.Modern():
		return nil
	}
	return advisory(unmetf(want, "code %s (%s)", e.Code, brief(e.Message)))
}
