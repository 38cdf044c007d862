package everything

import (
	"net/http"
	"strings"
)

// method is one method that clients can call.
type method struct {
	legacy, modern bool
	waits          bool // it can take a while, or wait for the client
	run            func(*call) (object, *rpcError)
}

// methods is a function because the methods refer to it again.
func methods() map[string]method {
	return map[string]method{
		"initialize":               {legacy: true, run: initialize},
		"ping":                     {legacy: true, run: ping},
		"logging/setLevel":         {legacy: true, run: setLevel},
		"resources/subscribe":      {legacy: true, run: subscribe},
		"resources/unsubscribe":    {legacy: true, run: unsubscribe},
		"server/discover":          {modern: true, run: discover},
		"subscriptions/listen":     {modern: true, waits: true, run: listen},
		"tools/list":               {legacy: true, modern: true, run: listTools},
		"tools/call":               {legacy: true, modern: true, waits: true, run: callTool},
		"prompts/list":             {legacy: true, modern: true, run: listPrompts},
		"prompts/get":              {legacy: true, modern: true, run: getPrompt},
		"resources/list":           {legacy: true, modern: true, run: listResources},
		"resources/templates/list": {legacy: true, modern: true, run: listTemplates},
		"resources/read":           {legacy: true, modern: true, run: readResource},
		"completion/complete":      {legacy: true, modern: true, run: complete},
	}
}

// waits reports whether a request may hold up those behind it on one channel.
func waits(name string) bool { return methods()[name].waits }

// known reports whether the method exists in the revision.
func (s *Server) known(name, revision string) bool {
	m, ok := methods()[name]
	switch {
	case s.hidden(name),
		name == "server/discover" && s.broken("discover.implemented"),
		name == "subscriptions/listen" && s.broken("subs.listen.supported"),
		name == "completion/complete" && s.broken("discover.capabilities-truthful"),
		strings.HasPrefix(name, "resources/") && s.broken("content.embedded.resources-capability"):
		return false
	case name == "initialize" && s.modern && s.broken("version.modern-only.initialize-rejected"),
		name == "ping" && s.broken("discover.legacy-methods-removed"):
		return true
	}
	return ok && (m.legacy && !isModern(revision) || m.modern && isModern(revision))
}

func (s *Server) dispatch(c *call) (object, *rpcError) {
	if name := strings.ToLower(c.method); s.broken("jsonrpc.method.case-sensitive") && s.known(name, c.revision) {
		c.method = name
	}
	if !s.known(c.method, c.revision) {
		if c.modern() && c.method == "resources/subscribe" && s.broken("resources.subscribe.removed") {
			result := object{}
			complement(c, result)
			return result, nil
		}
		err := fail(codeMethodNotFound, "method not found: "+c.method)
		if c.modern() {
			err.status = s.status("http.method-not-found-404", http.StatusNotFound, http.StatusOK)
		}
		return nil, err
	}
	s.rememberUse(c)
	if err := c.intolerant(); err != nil {
		return nil, err
	}
	result, err := methods()[c.method].run(c)
	if err != nil || result == nil {
		return nil, err
	}
	if c.modern() {
		complement(c, result)
	}
	return result, nil
}
