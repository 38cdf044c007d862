package everything

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

var jsonrpcFaults = faultTable{
	"jsonrpc.batch.invalid-single-error":    {does: "answers an empty batch with an array that holds the error"},
	"jsonrpc.batch.no-empty-response-array": {does: "answers a batch of notifications with an empty array"},
	"jsonrpc.batch.not-sent":                {does: "wraps the response to a request with a string id into an array"},
	"jsonrpc.batch.receive":                 {does: "refuses batches"},
	"jsonrpc.batch.rejected":                {does: "serves the first member of a batch in revisions without batches"},
	"jsonrpc.batch.response-per-request":    {does: "leaves unknown methods in a batch unanswered"},
	"jsonrpc.encoding.utf8":                 {does: "writes characters beyond ASCII as single bytes"},
	"jsonrpc.error.code-integer":            {"writes the code of an error as a string", inErrors(func(e object) { e["code"] = itoa(codeMethodNotFound) })},
	"jsonrpc.error.fields":                  {"leaves the message out of an error", inErrors(func(e object) { delete(e, "message") })},
	"jsonrpc.error.id-echo":                 {"answers an error to the id 20260101 under a string", errorUnderString},
	"jsonrpc.error.message-concise":         {"adds a stack trace to the message of an error", inErrors(addTrace)},
	"jsonrpc.member-names.case-sensitive":   {does: "takes Method for method"},
	"jsonrpc.message.version-member":        {"declares JSON-RPC 1.0", forTester(func(o *outgoing) { o.msg["jsonrpc"] = "1.0" })},
	"jsonrpc.message.well-formed":           {does: "sends a greeting of its own making before it returns a prompt"},
	"jsonrpc.method.case-sensitive":         {does: "knows its methods in any case"},
	"jsonrpc.method.rpc-prefix-reserved":    {does: "sends a notification rpc.hello before it returns a prompt"},
	"jsonrpc.notification.no-id":            {does: "sends a notification with an id before it returns a prompt"},
	"jsonrpc.notification.no-response":      {does: "answers a notification that it does not know with an error"},
	"jsonrpc.notification.shape":            {does: "sends a notification whose params is an array before it returns a prompt"},
	"jsonrpc.request.always-answered":       {does: "answers some requests twice"},
	"jsonrpc.request.id-not-null":           {does: "pings with the id null before it returns a prompt"},
	"jsonrpc.request.id-type":               {does: "pings with a fraction as its id before it returns a prompt"},
	"jsonrpc.request.id-unique-in-session":  {does: "pings twice with the same id before it returns a prompt"},
	"jsonrpc.request.shape":                 {does: "pings with an array as params before it returns a prompt"},
	"jsonrpc.response.id-echo":              {"answers the id 0 with \"0\"", zeroAsString},
	"jsonrpc.response.not-both":             {"adds a null error to a result", forTester(func(o *outgoing) { o.msg["error"] = nil })},
	"jsonrpc.response.result-xor-error":     {"leaves the result out", forTester(func(o *outgoing) { delete(o.msg, "result") })},
	"jsonrpc.result.object":                 {"returns null as the result", forTester(func(o *outgoing) { o.msg["result"] = nil })},
}

// forTester rewrites the result of a request whose id is a string that a tester made
// up, so that nothing else shows the fault.
func forTester(change rewrite) rewrite {
	return func(o *outgoing) {
		if id, ok := o.msg["id"].(string); ok && o.result() != nil && strings.HasPrefix(id, testID) {
			change(o)
		}
	}
}

// testID begins the ids of the requests that are sent to see that each is answered.
const testID = "mcpcheck-5-at-once-"

// inErrors rewrites the error in the answer to a request whose id is a string.
func inErrors(change func(object)) rewrite {
	return func(o *outgoing) {
		if e := o.failure(); e != nil && isString(o.msg["id"]) {
			change(e)
		}
	}
}

func addTrace(e object) {
	e["message"] = "no such method\n" + strings.Repeat("  at dispatch.go:42\n", 10)
}

func errorUnderString(o *outgoing) {
	if n, ok := o.msg["id"].(json.Number); ok && o.failure() != nil && n == "20260101" {
		o.msg["id"] = n.String()
	}
}

