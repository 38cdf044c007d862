package everything

// clientTools need something of the client: in a legacy revision they send it a
// request, in the modern one they answer that they need input.
func clientTools() []tool {
	return []tool{
		{name: "test_sampling", title: "Sampling", description: "Asks the client's model",
			input:    object{"prompt": object{"type": "string", "description": "The prompt to send"}},
			required: list{"prompt"},
			run: func(c *call, args object) (object, *rpcError) {
				prompt, _ := args["prompt"].(string)
				return c.tellSample(sample("sampling", prompt, 100), "LLM response: ")
			}},
		{name: "test_elicitation", title: "Elicitation", description: "Asks the user for a name and an address",
			input:    object{"message": object{"type": "string", "description": "The message to show"}},
			required: list{"message"},
			run: func(c *call, args object) (object, *rpcError) {
				message, _ := args["message"].(string)
				return c.tellForm("User response: ", elicit("elicitation", message, object{
					"username": object{"type": "string", "description": "User's response"},
					"email":    object{"type": "string", "description": "User's email address"},
				}, "username", "email"))
			}},
		{name: "test_elicitation_sep1034_defaults", title: "Elicitation with defaults", description: "Asks the user with a form that has a default for each type",
			run: func(c *call, _ object) (object, *rpcError) {
				return c.tellForm("Elicitation completed: ", elicit("elicitation", "Please review the defaults", object{
					"name":     object{"type": "string", "description": "Name", "default": "John Doe"},
					"age":      object{"type": "integer", "description": "Age", "default": 30},
					"score":    object{"type": "number", "description": "Score", "default": 95.5},
					"status":   object{"type": "string", "description": "Status", "enum": list{"active", "inactive", "pending"}, "default": "active"},
					"verified": object{"type": "boolean", "description": "Verified", "default": true},
				}))
			}},
		{name: "test_elicitation_sep1330_enums", title: "Elicitation with choices", description: "Asks the user with a form that has every kind of choice",
			run: func(c *call, _ object) (object, *rpcError) {
				return c.tellForm("Elicitation completed: ", elicit("elicitation", "Please choose", c.choices()))
			}},
		{name: "test_list_roots", title: "Roots", description: "Asks the client for its roots",
			run: func(c *call, _ object) (object, *rpcError) {
				return c.tellRoots(listRoots("roots"))
			}},
		{name: "test_missing_capability", title: "Capability needed", description: "Needs a client that can sample, and does nothing with it",
			run: func(c *call, _ object) (object, *rpcError) {
				q := sample("unused", "", 1)
				switch {
				case c.can(q) || c.srv.rememberedCapability(c, q.capability()):
					return said("The client can sample."), nil
				case c.modern() && c.srv.broken("stateless.capability.not-relied-on"):
					_, stop, err := c.askInResult(nil, []question{q})
					return stop, err
				case c.modern():
					return nil, c.srv.missingCapability(object{q.capability(): object{}})
				}
				return failed("The client has not declared the sampling capability."), nil
			}},
	}
}

// choices has the kinds of choice that the revision defines.
func (c *call) choices() object {
	properties := object{
		"untitledSingle": object{"type": "string", "enum": list{"option1", "option2", "option3"}},
		"legacyEnum": object{"type": "string", "enum": list{"opt1", "opt2", "opt3"},
			"enumNames": list{"Option One", "Option Two", "Option Three"}},
	}
	if c.since(rev2025_11_25) {
		properties["titledSingle"] = object{"type": "string", "oneOf": titled("Option")}
		properties["untitledMulti"] = object{"type": "array", "items": object{"type": "string", "enum": list{"option1", "option2", "option3"}}}
		properties["titledMulti"] = object{"type": "array", "items": object{"anyOf": titled("Choice")}}
	}
	return properties
}

func titled(noun string) list {
	return list{
		object{"const": "value1", "title": "First " + noun},
		object{"const": "value2", "title": "Second " + noun},
		object{"const": "value3", "title": "Third " + noun},
	}
}

// tellForm asks the user and returns what the user did.
func (c *call) tellForm(prefix string, q question) (object, *rpcError) {
	answers, stop, err := c.ask(nil, q)
	if err != nil || stop != nil {
		return stop, err
	}
	answer := answers[q.key]
	action, _ := answer["action"].(string)
	if action != "accept" {
		return said(prefix + "action=" + action), nil
	}
	return said(prefix + "action=" + action + ", content=" + string(encode(answer["content"]))), nil
}

func (c *call) tellSample(q question, prefix string) (object, *rpcError) {
	answers, stop, err := c.ask(nil, q)
	if err != nil || stop != nil {
		return stop, err
	}
	return said(prefix + sampledText(answers[q.key])), nil
}

// sampledText is the text of a sampling result, whose content may be one block
// or several.
func sampledText(answer object) string {
	blocks, ok := answer["content"].(list)
	if !ok {
		blocks = list{answer["content"]}
	}
	words := ""
	for _, b := range blocks {
		block, _ := b.(object)
		s, _ := block["text"].(string)
		words += s
	}
	return words
}

func (c *call) tellRoots(q question) (object, *rpcError) {
	answers, stop, err := c.ask(nil, q)
	if err != nil || stop != nil {
		return stop, err
	}
	return said("Roots: " + string(encode(answers[q.key]["roots"]))), nil
}
