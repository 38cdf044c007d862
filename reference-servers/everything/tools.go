package everything

import (
	"slices"
	"strconv"
)

// tool is one tool of the server.
type tool struct {
	name, title, description string
	input                    object // its properties
	required                 list
	schema                   object // the whole input schema, where input is not enough
	output                   object
	acts                     bool // it changes what others see
	run                      func(c *call, args object) (object, *rpcError)
}

// tools lists the tools in the order in which clients see them. The first has
// no arguments and no needs, because that is where testers begin.
func (s *Server) tools() []tool {
	return slices.Concat(contentTools(), streamTools(), clientTools(), inputTools(), s.stateTools(), s.referringTools(), s.operationTools())
}

func (t tool) inputSchema() object {
	if t.schema != nil {
		return t.schema
	}
	schema := object{"type": "object", "additionalProperties": false}
	if len(t.input) > 0 {
		schema["properties"] = t.input
	}
	if len(t.required) > 0 {
		schema["required"] = t.required
	}
	return schema
}

// listed is the tool as a revision describes it.
func (t tool) listed(revision string) object {
	o := object{"name": t.name, "description": t.description, "inputSchema": t.inputSchema()}
	if revision >= rev2025_03_26 {
		o["annotations"] = object{"title": t.title, "readOnlyHint": !t.acts, "destructiveHint": false,
			"idempotentHint": !t.acts, "openWorldHint": false}
	}
	if revision >= rev2025_06_18 {
		o["title"] = t.title
		if t.output != nil {
			o["outputSchema"] = t.output
		}
	}
	if revision >= rev2025_11_25 {
		o["icons"] = icons()
	}
	if revision == rev2025_11_25 {
		o["execution"] = object{"taskSupport": "forbidden"} // the only revision with tasks of its own
	}
	return o
}

func listTools(c *call) (object, *rpcError) {
	items := list{}
	for _, t := range c.srv.tools() {
		items = append(items, t.listed(c.revision))
	}
	return c.page("tools", c.srv.reorder(items))
}

// ToolNames lists the tools. None has an effect outside of the server, so a
// tester may call them all.
func ToolNames() []string {
	var names []string
	for _, t := range (&Server{}).tools() {
		names = append(names, t.name)
	}
	return names
}

func (s *Server) tool(name string) (tool, bool) {
	all := s.tools()
	i := slices.IndexFunc(all, func(t tool) bool { return t.name == name })
	if i < 0 {
		return tool{}, false
	}
	return all[i], true
}

func callTool(c *call) (object, *rpcError) {
	name, ok := c.params["name"].(string)
	if !ok {
		return nil, invalidParams("name is missing or not a string")
	}
	t, found := c.srv.findTool(name)
	if !found && c.srv.broken("arch.capabilities.tools-declared") {
		return failed("unknown tool: " + strconv.Quote(name)), nil
	}
	if !found {
		return c.srv.unknownTool(strconv.Quote(name))
	}
	args, ok := c.params["arguments"].(object)
	if !ok {
		if _, present := c.params["arguments"]; present && !c.srv.broken("tools.call.malformed-request") {
			return nil, invalidParams("arguments is not an object")
		}
		if _, present := c.params["arguments"]; !present && c.srv.broken("tools.call.arguments-optional") {
			return nil, invalidParams("arguments is missing")
		}
		args = object{}
	}
	c.srv.follow(t)
	if problem := check(c.srv.loosely(t), args); problem != "" {
		// Until 2025-06-18 such arguments were a protocol error.
		if !c.since(rev2025_11_25) || c.srv.broken("tools.call.input-validation-error") {
			return nil, invalidParams(problem)
		}
		return failed(problem), nil
	}
	if err := c.readState(); err != nil {
		return nil, err
	}
	result, off := c.srv.cutOff(c)
	var err *rpcError
	if !off {
		result, err = t.run(c, args)
	}
	if err != nil {
		return nil, err
	}
	if c.modern() && c.level == "" && c.srv.broken("stateless.request-meta.log-level-optional") {
		c.notify("notifications/message", object{"level": "info", "data": "called"})
	}
	if c.modern() && name == "test_simple_text" && c.srv.broken("subs.filter.opt-in-only") {
		c.notify("notifications/tools/list_changed", object{})
	}
	if c.modern() && c.srv.broken("version.extension.fallback") {
		c.notify("notifications/"+extension, object{})
	}
	return c.fitResult(result), nil
}

// fitResult leaves out of a result what its revision does not know.
func (c *call) fitResult(result object) object {
	if items, ok := result["content"].(list); ok {
		fitted := list{}
		for _, item := range items {
			fitted = append(fitted, c.fit(item.(object)))
		}
		result["content"] = fitted
	}
	if !c.since(rev2025_06_18) {
		delete(result, "structuredContent")
	}
	return result
}
