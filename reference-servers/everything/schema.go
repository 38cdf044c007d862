package everything

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// schemaDepth bounds how deep a schema is followed.
const schemaDepth = 32

// check validates a decoded value against a schema of our own, in the part of
// JSON Schema 2020-12 that those schemas use. It returns what is wrong, or "".
// A reference to anything but the schema itself is refused, never fetched.
func check(schema object, v any) string {
	return checker{root: schema}.check(schema, v, "arguments", 0)
}

type checker struct{ root object }

func (k checker) check(schema object, v any, path string, depth int) string {
	if depth > schemaDepth {
		return path + ": the schema is too deep"
	}
	if ref, ok := schema["$ref"].(string); ok {
		target := k.resolve(ref)
		if target == nil {
			return path + ": the schema refers to " + ref + ", which is not part of it"
		}
		if p := k.check(target, v, path, depth+1); p != "" {
			return p
		}
	}
	if t, ok := schema["type"].(string); ok && !hasType(v, t) {
		return fmt.Sprintf("%s: is not of type %q", path, t)
	}
	if e, ok := schema["enum"].(list); ok && !slices.ContainsFunc(e, func(x any) bool { return equal(x, v) }) {
		return path + ": is not one of the values allowed"
	}
	if want, ok := schema["const"]; ok && !equal(want, v) {
		return path + ": is not the value required"
	}
	if p := k.combine(schema, v, path, depth); p != "" {
		return p
	}
	switch v := v.(type) {
	case object:
		return k.checkObject(schema, v, path, depth)
	case list:
		return k.checkArray(schema, v, path, depth)
	case string:
		return checkString(schema, v, path)
	case json.Number:
		return checkNumber(schema, v, path)
	}
	return ""
}

func (k checker) combine(schema object, v any, path string, depth int) string {
	for _, sub := range subschemas(schema["allOf"]) {
		if p := k.check(sub, v, path, depth+1); p != "" {
			return p
		}
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		subs := subschemas(schema[name])
		if len(subs) == 0 {
			continue
		}
		matches := 0
		for _, sub := range subs {
			if k.check(sub, v, path, depth+1) == "" {
				matches++
			}
		}
		if matches == 0 || name == "oneOf" && matches > 1 {
			return path + ": does not fit " + name
		}
	}
	if sub, ok := schema["not"].(object); ok && k.check(sub, v, path, depth+1) == "" {
		return path + ": is excluded by not"
	}
	if cond, ok := schema["if"].(object); ok {
		branch := "else"
		if k.check(cond, v, path, depth+1) == "" {
			branch = "then"
		}
		if sub, ok := schema[branch].(object); ok {
			return k.check(sub, v, path, depth+1)
		}
	}
	return ""
}

func (k checker) checkObject(schema, v object, path string, depth int) string {
	required, _ := schema["required"].(list)
	for _, r := range required {
		if _, ok := v[r.(string)]; !ok {
			return fmt.Sprintf("%s: %q is missing", path, r)
		}
	}
	properties, _ := schema["properties"].(object)
	for _, name := range sortedKeys(v) {
		if sub, ok := properties[name].(object); ok {
			if p := k.check(sub, v[name], path+"."+name, depth+1); p != "" {
				return p
			}
		} else if schema["additionalProperties"] == false {
			return fmt.Sprintf("%s: %q is not a known property", path, name)
		}
	}
	return ""
}

func (k checker) checkArray(schema object, v list, path string, depth int) string {
	if out := bounds(schema, "minItems", "maxItems", len(v)); out != "" {
		return path + ": has " + out + " items"
	}
	sub, ok := schema["items"].(object)
	if !ok {
		return ""
	}
	for i, item := range v {
		if p := k.check(sub, item, fmt.Sprintf("%s[%d]", path, i), depth+1); p != "" {
			return p
		}
	}
	return ""
}

func checkString(schema object, v, path string) string {
	if out := bounds(schema, "minLength", "maxLength", utf8.RuneCountInString(v)); out != "" {
		return path + ": has " + out + " characters"
	}
	return ""
}

func checkNumber(schema object, v json.Number, path string) string {
	n, ok := rational(v)
	if !ok {
		return path + ": is too large a number"
	}
	if m, ok := rational(schema["minimum"]); ok && n.Cmp(m) < 0 {
		return path + ": is below the minimum"
	}
	if m, ok := rational(schema["maximum"]); ok && n.Cmp(m) > 0 {
		return path + ": is above the maximum"
	}
	return ""
}

func bounds(schema object, least, most string, n int) string {
	if m, ok := schema[least].(int); ok && n < m {
		return "too few"
	}
	if m, ok := schema[most].(int); ok && n > m {
		return "too many"
	}
	return ""
}

// resolve follows a JSON pointer or an anchor within the root schema.
func (k checker) resolve(ref string) object {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return nil
	}
	if pointer != "" && !strings.HasPrefix(pointer, "/") {
		defs, _ := k.root["$defs"].(object)
		for _, d := range defs {
			if sub, ok := d.(object); ok && sub["$anchor"] == pointer {
				return sub
			}
		}
		return nil
	}
	at := k.root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if step == "" {
			continue
		}
		at, _ = at[step].(object)
	}
	return at
}

func subschemas(v any) []object {
	items, _ := v.(list)
	var subs []object
	for _, item := range items {
		if sub, ok := item.(object); ok {
			subs = append(subs, sub)
		}
	}
	return subs
}

func hasType(v any, t string) bool {
	switch t {
	case "object":
		_, ok := v.(object)
		return ok
	case "array":
		_, ok := v.(list)
		return ok
	case "string":
		return isString(v)
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "null":
		return v == nil
	case "number":
		_, ok := rational(v)
		return ok
	case "integer":
		n, ok := rational(v)
		return ok && n.IsInt()
	}
	return false
}

// rational reads a number, refusing exponents that would take a lot of memory.
func rational(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case int:
		return big.NewRat(int64(v), 1), true
	case json.Number:
		if _, exponent, ok := strings.Cut(strings.ToLower(v.String()), "e"); ok && len(strings.Trim(exponent, "+-0")) > 3 {
			return nil, false
		}
		return new(big.Rat).SetString(v.String())
	}
	return nil, false
}

func equal(a, b any) bool {
	x, ok1 := rational(a)
	y, ok2 := rational(b)
	if ok1 && ok2 {
		return x.Cmp(y) == 0
	}
	return string(encode(a)) == string(encode(b))
}

func sortedKeys(o object) []string {
	var names []string
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
