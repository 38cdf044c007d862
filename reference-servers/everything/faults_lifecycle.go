package everything

import "net/http"

var lifecycleFaults = faultTable{
	"lifecycle.errors.prepared": {does: "does not answer a client of revision 1.0.0", rewrite: func(o *outgoing) {
		if o.method == "initialize" && o.params["protocolVersion"] == "1.0.0" {
			o.msg = nil
		}
	}},
	"lifecycle.initialize.capabilities-shape": {does: "declares an experimental capability as a boolean", rewrite: func(o *outgoing) {
		with(o.to("initialize")["capabilities"], func(caps object) {
			caps["experimental"] = object{"com.example/hello": true}
		})
	}},
	"lifecycle.initialize.first-interaction": {does: "greets before initialize"},
	"lifecycle.initialize.instructions-type": {does: "gives its instructions in a list", rewrite: func(o *outgoing) {
		if r := o.to("initialize"); r["instructions"] != nil {
			r["instructions"] = list{r["instructions"]}
		}
	}},
	"lifecycle.initialize.not-input-required": {does: "marks its list of tools as input_required", rewrite: func(o *outgoing) {
		if r := o.to("tools/list"); r != nil {
			r["resultType"] = "input_required"
		}
	}},
	"lifecycle.initialize.responds": {does: "refuses a handshake with members that it does not know"},
	"lifecycle.initialize.result-required-fields": {does: "does not say who it is", rewrite: func(o *outgoing) {
		delete(o.to("initialize"), "serverInfo")
	}},
	"lifecycle.initialize.server-info-fields": {does: "gives its version as a number", rewrite: func(o *outgoing) {
		with(o.to("initialize")["serverInfo"], func(info object) { info["version"] = 1 })
	}},
	"lifecycle.initialized.accepted":                          {does: "refuses notifications/initialized with params"},
	"lifecycle.initialized.no-requests-before":                {does: "asks for the roots as soon as it has heard of them"},
	"lifecycle.operation.negotiated-version-must":             {does: "sends a notification of 2026-07-28 beside a prompt"},
	"lifecycle.operation.negotiated-version-should":           {does: "sends a notification of 2026-07-28 beside a prompt"},
	"lifecycle.operation.only-negotiated-capabilities-must":   {does: "asks any client for its roots beside a prompt"},
	"lifecycle.operation.only-negotiated-capabilities-should": {does: "asks any client for its roots beside a prompt"},
	"lifecycle.shutdown.http-close":                           {does: "refuses a client that left without ending its session"},
	"lifecycle.shutdown.no-message":                           {does: "sends notifications/shutdown beside a prompt"},
	"lifecycle.version.counter-offer":                         {does: "agrees to whatever revision it is asked for"},
	"lifecycle.version.counter-offer-latest":                  {does: "offers its oldest revision"},
	"lifecycle.version.echo":                                  {does: "answers each revision with another one"},
}

// settle returns the revision with which initialize is answered.
func (s *Server) settle(asked string) string {
	switch {
	case !isLegacy(asked) && s.broken("lifecycle.version.counter-offer"):
		return asked
	case !isLegacy(asked) && s.broken("lifecycle.version.counter-offer-latest"):
		return rev2024_11_05
	case !isLegacy(asked):
		return newestLegacy
	case s.broken("lifecycle.version.echo") && asked == rev2024_11_05:
		return rev2025_03_26
	case s.broken("lifecycle.version.echo"):
		return rev2024_11_05
	}
	return asked
}

// unwelcome is the error that a fault answers initialize with.
func (c *call) unwelcome(info object) *rpcError {
	s := c.srv
	for name := range c.params {
		if name[0] == 'x' && s.broken("lifecycle.initialize.responds") {
			return invalidParams("unknown member: " + name)
		}
	}
	name, _ := info["name"].(string)
	if s.broken("lifecycle.shutdown.http-close") && name != "mcpcheck" && s.changed("client "+name) > 1 {
		return refuse(http.StatusConflict, codeInvalidRequest, "the client is still connected")
	}
	return nil
}

// hasten asks for the roots before the client is ready. Over Streamable HTTP
// there is no stream for that until the client opens one.
func (sess *session) hasten(send func([]byte)) {
	sess.mu.Lock()
	_, roots := sess.caps["roots"]
	early := !sess.initialized && sess.revision != ""
	sess.mu.Unlock()
	if !roots || !early || !sess.srv.broken("lifecycle.initialized.no-requests-before") {
		return
	}
	send(encode(sess.srv.asksForRoots()))
}

func (s *Server) asksForRoots() object {
	return object{"jsonrpc": "2.0", "id": s.number(), "method": "roots/list"}
}

// ofLaterRevision is a notification that begins with 2026-07-28.
func ofLaterRevision() object {
	return object{"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
		"params": object{"notifications": object{}}}
}

// greet speaks before the client does.
func (sess *session) greet() {
	if sess.srv.broken("lifecycle.initialize.first-interaction") {
		sess.notify("notifications/message", object{"level": "info", "data": "ready"})
	}
}
