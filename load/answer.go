package load

import (
	"bytes"
	"encoding/json"
)

// An answer is what matters of a JSON-RPC message: whose it is, and whether it
// is a success.
type answer struct {
	valid   bool   // one JSON object
	id      []byte // nil if absent
	method  bool   // it asks or tells, and answers nothing
	result  bool
	failed  bool   // it has an error
	code    string // of the error
	isError bool   // of a tool result
}

// readAnswer reads a message without decoding what is in it: of the results of
// a load test only a few members matter.
func readAnswer(data []byte) (a answer) {
	s := scanner{data: data}
	s.object(func(key, value []byte) {
		switch string(key) {
		case "id":
			a.id = value
		case "method":
			a.method = true
		case "result":
			a.result = true
			a.isError = isError(value)
		case "error":
			a.failed = true
			a.code = errorCode(value)
		}
	})
	a.valid = !s.broken && s.done()
	return a
}

func isError(result []byte) (is bool) {
	if !bytes.Contains(result, []byte(`"isError"`)) {
		return false
	}
	s := scanner{data: result}
	s.object(func(key, value []byte) {
		if string(key) == "isError" {
			is = string(value) == "true"
		}
	})
	return is
}

func errorCode(e []byte) string {
	var v struct {
		Code json.Number `json:"code"`
	}
	if json.Unmarshal(e, &v) != nil {
		return ""
	}
	return v.Code.String()
}

// A scanner walks over one JSON text and tells where its members are. It takes
// every text that is valid and some that are not: within a value it looks at
// nesting and strings only.
type scanner struct {
	data   []byte
	at     int
	broken bool
}

// done reports whether nothing follows.
func (s *scanner) done() bool {
	s.blank()
	return s.at == len(s.data)
}

func (s *scanner) blank() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take skips one byte that has to be there.
func (s *scanner) take(c byte) bool {
	s.blank()
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

// object calls each for the members of an object.
func (s *scanner) object(each func(key, value []byte)) {
	if !s.take('{') {
		s.broken = true
		return
	}
	if s.take('}') {
		return
	}
	for !s.broken {
		s.blank()
		key := s.text()
		if s.broken || !s.take(':') {
			s.broken = true
			return
		}
		s.blank()
		value := s.value()
		if s.broken {
			return
		}
		each(key, value)
		if s.take('}') {
			return
		}
		if !s.take(',') {
			s.broken = true
		}
	}
}

// text skips a string and returns what is between its quotes, escapes and all.
func (s *scanner) text() []byte {
	if s.at >= len(s.data) || s.data[s.at] != '"' {
		s.broken = true
		return nil
	}
	start := s.at + 1
	for i := start; i < len(s.data); i++ {
		switch s.data[i] {
		case '\\':
			i++
		case '"':
			s.at = i + 1
			return s.data[start:i]
		}
	}
	s.broken = true
	return nil
}

// value skips a value and returns its text.
func (s *scanner) value() []byte {
	start, depth := s.at, 0
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case '"':
			if s.text(); s.broken {
				return nil
			}
			if depth == 0 {
				return s.data[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.scalar(start)
			}
			if depth--; depth == 0 {
				s.at++
				return s.data[start:s.at]
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.scalar(start)
			}
		}
		s.at++
	}
	s.broken = true
	return nil
}

// scalar ends a number or a word, which is not empty.
func (s *scanner) scalar(start int) []byte {
	if start == s.at {
		s.broken = true
	}
	return s.data[start:s.at]
}
