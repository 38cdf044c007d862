package steps

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const mirrorKeyword = "x-mcp-header"

// mirrorsOf judges each x-mcp-header annotation of a tool's inputSchema. What
// the function says of one completes "the parameter has ...".
func mirrorsOf(f func(position) (bool, error)) func(*Conversation, Item) (bool, error) {
	return func(_ *Conversation, t Item) (seen bool, err error) {
		for _, p := range mirrored(t) {
			one, err := f(p)
			seen = seen || one
			if err != nil {
				return true, err
			}
		}
		return seen, nil
	}
}

// leavesAlone reports whether a tool is one that a client has to leave alone over
// Streamable HTTP, since 2026-07-28: one whose annotations break a rule.
func (s *Subject) leavesAlone(t Item) bool {
	rules := []func(*Conversation, Item) (bool, error){
		mirrorsOf(mirrorNotEmpty), mirrorsOf(mirrorNoControl), mirrorsOf(mirrorToken), mirrorsUnique,
		mirrorsOf(mirrorPrimitive), mirrorsOf(mirrorInRange), mirrorsOf(mirrorReachable),
	}
	return s.Revision.Modern() && s.Endpoint.Transport == spec.StreamableHTTP &&
		slices.ContainsFunc(rules, func(judge func(*Conversation, Item) (bool, error)) bool {
			_, err := judge(nil, t)
			return err != nil && !isAdvisory(err)
		})
}

// mirrored lists the places of an inputSchema that have the annotation.
func mirrored(t Item) []position {
	return slices.DeleteFunc(positions(t.Members["inputSchema"]), func(p position) bool {
		_, ok := p.schema[mirrorKeyword]
		return !ok
	})
}

// annotated says where an annotation stands and what it is.
func annotated(p position) string {
	data, err := json.Marshal(p.schema[mirrorKeyword])
	if err != nil {
		return mirrorKeyword
	}
	return fmt.Sprintf("%s %s at %s", mirrorKeyword, brief(string(data)), place(p))
}

func place(p position) string {
	if p.path == "" {
		return "the root"
	}
	return brief(p.path)
}

// Three requirements are about the name in the annotation. A name that breaks
// one is no case of the others, so that it is told once.

func mirrorNotEmpty(p position) (bool, error) {
	name, ok := p.schema[mirrorKeyword].(string)
	if !ok || name == "" {
		return true, unmetf(mirrorKeyword+", a string that is not empty", "%s", annotated(p))
	}
	return true, nil
}

func mirrorNoControl(p position) (bool, error) {
	name, ok := p.schema[mirrorKeyword].(string)
	if !ok || name == "" {
		return false, nil
	}
	if strings.ContainsFunc(name, controls) {
		return true, unmetf(mirrorKeyword+" without control characters", "%s", annotated(p))
	}
	return true, nil
}

func controls(c rune) bool { return c < 0x20 || c == 0x7F }

func mirrorToken(p position) (bool, error) {
	name, ok := p.schema[mirrorKeyword].(string)
	if !ok || name == "" || strings.ContainsFunc(name, controls) {
		return false, nil
	}
	if strings.ContainsFunc(name, func(c rune) bool { return !alphanumeric(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", c) }) {
		return true, unmetf(mirrorKeyword+", a token as RFC 9110 has it", "%s", annotated(p))
	}
	return true, nil
}

func mirrorsUnique(_ *Conversation, t Item) (bool, error) {
	at := map[string]position{}
	for _, p := range mirrored(t) {
		name, ok := p.schema[mirrorKeyword].(string)
		if !ok || name == "" {
			continue
		}
		if other, again := at[strings.ToLower(name)]; again {
			return true, unmetf("each "+mirrorKeyword+" once, whatever its case", "%s and %s", annotated(other), annotated(p))
		}
		at[strings.ToLower(name)] = p
	}
	return len(at) > 0, nil
}

// mirrorPrimitive leaves to the author what the page does not settle: a
// parameter without a type, or one that may be null.
func mirrorPrimitive(p position) (bool, error) {
	const want = mirrorKeyword + " at a parameter of type integer, string or boolean"
	types, _ := p.schema["type"].([]any)
	if one, ok := p.schema["type"].(string); ok {
		types = []any{one}
	}
	if len(types) == 0 {
		return true, advisory(unmetf(want, "%s, which has no type", annotated(p)))
	}
	for _, t := range types {
		if t != "integer" && t != "string" && t != "boolean" && t != "null" || len(types) == 1 && t == "null" {
			return true, unmetf(want, "%s, which is of type %v", annotated(p), t)
		}
	}
	if len(types) > 1 {
		return true, advisory(unmetf(want, "%s, which is of several types", annotated(p)))
	}
	return true, nil
}

// mirrorInRange looks at what the schema of an integer says. A value beyond the
// range is a violation; a bound beyond it only leaves room for one.
func mirrorInRange(p position) (bool, error) {
	if p.schema["type"] != "integer" {
		return false, nil
	}
	const want = "integers between -(2^53)+1 and 2^53-1 where " + mirrorKeyword + " stands"
	values, _ := p.schema["enum"].([]any)
	for _, keyword := range []string{"const", "default"} {
		if v, ok := p.schema[keyword]; ok {
			values = append(values[:len(values):len(values)], v)
		}
	}
	for _, v := range values {
		if unsafe(v) {
			return true, unmetf(want, "%v at %s", v, place(p))
		}
	}
	for _, keyword := range []string{"minimum", "maximum"} {
		if v := p.schema[keyword]; unsafe(v) {
			return true, advisory(unmetf(want, "%s %v at %s", keyword, v, place(p)))
		}
	}
	return true, nil
}

// unsafe reports whether an integer is beyond those that a double holds exactly,
// which are so few that a double tells them from all others.
func unsafe(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	f, err := n.Float64()
	return err != nil || math.Abs(f) > 1<<53-1
}

func mirrorReachable(p position) (bool, error) {
	if !p.plain || p.path == "" {
		return true, unmetf(mirrorKeyword+" at a property that is reached through properties alone", "%s", annotated(p))
	}
	return true, nil
}

// mirrorNotSensitive goes by the words in the names of parameter and header.
func mirrorNotSensitive(p position) (bool, error) {
	header, _ := p.schema[mirrorKeyword].(string)
	if sensitive(p.name) || sensitive(header) || p.schema["format"] == "password" {
		return true, advisory(unmetf("no "+mirrorKeyword+" at what seems to be a secret", "%s", annotated(p)))
	}
	return true, nil
}

// sensitive reports whether a name speaks of a secret. A token may also be one
// of text, or a place in a list.
func sensitive(name string) bool {
	words := nameWords(name)
	for i, word := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch word {
		case "password", "passwd", "passphrase", "secret", "secrets", "credential", "credentials", "ssn", "apikey":
			return true
		case "key":
			if before == "api" || before == "private" || before == "secret" {
				return true
			}
		case "token":
			if i == len(words)-1 && !slices.Contains([]string{"page", "next", "continuation", "cursor", "sync", "max", "progress"}, before) {
				return true
			}
		}
	}
	return false
}

// nameWords splits a name such as "apiKey", "API_KEY" or "Api-Key" into words.
func nameWords(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = nil
	}
	var last rune
	for _, c := range name {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
		case unicode.IsUpper(c) && unicode.IsLower(last):
			flush()
			fallthrough
		default:
			word = append(word, c)
		}
		last = c
	}
	flush()
	return words
}
