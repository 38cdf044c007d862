package arguments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func TestValid(t *testing.T) {
	for _, c := range []struct{ reason, schema, want string }{
		{"nothing is required", `{"type":"object","properties":{"a":{"type":"string"}}}`, `{}`},
		{"no keywords at all", `{}`, `{}`},
		{"a schema may be a boolean", `true`, `{}`},
		{"required properties only", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["b"]}`, `{"b":""}`},
		{"one of each type", `{"properties":{"s":{"type":"string"},"i":{"type":"integer"},"n":{"type":"number"},"b":{"type":"boolean"},"o":{"type":"object"},"a":{"type":"array"},"z":{"type":"null"}},"required":["s","i","n","b","o","a","z"]}`,
			`{"a":[],"b":false,"i":0,"n":0,"o":{},"s":"","z":null}`},
		{"a required property without a schema takes anything", `{"required":["x"]}`, `{"x":{}}`},
		{"of several types the first that is not null", `{"properties":{"x":{"type":["null","integer"]}},"required":["x"]}`, `{"x":0}`},
		{"the keywords tell the type", `{"properties":{"x":{"minLength":2}},"required":["x"]}`, `{"x":"aa"}`},
		{"const goes before all", `{"properties":{"x":{"const":"c","default":"d","enum":["c","d"]}},"required":["x"]}`, `{"x":"c"}`},
		{"then the default", `{"properties":{"x":{"default":"d","examples":["e"],"enum":["f","d","e"]}},"required":["x"]}`, `{"x":"d"}`},
		{"then the first example", `{"properties":{"x":{"examples":["e"],"enum":["f","e"]}},"required":["x"]}`, `{"x":"e"}`},
		{"then the first of enum", `{"properties":{"x":{"enum":["f","g"]}},"required":["x"]}`, `{"x":"f"}`},
		{"a default that does not fit is left alone", `{"properties":{"x":{"type":"integer","default":"none"}},"required":["x"]}`, `{"x":0}`},
		{"an example that does not fit is left alone", `{"properties":{"x":{"type":"string","examples":[42]}},"required":["x"]}`, `{"x":""}`},
		{"an example of the whole", `{"type":"object","examples":[{"city":"Paris"}],"required":["city"]}`, `{"city":"Paris"}`},
		{"an example of the whole that is none", `{"type":"object","examples":["Paris"]}`, `{}`},
		{"long enough", `{"properties":{"x":{"type":"string","minLength":3}},"required":["x"]}`, `{"x":"aaa"}`},
		{"in the format", `{"properties":{"x":{"type":"string","format":"date"}},"required":["x"]}`, `{"x":"2025-01-01"}`},
		{"the pattern of a code", `{"properties":{"x":{"type":"string","pattern":"^[A-Z]{3}-\\d+$"}},"required":["x"]}`, `{"x":"AAA-0"}`},
		{"a pattern with alternatives", `{"properties":{"x":{"pattern":"^(usd|eur)?$"}},"required":["x"]}`, `{"x":""}`},
		{"a class that excludes", `{"properties":{"x":{"pattern":"^[^a-z]$"}},"required":["x"]}`, `{"x":"0"}`},
		{"above the minimum", `{"properties":{"x":{"type":"integer","minimum":5}},"required":["x"]}`, `{"x":5}`},
		{"below a negative maximum", `{"properties":{"x":{"type":"number","maximum":-2.5}},"required":["x"]}`, `{"x":-2.5}`},
		{"beyond an exclusive minimum", `{"properties":{"x":{"type":"integer","exclusiveMinimum":0}},"required":["x"]}`, `{"x":1}`},
		{"one bound open and the other not", `{"properties":{"x":{"type":"integer","exclusiveMinimum":0,"maximum":1}},"required":["x"]}`, `{"x":1}`},
		{"between two open bounds", `{"properties":{"x":{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.5}},"required":["x"]}`, `{"x":0.25}`},
		{"exclusive as draft-04 had it", `{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"x":{"type":"integer","minimum":0,"exclusiveMinimum":true}},"required":["x"]}`, `{"x":1}`},
		{"a multiple above the minimum", `{"properties":{"x":{"type":"integer","minimum":11,"multipleOf":5}},"required":["x"]}`, `{"x":15}`},
		{"an integer above a fraction", `{"properties":{"x":{"type":"integer","minimum":1.5}},"required":["x"]}`, `{"x":2}`},
		{"enough items", `{"properties":{"x":{"type":"array","items":{"type":"string"},"minItems":2}},"required":["x"]}`, `{"x":["",""]}`},
		{"items that differ", `{"properties":{"x":{"type":"array","items":{"type":"integer"},"minItems":3,"uniqueItems":true}},"required":["x"]}`, `{"x":[0,1,2]}`},
		{"items by position", `{"properties":{"x":{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"minItems":2}},"required":["x"]}`, `{"x":["",0]}`},
		{"an item that has to be there", `{"properties":{"x":{"type":"array","contains":{"const":7}}},"required":["x"]}`, `{"x":[7]}`},
		{"enough properties", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"minProperties":1}`, `{"a":""}`},
		{"enough properties without names", `{"type":"object","minProperties":2,"additionalProperties":{"type":"integer"}}`, `{"key0":0,"key1":0}`},
		{"a property brings another", `{"properties":{"a":{"type":"string"}},"required":["a"],"dependentRequired":{"a":["b"],"b":["c"]}}`, `{"a":"","b":{},"c":{}}`},
		{"as draft-07 had it", `{"$schema":"http://json-schema.org/draft-07/schema#","required":["a"],"dependencies":{"a":["b"]}}`, `{"a":{},"b":{}}`},
		{"a reference by pointer", `{"$defs":{"p":{"type":"object","properties":{"n":{"type":"string"}},"required":["n"]}},"properties":{"x":{"$ref":"#/$defs/p"}},"required":["x"]}`, `{"x":{"n":""}}`},
		{"a reference with escapes", `{"$defs":{"a/b %":{"type":"integer"}},"properties":{"x":{"$ref":"#/$defs/a~1b%20%25"}},"required":["x"]}`, `{"x":0}`},
		{"a reference by anchor", `{"$defs":{"p":{"$anchor":"here","type":"integer"}},"properties":{"x":{"$ref":"#here"}},"required":["x"]}`, `{"x":0}`},
		{"keywords beside a reference", `{"$defs":{"p":{"type":"integer"}},"properties":{"x":{"$ref":"#/$defs/p","minimum":4}},"required":["x"]}`, `{"x":4}`},
		{"the root refers to a definition", `{"$ref":"#/$defs/r","$defs":{"r":{"type":"object","required":["a"],"properties":{"a":{"type":"boolean"}}}}}`, `{"a":false}`},
		{"allOf adds up", `{"allOf":[{"required":["a"],"properties":{"a":{"type":"string"}}},{"required":["b"],"properties":{"b":{"type":"integer"}}}]}`, `{"a":"","b":0}`},
		{"allOf narrows", `{"properties":{"x":{"allOf":[{"type":"number","minimum":1},{"type":"integer","minimum":3}]}},"required":["x"]}`, `{"x":3}`},
		{"allOf leaves what both enums have", `{"properties":{"x":{"allOf":[{"enum":["a","b"]},{"enum":["b","c"]}]}},"required":["x"]}`, `{"x":"b"}`},
		{"the first branch of anyOf", `{"anyOf":[{"required":["phone"]},{"required":["email"]}],"properties":{"phone":{"type":"string"},"email":{"type":"string"}}}`, `{"phone":""}`},
		{"the next branch if the first cannot be had", `{"anyOf":[false,{"required":["b"]}]}`, `{"b":{}}`},
		{"oneOf as an enum with titles", `{"properties":{"x":{"oneOf":[{"const":"v1","title":"One"},{"const":"v2","title":"Two"}]}},"required":["x"]}`, `{"x":"v1"}`},
		{"an optional value of a Python server", `{"properties":{"x":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null}},"required":["x"]}`, `{"x":null}`},
		{"a tree that may stop", `{"$defs":{"node":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},"properties":{"root":{"$ref":"#/$defs/node"}},"required":["root"]}`, `{"root":{}}`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := Valid(json.RawMessage(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestRefusals holds schemas for which there are no arguments, rather than wrong
// ones.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ reason, schema, says string }{
		{"nothing fits", `false`, "accepts nothing"},
		{"no schema", `42`, "not a valid JSON Schema"},
		{"no JSON", `{`, "not a valid JSON Schema"},
		{"the arguments are an object", `{"type":"array"}`, "want an object"},
		{"a property that nothing fits", `{"properties":{"x":false},"required":["x"]}`, "accepts nothing"},
		{"enums without a common value", `{"properties":{"x":{"allOf":[{"enum":["a"]},{"enum":["b"]}]}},"required":["x"]}`, "accepts nothing"},
		{"bounds that exclude each other", `{"properties":{"x":{"type":"integer","minimum":3,"maximum":2}},"required":["x"]}`, "accepts nothing"},
		{"a pattern that looks ahead", `{"properties":{"x":{"pattern":"^(?=.*\\d)(?=.*[a-z]).{8,}$"}},"required":["x"]}`, "pattern"},
		{"not is not understood", `{"properties":{"x":{"type":"string","not":{"const":""}}},"required":["x"]}`, "more than can be made up"},
		{"nor is if", `{"if":{"properties":{"a":{"const":1}}},"then":{"required":["a"]}}`, "more than can be made up"},
		{"two branches of oneOf fit", `{"oneOf":[{"type":"object"},{"required":[]}]}`, "more than can be made up"},
		{"a tree without end", `{"$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]}},"$ref":"#/$defs/n"}`, "without end"},
		{"a reference to elsewhere", `{"properties":{"x":{"$ref":"https://example.com/s.json"}},"required":["x"]}`, "cannot be resolved"},
		{"more items than anybody needs", `{"properties":{"x":{"type":"array","minItems":1000000000}},"required":["x"]}`, "without end"},
		{"a string longer than anybody needs", `{"properties":{"x":{"type":"string","minLength":1000000000}},"required":["x"]}`, "without end"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := Valid(json.RawMessage(c.schema))
			if err == nil {
				t.Fatalf("got %s, want none", got)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("the reason is %q, want %q in it", err, c.says)
			}
		})
	}
}

