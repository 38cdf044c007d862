package steps

import (
	"context"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var archWords = []step{
	{when, "the client calls a tool that no server has", do((*World).callNoTool)},
	{then, "the server refuses what it does not declare", do((*World).refusesUndeclared)},
	{then, "the server refuses tool calls", do((*World).refusesCalls)},
}

var archInvariants = []invariant{
	{"arch.capabilities.subscription-declared", eachNotification("notifications/resources/updated", updatedAsDeclared)},
}

func (w *World) callNoTool(ctx context.Context) error {
	w.do(ctx, toolCall("mcpcheck-"+randomHex(), nil))
	return nil
}

// refusesCalls takes any error. A result that tells of a tool error is a call
// that was taken.
func (w *World) refusesCalls(context.Context) error {
	m := w.x.Response()
	if m == nil {
		return inconclusivef("%s", silence(w.x))
	}
	if m.Result() != nil {
		return unmetf("no tool calls without the tools capability", "%s", brief(string(m.Raw)))
	}
	return nil
}

// refusesUndeclared is an advisory: an empty result may be all that there is of
// the feature.
func (w *World) refusesUndeclared(context.Context) error {
	m := w.x.Response()
	if m == nil {
		return inconclusivef("%s", silence(w.x))
	}
	if m.Result() != nil {
		return advisory(unmetf("a declared capability for what the server does", "%s is answered with a result", w.x.Call.Method))
	}
	return nil
}

// declaresSubscriptions looks at what the server declared in that conversation.
// Where it said nothing, that is judged apart.
func declaresSubscriptions(c *Conversation) bool {
	if c.Hello == nil {
		return true
	}
	result, err := resultOf(c.Hello)
	return err != nil || readFacts(result).offers("resources.subscribe")
}

func updatedAsDeclared(c *Conversation, _ *wire.Message) (bool, error) {
	if !declaresSubscriptions(c) {
		return true, unmetf("resources.subscribe, declared by a server that sends updates", "notifications/resources/updated without it")
	}
	return true, nil
}
