package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// A message is one that a client sent, read more strictly than mcp-go reads it:
// a request that is none, or whose parameters do not fit, never gets there.
type message struct {
	raw    json.RawMessage // as mcp-go is to see it
	id     json.RawMessage // none for a notification
	method string          // none for a response
	modern string          // the version in _meta, since 2026-07-28
	uri    string          // of a resource
	params map[string]json.RawMessage
	ctx    context.Context // of the request, over a pipe

	mu     sync.Mutex
	failed int // the code that a handler's error has, rather than mcp-go's
	data   any // and what goes with it
}

// A refusal is the error that answers what is no message.
type refusal struct {
	id   json.RawMessage
	code int
	text string
	data any
}

func (r *refusal) json() []byte {
	id := r.id
	if id == nil {
		id = json.RawMessage("null")
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": id, "error": mcp.NewJSONRPCErrorDetails(r.code, r.text, r.data)})
	return body
}

// parse reads one message.
func (g *Guard) parse(data []byte) (*message, *refusal) {
	var members map[string]json.RawMessage
	if !json.Valid(data) {
		return nil, &refusal{code: mcp.PARSE_ERROR, text: "the message is not JSON"}
	}
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, &refusal{code: mcp.INVALID_REQUEST, text: "the message is no JSON object"}
	}
	m := &message{id: members["id"]}
	if m.id != nil && !validID(m.id) {
		return nil, &refusal{code: mcp.INVALID_REQUEST, text: "the id is neither a string nor an integer"}
	}
	bad := func(code int, format string, a ...any) (*message, *refusal) {
		return nil, &refusal{id: m.id, code: code, text: fmt.Sprintf(format, a...)}
	}
	if string(members["jsonrpc"]) != `"2.0"` {
		return bad(mcp.INVALID_REQUEST, `jsonrpc is not "2.0"`)
	}
	method, named := members["method"]
	if !named {
		if m.id == nil || (members["result"] == nil) == (members["error"] == nil) {
			return bad(mcp.INVALID_REQUEST, "the message has no method, and is no response")
		}
		m.raw = data
		return m, nil
	}
	if json.Unmarshal(method, &m.method) != nil || m.method == "" {
		return bad(mcp.INVALID_REQUEST, "method is no string")
	}
	if p := members["params"]; p != nil && string(p) != "null" {
		if json.Unmarshal(p, &m.params) != nil {
			return bad(mcp.INVALID_PARAMS, "params is no object")
		}
	}
	if r := m.checkParams(); r != nil {
		return nil, r
	}
	if r := g.unseal(m); r != nil {
		return nil, r
	}
	return m, m.encode()
}

// encode writes the message anew, with the members that it is to have: others
// that differ from these in case only would be taken for them.
func (m *message) encode() *refusal {
	out := map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "method": m.method}
	if m.id != nil {
		out["id"] = m.id
	}
	if m.params != nil {
		out["params"] = m.params
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return &refusal{id: m.id, code: mcp.INVALID_REQUEST, text: "the message cannot be read"}
	}
	m.raw = raw
	return nil
}

func validID(id json.RawMessage) bool {
	switch c := id[0]; {
	case c == '"':
		return true
	case c == '-' || c >= '0' && c <= '9':
		return !bytes.ContainsAny(id, ".eE")
	}
	return false
}

// The parameters that methods take, with the JSON type of each; one with a ! must
// be there.
var parameters = map[string]map[string]string{
	"initialize":               {"protocolVersion": "string!", "capabilities": "object!", "clientInfo": "object!"},
	"tools/call":               {"name": "string!", "arguments": "object"},
	"tools/list":               {"cursor": "string"},
	"resources/list":           {"cursor": "string"},
	"resources/templates/list": {"cursor": "string"},
	"resources/read":           {"uri": "string!"},
	"resources/subscribe":      {"uri": "string!"},
	"resources/unsubscribe":    {"uri": "string!"},
	"prompts/list":             {"cursor": "string"},
	"prompts/get":              {"name": "string!", "arguments": "object"},
	"completion/complete":      {"ref": "object!", "argument": "object!"},
	"logging/setLevel":         {"level": "string!"},
	"subscriptions/listen":     {"notifications": "object!"},
}

func (m *message) checkParams() *refusal {
	bad := func(format string, a ...any) *refusal {
		return &refusal{id: m.id, code: mcp.INVALID_PARAMS, text: m.method + ": " + fmt.Sprintf(format, a...)}
	}
	if m.id == nil {
		return nil
	}
	for name, want := range parameters[m.method] {
		kind, must := strings.CutSuffix(want, "!")
		value, given := m.params[name]
		switch {
		case !given && must:
			return bad("the parameter %s is missing", name)
		case given && (must || string(value) != "null") && kindOf(value) != kind:
			return bad("the parameter %s is no %s", name, kind)
		case given && string(value) == "null":
			delete(m.params, name)
		}
	}
	if uri := m.params["uri"]; uri != nil {
		json.Unmarshal(uri, &m.uri)
	}
	if info := m.params["clientInfo"]; m.method == "initialize" && info != nil {
		if r := m.checkClient(info); r != nil {
			return r
		}
	}
	meta := m.params["_meta"]
	if meta == nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(meta, &fields) != nil || fields == nil {
		return bad("_meta is no object")
	}
	json.Unmarshal(fields[mcp.MetaKeyProtocolVersion], &m.modern)
	if m.modern != "" && !mcp.IsValidProtocolVersion(m.modern) {
		// mcp-go takes a version that is older than 2026-07-28 for a handshake's.
		return &refusal{m.id, mcp.UNSUPPORTED_PROTOCOL_VERSION, fmt.Sprintf("protocol version %.40q is not supported", m.modern),
			mcp.UnsupportedProtocolVersionData{Supported: mcp.ValidProtocolVersions, Requested: cut(m.modern)}}
	}
	return nil
}

func (m *message) checkClient(info json.RawMessage) *refusal {
	var fields map[string]json.RawMessage
	json.Unmarshal(info, &fields)
	for _, name := range []string{"name", "version"} {
		if kindOf(fields[name]) != "string" {
			return &refusal{id: m.id, code: mcp.INVALID_PARAMS, text: "initialize: clientInfo." + name + " is no string"}
		}
	}
	return nil
}

func kindOf(value json.RawMessage) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '{':
		return "object"
	case '"':
		return "string"
	}
	return "other"
}

// fail notes the code of a handler's error.
func (m *message) fail(err error, version string) {
	c := code(err)
	if c == mcp.RESOURCE_NOT_FOUND && mcp.IsModernProtocol(version) {
		c = mcp.INVALID_PARAMS
	}
	m.mu.Lock()
	m.failed = c
	var own coded
	if errors.As(err, &own) {
		m.data = own.data
	}
	m.mu.Unlock()
}

type messageKey struct{}

func withMessage(ctx context.Context, m *message) context.Context {
	return context.WithValue(ctx, messageKey{}, m)
}

func messageOf(ctx context.Context) *message {
	m, _ := ctx.Value(messageKey{}).(*message)
	return m
}
