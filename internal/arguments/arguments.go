// Package arguments makes the smallest arguments that an input schema accepts.
//
// What it makes is validated before it is handed out: where a schema asks for
// more than the generator understands there are no arguments, never wrong ones.
// It does not make arguments that mean something; for those the user is asked.
package arguments

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// Valid returns the smallest object that a tool's inputSchema accepts: the
// required properties only. The error says why there is none.
func Valid(schema json.RawMessage) (json.RawMessage, error) {
	compiled, err := spec.CompileForeign(schema)
	if err != nil {
		return nil, err
	}
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	// What a schema offers by way of example means more than what can be made up,
	// but it is written for readers, and not always right.
	first := error(nil)
	for _, g := range []*generator{{root: root, examples: true}, {root: root}} {
		data, err := g.arguments(compiled)
		if err == nil {
			return data, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// arguments makes a value of the root schema and holds it against that.
func (g *generator) arguments(compiled spec.Schema) (json.RawMessage, error) {
	value, err := g.value(g.root, 0)
	if err != nil {
		return nil, err
	}
	if _, ok := value.(map[string]any); !ok {
		return nil, fmt.Errorf("the schema asks for %s, want an object", typeName(value))
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	if broken := compiled.Validate(data); len(broken) > 0 {
		return nil, fmt.Errorf("the schema asks for more than can be made up: %s", broken[0])
	}
	return data, nil
}

// typeName is the JSON type of a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	}
	return "an object"
}

// maxDepth bounds how deep a schema is followed.
const maxDepth = 32

// maxSteps bounds the work on one schema, and the size of what is made.
const maxSteps = 10_000

var (
	errDeep    = errors.New("the schema goes on without end")
	errNothing = errors.New("the schema accepts nothing")
)

type generator struct {
	root     any
	examples bool // takes what the schema offers as default or example
	steps    int
}

// charge counts work.
func (g *generator) charge(work int) error {
	if g.steps += work; g.steps > maxSteps {
		return errDeep
	}
	return nil
}

// value makes the smallest value of a schema that it can think of.
func (g *generator) value(schema any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if err := g.charge(1); err != nil {
		return nil, err
	}
	if b, ok := schema.(bool); ok {
		if !b {
			return nil, errNothing
		}
		return map[string]any{}, nil
	}
	s, ok := schema.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a schema is %s, want an object", typeName(schema))
	}
	s, err := g.flatten(s, depth)
	if err != nil {
		return nil, err
	}
	if v, ok := g.said(s); ok {
		return v, nil
	}
	return g.typed(s, depth)
}

// said returns a value that the schema itself offers.
func (g *generator) said(s map[string]any) (any, bool) {
	if v, ok := s["const"]; ok {
		return v, true
	}
	if g.examples {
		if v, ok := s["default"]; ok {
			return v, true
		}
		if list, ok := s["examples"].([]any); ok && len(list) > 0 {
			return list[0], true
		}
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0], true
	}
	return nil, false
}

func (g *generator) typed(s map[string]any, depth int) (any, error) {
	switch kind(s) {
	case "object":
		return g.object(s, depth)
	case "array":
		return g.array(s, depth)
	case "string":
		return g.text(s)
	case "integer", "number":
		return number(s)
	case "boolean":
		return false, nil
	}
	return nil, nil
}

// kind returns the type that the schema asks for, or that its keywords speak of.
func kind(s map[string]any) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if name, ok := one.(string); ok && name != "null" {
				return name
			}
		}
		return "null"
	}
	for _, speaks := range []struct{ keyword, of string }{
		{"properties", "object"}, {"required", "object"}, {"minProperties", "object"},
		{"items", "array"}, {"prefixItems", "array"}, {"minItems", "array"}, {"contains", "array"},
		{"minLength", "string"}, {"maxLength", "string"}, {"pattern", "string"}, {"format", "string"},
		{"minimum", "number"}, {"maximum", "number"}, {"exclusiveMinimum", "number"}, {"multipleOf", "number"},
	} {
		if _, ok := s[speaks.keyword]; ok {
			return speaks.of
		}
	}
	return "object"
}
