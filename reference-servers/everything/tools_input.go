package everything

// inputTools show the multi round-trip requests of 2026-07-28: one tool for
// each way in which input can be asked for.
func inputTools() []tool {
	return []tool{
		{name: "test_input_required_result_elicitation", title: "Input: elicitation", description: "Asks for a name and greets it",
			run: func(c *call, _ object) (object, *rpcError) {
				answers, stop, err := c.ask(nil, askName("user_name", "What is your name?"))
				if err != nil || stop != nil {
					return stop, err
				}
				return said("Hello, " + c.field(answers["user_name"], "name") + "!"), nil
			}},
		{name: "test_input_required_result_sampling", title: "Input: sampling", description: "Asks the client's model a question",
			run: func(c *call, _ object) (object, *rpcError) {
				return c.tellSample(sample("capital_question", "What is the capital of France?", 100), "The model says: ")
			}},
		{name: "test_input_required_result_list_roots", title: "Input: roots", description: "Asks the client for its roots",
			run: func(c *call, _ object) (object, *rpcError) {
				return c.tellRoots(listRoots("client_roots"))
			}},
		{name: "test_input_required_result_request_state", title: "Input: state", description: "Asks for a confirmation, with a request state",
			run: confirm("state-ok")},
		{name: "test_input_required_result_tampered_state", title: "Input: protected state", description: "Asks for a confirmation, with a request state that must come back unchanged",
			run: confirm("The state came back unchanged.")},
		{name: "test_input_required_result_multiple_inputs", title: "Input: several", description: "Asks for a name, a greeting and the roots at once",
			run: func(c *call, _ object) (object, *rpcError) {
				answers, stop, err := c.ask(object{"step": "all"}, askName("user_name", "What is your name?"),
					sample("greeting", "Generate a greeting", 50), listRoots("client_roots"))
				if err != nil || stop != nil {
					return stop, err
				}
				return said(sampledText(answers["greeting"]) + " " + c.field(answers["user_name"], "name") +
					" " + string(encode(answers["client_roots"]["roots"]))), nil
			}},
		{name: "test_input_required_result_multi_round", title: "Input: two rounds", description: "Asks for a name, then for a color",
			run: twoRounds},
		{name: "test_input_required_result_capabilities", title: "Input: what the client can", description: "Asks for whatever the client has declared that it can answer",
			run: askWhatCan},
		{name: "test_streaming_elicitation", title: "Input on a stream", description: "Opens an event stream, then asks for a name",
			run: func(c *call, _ object) (object, *rpcError) {
				q := askName("user_name", "What is your name?")
				if o, ok := c.out.(opener); ok && c.can(q) {
					o.open()
					c.progress(50, 100, "about to ask")
					c.intrude(q)
				}
				answers, stop, err := c.ask(nil, q)
				if err != nil || stop != nil {
					return stop, err
				}
				return said("Hello, " + c.field(answers["user_name"], "name") + "!"), nil
			}},
	}
}

func askName(name, message string) question {
	return elicit(name, message, object{"name": object{"type": "string"}}, "name")
}

// field returns a member of an accepted form, or a word for its refusal.
func (c *call) field(answer object, name string) string {
	content, _ := answer["content"].(object)
	if value, ok := content[name].(string); ok {
		return value
	}
	return "nobody"
}

// confirm asks a yes-or-no question and wants its state back with the answer.
func confirm(done string) func(*call, object) (object, *rpcError) {
	return func(c *call, _ object) (object, *rpcError) {
		if c.modern() && c.state == nil {
			delete(c.params, "inputResponses") // an answer without its state answers nothing
		}
		answers, stop, err := c.ask(object{"step": "confirm"}, elicit("confirm", "Please confirm",
			object{"ok": object{"type": "boolean"}}, "ok"))
		if err != nil || stop != nil {
			return stop, err
		}
		if answers["confirm"]["action"] != "accept" {
			return said("Not confirmed."), nil
		}
		return said(done), nil
	}
}

func twoRounds(c *call, _ object) (object, *rpcError) {
	first := askName("step1", "Step 1: What is your name?")
	second := elicit("step2", "Step 2: What is your favorite color?", object{"color": object{"type": "string"}}, "color")
	if !c.modern() {
		answers, stop, err := c.ask(nil, first, second)
		if err != nil || stop != nil {
			return stop, err
		}
		return said(c.field(answers["step1"], "name") + " likes " + c.field(answers["step2"], "color") + "."), nil
	}
	name, known := c.state["name"].(string)
	if !known {
		if c.state == nil {
			delete(c.params, "inputResponses")
		}
		answers, stop, err := c.ask(object{"step": "1"}, first)
		if err != nil || stop != nil {
			return stop, err
		}
		name = c.field(answers["step1"], "name")
	}
	answers, stop, err := c.ask(object{"step": "2", "name": name}, second)
	if err != nil || stop != nil {
		return stop, err
	}
	return said(name + " likes " + c.field(answers["step2"], "color") + "."), nil
}

func askWhatCan(c *call, _ object) (object, *rpcError) {
	var questions []question
	for _, q := range []question{askName("user_name", "What is your name?"),
		sample("greeting", "Generate a greeting", 50), listRoots("client_roots")} {
		if c.can(q) || c.srv.broken("mrtr.input-requests.respect-capabilities") {
			questions = append(questions, q)
		}
	}
	if len(questions) == 0 {
		questions = append(questions, askName("user_name", "What is your name?"))
	}
	answers, stop, err := c.ask(nil, questions...)
	if err != nil || stop != nil {
		return stop, err
	}
	return said("Answers: " + string(encode(answers))), nil
}
