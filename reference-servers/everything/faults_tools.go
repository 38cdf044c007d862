package everything

import (
	"net/http"
	"slices"
	"strings"
)

// spare is a tool that no check calls, so that it can be listed in any form.
const spare = "test_trigger_prompt_change"

// listedTool changes a tool in the list.
func listedTool(name string, change func(t object)) rewrite {
	return func(o *outgoing) {
		each(o.to("tools/list")["tools"], func(t object) {
			if t["name"] == name {
				change(t)
			}
		})
	}
}

// schemaOf changes the inputSchema of a tool in the list.
func schemaOf(name string, change func(schema object)) rewrite {
	return listedTool(name, func(t object) { with(t["inputSchema"], change) })
}

// annotating gives a parameter of a tool in the list an x-mcp-header.
func annotating(name, parameter string, header any) rewrite {
	return schemaOf(name, func(s object) {
		with(s["properties"], func(p object) {
			with(p[parameter], func(schema object) { schema["x-mcp-header"] = header })
		})
	})
}

// called changes the result of a tool.
func called(name string, change func(result object)) rewrite {
	return func(o *outgoing) {
		if r := o.to("tools/call"); r != nil && o.params["name"] == name {
			change(r)
		}
	}
}

// renamed gives the spare tool another name.
func renamed(name any) rewrite {
	return listedTool(spare, func(t object) { t["name"] = name })
}

var toolsFaults = faultTable{
	"tools.capability.declared": {"has tools and does not declare them", func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(all object) { delete(all, "tools") })
	}},
	"tools.list.answered": {"answers tools/list with an error", func(o *outgoing) {
		if o.to("tools/list") != nil {
			delete(o.msg, "result")
			o.msg["error"] = object{"code": codeInternal, "message": "the tools are lost"}
		}
	}},
	"tools.list.no-connection-variance":  {does: "shows each connection a tool of its own"},
	"tools.list.no-side-effect-variance": {does: "shows a tool more to connections that called one"},
	"tools.list.deterministic-order":     {does: "lists the tools in an order that changes"},
	"tools.list.result-shape": {"lists a bare name among the tools", func(o *outgoing) {
		if items, ok := o.to("tools/list")["tools"].(list); ok {
			o.result()["tools"] = append(items, "test_bare_name")
		}
	}},
	"tools.item.name": {"numbers a tool instead of naming it", renamed(42)},
	"tools.item.optional-types": {"describes a tool with an array", listedTool(spare, func(t object) {
		t["description"] = list{t["description"]}
	})},
	"tools.item.execution-task-support": {"lists a taskSupport that does not exist", listedTool(spare, func(t object) {
		t["execution"] = object{"taskSupport": "sometimes"}
	})},
	"tools.item.name-length":     {"lists a name of 129 characters", renamed(strings.Repeat("a", 129))},
	"tools.item.name-charset":    {"lists a name with a letter beyond ASCII", renamed("test_façade")},
	"tools.item.name-no-special": {"lists a name with a space and a comma", renamed("test, spare")},
	"tools.item.name-unique": {"lists a tool twice", func(o *outgoing) {
		if items, ok := o.to("tools/list")["tools"].(list); ok && len(items) > 0 {
			o.result()["tools"] = append(items, items[0])
		}
	}},
	"tools.item.name-case-sensitive": {does: "finds tools by their names in any case"},
	"tools.annotations.types": {"hints with words", listedTool(spare, func(t object) {
		with(t["annotations"], func(a object) { a["idempotentHint"] = "no" })
	})},
	"tools.input-schema.present": {"lists a tool with the inputSchema null", listedTool(spare, func(t object) {
		t["inputSchema"] = nil
	})},
	"tools.input-schema.type-object": {"leaves type out of an inputSchema", schemaOf(spare, func(s object) {
		delete(s, "type")
	})},
	"tools.input-schema.properties-map": {"lists properties as an array", schemaOf(spare, func(s object) {
		s["properties"] = list{}
	})},
	"tools.input-schema.required-strings": {"lists required as null", schemaOf(spare, func(s object) {
		s["required"] = nil
	})},
	"tools.input-schema.no-params-closed": {"leaves a tool without parameters open", schemaOf(spare, func(s object) {
		delete(s, "additionalProperties")
	})},
	"tools.schema.dialect-keyword": {"numbers the dialect of a schema", schemaOf(spare, func(s object) {
		s["$schema"] = 2020
	})},
	"tools.schema.valid": {"lists a schema with a type that does not exist", schemaOf(spare, func(s object) {
		s["properties"] = object{"mode": object{"type": "text"}}
	})},
	"tools.schema.prefer-2020-12": {"lists a schema in draft-07", schemaOf(spare, func(s object) {
		s["$schema"] = "http://json-schema.org/draft-07/schema#"
	})},
	"tools.schema.support-2020-12":         {does: "ignores allOf, if and else in an inputSchema"},
	"tools.schema.no-network-ref":          {does: "fetches what a schema refers to"},
	"tools.schema.unresolved-ref-rejected": {does: "accepts anything where a schema refers to the network"},
	"tools.output-schema.type-object": {"leaves type out of an outputSchema", listedTool("test_structured_content", func(t object) {
		with(t["outputSchema"], func(s object) { delete(s, "type") })
	})},
	"tools.output-schema.is-object": {"lists the outputSchema true", listedTool("test_structured_content", func(t object) {
		t["outputSchema"] = true
	})},
	"tools.x-mcp-header.not-empty":  {"mirrors a parameter without a name", annotating("test_echo", "style", "")},
	"tools.x-mcp-header.token":      {"mirrors a parameter under a name with a space", annotating("test_echo", "style", "The Style")},
	"tools.x-mcp-header.no-control": {"mirrors a parameter under a name with CR and LF", annotating("test_echo", "style", "Style\r\nX-Evil: 1")},
	"tools.x-mcp-header.unique": {"mirrors two parameters under one name", schemaOf("test_header_parameters", func(s object) {
		with(s["properties"], func(p object) {
			p["more"] = object{"type": "string", "x-mcp-header": "text"}
		})
	})},
	"tools.x-mcp-header.primitive": {"mirrors a parameter of type number", schemaOf("test_slow", func(s object) {
		with(s["properties"], func(p object) {
			p["speed"] = object{"type": "number", "x-mcp-header": "Speed"}
		})
	})},
	"tools.x-mcp-header.integer-range": {"mirrors a parameter whose default no double holds", schemaOf("test_slow", func(s object) {
		with(s["properties"], func(p object) {
			p["seed"] = object{"type": "integer", "default": int64(1) << 53, "x-mcp-header": "Seed"}
		})
	})},
	"tools.x-mcp-header.reachable": {"mirrors a parameter within allOf", schemaOf("test_echo", func(s object) {
		s["allOf"] = list{object{"properties": object{"style": object{"type": "string", "x-mcp-header": "Style"}}}}
	})},
	"tools.x-mcp-header.not-sensitive": {"mirrors a parameter named api_key", schemaOf("test_echo", func(s object) {
		with(s["properties"], func(p object) {
			p["api_key"] = object{"type": "string", "x-mcp-header": "Api-Key"}
		})
	})},
	"tools.call.content-array": {"returns one content item instead of an array", called("test_image_content", func(r object) {
		if items, ok := r["content"].(list); ok {
			r["content"] = items[0]
		}
	})},
	"tools.call.is-error-boolean": {"says with a word that a call went well", called("test_image_content", func(r object) {
		r["isError"] = "false"
	})},
	"tools.call.unknown-tool":           {does: "answers a call of an unknown tool with a result"},
	"tools.call.unknown-tool-code":      {does: "refuses an unknown tool as if the method were unknown"},
	"tools.call.malformed-request":      {does: "takes arguments that are no object for empty ones"},
	"tools.call.arguments-optional":     {does: "refuses a call without arguments"},
	"tools.call.input-validation-error": {does: "refuses arguments with an error"},
	"tools.call.execution-error-in-result": {"reports the failure of a tool as an error", func(o *outgoing) {
		if o.to("tools/call") != nil && o.params["name"] == "test_error_handling" {
			delete(o.msg, "result")
			o.msg["error"] = object{"code": codeInternal, "message": "the tool failed"}
		}
	}},
	"tools.security.validate-inputs": {does: "runs a tool without its required argument"},
	"tools.structured.object": {"returns an array as structured content", called("test_echo", func(r object) {
		r["structuredContent"] = list{"echo"}
		r["content"] = list{textContent(`["echo"]`)}
	})},
	"tools.structured.conforms": {"returns a number as a string, other than its output schema has it", called("test_structured_content", func(r object) {
		with(r["structuredContent"], func(s object) {
			s["temperature"] = "21.5"
			r["content"] = list{textContent(string(encode(s)))}
		})
	})},
	"tools.structured.text-fallback": {"returns prose beside structured content", called("test_structured_content", func(r object) {
		r["content"] = list{textContent("It is sunny.")}
	})},
	"tools.list-changed.sent": {does: "does not tell that its list of tools changed"},
}

