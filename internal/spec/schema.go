package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Schema judges JSON documents. It is safe for concurrent use.
type Schema interface {
	// Validate returns every way found in which the document breaks the schema,
	// in the order of their paths; none when it keeps it.
	Validate(doc []byte) []Violation
}

// A Violation is one way in which a document breaks a schema.
type Violation struct {
	Path string // the place in the document, "tools.2.inputSchema.type"; empty for the whole
	Text string // what is there, then what is wanted

	unjudged bool
}

// Unjudged reports that the document was too deep, too large or too costly to
// be judged, so that it neither keeps nor breaks the schema.
func (v Violation) Unjudged() bool { return v.unjudged }

// String is the path and the text as one clause.
func (v Violation) String() string {
	if v.Path == "" {
		return "the document " + v.Text
	}
	return v.Path + " " + v.Text
}

// most is how many violations of one document are told.
const most = 100

// tidy sorts violations, drops repetitions and keeps the first few.
func tidy(list []Violation) []Violation {
	slices.SortFunc(list, func(a, b Violation) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Text, b.Text)
	})
	list = slices.Compact(list)
	return list[:min(len(list), most)]
}

// A measure is the extent of a decoded document.
type measure struct {
	depth   int  // of the deepest value; a bare value is 1
	values  int  // of all kinds, at all depths
	extreme bool // a number beyond what arithmetic on it can afford was replaced
}

// decode reads exactly one JSON value, keeping numbers as they are written.
func decode(doc []byte) (any, measure, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, measure{}, errors.New("is empty, want a JSON value")
		}
		return nil, measure{}, fmt.Errorf("is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, measure{}, errors.New("goes on after the JSON value")
	}
	var m measure
	return m.walk(v, 1), m, nil
}

// walk measures a value and replaces its extreme numbers.
func (m *measure) walk(v any, depth int) any {
	m.values++
	m.depth = max(m.depth, depth)
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			switch member.(type) {
			case map[string]any, []any, json.Number:
				v[k] = m.walk(member, depth+1)
			default:
				m.walk(member, depth+1)
			}
		}
	case []any:
		for i, item := range v {
			v[i] = m.walk(item, depth+1)
		}
	case json.Number:
		if n, tame := tamed(v); !tame {
			m.extreme = true
			return n
		}
	}
	return v
}

// tamed returns a number that exact arithmetic can afford, and a float64 can
// hold: both validators compute with fractions of any length, so that 1e999999
// alone takes milliseconds, and gojsonschema panics where a value with a number
// beyond float64 meets an enum.
// The replacement keeps sign, order and whether it is an integer, as far as
// any bound in a message schema could tell.
func tamed(n json.Number) (json.Number, bool) {
	s := string(n)
	_, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	f, _ := strconv.ParseFloat(s, 64)
	if len(s) <= 400 && len(strings.TrimLeft(exponent, "+-0")) <= 3 && !math.IsInf(f, 0) {
		return n, true
	}
	switch {
	case math.IsInf(f, 1):
		return "1e308", false
	case math.IsInf(f, -1):
		return "-1e308", false
	case f != 0:
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), false
	}
	digits, _, _ := strings.Cut(strings.ToLower(s), "e")
	if !strings.ContainsAny(digits, "123456789") {
		return "0", false
	}
	if s[0] == '-' {
		return "-1e-400", false
	}
	return "1e-400", false
}
