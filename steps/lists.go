package steps

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// What tools, resources, resource templates and prompts have in common: they are
// lists of named things. The lists are fetched once for all scenarios.
var listWords = []step{
	{when, "the client lists the {items}", do1(items, (*World).listAll)},
	{when, "the client compares the {items} on two connections", do1(items, (*World).compareLists)},
	{then, "each page of the list holds an array of objects", do((*World).pagesShaped)},
	{then, "each of them has a string {name}", do1(name, (*World).eachHasText)},
	{then, "the optional members of each have their types", do((*World).eachOptional)},
	{then, "no two of them have the same {name}", do1(name, (*World).eachUnique)},
	{then, "the list is empty or an error", do((*World).listsNothing)},
	{then, "both connections see the same", do((*World).sameOnBoth)},
	{then, "the connection that was used otherwise sees the same", do((*World).sameAfterUse)},
}

func (w *World) listAll(_ context.Context, what string) (err error) {
	w.listed = listOf[what]
	w.list, err = w.subject.list(w.listed)
	return err
}

func (w *World) pagesShaped(context.Context) error {
	member := listMember[w.listed]
	for _, x := range w.list.pages {
		w.x = x
		result, err := resultOf(x)
		if err != nil {
			return rejectedCursor(w.listed, err)
		}
		r, err := object(result)
		if err != nil {
			return err
		}
		var items []json.RawMessage
		if json.Unmarshal(r[member], &items) != nil || items == nil {
			return unmetf(member+", an array", "%s", absent(r[member]))
		}
		for i, item := range items {
			if _, err := object(item); err != nil {
				return fmt.Errorf("%s[%d]: %w", member, i, err)
			}
		}
	}
	return nil
}

// each judges every item that is an object, which is required apart. A list
// without any shows nothing.
func (w *World) each(judge func(Item) error) error {
	seen := false
	var advice error
	for _, item := range w.list.items {
		if item.Members == nil {
			continue
		}
		seen = true
		err := judge(item)
		if err == nil {
			continue
		}
		w.x = item.Page
		err = fmt.Errorf("%s %s: %w", listedAs[w.listed], item.label(), err)
		if !isAdvisory(err) {
			return err
		}
		advice = err
	}
	if !seen {
		return notApplicable("the server lists no %ss", listedAs[w.listed])
	}
	return advice
}

// listedAs is what one item of a list is called.
var listedAs = map[string]string{
	"tools/list": "tool", "resources/list": "resource", "resources/templates/list": "resource template", "prompts/list": "prompt",
}

func (w *World) eachHasText(_ context.Context, member string) error {
	return w.each(func(item Item) error {
		if raw := item.Members[member]; !isString(raw) {
			return unmetf(member+", a string", "%s", absent(raw))
		}
		return nil
	})
}

// A memberType is the JSON type of an optional member, since when it has one.
type memberType struct {
	kind  string
	since spec.Revision
}

// optionalMembers are those that a list item may have, by list. What is within
// annotations, icons and _meta is required apart.
var optionalMembers = map[string]map[string]memberType{
	"tools/list": {
		"title": {"string", spec.R20250618}, "description": {"string", ""}, "annotations": {"object", spec.R20250326},
		"icons": {"array", spec.R20251125}, "_meta": {"object", spec.R20250618},
	},
	"resources/list": {
		"title": {"string", spec.R20250618}, "description": {"string", ""}, "mimeType": {"string", ""}, "size": {"integer", ""},
		"annotations": {"object", ""}, "icons": {"array", spec.R20251125}, "_meta": {"object", spec.R20250618},
	},
	"resources/templates/list": {
		"title": {"string", spec.R20250618}, "description": {"string", ""}, "mimeType": {"string", ""},
		"annotations": {"object", ""}, "icons": {"array", spec.R20251125}, "_meta": {"object", spec.R20250618},
	},
	"prompts/list": {
		"title": {"string", spec.R20250618}, "description": {"string", ""}, "arguments": {"array", ""},
		"icons": {"array", spec.R20251125}, "_meta": {"object", spec.R20250618},
	},
}

func (w *World) eachOptional(context.Context) error {
	return w.each(func(item Item) error {
		return badOptional(w.subject.Revision, optionalMembers[w.listed], item.Members)
	})
}

// badOptional says which optional member has another type than declared. A null
// is left to features.schema.optional-not-null.
func badOptional(r spec.Revision, types map[string]memberType, members map[string]json.RawMessage) error {
	for _, name := range keys(members) {
		want, known := types[name]
		raw := members[name]
		if !known || r < want.since || string(raw) == "null" {
			continue
		}
		if !hasType(raw, want.kind) {
			return unmetf(name+" of type "+want.kind, "%s", brief(string(raw)))
		}
		if name == "size" && raw[0] == '-' {
			return advisory(unmetf("size, the number of bytes", "%s", brief(string(raw))))
		}
	}
	return nil
}

// hasType reports whether a JSON value has a type, by the names of JSON Schema.
func hasType(raw json.RawMessage, kind string) bool {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	switch v := v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "array"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	}
	return false
}

// eachUnique fetches the list once more before it judges: one that changed
// between two pages can show an item twice.
func (w *World) eachUnique(ctx context.Context, member string) error {
	for range 2 {
		twice := twiceIn(itemNames(w.list.items, member))
		if twice == "" {
			return w.each(func(Item) error { return nil })
		}
		session, err := w.subject.session()
		if err != nil {
			return inconclusive{err}
		}
		again, err := walk(ctx, w.listed, func(params any) *wire.Exchange { return session.Request(ctx, w.listed, params) })
		if err != nil {
			return inconclusive{err}
		}
		if page, _ := onTwoPages(again.items, member); page != nil {
			return rootCause{fmt.Errorf("%s: an item is on two pages", w.listed)} // judged by pagination.cursor.opaque-position
		}
		if twiceIn(itemNames(again.items, member)) == twice {
			w.x = again.pages[0]
			return unmetf("a "+member+" of its own for each "+listedAs[w.listed], "%q twice", brief(twice))
		}
		w.list = again
	}
	return inconclusivef("the list changed meanwhile")
}

// twiceIn returns the first text that is there twice, or "".
func twiceIn(list []string) string {
	seen := map[string]bool{}
	for _, s := range list {
		if s != "" && seen[s] {
			return s
		}
		seen[s] = true
	}
	return ""
}

// listsNothing is about a feature that was not declared. Which error is right
// then is another requirement.
func (w *World) listsNothing(context.Context) error {
	m, err := w.response()
	if err != nil {
		return inconclusive{err}
	}
	member := listMember[w.x.Call.Method]
	if items := itemsOf(w.x, m.Result(), member); len(items) > 0 {
		return unmetf("the capability to be declared by a server that lists "+member, "%d in the list", len(items))
	}
	return nil
}
