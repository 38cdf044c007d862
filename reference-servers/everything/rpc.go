package everything

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

type (
	object = map[string]any
	list   = []any
)

// Error codes of JSON-RPC 2.0 and of the protocol.
const (
	codeParse             = -32700
	codeInvalidRequest    = -32600
	codeMethodNotFound    = -32601
	codeInvalidParams     = -32602
	codeInternal          = -32603
	codeResourceNotFound  = -32002 // before 2026-07-28
	codeHeaderMismatch    = -32020
	codeMissingCapability = -32021
	codeVersion           = -32022
)

// rpcError is an error answer. Its status is that of the HTTP response; 0
// means 200.
type rpcError struct {
	code    int
	message string
	data    any
	status  int
}

func fail(code int, message string) *rpcError { return &rpcError{code: code, message: message} }

func invalidParams(message string) *rpcError { return fail(codeInvalidParams, message) }

// refuse is an error that is answered with an HTTP status of its own.
func refuse(status, code int, message string) *rpcError {
	return &rpcError{code: code, message: message, status: status}
}

func (e *rpcError) object() object {
	o := object{"code": e.code, "message": e.message}
	if e.data != nil {
		o["data"] = e.data
	}
	return o
}

// message is one JSON-RPC message of the client.
type message struct {
	id        json.RawMessage // verbatim; nil when there is none, or none that can be read
	method    string
	params    object
	badParams bool // params is present and is not an object
	response  bool
	body      object // of a response
	silent    bool   // it has the form of a notification or a response, so nothing answers it
}

// parse reads one message. When it fails, the message still has the id if that
// could be read.
//
// Members are looked up in a map because encoding/json matches the fields of a
// struct without regard to case, and JSON-RPC names are case-sensitive. Ids
// stay raw so that an integer of any size is echoed digit by digit.
func parse(data []byte) (message, *rpcError) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return message{}, fail(codeParse, "parse error: the message is not valid JSON in UTF-8")
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil || members == nil {
		return message{}, fail(codeInvalidRequest, "invalid request: the message is not a JSON object")
	}
	var m message
	rawID, hasID := members["id"]
	if hasID && validID(rawID) {
		m.id = compact(rawID)
	}
	rawMethod, hasMethod := members["method"]
	m.method = text(rawMethod)
	_, hasResult := members["result"]
	_, hasError := members["error"]
	m.silent = m.method != "" && !hasID || !hasMethod && (hasResult || hasError)
	if text(members["jsonrpc"]) != "2.0" {
		return m, fail(codeInvalidRequest, `invalid request: jsonrpc is not "2.0"`)
	}
	if hasID && m.id == nil {
		return m, fail(codeInvalidRequest, "invalid request: id is neither a string nor an integer")
	}
	if !hasMethod {
		return m.asResponse(members)
	}
	if m.method == "" {
		return m, fail(codeInvalidRequest, "invalid request: method is not a non-empty string")
	}
	if raw, ok := members["params"]; ok {
		m.badParams = decode(raw, &m.params) != nil || m.params == nil
	}
	return m, nil
}

func (m message) asResponse(members map[string]json.RawMessage) (message, *rpcError) {
	_, hasResult := members["result"]
	_, hasError := members["error"]
	if m.id == nil || hasResult == hasError {
		return m, fail(codeInvalidRequest, "invalid request: method is missing")
	}
	m.response = true
	m.body = object{}
	for name, raw := range members {
		var v any
		if decode(raw, &v) == nil {
			m.body[name] = v
		}
	}
	return m, nil
}

// validID reports whether the raw value is a string or an integer.
func validID(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return false
	}
	if raw[0] == '"' {
		return true
	}
	return (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') && !bytes.ContainsAny(raw, ".eE")
}

// text returns the string that the raw value holds, or "".
func text(raw json.RawMessage) string {
	var s any
	if raw == nil || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	v, _ := s.(string)
	return v
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// decode reads JSON, keeping the digits of numbers.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// encode writes JSON on one line, without escaping what only HTML needs.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("a message of our own cannot be encoded: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// key makes an id, raw or decoded, comparable.
func key(id any) string {
	if raw, ok := id.(json.RawMessage); ok {
		var v any
		if decode(raw, &v) != nil {
			return string(raw)
		}
		id = v
	}
	return string(encode(id))
}

// isID reports whether a decoded value is a string or an integer.
func isID(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case json.Number:
		return !strings.ContainsAny(v.String(), ".eE")
	}
	return false
}
