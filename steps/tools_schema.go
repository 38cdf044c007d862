package steps

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func inputSchemaPresent(_ *Conversation, t Item) (bool, error) {
	raw := t.Members["inputSchema"]
	if kindOf(raw) != "object" {
		return true, unmetf("inputSchema, an object", "%s", memberIs("inputSchema", raw))
	}
	return true, nil
}

// inputSchema returns the keywords at the root of a tool's inputSchema, if that
// is an object as it must be.
func inputSchema(t Item) (map[string]json.RawMessage, bool) {
	schema, err := object(t.Members["inputSchema"])
	return schema, err == nil
}

func inputSchemaType(_ *Conversation, t Item) (bool, error) {
	schema, ok := inputSchema(t)
	if !ok {
		return false, nil
	}
	return true, rootedInObject("inputSchema", schema)
}

func rootedInObject(member string, schema map[string]json.RawMessage) error {
	if string(schema["type"]) != `"object"` {
		return unmetf(member+`.type "object"`, "%s", memberIs(member+".type", schema["type"]))
	}
	return nil
}

func inputSchemaProperties(c *Conversation, t Item) (bool, error) {
	schema, ok := inputSchema(t)
	if !ok || schema["properties"] == nil {
		return false, nil
	}
	return true, mapOfSchemas("inputSchema", c.Revision(), schema)
}

// mapOfSchemas takes true and false as schemas in the modern revisions alone:
// before, the schema of the messages asks for objects.
func mapOfSchemas(member string, r spec.Revision, schema map[string]json.RawMessage) error {
	raw, ok := schema["properties"]
	if !ok {
		return nil
	}
	properties, err := object(raw)
	if err != nil {
		return unmetf(member+".properties, an object of schemas", "%s.properties %s", member, brief(string(raw)))
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		kind := kindOf(properties[name])
		if kind != "object" && !(kind == "boolean" && r.Modern()) {
			return unmetf(member+".properties."+name+", a schema that is an object", "%s.properties.%s %s", member, name, brief(string(properties[name])))
		}
	}
	return nil
}

func inputSchemaRequired(_ *Conversation, t Item) (bool, error) {
	schema, ok := inputSchema(t)
	if !ok || schema["required"] == nil {
		return false, nil
	}
	return true, requiredStrings("inputSchema", schema)
}

func requiredStrings(member string, schema map[string]json.RawMessage) error {
	raw, ok := schema["required"]
	if !ok {
		return nil
	}
	var list []json.RawMessage
	bad := json.Unmarshal(raw, &list) != nil || list == nil
	for _, item := range list {
		bad = bad || kindOf(item) != "string"
	}
	if bad {
		return unmetf(member+".required, an array of strings", "%s.required %s", member, brief(string(raw)))
	}
	return nil
}

func noParamsClosed(_ *Conversation, t Item) (bool, error) {
	schema, ok := inputSchema(t)
	if !ok || string(schema["type"]) != `"object"` {
		return false, nil
	}
	for keyword, raw := range schema {
		empty := keyword == "properties" && len(membersOf(raw)) == 0 || keyword == "required" && string(compact(raw)) == "[]"
		if !slices.Contains([]string{"type", "additionalProperties", "$schema", "title", "description"}, keyword) && !empty {
			return false, nil // it has parameters, or may have
		}
	}
	if len(membersOf(schema["additionalProperties"])) > 0 {
		return false, nil // they have no names
	}
	if string(schema["additionalProperties"]) != "false" {
		return true, advisory(unmetf("additionalProperties false in the inputSchema of a tool without parameters",
			"%s", memberIs("additionalProperties", schema["additionalProperties"])))
	}
	return true, nil
}

// elements returns the members of an object, none if it is no object.
func membersOf(raw json.RawMessage) map[string]json.RawMessage {
	members, err := object(raw)
	if err != nil {
		return nil
	}
	return members
}

func outputSchemaRooted(c *Conversation, t Item) (bool, error) {
	raw, ok := t.Members["outputSchema"]
	if !ok {
		return false, nil
	}
	schema, err := object(raw)
	if err != nil {
		return true, unmetf("outputSchema, an object", "outputSchema %s", brief(string(raw)))
	}
	return true, firstError(rootedInObject("outputSchema", schema), mapOfSchemas("outputSchema", c.Revision(), schema), requiredStrings("outputSchema", schema))
}

// firstError returns the first error.
func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func outputSchemaObject(_ *Conversation, t Item) (bool, error) {
	raw, ok := t.Members["outputSchema"]
	if !ok {
		return false, nil
	}
	if kindOf(raw) != "object" {
		return true, unmetf("outputSchema, an object", "outputSchema %s", brief(string(raw)))
	}
	return true, nil
}

// A toolSchema is the inputSchema or outputSchema of a tool, where that is an
// object.
type toolSchema struct {
	member   string
	raw      json.RawMessage
	keywords map[string]json.RawMessage
}

func toolSchemas(t Item) (list []toolSchema) {
	for _, member := range []string{"inputSchema", "outputSchema"} {
		if keywords, err := object(t.Members[member]); err == nil {
			list = append(list, toolSchema{member, t.Members[member], keywords})
		}
	}
	return list
}

func dialectString(_ *Conversation, t Item) (seen bool, err error) {
	for _, s := range toolSchemas(t) {
		raw, ok := s.keywords["$schema"]
		if !ok {
			continue
		}
		seen = true
		if kindOf(raw) != "string" {
			return true, unmetf(s.member+".$schema, a string", "%s.$schema %s", s.member, brief(string(raw)))
		}
	}
	return seen, nil
}

func dialectPreferred(_ *Conversation, t Item) (seen bool, err error) {
	for _, s := range toolSchemas(t) {
		var dialect string
		if raw, ok := s.keywords["$schema"]; ok && json.Unmarshal(raw, &dialect) != nil {
			continue
		}
		seen = true
		if dialect != "" && !strings.Contains(dialect, "//json-schema.org/draft/2020-12/") {
			return true, advisory(unmetf("a schema in JSON Schema 2020-12", "%s in the dialect %s", s.member, brief(dialect)))
		}
	}
	return seen, nil
}

// toolSchemasValid leaves out a schema whose root is at fault already, as other
// requirements tell, and one that cannot be judged.
func toolSchemasValid(c *Conversation, t Item) (seen bool, err error) {
	for _, s := range toolSchemas(t) {
		if rootAtFault(s.member, c.Revision(), s.keywords) {
			continue
		}
		_, err := spec.CompileForeign(s.raw)
		switch {
		case err == nil:
			seen = true
		case errors.Is(err, spec.ErrNotSchema):
			return true, unmetf(s.member+", a valid schema in its dialect", "%s: %s", s.member, err)
		case errors.Is(err, spec.ErrReference):
			if ref, ok := dangling(s.raw); ok {
				return true, unmetf(s.member+" whose references lead somewhere", "the reference %q in %s", ref, s.member)
			}
		}
	}
	return seen, nil
}

// rootAtFault reports whether one of the requirements on the root of a schema
// tells of it. Since 2026-07-28 they do not bind an outputSchema.
func rootAtFault(member string, r spec.Revision, schema map[string]json.RawMessage) bool {
	dialect, declared := schema["$schema"]
	if declared && kindOf(dialect) != "string" {
		return true
	}
	return (member == "inputSchema" || !r.Modern()) &&
		firstError(rootedInObject(member, schema), mapOfSchemas(member, r, schema), requiredStrings(member, schema)) != nil
}
