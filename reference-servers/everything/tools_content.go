package everything

import (
	"encoding/json"
	"strings"
)

// contentTools return content of every kind.
func contentTools() []tool {
	return []tool{
		{name: "test_simple_text", title: "Simple text", description: "Returns one text item",
			run: always(textContent("This is a simple text response for testing."))},
		{name: "test_image_content", title: "Image", description: "Returns one image item",
			run: always(imageContent())},
		{name: "test_audio_content", title: "Audio", description: "Returns one audio item",
			run: always(audioContent())},
		{name: "test_embedded_resource", title: "Embedded resource", description: "Returns one embedded resource",
			run: always(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))},
		{name: "test_embedded_blob", title: "Embedded blob", description: "Returns one embedded binary resource",
			run: always(object{"type": "resource", "resource": object{
				"uri": "test://static-binary", "mimeType": "image/png", "blob": pixelPNG}})},
		{name: "test_multiple_content_types", title: "Several kinds of content", description: "Returns text, an image and an embedded resource",
			run: always(textContent("Multiple content types test:"), imageContent(),
				embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`))},
		{name: "test_resource_link", title: "Resource link", description: "Returns a link to a resource",
			run: always(object{"type": "resource_link", "uri": "test://static-text", "name": "static-text",
				"title": "Static text", "description": "A text that never changes", "mimeType": "text/plain"})},
		{name: "test_structured_content", title: "Structured content", description: "Returns structured content that conforms to its output schema",
			input:  object{"city": object{"type": "string", "description": "Any name", "minLength": 1}},
			output: weatherSchema(),
			run:    weather},
		{name: "test_error_handling", title: "Error", description: "Always fails",
			run: func(c *call, _ object) (object, *rpcError) {
				return failed("This tool intentionally returns an error for testing"), nil
			}},
		{name: "test_echo", title: "Echo", description: "Returns its message, in the style asked for",
			input: object{
				"message": object{"type": "string", "description": "What to return"},
				"style":   object{"type": "string", "enum": list{"plain", "upper"}, "description": "How to return it"},
			},
			required: list{"message"},
			run:      echo},
		{name: "json_schema_2020_12_tool", title: "JSON Schema 2020-12", description: "Describes its arguments with the keywords of JSON Schema 2020-12",
			schema: contactSchema(),
			run: func(_ *call, args object) (object, *rpcError) {
				return said("Valid contact: " + string(encode(args))), nil
			}},
		{name: "test_header_parameters", title: "Header parameters", description: "Has parameters that are mirrored into HTTP headers",
			input: object{
				"text":  object{"type": "string", "description": "A text", "x-mcp-header": "Text"},
				"count": object{"type": "integer", "description": "A number", "x-mcp-header": "Count"},
				"flag":  object{"type": "boolean", "description": "A switch", "x-mcp-header": "Flag"},
			},
			run: func(_ *call, args object) (object, *rpcError) {
				return said("Parameters: " + string(encode(args))), nil
			}},
	}
}

// always is a tool that returns the same content every time.
func always(items ...any) func(*call, object) (object, *rpcError) {
	return func(*call, object) (object, *rpcError) { return object{"content": list(items)}, nil }
}

func weatherSchema() object {
	return object{
		"type": "object",
		"properties": object{
			"city":        object{"type": "string"},
			"temperature": object{"type": "number"},
			"conditions":  object{"type": "string", "enum": list{"sunny", "cloudy", "rainy"}},
		},
		"required":             list{"city", "temperature", "conditions"},
		"additionalProperties": false,
	}
}

func weather(_ *call, args object) (object, *rpcError) {
	city, _ := args["city"].(string)
	if city == "" {
		city = "Nowhere"
	}
	report := object{"city": city, "temperature": json.Number("21.5"), "conditions": "sunny"}
	result := said(string(encode(report)))
	result["structuredContent"] = report
	return result, nil
}

func echo(_ *call, args object) (object, *rpcError) {
	message, _ := args["message"].(string)
	if args["style"] == "upper" {
		message = strings.ToUpper(message)
	}
	return said(message), nil
}

func contactSchema() object {
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"type":    "object",
		"$defs": object{"address": object{
			"$anchor":    "addressDef",
			"type":       "object",
			"properties": object{"street": object{"type": "string"}, "city": object{"type": "string"}},
		}},
		"properties": object{
			"name":          object{"type": "string"},
			"address":       object{"$ref": "#/$defs/address"},
			"contactMethod": object{"type": "string", "enum": list{"phone", "email"}},
			"phone":         object{"type": "string"},
			"email":         object{"type": "string"},
		},
		"allOf": list{object{"anyOf": list{object{"required": list{"phone"}}, object{"required": list{"email"}}}}},
		"if": object{
			"properties": object{"contactMethod": object{"const": "phone"}},
			"required":   list{"contactMethod"},
		},
		"then":                 object{"required": list{"phone"}},
		"else":                 object{"required": list{"email"}},
		"additionalProperties": false,
	}
}
