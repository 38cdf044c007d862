package everything

import "slices"

// prompt is one prompt of the server.
type prompt struct {
	name, title, description string
	arguments                []promptArgument
	messages                 func(c *call, args map[string]string) (object, *rpcError)
}

type promptArgument struct{ name, description string }

func (s *Server) prompts() []prompt {
	return []prompt{
		{name: "test_simple_prompt", title: "Simple prompt", description: "A prompt without arguments",
			messages: func(*call, map[string]string) (object, *rpcError) {
				return messages(textContent("This is a simple prompt for testing.")), nil
			}},
		{name: "test_prompt_with_arguments", title: "Prompt with arguments", description: "A prompt that contains its arguments",
			arguments: []promptArgument{{"arg1", "First test argument"}, {"arg2", "Second test argument"}},
			messages: func(_ *call, args map[string]string) (object, *rpcError) {
				return messages(textContent("Prompt with arguments: arg1='" + args["arg1"] + "', arg2='" + args["arg2"] + "'")), nil
			}},
		{name: "test_prompt_with_embedded_resource", title: "Prompt with a resource", description: "A prompt that embeds a resource",
			arguments: []promptArgument{{"resourceUri", "URI of the resource to embed"}},
			messages:  embedPrompt},
		{name: "test_prompt_with_image", title: "Prompt with an image", description: "A prompt that contains an image",
			messages: func(*call, map[string]string) (object, *rpcError) {
				return messages(imageContent(), textContent("Please analyze the image above.")), nil
			}},
		{name: "test_prompt_with_audio", title: "Prompt with audio", description: "A prompt that contains a sound",
			messages: func(*call, map[string]string) (object, *rpcError) {
				return messages(audioContent(), textContent("Please listen to the sound above.")), nil
			}},
		{name: "test_failing_prompt", title: "Failing prompt", description: "A prompt that cannot be built",
			arguments: []promptArgument{{"topic", "Anything"}},
			messages: func(*call, map[string]string) (object, *rpcError) {
				return nil, fail(codeInternal, "internal error: the prompt cannot be built")
			}},
		{name: "test_input_required_result_prompt", title: "Prompt that asks", description: "A prompt that asks the user for its context",
			messages: askingPrompt},
		{name: "test_changing_prompt", title: "Changing prompt", description: "A prompt whose description changes" + s.times("prompts"),
			messages: func(*call, map[string]string) (object, *rpcError) {
				return messages(textContent("This prompt does not change, only its description.")), nil
			}},
	}
}

func messages(contents ...object) object {
	m := list{}
	for _, c := range contents {
		m = append(m, object{"role": "user", "content": c})
	}
	return object{"messages": m}
}

func embedPrompt(_ *call, args map[string]string) (object, *rpcError) {
	uri := args["resourceUri"]
	if !validURI(uri) {
		return nil, invalidParams("resourceUri is not an absolute URI")
	}
	return messages(embedded(uri, "text/plain", "Embedded resource content for testing."),
		textContent("Please process the embedded resource above.")), nil
}

// askingPrompt asks in the modern revision only: before it, a prompt has no
// way to ask.
func askingPrompt(c *call, _ map[string]string) (object, *rpcError) {
	if !c.modern() {
		return messages(textContent("A prompt without context.")), nil
	}
	answers, stop, err := c.ask(nil, elicit("user_context", "What context should the prompt use?",
		object{"context": object{"type": "string"}}, "context"))
	if err != nil || stop != nil {
		return stop, err
	}
	content, _ := answers["user_context"]["content"].(object)
	said, _ := content["context"].(string)
	return messages(textContent("A prompt with context: " + said)), nil
}

func (p prompt) listed(revision string) object {
	o := object{"name": p.name, "description": p.description}
	if len(p.arguments) > 0 {
		args := list{}
		for _, a := range p.arguments {
			args = append(args, object{"name": a.name, "description": a.description, "required": true})
		}
		o["arguments"] = args
	}
	if revision >= rev2025_06_18 {
		o["title"] = p.title
	}
	if revision >= rev2025_11_25 {
		o["icons"] = icons()
	}
	return o
}

func listPrompts(c *call) (object, *rpcError) {
	items := list{}
	for _, p := range c.srv.prompts() {
		items = append(items, p.listed(c.revision))
	}
	return c.page("prompts", items)
}

func (s *Server) prompt(name string) (prompt, bool) {
	all := s.prompts()
	i := slices.IndexFunc(all, func(p prompt) bool { return p.name == name })
	if i < 0 {
		return prompt{}, false
	}
	return all[i], true
}

func getPrompt(c *call) (object, *rpcError) {
	name, ok := c.params["name"].(string)
	if !ok {
		return nil, invalidParams("name is missing or not a string")
	}
	p, found := c.srv.prompt(name)
	if !found {
		return nil, invalidParams("unknown prompt: " + name)
	}
	args, err := p.read(c.srv, c.params)
	if err == nil {
		err = c.readState()
	}
	if err != nil {
		return nil, err
	}
	result, err := p.messages(c, args)
	if err != nil || result["messages"] == nil {
		return result, err
	}
	result["description"] = p.description
	for _, m := range result["messages"].(list) {
		m := m.(object)
		m["content"] = c.fit(m["content"].(object))
	}
	return result, nil
}

// read takes the arguments of the request, which are strings.
func (p prompt) read(s *Server, params object) (map[string]string, *rpcError) {
	given, ok := params["arguments"].(object)
	switch _, present := params["arguments"]; {
	case present && !ok:
		return nil, invalidParams("arguments is not an object")
	case !present && s.broken("prompts.get.arguments-optional"):
		return nil, invalidParams("arguments is missing")
	}
	args := map[string]string{}
	for name, v := range given {
		text, ok := v.(string)
		if !ok && !s.broken("prompts.get.validate-arguments") {
			return nil, invalidParams("argument " + name + " is not a string")
		}
		args[name] = text
	}
	for _, a := range p.arguments {
		if _, ok := args[a.name]; !ok && !s.broken("prompts.get.missing-required-argument") {
			return nil, invalidParams("argument " + a.name + " is missing")
		}
	}
	return args, nil
}
