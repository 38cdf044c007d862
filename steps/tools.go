package steps

import (
	"encoding/json"
	"maps"
)

var toolsWords = []step{
	{given, "the tool accepts {json}", do1(jsonText, (*World).toolAccepts)},
	{given, "a safe tool with a choice of strings", do((*World).toolWithChoice)},
	{given, "a safe tool that allows no other arguments", do((*World).toolClosed)},
	{given, "the fixture tool whose schema refers to mcpcheck", do((*World).referringTool)},
	{given, "a safe tool whose name has a letter", do((*World).toolWithLetter)},
	{when, "the client lists all tools {count} times", do1(count, (*World).listToolsTimes)},
	{when, "the client calls a tool that does not exist", do((*World).callUnknown)},
	{when, "the client calls the tool by its name in another case", do((*World).callOtherCase)},
	{when, "the client calls the tool without its required argument", do((*World).callWithoutRequired)},
	{when, "the client calls the tool without arguments and with empty ones", do((*World).callBare)},
	{when, "the client calls the tool with the arguments {json}", do1(jsonText, (*World).callWith)},
	{when, "the client calls the tool with a number for the choice", do((*World).callWithNumber)},
	{when, "the client calls the tool with an argument that it does not allow", do((*World).callWithUnknown)},
	{when, "the client calls each safe tool with an output schema", do((*World).callWithOutput)},
	{when, "the client requests tools/call with the params {json}", do1(jsonText, (*World).callMalformed)},
	{then, "the tools come in the same order each time", do((*World).sameOrder)},
	{then, "the server knows no such tool", do((*World).knowsNoTool)},
	{then, "the server refuses the unknown tool with an error", do((*World).refusesUnknown)},
	{then, "the refusal of the unknown tool has code {code}", do1(code, (*World).refusedUnknownWith)},
	{then, "the server refuses the malformed call", do((*World).refusesMalformed)},
	{then, "the server treats both calls alike", do((*World).treatsAlike)},
	{then, "the server tells of the arguments in a result", do((*World).tellsInResult)},
	{then, "the server refuses the arguments", do((*World).refusesArguments)},
	{then, "the server refuses the arguments, as is advisable", do((*World).refusesArgumentsAdvised)},
	{then, "the server does not fetch the reference", do((*World).notFetched)},
	{then, "the server refuses what it cannot validate", do((*World).refusesUnresolved)},
	{then, "the tool reports its failure in the result", do((*World).reportsFailure)},
	{then, "each structured result conforms to its output schema", do((*World).structuredConforms)},
}

var toolsInvariants = []invariant{
	{"tools.item.execution-task-support", eachTool(taskSupportKnown)},
	{"tools.item.name-length", eachTool(toolNameLength)},
	{"tools.item.name-charset", eachTool(toolNameLetters)},
	{"tools.item.name-no-special", eachTool(toolNameSpecial)},
	{"tools.annotations.types", eachTool(toolAnnotationsTyped)},
	{"tools.input-schema.present", eachTool(inputSchemaPresent)},
	{"tools.input-schema.type-object", eachTool(inputSchemaType)},
	{"tools.input-schema.properties-map", eachTool(inputSchemaProperties)},
	{"tools.input-schema.required-strings", eachTool(inputSchemaRequired)},
	{"tools.input-schema.no-params-closed", eachTool(noParamsClosed)},
	{"tools.output-schema.type-object", eachTool(outputSchemaRooted)},
	{"tools.output-schema.is-object", eachTool(outputSchemaObject)},
	{"tools.schema.dialect-keyword", eachTool(dialectString)},
	{"tools.schema.valid", eachTool(toolSchemasValid)},
	{"tools.schema.prefer-2020-12", eachTool(dialectPreferred)},
	{"tools.x-mcp-header.not-empty", eachTool(mirrorsOf(mirrorNotEmpty))},
	{"tools.x-mcp-header.token", eachTool(mirrorsOf(mirrorToken))},
	{"tools.x-mcp-header.no-control", eachTool(mirrorsOf(mirrorNoControl))},
	{"tools.x-mcp-header.unique", eachTool(mirrorsUnique)},
	{"tools.x-mcp-header.primitive", eachTool(mirrorsOf(mirrorPrimitive))},
	{"tools.x-mcp-header.integer-range", eachTool(mirrorsOf(mirrorInRange))},
	{"tools.x-mcp-header.reachable", eachTool(mirrorsOf(mirrorReachable))},
	{"tools.x-mcp-header.not-sensitive", eachTool(mirrorsOf(mirrorNotSensitive))},
	{"tools.call.content-array", eachResult("tools/call", contentArray)},
	{"tools.call.is-error-boolean", eachResult("tools/call", isErrorBoolean)},
	{"tools.structured.object", eachResult("tools/call", structuredObject)},
	{"tools.structured.text-fallback", eachResult("tools/call", structuredAsText)},
}

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

// itemNames returns the names of a list of items, in order.
func itemNames(items []Item, member string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.text(member)
	}
	return list
}
