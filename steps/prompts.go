package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var promptsWords = []step{
	{given, "the fixture prompt {name}", do1(name, (*World).fixturePrompt)},
	{given, "a prompt", do((*World).anyPrompt)},
	{given, "a prompt without required arguments", do((*World).promptWithoutRequired)},
	{given, "a prompt with a required argument", do((*World).promptWithRequired)},
	{given, "a prompt with an argument", do((*World).promptWithArgument)},
	{when, "the client gets the listed prompts", do((*World).getListed)},
	{when, "the client gets the prompt", do((*World).getPrompt)},
	{when, "the client gets the prompt with and without arguments", do((*World).getWithAndWithout)},
	{when, "the client gets the prompt without its required arguments", do((*World).getWithoutRequired)},
	{when, "the client gets the prompt with a number for an argument", do((*World).getWithNumber)},
	{when, "the client gets the prompt with an array of arguments", do((*World).getWithArray)},
	{when, "the client gets the prompt with values that nobody else knows", do((*World).getWithValues)},
	{then, "the arguments of each are named and typed", do((*World).eachArguments)},
	{then, "each result holds an array of messages", do((*World).messagesShaped)},
	{then, "the prompt is given without arguments as well", do((*World).givenWithout)},
	{then, "the prompt is refused with {code}, or asks for input", do1(code, (*World).refusesOrAsks)},
	{then, "the messages use the values", do((*World).usesValues)},
}

var promptsInvariants = []invariant{
	{"prompts.get.message-role", eachPromptMessage(roleKnown)},
	{"prompts.get.message-content", eachPromptMessage(contentSingle)},
	{"prompts.content.image", eachPromptMessage(mediaTyped("image"))},
	{"prompts.content.audio", eachPromptMessage(mediaTyped("audio"))},
	{"prompts.content.embedded-resource", eachPromptMessage(embeddedTyped)},
}

// A promptArgument is one that a prompt declares.
type promptArgument struct {
	Name     string
	Required bool
}

// argumentsOf leaves out what has no name. What is ill-typed is another
// requirement's business.
func argumentsOf(prompt Item) (list []promptArgument) {
	for _, raw := range elements(prompt.Members["arguments"]) {
		if members, err := object(raw); err == nil && unquoted(members["name"]) != "" {
			list = append(list, promptArgument{unquoted(members["name"]), string(members["required"]) == "true"})
		}
	}
	return list
}

func (w *World) fixturePrompt(_ context.Context, name string) error {
	return w.takePrompt("the server has no prompt "+name, func(p Item) bool { return p.text("name") == name })
}

func (w *World) anyPrompt(context.Context) error {
	return w.takeGiven("no prompt could be had", func(Item) bool { return true })
}

func (w *World) promptWithoutRequired(context.Context) error {
	return w.takeGiven("no prompt could be had without arguments", func(p Item) bool { return requiredOf(p) == "" })
}

func (w *World) promptWithRequired(context.Context) error {
	return w.takePrompt("no prompt requires an argument", func(p Item) bool { return requiredOf(p) != "" })
}

func (w *World) promptWithArgument(context.Context) error {
	return w.takeGiven("no prompt with an argument could be had", func(p Item) bool { return len(argumentsOf(p)) > 0 })
}

// requiredOf returns the name of the first required argument, or "".
func requiredOf(prompt Item) string {
	for _, a := range argumentsOf(prompt) {
		if a.Required {
			return a.Name
		}
	}
	return ""
}

func (w *World) takePrompt(none string, fits func(Item) bool) error {
	l, err := w.subject.list("prompts/list")
	if err != nil {
		return err
	}
	for _, item := range l.items {
		if item.text("name") != "" && fits(item) {
			w.prompt = item
			return nil
		}
	}
	return notApplicable("%s", none)
}

// takeGiven takes a prompt that the server has given before with the arguments
// that mcpcheck makes up, so that a refusal is one of other arguments.
func (w *World) takeGiven(none string, fits func(Item) bool) error {
	given, err := w.subject.promptings()
	if err != nil {
		return err
	}
	return w.takePrompt(none, func(p Item) bool {
		return fits(p) && slices.ContainsFunc(given, func(x *wire.Exchange) bool {
			_, err := resultOf(x)
			return err == nil && nameOf(x.Call) == p.text("name")
		})
	})
}

