package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const metaPrefix = "io.modelcontextprotocol/"

// encode makes the body of the call.
func (x *Exchange) encode() error {
	c := x.Call
	if c.Raw != nil || c.Pieces != nil {
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
		x.ID = mustMarshal(id)
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

// readID takes the id from input that was given as bytes, so that an answer can
// find its way back. Input without an id, or with null, has none.
func (x *Exchange) readID() error {
	if x.Call.ID != nil {
		x.ID = mustMarshal(x.Call.ID)
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
		if data, err = json.Marshal(c.Params); err != nil {
			return nil, err
		}
		if !modern && len(c.Meta) == 0 {
			return data, nil
		}
	}
	params := map[string]json.RawMessage{}
	if c.Params != nil && json.Unmarshal(data, &params) != nil {
		return data, nil // no object, as some probes want it: there is no room for _meta
	}
	meta := map[string]any{}
	if own, ok := params["_meta"]; ok {
		if json.Unmarshal(own, &meta) != nil {
			return data, nil
		}
	}
	if modern {
		for k, v := range map[string]any{"protocolVersion": x.Session.Revision(), "clientCapabilities": struct{}{}, "clientInfo": ClientInfo} {
			if _, set := meta[metaPrefix+k]; !set {
				meta[metaPrefix+k] = v
			}
		}
	}
	for k, v := range c.Meta {
		if v == nil {
			delete(meta, k)
		} else {
			meta[k] = v
		}
	}
	params["_meta"] = mustMarshal(meta)
	return json.Marshal(params)
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
	h.Set("Mcp-Method", m.Method)
	var params struct {
		Name      *string                    `json:"name"`
		URI       *string                    `json:"uri"`
		Arguments map[string]json.RawMessage `json:"arguments"`
	}
	if json.Unmarshal(m.Params(), &params) != nil {
		return
	}
	switch {
	case m.Method == "resources/read" && params.URI != nil:
		h.Set("Mcp-Name", HeaderValue(*params.URI))
	case (m.Method == "tools/call" || m.Method == "prompts/get") && params.Name != nil:
		h.Set("Mcp-Name", HeaderValue(*params.Name))
	}
	if m.Method == "tools/call" && params.Name != nil {
		for _, mirror := range s.mirrors(*params.Name) {
			if v, ok := mirror.value(params.Arguments); ok {
				h.Set("Mcp-Param-"+mirror.header, v)
			}
		}
	}
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

// A mirror is a tool parameter that the client repeats in a header field.
type mirror struct {
	header string
	path   []string // of property names
}

// learnMirrors reads the x-mcp-header annotations of listed tools.
func (s *Session) learnMirrors(result json.RawMessage) {
	var list struct {
		Tools []struct {
			Name        string          `json:"name"`
			InputSchema json.RawMessage `json:"inputSchema"`
		} `json:"tools"`
	}
	if json.Unmarshal(result, &list) != nil {
		return
	}
	for _, t := range list.Tools {
		found := findMirrors(t.InputSchema, nil)
		s.mu.Lock()
		s.mirrored[t.Name] = found
		s.mu.Unlock()
	}
}

func (s *Session) mirrors(tool string) []mirror {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mirrored[tool]
}

func findMirrors(schema json.RawMessage, path []string) []mirror {
	var object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if len(path) > 16 || json.Unmarshal(schema, &object) != nil {
		return nil
	}
	var found []mirror
	for name, property := range object.Properties {
		at := append(path[:len(path):len(path)], name)
		var annotated map[string]json.RawMessage
		var header string
		if json.Unmarshal(property, &annotated) == nil && json.Unmarshal(annotated["x-mcp-header"], &header) == nil && isToken(header) {
			found = append(found, mirror{header, at})
		}
		found = append(found, findMirrors(property, at)...)
	}
	return found
}

func isToken(s string) bool {
	for _, c := range s {
		if c > unicodeASCII || !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("!#$%&'*+.^_`|~-", c)) {
			return false
		}
	}
	return s != ""
}

const unicodeASCII = utf8.RuneSelf - 1

// value returns the header field value of an argument; absent and null have none.
func (m mirror) value(arguments map[string]json.RawMessage) (string, bool) {
	raw := arguments[m.path[0]]
	for _, name := range m.path[1:] {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return "", false
		}
		raw = object[name]
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) == 0 || d.Decode(&v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return HeaderValue(v), true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}
