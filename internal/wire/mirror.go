package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A mirror is a tool parameter that the client repeats in a header field.
type mirror struct {
	header string
	path   []string // of property names
}

// learnMirrors reads the x-mcp-header annotations of listed tools, before the
// list reaches whoever may call one of them.
func (s *Session) learnMirrors(x *Exchange, m *Message) {
	var tools []json.RawMessage
	if x.Call.Method != "tools/list" || json.Unmarshal(members(m.Result())["tools"], &tools) != nil {
		return
	}
	for _, t := range tools {
		tool := members(t)
		name, ok := text(tool["name"])
		if !ok {
			continue
		}
		found := findMirrors(tool["inputSchema"], nil)
		s.mu.Lock()
		s.mirrored[name] = found
		s.mu.Unlock()
	}
}

func (s *Session) mirrors(tool string) []mirror {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mirrored[tool]
}

func findMirrors(schema json.RawMessage, path []string) []mirror {
	if len(path) > 16 {
		return nil
	}
	var found []mirror
	for name, property := range members(members(schema)["properties"]) {
		at := append(path[:len(path):len(path)], name)
		if header, ok := text(members(property)["x-mcp-header"]); ok && isToken(header) {
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
		raw = members(raw)[name]
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
		return decimal(v), true
	}
	return "", false
}

// decimal writes an integer without fraction and exponent; other numbers, which
// no mirrored parameter may have, stay as they are.
func decimal(n json.Number) string {
	const safe = 1 << 53
	if f, err := n.Float64(); err == nil && f == math.Trunc(f) && f > -safe && f < safe {
		return strconv.FormatInt(int64(f), 10)
	}
	return n.String()
}