func (w *World) getListed(context.Context) (err error) {
	w.xs, err = w.subject.promptings()
	if err == nil && len(w.xs) == 0 {
		err = notApplicable("the server lists no prompts")
	}
	return err
}

// get sends prompts/get for the prompt at hand; nil leaves the arguments out.
func (w *World) get(ctx context.Context, arguments any) *wire.Exchange {
	params := map[string]any{"name": w.prompt.text("name")}
	if arguments != nil {
		params["arguments"] = arguments
	}
	return w.do(ctx, wire.Call{Method: "prompts/get", Params: params})
}

func (w *World) getPrompt(ctx context.Context) error {
	w.get(ctx, w.subject.promptArguments(w.prompt))
	return nil
}

func (w *World) getWithAndWithout(ctx context.Context) error {
	w.named["with"] = w.get(ctx, struct{}{})
	w.named["without"] = w.get(ctx, nil)
	return nil
}

func (w *World) getWithoutRequired(ctx context.Context) error {
	w.get(ctx, struct{}{})
	return nil
}

// getWithNumber gives every required argument a text but one declared argument,
// which gets a number.
func (w *World) getWithNumber(ctx context.Context) error {
	arguments := map[string]any{}
	for name, value := range w.subject.promptArguments(w.prompt) {
		arguments[name] = value
	}
	arguments[argumentsOf(w.prompt)[0].Name] = 42
	w.get(ctx, arguments)
	return nil
}

func (w *World) getWithArray(ctx context.Context) error {
	w.get(ctx, []any{})
	return nil
}

func (w *World) getWithValues(ctx context.Context) error {
	w.values = map[string]string{}
	for _, a := range argumentsOf(w.prompt) {
		w.values[a.Name] = "mcpcheck" + randomHex()
	}
	w.get(ctx, w.values)
	return nil
}

func (w *World) eachArguments(context.Context) error {
	optional := map[string]memberType{
		"title": {"string", spec.R20250618}, "description": {"string", ""}, "required": {"boolean", ""},
	}
	return w.each(func(item Item) error {
		for i, raw := range elements(item.Members["arguments"]) {
			argument, err := object(raw)
			if err != nil {
				return fmt.Errorf("arguments[%d]: %w", i, err)
			}
			if !isString(argument["name"]) {
				return unmetf(fmt.Sprintf("arguments[%d].name, a string", i), "%s", absent(argument["name"]))
			}
			if err := badOptional(w.subject.Revision, optional, argument); err != nil {
				return fmt.Errorf("arguments[%d]: %w", i, err)
			}
		}
		return nil
	})
}

// messagesShaped leaves aside prompts that are refused: the arguments are
// mcpcheck's guess.
func (w *World) messagesShaped(context.Context) error {
	seen := false
	for _, x := range w.xs {
		raw, err := resultOf(x)
		if err != nil {
			continue
		}
		w.x = x
		r, err := object(raw)
		if err != nil {
			return err
		}
		if asksForInput(r) {
			continue
		}
		seen = true
		if !hasType(r["messages"], "array") {
			return unmetf("messages, an array", "%s", absent(r["messages"]))
		}
		if raw, ok := r["description"]; ok && !isString(raw) && string(raw) != "null" {
			return unmetf("description, a string", "%s", brief(string(raw)))
		}
	}
	if !seen {
		return notApplicable("no listed prompt could be had with the arguments that mcpcheck made up")
	}
	return nil
}

func (w *World) givenWithout(context.Context) error {
	if _, err := resultOf(w.named["with"]); err != nil {
		return notApplicable("the prompt is not given with arguments {} either: %v", err)
	}
	w.x = w.named["without"]
	_, err := w.result()
	return err
}

func (w *World) refusesOrAsks(ctx context.Context, want string) error {
	if r, err := w.resultMembers(); err == nil && asksForInput(r) {
		return nil
	}
	return w.answersCode(ctx, want)
}

func (w *World) usesValues(context.Context) error {
	r, err := w.resultMembers()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(w.values)) {
		if !strings.Contains(string(r["messages"]), w.values[name]) {
			return unmetf("messages that contain the value of "+name, "%s", brief(string(r["messages"])))
		}
	}
	return nil
}