func zeroAsString(o *outgoing) {
	if n, ok := o.msg["id"].(json.Number); ok && n == "0" {
		o.msg["id"] = "0"
	}
}

// stray sends what faults let precede the answer to a request for a prompt.
func (s *Server) stray(c *call) {
	if c.method != "prompts/get" || s.fault == "" {
		return
	}
	n := s.number()
	request := func(id any, params any) object {
		return object{"jsonrpc": "2.0", "id": id, "method": "ping", "params": params}
	}
	strays := map[string]object{
		"jsonrpc.message.well-formed":          {"jsonrpc": "2.0", "hello": "client"},
		"jsonrpc.method.rpc-prefix-reserved":   {"jsonrpc": "2.0", "method": "rpc.hello"},
		"jsonrpc.notification.no-id":           {"jsonrpc": "2.0", "id": n, "method": "notifications/x-hello"},
		"jsonrpc.notification.shape":           {"jsonrpc": "2.0", "method": "notifications/x-hello", "params": list{n}},
		"jsonrpc.request.id-not-null":          request(nil, object{}),
		"jsonrpc.request.id-type":              request(float64(n)+0.5, object{}),
		"jsonrpc.request.id-unique-in-session": request("again", object{"_meta": object{"n": n}}),
		"jsonrpc.request.shape":                request(n+1000000, list{n}),

		"lifecycle.operation.negotiated-version-must":             ofLaterRevision(),
		"lifecycle.operation.negotiated-version-should":           ofLaterRevision(),
		"lifecycle.operation.only-negotiated-capabilities-must":   s.asksForRoots(),
		"lifecycle.operation.only-negotiated-capabilities-should": s.asksForRoots(),
		"lifecycle.shutdown.no-message":                           {"jsonrpc": "2.0", "method": "notifications/shutdown"},
		"stdio.server.no-requests":                                request(n, object{}),
	}
	if s.broken("ping.server.no-excess") {
		for i := range 12 {
			c.out.send(encode(request(100*n+i, object{})))
		}
	}
	m, ok := strays[s.fault]
	if !ok || m["method"] == "ping" && c.params["name"] != "test_prompt_with_image" { // so that the pings are few
		return
	}
	c.out.send(encode(m))
	if s.broken("jsonrpc.request.id-unique-in-session") {
		c.out.send(encode(request("again", object{"_meta": object{"n": -n}})))
	}
}

// spoil changes the bytes of a response, as faults of the encoding do.
func (s *Server) spoil(c *call, data []byte) []byte {
	id := text(c.id)
	switch {
	case s.broken("jsonrpc.encoding.utf8") && strings.Contains(id, "ü"):
		var b bytes.Buffer
		for _, r := range string(data) {
			b.WriteByte(byte(min(r, 0xFF)))
		}
		return b.Bytes()
	case !strings.HasPrefix(id, testID):
	case s.broken("jsonrpc.batch.not-sent"):
		return append(append([]byte("["), data...), ']')
	case s.broken("jsonrpc.request.always-answered"):
		c.out.send(data)
	}
	return data
}

// unwrap returns the first member of a batch where there are no batches; in a
// server that conforms, the data as it is.
func (s *Server) unwrap(data []byte) []byte {
	var members []json.RawMessage
	if s.broken("jsonrpc.batch.rejected") && isArray(data) && json.Unmarshal(data, &members) == nil && len(members) > 0 {
		return members[0]
	}
	return data
}

// noID is an id that the client never used.
var noID = json.RawMessage(`"none"`)

// objection is the error that a fault answers a notification with, under noID.
func (s *Server) objection(m message) *rpcError {
	if m.method == "notifications/initialized" && m.params != nil && s.broken("lifecycle.initialized.accepted") {
		return refuse(http.StatusBadRequest, codeInvalidParams, "notifications/initialized has no params")
	}
	if m.response || m.id != nil || !strings.HasPrefix(m.method, "notifications/x-") || !s.broken("jsonrpc.notification.no-response") {
		return nil
	}
	return refuse(http.StatusBadRequest, codeMethodNotFound, "unknown notification: "+m.method)
}

// otherCase gives members the names that the server knows, whatever their case.
func otherCase(data []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return data
	}
	for name, raw := range members {
		if name == "Method" {
			delete(members, name)
			members["method"] = raw
		}
	}
	return encode(members)
}