// TestHostile demands a quick end from schemas that were written to have none.
func TestHostile(t *testing.T) {
	wide := func(n int, part func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = part(i)
		}
		return strings.Join(parts, ",")
	}
	for reason, schema := range map[string]string{
		"two ways at each of forty levels": `{"$defs":{"l0":{"type":"object"},` + wide(40, func(i int) string {
			return fmt.Sprintf(`"l%d":{"anyOf":[{"properties":{"x":{"$ref":"#/$defs/l%d"}},"required":["x"]},{"properties":{"y":{"$ref":"#/$defs/l%d"}},"required":["y"]}]}`, i+1, i, i)
		}) + `},"$ref":"#/$defs/l40"}`,
		"two properties at each of forty levels": `{"$defs":{"l0":{"type":"object"},` + wide(40, func(i int) string {
			return fmt.Sprintf(`"l%d":{"properties":{"x":{"$ref":"#/$defs/l%d"},"y":{"$ref":"#/$defs/l%d"}},"required":["x","y"]}`, i+1, i, i)
		}) + `},"$ref":"#/$defs/l40"}`,
		"one long list of names, again and again": `{"$defs":{"r":{"required":[` + wide(4000, func(i int) string { return fmt.Sprintf(`"p%d"`, i) }) +
			`]}},"allOf":[` + wide(2000, func(int) string { return `{"$ref":"#/$defs/r"}` }) + `]}`,
		"one long enum, again and again": `{"$defs":{"e":{"enum":[` + wide(4000, func(i int) string { return fmt.Sprint(i) }) +
			`]}},"properties":{"x":{"allOf":[` + wide(2000, func(int) string { return `{"$ref":"#/$defs/e"}` }) + `]}},"required":["x"]}`,
		"a chain of dependencies, backwards":                         `{"required":["p0"],"dependentRequired":{` + wide(3000, func(i int) string { return fmt.Sprintf(`"p%d":["p%d"]`, i, i+1) }) + `}}`,
		"long arrays of long strings":                                `{"properties":{"x":{"type":"array","minItems":9000,"items":{"type":"string","minLength":9000}}},"required":["x"]}`,
		"arrays of arrays":                                           `{"properties":{"x":{"type":"array","minItems":500,"items":{"type":"array","minItems":500,"items":{"type":"array","minItems":500}}}},"required":["x"]}`,
		"a pattern of repetitions":                                   `{"properties":{"x":{"pattern":"^((a{30}){30}){1}$"}},"required":["x"]}`,
		"a reference to itself":                                      `{"$ref":"#"}`,
		"references in a ring":                                       `{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}`,
		"keywords of the wrong type behind a reference to no schema": `{"x-odd":{"required":"a","properties":7,"enum":{},"minLength":"long"},"required":["a"],"minLength":1,"enum":[{}],"properties":{},"allOf":[{"$ref":"#/x-odd"}]}`,
	} {
		t.Run(reason, func(t *testing.T) {
			start := time.Now()
			got, err := Valid(json.RawMessage(schema))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if err == nil && len(got) > 1<<20 {
				t.Errorf("the arguments have %d bytes", len(got))
			}
		})
	}
}

