package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"
)

// fileLimit bounds a file that is read. Clients keep histories beside their
// servers, so that some are large.
const fileLimit = 32 << 20

// read returns the text of a file that a flag names.
func read(flag, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usagef("%s %q: %s", flag, path, cause(err))
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, usagef("%s %q is a directory, want a file", flag, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	switch {
	case err != nil:
		return nil, usagef("%s %q: %s", flag, path, cause(err))
	case len(data) > fileLimit:
		return nil, usagef("%s %q is larger than %d MiB", flag, path, fileLimit>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, usagef("%s %q is empty", flag, path)
	case !utf8.Valid(data):
		return nil, usagef("%s %q is not UTF-8 text", flag, path)
	}
	return data, nil
}

// standard returns data, which may have comments and trailing commas as editors
// allow them, as plain JSON of the same length: each byte keeps its place, so
// that the position of an error is right. It leaves the judgement of everything
// else to encoding/json, which bounds the depth and quotes one character at most.
func standard(data []byte) []byte {
	out := bytes.Clone(data)
	comma := -1       // of a comma that nothing but blanks has followed
	last := byte('{') // the last byte that is neither blank nor comment
	for i := 0; i < len(out); i++ {
		n, closed := comment(out[i:])
		if !closed {
			return out // the slash is the error to report
		}
		if n > 0 {
			for j := i; j < i+n; j++ {
				if out[j] != '\n' {
					out[j] = ' '
				}
			}
			i += n - 1
			continue
		}
		c := out[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			i += stringLen(out[i:]) - 1
		case ',':
			if strings.IndexByte("{[,:", last) < 0 {
				comma = i
			}
		case '}', ']':
			if comma >= 0 && last == ',' {
				out[comma] = ' '
			}
		}
		if c != ',' {
			comma = -1
		}
		last = c
	}
	return out
}

// comment returns the length of the comment that b begins with, or 0.
func comment(b []byte) (n int, closed bool) {
	switch {
	case bytes.HasPrefix(b, []byte("//")):
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return i, true
		}
		return len(b), true
	case bytes.HasPrefix(b, []byte("/*")):
		i := bytes.Index(b[2:], []byte("*/"))
		return 2 + i + 2, i >= 0
	}
	return 0, true
}

// stringLen is the length of the string that b begins with, quotes included.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// decode reads JSON as editors write it. Its errors begin with line and column
// where there is one, and quote no value.
func decode(data []byte, v any) error {
	plain := standard(data)
	err := json.Unmarshal(plain, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var ours *UsageError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &syntax):
		at := max(min(int(syntax.Offset), len(plain))-1, 0)
		before := plain[:at]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return fmt.Errorf("%d:%d: %s", line, column, strings.TrimPrefix(syntax.Error(), "json: "))
	case errors.As(err, &kind):
		got, _, _ := strings.Cut(kind.Value, " ")
		if kind.Field == "" {
			return fmt.Errorf("it is %s, want %s", article(got), wanted(kind.Type))
		}
		return fmt.Errorf("%q has %s, want %s", kind.Field, article(got), wanted(kind.Type))
	}
	return errors.New("it does not decode as JSON")
}

func article(kind string) string {
	if kind == "bool" {
		kind = "boolean"
	}
	if strings.IndexByte("aeiou", kind[0]) >= 0 {
		return "an " + kind
	}
	return "a " + kind
}

// wanted words a Go type as JSON calls it.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "an array"
	case reflect.Pointer:
		return wanted(t.Elem())
	}
	return "an object"
}

// A member is a name and its value in an object, in the order of the file.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a valid JSON object.
func members(raw json.RawMessage) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not an object")
	}
	var list []member
	seen := map[string]bool{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, errors.New("it does not decode as JSON")
		}
		m := member{name: name.(string)}
		if err := dec.Decode(&m.value); err != nil {
			return nil, errors.New("it does not decode as JSON")
		}
		if seen[m.name] {
			return nil, fmt.Errorf("%q is in it twice", m.name)
		}
		seen[m.name] = true
		list = append(list, m)
	}
	return list, nil
}
