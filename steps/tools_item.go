package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// eachTool judges every listed tool once, however often it was listed. What the
// function says of a tool completes "the tool has ...".
func eachTool(f func(*Conversation, Item) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		eachResult("tools/list", func(c *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
			for _, item := range itemsOf(x, result, "tools") {
				if item.Members == nil || !t.first(item.Raw) {
					continue
				}
				if seen, err := f(c, item); seen {
					t.check(x, ofTool(item, err))
				}
			}
			return false, nil
		})(c, t)
	}
}

// ofTool says which tool it is that has what it should not have.
func ofTool(item Item, err error) error {
	var u *unmet
	if !errors.As(err, &u) {
		return err
	}
	return &unmet{want: u.want, got: fmt.Sprintf("the tool %s with %s", item.label(), u.got), advisory: u.advisory}
}

// memberIs says what a member is, or that there is none.
func memberIs(name string, raw json.RawMessage) string {
	if raw == nil {
		return "no " + name
	}
	return name + " " + brief(string(raw))
}

// kindOf is the JSON type of a value, "" for none.
func kindOf(raw json.RawMessage) string {
	switch s := strings.TrimLeft(string(raw), " \t\r\n"); {
	case s == "":
		return ""
	case s[0] == '{':
		return "object"
	case s[0] == '[':
		return "array"
	case s[0] == '"':
		return "string"
	case s[0] == 't' || s[0] == 'f':
		return "boolean"
	case s[0] == 'n':
		return "null"
	}
	return "number"
}

// typed judges the optional members of an object that have a type.
func typed(members map[string]json.RawMessage, types ...[2]string) (bool, error) {
	seen := false
	for _, t := range types {
		raw, ok := members[t[0]]
		if !ok {
			continue
		}
		seen = true
		if got := kindOf(raw); got != t[1] {
			return true, unmetf(t[0]+" of type "+t[1], "%s %s", t[0], brief(string(raw)))
		}
	}
	return seen, nil
}

func toolAnnotationsTyped(_ *Conversation, t Item) (bool, error) {
	annotations, err := object(t.Members["annotations"])
	if err != nil {
		return false, nil //nolint:nilerr // absent, or judged by tools.item.optional-types
	}
	seen, err := typed(annotations, [2]string{"title", "string"}, [2]string{"readOnlyHint", "boolean"},
		[2]string{"destructiveHint", "boolean"}, [2]string{"idempotentHint", "boolean"}, [2]string{"openWorldHint", "boolean"})
	var u *unmet
	if errors.As(err, &u) {
		err = &unmet{want: "annotations." + u.want, got: "annotations." + u.got}
	}
	return seen, err
}

func taskSupportKnown(_ *Conversation, t Item) (bool, error) {
	raw, ok := t.Members["execution"]
	if !ok {
		return false, nil
	}
	execution, err := object(raw)
	if err != nil {
		return true, unmetf("execution of type object", "execution %s", brief(string(raw)))
	}
	support, ok := execution["taskSupport"]
	if ok && !slices.Contains([]string{`"forbidden"`, `"optional"`, `"required"`}, string(support)) {
		return true, unmetf(`execution.taskSupport "forbidden", "optional" or "required"`, "execution.taskSupport %s", brief(string(support)))
	}
	return true, nil
}

func toolNameLength(_ *Conversation, t Item) (bool, error) {
	if kindOf(t.Members["name"]) != "string" {
		return false, nil
	}
	if n := utf8.RuneCountInString(t.text("name")); n < 1 || n > 128 {
		return true, unmetf("a name of 1 to 128 characters", "a name of %d", n)
	}
	return true, nil
}

// The alphabet of tool names is in two requirements: one names what may be
// there, the other what may not. A name is told once: under the second for a
// special character, else under the first, for a letter of another alphabet or
// a slash, which a draft of the rule had allowed.

func toolNameLetters(_ *Conversation, t Item) (bool, error) {
	name := t.text("name")
	if name == "" || specials(name) != "" {
		return false, nil
	}
	var odd strings.Builder
	for _, c := range name {
		if !nameCharacter(c) && !strings.ContainsRune(odd.String(), c) {
			odd.WriteRune(c)
		}
	}
	switch odd.String() {
	case "":
		return true, nil
	case "/":
		return true, unmetf("a name of A-Z, a-z, 0-9, _, - and .", `"/" in its name, which SEP-986 allows and the specification does not`)
	}
	return true, unmetf("a name of A-Z, a-z, 0-9, _, - and .", "%q in its name", odd.String())
}

func toolNameSpecial(_ *Conversation, t Item) (bool, error) {
	name := t.text("name")
	if name == "" {
		return false, nil
	}
	if odd := specials(name); odd != "" {
		return true, unmetf("a name without spaces, commas and other special characters", "%q in its name", odd)
	}
	return true, nil
}

func nameCharacter(c rune) bool { return alphanumeric(c) || c == '_' || c == '-' || c == '.' }

// specials returns the characters of a name that are no letters and digits of
// any alphabet, each once.
func specials(name string) string {
	var odd strings.Builder
	for _, c := range name {
		plain := nameCharacter(c) || c == '/' || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
		if !plain && !strings.ContainsRune(odd.String(), c) {
			odd.WriteRune(c)
		}
	}
	return odd.String()
}