// TestMade demands of random schemas that what is made for them conforms, and
// that something is made for most: a generator that always refused would do as
// well otherwise.
func TestMade(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	made := 0
	const rounds = 2000
	for range rounds {
		schema := randomSchema(r)
		if holds(t, schema) {
			made++
		}
	}
	if made < rounds*2/3 {
		t.Errorf("arguments were made for %d of %d schemas", made, rounds)
	}
}

func FuzzValid(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		f.Add([]byte(randomSchema(r)))
	}
	f.Add([]byte(`{"$ref":"#","required":["a"],"properties":{"a":{"$ref":"#"}}}`))
	f.Fuzz(func(t *testing.T, schema []byte) { holds(t, string(schema)) })
}

// holds reports whether arguments could be made, and demands that they conform.
func holds(t *testing.T, schema string) bool {
	t.Helper()
	start := time.Now()
	got, err := Valid(json.RawMessage(schema))
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%s\ntook %s", schema, took)
	}
	if err != nil {
		return false
	}
	if !bytes.HasPrefix(got, []byte("{")) {
		t.Errorf("%s\ngot %s, want an object", schema, got)
	}
	compiled, err := spec.CompileForeign([]byte(schema))
	if err != nil {
		t.Errorf("%s\nmade %s for a schema that does not compile: %v", schema, got, err)
		return true
	}
	if broken := compiled.Validate(got); len(broken) > 0 {
		t.Errorf("%s\nmade %s: %s", schema, got, broken[0])
	}
	return true
}

