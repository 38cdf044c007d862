package arguments

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// flatten follows the local references of a schema, merges allOf and takes the
// first branch of anyOf and oneOf that can be had.
func (g *generator) flatten(s map[string]any, depth int) (map[string]any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if err := g.charge(1 + len(s)/16); err != nil {
		return nil, err
	}
	flat := maps.Clone(s)
	if ref, ok := s["$ref"].(string); ok {
		delete(flat, "$ref")
		if err := g.join(flat, ref, depth); err != nil {
			return nil, err
		}
	}
	if all, ok := s["allOf"].([]any); ok {
		delete(flat, "allOf")
		for _, part := range all {
			if err := g.blend(flat, part, depth); err != nil {
				return nil, err
			}
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		branches, ok := flat[keyword].([]any)
		if !ok {
			continue
		}
		delete(flat, keyword)
		if err := g.choose(flat, branches, depth); err != nil {
			return nil, err
		}
	}
	return flat, nil
}

// choose merges the first branch out of which a value can be made.
func (g *generator) choose(into map[string]any, branches []any, depth int) error {
	err := errNothing
	for _, branch := range branches {
		if err := g.charge(1 + len(into)/16); err != nil {
			return err
		}
		try := maps.Clone(into)
		if err = g.blend(try, branch, depth); err != nil {
			continue
		}
		if _, known := g.said(try); !known {
			if _, err = g.typed(try, depth+1); err != nil {
				continue
			}
		}
		maps.Copy(into, try)
		return nil
	}
	return err
}

func (g *generator) join(into map[string]any, ref string, depth int) error {
	part, err := g.resolve(ref)
	if err != nil {
		return err
	}
	return g.blend(into, part, depth)
}

func (g *generator) blend(into map[string]any, part any, depth int) error {
	switch part := part.(type) {
	case bool:
		if !part {
			return errNothing
		}
		return nil
	case map[string]any:
		flat, err := g.flatten(part, depth+1)
		if err != nil {
			return err
		}
		return g.merge(into, flat)
	}
	return fmt.Errorf("a schema is %s, want an object", typeName(part))
}

// merge adds the keywords of one schema to those of another. Bounds take the
// narrower value, properties and required the union; otherwise the first counts,
// and validation finds out whether that was enough.
func (g *generator) merge(into, from map[string]any) error {
	for keyword, v := range from {
		have, ok := into[keyword]
		if !ok {
			into[keyword] = v
			continue
		}
		var err error
		switch keyword {
		case "required":
			into[keyword], err = g.union(have, v)
		case "properties":
			into[keyword], err = g.mergeProperties(have, v)
		case "enum":
			into[keyword], err = g.common(have, v)
		case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties":
			into[keyword] = narrower(have, v, func(x, y float64) bool { return x > y })
		case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
			into[keyword] = narrower(have, v, func(x, y float64) bool { return x < y })
		case "type":
			if have == "number" {
				into[keyword] = v
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// narrower chooses between two bounds; what is no number is none.
func narrower(a, b any, than func(x, y float64) bool) any {
	x, okA := a.(float64)
	y, okB := b.(float64)
	if !okA || okB && than(y, x) {
		return b
	}
	return a
}

// union lists the names of both lists, each once.
func (g *generator) union(a, b any) (any, error) {
	x, y := names(a), names(b)
	if err := g.charge((len(x) + len(y)) / 16); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	list := []any{}
	for _, name := range slices.Concat(x, y) {
		if !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list, nil
}

func (g *generator) mergeProperties(have, more any) (any, error) {
	a, okA := have.(map[string]any)
	b, okB := more.(map[string]any)
	if !okA || !okB {
		return have, nil
	}
	if err := g.charge((len(a) + len(b)) / 16); err != nil {
		return nil, err
	}
	both := maps.Clone(a)
	for name, schema := range b {
		if first, ok := both[name]; ok {
			both[name] = map[string]any{"allOf": []any{first, schema}}
		} else {
			both[name] = schema
		}
	}
	return both, nil
}

// common keeps the scalars that both lists hold.
func (g *generator) common(a, b any) (any, error) {
	x, okA := a.([]any)
	y, okB := b.([]any)
	if !okA || !okB {
		return a, nil
	}
	if err := g.charge((len(x) + len(y)) / 16); err != nil {
		return nil, err
	}
	in := map[any]bool{}
	for _, w := range y {
		if scalar(w) {
			in[w] = true
		}
	}
	both := []any{}
	for _, v := range x {
		if scalar(v) && in[v] {
			both = append(both, v)
		}
	}
	if len(both) == 0 {
		return nil, errNothing
	}
	return both, nil
}

func scalar(v any) bool {
	switch v.(type) {
	case string, float64, bool, nil:
		return true
	}
	return false
}

// resolve finds what a reference within the schema names.
func (g *generator) resolve(ref string) (any, error) {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil, fmt.Errorf("the reference %q is not followed", ref)
	}
	if pointer != "" && pointer[0] != '/' {
		return g.anchor(pointer)
	}
	at := g.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		if plain, err := url.PathUnescape(token); err == nil {
			token = plain
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch within := at.(type) {
		case map[string]any:
			at, ok = within[token]
		case []any:
			i, err := strconv.Atoi(token)
			ok = err == nil && i >= 0 && i < len(within)
			if ok {
				at = within[i]
			}
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("the reference %q leads nowhere", ref)
		}
	}
	return at, nil
}

// anchor finds the schema that has a name. Where several have it, validation
// finds out whether this was the one.
func (g *generator) anchor(name string) (any, error) {
	var find func(at any, depth int) any
	find = func(at any, depth int) any {
		if g.charge(1) != nil || depth > maxDepth {
			return nil
		}
		switch at := at.(type) {
		case map[string]any:
			if at["$anchor"] == name || at["$dynamicAnchor"] == name || at["$id"] == "#"+name {
				return at
			}
			for _, key := range sortedKeys(at) {
				if found := find(at[key], depth+1); found != nil {
					return found
				}
			}
		case []any:
			for _, item := range at {
				if found := find(item, depth+1); found != nil {
					return found
				}
			}
		}
		return nil
	}
	if found := find(g.root, 0); found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("the reference %q leads nowhere", "#"+name)
}