// unknownTool answers the call of a tool that does not exist.
func (s *Server) unknownTool(quoted string) (object, *rpcError) {
	switch {
	case s.broken("tools.call.unknown-tool"):
		return failed("unknown tool: " + quoted), nil
	case s.broken("tools.call.unknown-tool-code"):
		return nil, fail(codeMethodNotFound, "unknown tool: "+quoted)
	}
	return nil, invalidParams("unknown tool: " + quoted)
}

// loosely is the schema that the server validates by.
func (s *Server) loosely(t tool) object {
	schema := t.inputSchema()
	switch {
	case s.broken("tools.schema.support-2020-12"):
		schema = without(schema, "allOf", "if", "then", "else")
	case s.broken("tools.security.validate-inputs") && t.schema == nil:
		schema = without(schema, "required")
	case s.broken("tools.schema.unresolved-ref-rejected") && t.name == "test_network_ref":
		schema = object{}
	}
	return schema
}

// follow fetches what the schema of a tool refers to.
func (s *Server) follow(t tool) {
	if t.name != "test_network_ref" || !s.broken("tools.schema.no-network-ref") {
		return
	}
	if answer, err := http.Get(s.refURL); err == nil { //nolint:noctx // it is the fault
		answer.Body.Close()
	}
}

func without(o object, names ...string) object {
	less := object{}
	for name, v := range o {
		if !slices.Contains(names, name) {
			less[name] = v
		}
	}
	return less
}

// reorder changes the order of the tools where it must not change.
func (s *Server) reorder(items list) list {
	if !s.broken("tools.list.deterministic-order") {
		return items
	}
	n := s.number() % len(items)
	return slices.Concat(items[n:], items[:n])
}
