package steps

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A position is a schema within a schema: at a place where a keyword says that
// there is one. What looks like a schema within data, such as in an example, is
// none.
type position struct {
	path   string         // from the root, "properties.city"; empty for the root
	name   string         // the last step of the path
	plain  bool           // reached from the root through properties alone
	schema map[string]any // its keywords
}

// The keywords that hold schemas.
var (
	schemaKeywords     = []string{"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
	schemaListKeywords = []string{"allOf", "anyOf", "items", "oneOf", "prefixItems"}
	schemaMapKeywords  = []string{"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)

// Bounds on the walk through the schema of a stranger.
const (
	maxPositions     = 10_000
	maxPositionDepth = 128
)

// positions lists the schemas within a schema, itself first, in a fixed order.
func positions(schema json.RawMessage) []position {
	d := json.NewDecoder(bytes.NewReader(schema))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return nil
	}
	w := &schemaWalk{}
	w.enter(root, "", "", true, 0)
	return w.found
}

type schemaWalk struct{ found []position }

func (w *schemaWalk) enter(v any, path, name string, plain bool, depth int) {
	schema, ok := v.(map[string]any)
	if !ok || depth > maxPositionDepth || len(w.found) >= maxPositions {
		return
	}
	w.found = append(w.found, position{path, name, plain, schema})
	below := func(v any, plain bool, steps ...string) {
		to := strings.TrimPrefix(path+"."+strings.Join(steps, "."), ".")
		w.enter(v, to, steps[len(steps)-1], plain, depth+1)
	}
	for _, keyword := range schemaKeywords {
		below(schema[keyword], false, keyword)
	}
	for _, keyword := range schemaListKeywords {
		list, _ := schema[keyword].([]any)
		for i, item := range list {
			below(item, false, keyword, strconv.Itoa(i))
		}
	}
	for _, keyword := range schemaMapKeywords {
		members, _ := schema[keyword].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			below(members[name], plain && keyword == "properties", keyword, name)
		}
	}
}

// withoutFormats returns a schema that asserts no format: whether a format binds
// is left to who validates.
func withoutFormats(schema json.RawMessage) json.RawMessage {
	all := positions(schema)
	if len(all) == 0 {
		return schema
	}
	for _, p := range all {
		delete(p.schema, "format")
	}
	data, err := json.Marshal(all[0].schema)
	if err != nil {
		return schema
	}
	return data
}

// dangling returns a reference within a schema that leads nowhere. It says
// nothing of references to elsewhere, nor of a schema that gives parts of itself
// addresses, from which a reference may count.
func dangling(schema json.RawMessage) (string, bool) {
	all := positions(schema)
	anchors := map[string]bool{}
	for _, p := range all {
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name, ok := p.schema[keyword].(string); ok {
				anchors[name] = true
			}
		}
		for _, keyword := range []string{"$id", "id"} {
			// A name in the form of a fragment was an anchor up to draft-07.
			name, ok := p.schema[keyword].(string)
			if fragment, isAnchor := strings.CutPrefix(name, "#"); isAnchor {
				anchors[fragment] = true
			} else if ok && p.path != "" {
				return "", false
			}
		}
	}
	for _, p := range all {
		ref, _ := p.schema["$ref"].(string)
		fragment, within := strings.CutPrefix(ref, "#")
		switch {
		case !within || fragment == "" || anchors[fragment]:
		case fragment[0] != '/' || !pointsTo(all[0].schema, fragment):
			return ref, true
		}
	}
	return "", false
}

// pointsTo reports whether a JSON pointer, in the form of a URI fragment, finds
// something.
func pointsTo(at any, pointer string) bool {
	for _, token := range strings.Split(pointer, "/")[1:] {
		if plain, err := url.PathUnescape(token); err == nil {
			token = plain
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch within := at.(type) {
		case map[string]any:
			next, ok := within[token]
			if !ok {
				return false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(within) {
				return false
			}
			at = within[i]
		default:
			return false
		}
	}
	return true
}
