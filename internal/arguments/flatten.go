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
	if g.steps++; depth > maxDepth || g.steps > maxSteps {
		return nil, errDeep
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
		try := maps.Clone(into)
		if err = g.blend(try, branch, depth); err != nil {
			continue
		}
		if _, known := said(try); !known {
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
		merge(into, flat)
		return nil
	}
	return fmt.Errorf("a schema is %T, want an object", part)
}

// merge adds the keywords of one schema to those of another. Bounds take the
// narrower value, properties and required the union; otherwise the first counts,
// and validation finds out whether that was enough.
func merge(into, from map[string]any) {
	for keyword, v := range from {
		have, ok := into[keyword]
		if !ok {
			into[keyword] = v
			continue
		}
		switch keyword {
		case "required":
			list := slices.Clone(have.([]any)) //nolint:forcetypeassert // the schema compiled
			into[keyword] = append(list, v.([]any)...)
		case "properties":
			mergeProperties(into, have, v)
		case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties":
			into[keyword] = max(decimal(have, 0), decimal(v, 0))
		case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
			into[keyword] = min(decimal(have, 0), decimal(v, 0))
		case "enum":
			into[keyword] = common(have, v)
		case "const", "default", "examples", "pattern", "format", "type", "multipleOf":
			if keyword == "type" && have == "number" {
				into[keyword] = v
			}
		}
	}
}

func mergeProperties(into map[string]any, have, more any) {
	a, okA := have.(map[string]any)
	b, okB := more.(map[string]any)
	if !okA || !okB {
		return
	}
	both := maps.Clone(a)
	for name, schema := range b {
		if first, ok := both[name]; ok {
			both[name] = map[string]any{"allOf": []any{first, schema}}
		} else {
			both[name] = schema
		}
	}
	into["properties"] = both
}

// common keeps the scalars that both lists hold.
func common(a, b any) any {
	x, okA := a.([]any)
	y, okB := b.([]any)
	if !okA || !okB {
		return a
	}
	var both []any
	for _, v := range x {
		for _, w := range y {
			if scalar(v) && scalar(w) && v == w {
				both = append(both, v)
			}
		}
	}
	return both
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
	if !ok || pointer != "" && pointer[0] != '/' {
		return nil, fmt.Errorf("the reference %q is not followed", ref)
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
