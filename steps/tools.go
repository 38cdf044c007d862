package steps

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var toolsWords = []step{
	{when, "the client calls the tool without its required argument", do((*World).callWithoutRequired)},
	{when, "the client calls the tool without arguments", do((*World).callWithoutArguments)},
}

var toolsInvariants = []invariant{}

// withoutRequired returns the tool's arguments less one that is required and
// has no default.
func withoutRequired(t *Tool) (json.RawMessage, bool) {
	var schema struct {
		Properties map[string]map[string]json.RawMessage `json:"properties"`
		Required   []string                              `json:"required"`
	}
	var arguments map[string]json.RawMessage
	if t.Arguments == nil || json.Unmarshal(t.Schema, &schema) != nil || json.Unmarshal(t.Arguments, &arguments) != nil {
		return nil, false
	}
	for _, name := range schema.Required {
		_, has := schema.Properties[name]["default"]
		_, set := arguments[name]
		if has || !set {
			continue
		}
		less := maps.Clone(arguments)
		delete(less, name)
		data, err := json.Marshal(less)
		return data, err == nil
	}
	return nil, false
}

func (w *World) callWithoutRequired(ctx context.Context) error {
	arguments, _ := withoutRequired(w.tool)
	w.do(ctx, toolCall(w.tool.Name, arguments))
	return nil
}

func (w *World) callWithoutArguments(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: "tools/call", Params: map[string]any{"name": w.tool.Name}})
	return nil
}

// toolNames returns the names of a list of items, in order.
func itemNames(items []Item, member string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.text(member)
	}
	return slices.Clip(list)
}
