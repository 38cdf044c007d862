package spec

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// definitions reads the schemas of a revision, once.
var definitions = func() map[Revision]func() map[string]any {
	read := make(map[Revision]func() map[string]any, len(Revisions))
	for _, r := range Revisions {
		read[r] = sync.OnceValue(func() map[string]any {
			data, err := schemaFiles.ReadFile("schemas/" + string(r) + ".json")
			if err != nil {
				return nil
			}
			var file struct {
				Definitions map[string]any `json:"definitions"`
			}
			if json.Unmarshal(data, &file) != nil {
				return nil
			}
			return file.Definitions
		})
	}
	return read
}()

// compiled holds what MessageSchema returns, by "revision definition".
var compiled sync.Map // of func() (Schema, error)

// MessageSchema returns the schema of a message or a part of one, by the name
// that it has in the specification's schema of that revision: "ListToolsResult",
// "Tool". What only clients send has no schema.
func MessageSchema(r Revision, definition string) (Schema, error) {
	read, ok := definitions[r]
	if !ok {
		return nil, fmt.Errorf("revision %q is not published, want one of %s", r, join(Revisions))
	}
	all := read()
	if _, ok := all[definition]; !ok {
		return nil, fmt.Errorf("definition %q is not in the schema of revision %s", definition, r)
	}
	once, _ := compiled.LoadOrStore(string(r)+" "+definition, sync.OnceValues(func() (Schema, error) {
		s, err := gojsonschema.NewSchema(gojsonschema.NewGoLoader(map[string]any{
			"$schema":     "http://json-schema.org/draft-07/schema#",
			"definitions": all,
			"$ref":        "#/definitions/" + definition,
		}))
		if err != nil {
			return nil, fmt.Errorf("definition %q of revision %s: %w", definition, r, err)
		}
		return own{s}, nil
	}))
	return once.(func() (Schema, error))()
}

// own is a schema of ours. It never sees a schema that a server wrote: the
// library behind it follows references anywhere and without end.
type own struct{ schema *gojsonschema.Schema }

func (o own) Validate(doc []byte) []Violation {
	v, size, err := decode(doc)
	if err != nil {
		return []Violation{{Text: err.Error()}}
	}
	if size.values > maxMessageValues {
		return []Violation{{
			Text:     fmt.Sprintf("has %d values, more than the %d that are judged", size.values, maxMessageValues),
			unjudged: true,
		}}
	}
	result, err := o.schema.Validate(gojsonschema.NewRawLoader(v))
	if err != nil {
		return []Violation{{Text: "could not be judged: " + err.Error(), unjudged: true}}
	}
	if result.Valid() {
		return nil
	}
	var exact, vague []Violation
	for _, e := range result.Errors() {
		violation := Violation{Path: messagePath(e), Text: messageText(e)}
		switch e.(type) {
		// These only say that one of their parts, told as well, is broken.
		case *gojsonschema.NumberAnyOfError, *gojsonschema.NumberAllOfError,
			*gojsonschema.ConditionThenError, *gojsonschema.ConditionElseError:
			vague = append(vague, violation)
		default:
			exact = append(exact, violation)
		}
	}
	if len(exact) == 0 {
		exact = vague
	}
	return tidy(exact)
}

// maxMessageValues bounds the work on one message. The largest lists in the
// field have some ten thousand values.
const maxMessageValues = 1 << 18

func messagePath(e gojsonschema.ResultError) string {
	path := strings.TrimPrefix(strings.TrimPrefix(e.Context().String("."), "(root)"), ".")
	if e, ok := e.(*gojsonschema.RequiredError); ok {
		missing, _ := e.Details()["property"].(string)
		if path == "" {
			return missing
		}
		return path + "." + missing
	}
	return path
}

func messageText(e gojsonschema.ResultError) string {
	d := e.Details()
	switch e.(type) {
	case *gojsonschema.RequiredError:
		return "is missing"
	case *gojsonschema.InvalidTypeError:
		expected, _ := d["expected"].(string)
		return wantsType(e.Value(), strings.FieldsFunc(expected, func(c rune) bool { return c < 'a' || c > 'z' }))
	case *gojsonschema.ConstError:
		return fmt.Sprintf("is %s, want %v", shown(e.Value()), d["allowed"])
	case *gojsonschema.EnumError:
		return fmt.Sprintf("is %s, want one of %v", shown(e.Value()), d["allowed"])
	case *gojsonschema.NumberGTEError:
		return fmt.Sprintf("is %s, want %v or more", shown(e.Value()), d["min"])
	case *gojsonschema.NumberLTEError:
		return fmt.Sprintf("is %s, want %v or less", shown(e.Value()), d["max"])
	case *gojsonschema.ArrayMaxItemsError:
		return fmt.Sprintf("has more than %v items", d["max"])
	case *gojsonschema.DoesNotMatchFormatError:
		return fmt.Sprintf("is %s, want the format %v", shown(e.Value()), d["format"])
	case *gojsonschema.NumberAnyOfError:
		return "is in none of the forms allowed here"
	}
	return "is wrong: " + e.Description()
}