// randomSchema is an inputSchema of the kind that servers have.
func randomSchema(r *rand.Rand) string {
	s := randomObject(r, 0)
	s["$defs"] = map[string]any{"leaf": randomValue(r, 3), "tree": map[string]any{
		"type": "object", "properties": map[string]any{"next": map[string]any{"$ref": "#/$defs/tree"}},
	}}
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range r.IntN(4) {
		name := fmt.Sprintf("p%d", i)
		properties[name] = randomValue(r, depth+1)
		if r.IntN(2) == 0 {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "required": required}
	switch r.IntN(6) {
	case 0:
		s["additionalProperties"] = false
	case 1:
		s["minProperties"] = r.IntN(3)
	case 2:
		s["dependentRequired"] = map[string]any{"p0": []string{"p1"}}
	}
	return s
}

func randomValue(r *rand.Rand, depth int) map[string]any {
	kinds := 12
	if depth > 3 {
		kinds = 7
	}
	low := r.IntN(20) - 10
	switch r.IntN(kinds) {
	case 0:
		return map[string]any{"type": "string", "minLength": r.IntN(5)}
	case 1:
		return map[string]any{"type": "integer", "minimum": low, "maximum": low + r.IntN(5)}
	case 2:
		return map[string]any{"type": "number", "exclusiveMinimum": low, "maximum": float64(low) + r.Float64()}
	case 3:
		return map[string]any{"type": "boolean", "default": r.IntN(3) == 0}
	case 4:
		return map[string]any{"enum": []any{"a", 1, nil, true}[r.IntN(4):]}
	case 5:
		return map[string]any{"type": "string", "format": []string{"date", "uri", "email", "uuid", "odd"}[r.IntN(5)], "examples": []any{r.IntN(9)}}
	case 6:
		return map[string]any{"type": "string", "pattern": []string{"^[a-f0-9]{4,}$", `^\w+@\w+\.com$`, "^(a|b)+c?$", "x"}[r.IntN(4)]}
	case 7:
		return map[string]any{"type": "array", "items": randomValue(r, depth+1), "minItems": r.IntN(3)}
	case 8:
		return map[string]any{"anyOf": []any{randomValue(r, depth+1), randomValue(r, depth+1)}}
	case 9:
		return map[string]any{"allOf": []any{randomObject(r, depth+1), randomObject(r, depth+1)}}
	case 10:
		return map[string]any{"$ref": []string{"#/$defs/leaf", "#/$defs/tree"}[r.IntN(2)]}
	}
	return randomObject(r, depth+1)
}
