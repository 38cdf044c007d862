package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// A Message is one unit that the server sent, decoded as far as it could be.
// Member names are matched exactly, which encoding/json by itself does not do.
type Message struct {
	Raw      json.RawMessage
	At       time.Time
	Err      error     // why Raw is not a JSON object; nil if it is
	Batch    bool      // it came as a member of an array
	Resumed  bool      // it came on a stream that was resumed
	Exchange *Exchange // on whose HTTP answer it came; nil on a shared channel
	Event    *Event    // the event that carried it, if any

	Members map[string]json.RawMessage // nil if Raw is not an object
	Method  string                     // "" if absent or not a string
	ID      json.RawMessage            // nil if absent; "null" if null
	Answers *Exchange                  // the request that it answers, as far as is known
}

var errNotObject = errors.New("not a JSON object")

// jsonSpace is what JSON allows around a value; other white space is none to it.
const jsonSpace = " \t\r\n"

// Parse decodes one unit. An array, legal as a batch in one revision only, gives
// a message for each member.
func Parse(raw []byte) []*Message {
	trimmed := bytes.Trim(raw, jsonSpace)
	if len(trimmed) > 0 && trimmed[0] == '[' {
		if list := parseBatch(trimmed); len(list) > 0 {
			return list
		}
	}
	return []*Message{parseOne(trimmed)}
}

// maxBatch bounds the members of a batch: beyond it the array is one unit.
const maxBatch = 10_000

// parseBatch decodes the members of an array; nil if it is none.
func parseBatch(raw []byte) (list []*Message) {
	if !json.Valid(raw) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		var member json.RawMessage
		if d.Decode(&member) != nil || len(list) == maxBatch {
			return nil
		}
		m := parseOne(member)
		m.Batch = true
		list = append(list, m)
	}
	return list
}

func parseOne(raw []byte) *Message {
	m := &Message{Raw: raw}
	if err := json.Unmarshal(raw, &m.Members); err != nil {
		m.Members = nil
		m.Err = err
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			m.Err = errNotObject
		}
		return m
	}
	if m.Members == nil { // null
		m.Err = errNotObject
		return m
	}
	m.ID = m.Members["id"]
	if err := json.Unmarshal(m.Members["method"], &m.Method); err != nil {
		m.Method = ""
	}
	return m
}

// Has reports whether the message has a member.
func (m *Message) Has(name string) bool {
	_, ok := m.Members[name]
	return ok
}

// IsRequest reports whether the server asks for something.
func (m *Message) IsRequest() bool { return m.Has("method") && m.Has("id") }

// IsNotification reports whether the server tells something.
func (m *Message) IsNotification() bool { return m.Has("method") && !m.Has("id") }

// IsResponse reports whether the server answers something.
func (m *Message) IsResponse() bool {
	return !m.Has("method") && (m.Has("result") || m.Has("error") || m.Has("id"))
}

// Result is the result member, or nil.
func (m *Message) Result() json.RawMessage { return m.Members["result"] }

// Params is the params member, or nil.
func (m *Message) Params() json.RawMessage { return m.Members["params"] }

// Error decodes the error member; nil if there is none or it is no object. Its
// code is as the server wrote it, in quotes if it is a string.
func (m *Message) Error() *RPCError {
	raw, ok := m.Members["error"]
	if !ok {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil
	}
	e := &RPCError{Code: json.Number(fields["code"]), Data: fields["data"]}
	if json.Unmarshal(fields["message"], &e.Message) != nil {
		e.Message = ""
	}
	return e
}

// SameID reports whether two ids are equal in type and value.
func SameID(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 || a[0] != '"' || b[0] != '"' {
		return false
	}
	var s, t string
	return json.Unmarshal(a, &s) == nil && json.Unmarshal(b, &t) == nil && s == t
}

// likeID reports whether two ids look like the same one to a careless server:
// 1 and "1", two numbers that a float cannot tell apart, or two strings that
// differ only in how what is beyond ASCII came through.
func likeID(a, b json.RawMessage) bool {
	x, y := strings.Trim(string(a), `"`), strings.Trim(string(b), `"`)
	if x == y && x != "" {
		return true
	}
	if s, t := onlyASCII(x), onlyASCII(y); s == t && len(s) > 1 && (s != x || t != y) {
		return true
	}
	var f, g float64
	return x != "null" && y != "null" && json.Unmarshal([]byte(x), &f) == nil && json.Unmarshal([]byte(y), &g) == nil && f == g
}

func onlyASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if c > 0x7F || c == '?' {
			return -1
		}
		return c
	}, s)
}
