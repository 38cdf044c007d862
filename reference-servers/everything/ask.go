package everything

import (
	"net/http"
	"time"
)

// question is what the server wants to know of the client: a request of its own
// in a legacy revision, an input request in the modern one.
type question struct {
	key, method string
	params      object
}

// capability is what the client must have declared to be asked.
func (q question) capability() string {
	switch q.method {
	case "sampling/createMessage":
		return "sampling"
	case "roots/list":
		return "roots"
	}
	return "elicitation"
}

// elicit asks the user to fill in a form.
func elicit(name, message string, properties object, required ...any) question {
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = list(required)
	}
	return question{name, "elicitation/create", object{"message": message, "requestedSchema": schema}}
}

// sample asks for a completion of a model.
func sample(name, prompt string, maxTokens int) question {
	return question{name, "sampling/createMessage", object{
		"messages":  list{object{"role": "user", "content": textContent(prompt)}},
		"maxTokens": maxTokens,
	}}
}

func listRoots(name string) question { return question{name, "roots/list", object{}} }

// can reports whether the client declared that it can be asked.
func (c *call) can(q question) bool {
	capability, ok := c.caps[q.capability()].(object)
	if q.capability() != "elicitation" {
		return ok
	}
	if !c.since(rev2025_06_18) {
		return false
	}
	if c.since(rev2025_11_25) {
		// A client that names modes has to name this one; none means this one.
		_, form := capability["form"]
		_, other := capability["url"]
		ok = ok && (form || !other)
	}
	return ok
}

// ask returns the answers to all questions, or what to answer the request with
// until they are known. state, if any, comes back with the answers.
func (c *call) ask(state object, questions ...question) (answers map[string]object, stop object, err *rpcError) {
	missing := object{}
	for _, q := range questions {
		if !c.can(q) {
			missing[q.capability()] = object{}
		}
	}
	switch {
	case len(missing) > 0 && c.modern():
		return nil, nil, c.srv.missingCapability(missing)
	case len(missing) > 0 && !c.modern():
		return nil, failed("The client has not declared the capability that this tool needs."), nil
	case c.modern():
		return c.askInResult(state, questions)
	case !c.sess.ready():
		return nil, failed("The client has not sent notifications/initialized yet."), nil
	}
	answers = map[string]object{}
	for _, q := range questions {
		params := q.params
		if q.method == "roots/list" {
			params = nil
		}
		answer, err := c.request(q.method, params)
		if err != nil {
			return nil, failed(q.method + ": " + err.Error()), nil
		}
		if problem := q.problem(answer); problem != "" {
			return nil, failed("The answer to " + q.method + " is not valid: " + problem), nil
		}
		answers[q.key] = answer
	}
	return answers, nil, nil
}

func (s *Server) missingCapability(missing object) *rpcError {
	status := http.StatusBadRequest
	if s.broken("stateless.capability.missing-http-400") {
		status = http.StatusOK
	}
	err := refuse(status, codeMissingCapability, "a client capability is required and was not declared")
	err.data = object{"requiredCapabilities": missing}
	return err
}

// askInResult looks for the answers in the request, and asks again for those
// that are missing or cannot be used.
func (c *call) askInResult(state object, questions []question) (map[string]object, object, *rpcError) {
	given := object{}
	if value, present := c.params["inputResponses"]; present {
		var ok bool
		if given, ok = value.(object); !ok {
			return nil, nil, invalidParams("inputResponses is not an object")
		}
	}
	answers := map[string]object{}
	open := object{}
	for _, q := range questions {
		value, present := given[q.key]
		answer, ok := value.(object)
		if present && !ok {
			return nil, nil, invalidParams("the response to " + q.key + " is not an object")
		}
		if !present || q.problem(answer) != "" {
			open[q.key] = object{"method": q.method, "params": q.params}
			continue
		}
		answers[q.key] = answer
	}
	if len(open) == 0 {
		return answers, nil, nil
	}
	stop := object{"resultType": "input_required", "inputRequests": open}
	if state != nil {
		stop["requestState"] = c.seal(state)
	}
	return nil, stop, nil
}

// problem tells what is wrong with an answer, or "".
func (q question) problem(answer object) string {
	switch q.method {
	case "sampling/createMessage":
		return check(object{
			"type": "object",
			"properties": object{
				"role":  object{"enum": list{"user", "assistant"}},
				"model": object{"type": "string"},
			},
			"required": list{"role", "content", "model"},
		}, answer)
	case "roots/list":
		return check(object{
			"type": "object",
			"properties": object{"roots": object{"type": "array", "items": object{
				"type": "object", "properties": object{"uri": object{"type": "string"}}, "required": list{"uri"}}}},
			"required": list{"roots"},
		}, answer)
	}
	switch answer["action"] {
	case "decline", "cancel":
		return ""
	case "accept":
		content, ok := answer["content"].(object)
		if !ok {
			return "content is missing or not an object"
		}
		return check(q.params["requestedSchema"].(object), content)
	}
	return "action is not accept, decline or cancel"
}

// askRoots learns the roots anew when the client says that they changed. What
// they are changes nothing here.
func (sess *session) askRoots() {
	sess.mu.Lock()
	roots, _ := sess.caps["roots"].(object)
	sess.mu.Unlock()
	if roots["listChanged"] != true || !sess.ready() || !sess.srv.enter() {
		return
	}
	go func() {
		defer sess.srv.work.Done()
		id, answer := sess.expect()
		defer sess.forget(id)
		sess.deliver(sess.srv.seal(object{"jsonrpc": "2.0", "id": id, "method": "roots/list"},
			origin{method: "roots/list", revision: sess.negotiated(), transport: sess.transport}))
		t := time.NewTimer(answerTimeout)
		defer t.Stop()
		select {
		case <-answer:
		case <-t.C:
		case <-sess.ctx.Done():
		}
	}()
}
