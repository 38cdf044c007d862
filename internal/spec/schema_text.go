package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// shown is a value as a message quotes it: containers by name, the rest short.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case string:
		return fmt.Sprintf("%q", short(v))
	}
	return short(fmt.Sprint(v))
}

func short(s string) string {
	const enough = 60
	n := 0
	for i := range s {
		if n++; n > enough {
			return s[:i] + "…"
		}
	}
	return s
}

// wantsType words a value of the wrong type.
func wantsType(got any, want []string) string {
	return fmt.Sprintf("is %s, want %s", shown(got), typeWords(want))
}

var typeNames = map[string]string{
	"string": "a string", "number": "a number", "integer": "an integer", "boolean": "a boolean",
	"object": "an object", "array": "an array", "null": "null",
}

// shownAll lists the values of an enum.
func shownAll(list []any) string {
	const enough = 10
	words := make([]string, 0, enough)
	for i, v := range list {
		if i == enough {
			words = append(words, fmt.Sprintf("%d more", len(list)-enough))
			break
		}
		words = append(words, shownWhole(v))
	}
	return strings.Join(words, ", ")
}

// shownWhole is a wanted value: a container is shown by its content.
func shownWhole(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return shown(v)
	}
	return short(string(data))
}

// flatten lists the leaves of a verdict. Of alternatives that all failed it
// tells only that they did: which one was meant cannot be known. It also
// reports whether nothing but regular expressions were at fault.
func flatten(e *jsonschema.ValidationError) (list []Violation, patternsOnly bool) {
	path := strings.Join(e.InstanceLocation, ".")
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		return []Violation{{Path: path, Text: "fits none of the alternatives of anyOf"}}, false
	case *kind.OneOf:
		text := "fits none of the alternatives of oneOf"
		if len(k.Subschemas) > 0 {
			text = "fits more than one of the alternatives of oneOf"
		}
		return []Violation{{Path: path, Text: text}}, false
	case *kind.Contains, *kind.MinContains:
	case *kind.Required:
		for _, name := range k.Missing {
			list = append(list, Violation{Path: strings.TrimPrefix(path+"."+name, "."), Text: "is missing"})
		}
		return list, false
	case *kind.RefCycle:
		return []Violation{{Path: path, Text: "could not be judged: the schema leads back to itself", unjudged: true}}, false
	default:
		if len(e.Causes) == 0 {
			f, isFormat := k.(*kind.Format)
			return []Violation{{Path: path, Text: foreignText(k)}}, isFormat && f.Want == "regex"
		}
		patternsOnly = true
		for _, cause := range e.Causes {
			part, only := flatten(cause)
			list = append(list, part...)
			patternsOnly = patternsOnly && only
		}
		return list, patternsOnly
	}
	return []Violation{{Path: path, Text: foreignText(e.ErrorKind)}}, false
}

// foreignText words one error, what is there before what is wanted.
func foreignText(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("is %s, want %s", typeNames[k.Got], typeWords(k.Want))
	case *kind.Const:
		return fmt.Sprintf("is %s, want %s", shown(k.Got), shownWhole(k.Want))
	case *kind.Enum:
		return fmt.Sprintf("is %s, want one of %s", shown(k.Got), shownAll(k.Want))
	case *kind.Format:
		return fmt.Sprintf("is %s, want the format %s", shown(k.Got), k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("is %s, want the pattern %s", shown(k.Got), short(k.Want))
	case *kind.AdditionalProperties:
		return fmt.Sprintf("has properties that the schema does not allow: %s", quoted(k.Properties))
	case *kind.FalseSchema:
		return "is there, and the schema allows nothing here"
	case *kind.Not:
		return "fits the schema of not"
	case *kind.Contains, *kind.MinContains:
		return "has too few items that fit the schema of contains"
	case *kind.UniqueItems:
		return fmt.Sprintf("has equal items at %d and %d, want them different", k.Duplicates[0], k.Duplicates[1])
	}
	return "is wrong: " + short(k.LocalizedString(english))
}

var english = message.NewPrinter(language.English)

func typeWords(want []string) string {
	names := make([]string, len(want))
	for i, w := range want {
		if names[i] = typeNames[w]; names[i] == "" {
			names[i] = w
		}
	}
	return strings.Join(names, " or ")
}

func quoted(names []string) string {
	names = slices.Sorted(slices.Values(names))
	words := make([]string, 0, min(len(names), 10))
	for _, n := range names[:min(len(names), 10)] {
		words = append(words, fmt.Sprintf("%q", short(n)))
	}
	return strings.Join(words, ", ")
}
