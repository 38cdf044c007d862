package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const metaPrefix = "io.modelcontextprotocol/"

// encode makes the body of the call.
func (x *Exchange) encode() error {
	c := x.Call
	if c.isRaw() {
		x.Body = c.Raw
		if c.Pieces != nil {
			x.Body = bytes.Join(c.Pieces, nil)
		}
		return x.readID()
	}
	if c.Verb != "" {
		return nil
	}
	// An ordered encoding, so that what a report shows reads like the protocol.
	var b bytes.Buffer
	b.WriteString(`{"jsonrpc":"2.0"`)
	if !c.Notification {
		id := c.ID
		if id == nil {
			id = x.Session.NextID()
		}
		x.ID = encodeID(id)
		fmt.Fprintf(&b, `,"id":%s`, x.ID)
	}
	fmt.Fprintf(&b, `,"method":%s`, mustMarshal(c.Method))
	params, err := x.params()
	if err != nil {
		return fmt.Errorf("params of %s: %w", c.Method, err)
	}
	if params != nil {
		fmt.Fprintf(&b, `,"params":%s`, params)
	}
	b.WriteByte('}')
	x.Body = b.Bytes()
	return nil
}

// encodeID encodes an id; one that is given as JSON stays as it is, byte for byte.
func encodeID(id any) json.RawMessage {
	if raw, ok := id.(json.RawMessage); ok {
		return raw
	}
	return mustMarshal(id)
}

// readID takes the id from input that was given as bytes, so that an answer can
// find its way back. Input without an id, or with null, has none.
func (x *Exchange) readID() error {
	if x.Call.ID != nil {
		x.ID = encodeID(x.Call.ID)
		return nil
	}
	if m := parseOne(bytes.TrimSpace(x.Body)); m.Err == nil && m.Has("id") && m.Has("method") && string(m.ID) != "null" {
		x.ID = m.ID
	}
	return nil
}

// params encodes the parameters; in the modern revisions _meta is added, which
// is then what declares the revision and the client's capabilities.
func (x *Exchange) params() ([]byte, error) {
	c := x.Call
	modern := x.Session.Revision().Modern() && !c.NoMeta
	if c.Params == nil && !modern && len(c.Meta) == 0 {
		return nil, nil
	}
	var data []byte
	var err error
	if c.Params != nil {
		if data, err = marshal(c.Params); err != nil {
			return nil, err
		}
		if !modern && len(c.Meta) == 0 {
			return data, nil
		}
	}
	params := map[string]json.RawMessage{}
	if c.Params != nil && (json.Unmarshal(data, &params) != nil || params == nil) {
		return data, nil // no object, as some probes want it: there is no room for _meta
	}
	meta := map[string]json.RawMessage{}
	if own, ok := params["_meta"]; ok {
		if json.Unmarshal(own, &meta) != nil || meta == nil {
			return data, nil
		}
	}
	if modern {
		for k, v := range map[string]any{"protocolVersion": x.Session.Revision(), "clientCapabilities": struct{}{}, "clientInfo": ClientInfo} {
			if _, set := meta[metaPrefix+k]; !set {
				meta[metaPrefix+k] = mustMarshal(v)
			}
		}
	}
	for k, v := range c.Meta {
		if v == nil {
			delete(meta, k)
		} else if meta[k], err = marshal(v); err != nil {
			return nil, fmt.Errorf("_meta %q: %w", k, err)
		}
	}
	params["_meta"] = mustMarshal(meta)
	return marshal(params)
}

// marshal encodes v without the escapes for HTML, so that a server gets the
// strings that it gave itself.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// mustMarshal encodes what mcpcheck itself made; failing is a bug.
func mustMarshal(v any) []byte {
	data, err := marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// header makes the header of an HTTP request.
func (x *Exchange) headers() http.Header {
	s, c := x.Session, x.Call
	h := http.Header{}
	for name, values := range s.Endpoint.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	switch c.Verb {
	case http.MethodGet:
		h.Set("Accept", eventStream)
	case http.MethodDelete:
	default:
		h.Set("Content-Type", "application/json")
		h.Set("Accept", "application/json, text/event-stream")
	}
	if c.LastID != "" {
		h.Set("Last-Event-ID", c.LastID)
	}
	if s.Endpoint.Transport == spec.StreamableHTTP {
		x.protocolHeaders(h)
	}
	for name, values := range c.Header {
		for have := range h {
			if strings.EqualFold(have, name) {
				delete(h, have)
			}
		}
		if values != nil {
			h[name] = values
		}
	}
	return h
}

// protocolHeaders adds what the revision asks a client to send over Streamable HTTP.
func (x *Exchange) protocolHeaders(h http.Header) {
	s := x.Session
	r := s.Revision()
	if id := s.ID(); id != "" && x.Call.Method != "initialize" {
		h.Set("Mcp-Session-Id", id)
	}
	if r >= spec.R20250618 && x.Call.Method != "initialize" {
		h.Set("MCP-Protocol-Version", string(r))
	}
	if !r.Modern() {
		return
	}
	m := parseOne(x.Body)
	if m.Err != nil || m.Method == "" {
		return
	}
	h.Set("Mcp-Method", HeaderValue(m.Method))
	source, named := map[string]string{"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}[m.Method]
	params := members(m.Params())
	name, ok := text(params[source])
	if !named || !ok {
		return
	}
	h.Set("Mcp-Name", HeaderValue(name))
	if m.Method != "tools/call" {
		return
	}
	arguments := members(params["arguments"])
	for _, mirror := range s.mirrors(name) {
		if v, ok := mirror.value(arguments); ok {
			h.Set("Mcp-Param-"+mirror.header, v)
		}
	}
}

// members are the members of an object, by their exact names; nil if raw is none.
func members(raw json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	return object
}

// text is the value of a string.
func text(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	ok = json.Unmarshal(raw, &s) == nil
	return s, ok
}

// HeaderValue encodes a string for an MCP header field: as it is where that is
// safe, else as =?base64?…?=.
func HeaderValue(s string) string {
	plain := s == strings.TrimSpace(s) && !(strings.HasPrefix(s, "=?base64?") && strings.HasSuffix(s, "?="))
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] == '\t' || s[i] >= 0x20 && s[i] < 0x7F
	}
	if plain {
		return s
	}
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}
