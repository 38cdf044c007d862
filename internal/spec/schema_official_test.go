package spec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// officialFolder holds the schemas that the protocol's own project publishes, one
// <revision>.json for each. They are no part of this project.
func officialFolder() string {
	return cmp.Or(os.Getenv("MCPCHECK_OFFICIAL_SCHEMAS"), "../../../shared/schema")
}

// official is the published schema of one revision.
type official struct {
	root        any
	key         string // "definitions" or "$defs"
	definitions map[string]any
	compiler    *jsonschema.Compiler
}

func openOfficial(t testing.TB, r Revision) *official {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(officialFolder(), string(r)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the official schemas are not here: MCPCHECK_OFFICIAL_SCHEMAS names their folder, now %s", officialFolder())
	}
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	o := &official{key: "definitions", root: root}
	if _, ok := root.(map[string]any)["$defs"]; ok {
		o.key = "$defs"
	}
	o.definitions = root.(map[string]any)[o.key].(map[string]any)
	o.load(t)
	return o
}

func (o *official) load(t testing.TB) {
	t.Helper()
	o.compiler = jsonschema.NewCompiler()
	o.compiler.AssertFormat()
	if err := o.compiler.AddResource("mcp:official", o.root); err != nil {
		t.Fatal(err)
	}
}

func (o *official) schema(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	s, err := o.compiler.Compile("mcp:official#/" + o.key + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A correction is where we disagree with the official schema on purpose: what
// it would have to say there, and why.
type correction struct {
	revision   Revision
	definition string
	right      any
	lost       string // a document that it refuses and ought to accept
	reason     string
}

var corrections = []correction{{
	revision: R20260728, definition: "JSONValue", right: true, lost: `null`,
	reason: "any JSON value by its name and by schema.ts; the generated file leaves out null and fractions",
}}

// TestAgainstOfficial judges documents made from the official schemas by those
// schemas and by ours.
func TestAgainstOfficial(t *testing.T) {
	for _, r := range Revisions {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			o := openOfficial(t, r)
			o.correct(t, r)
			names := slices.Sorted(maps.Keys(definitions[r]()))
			compared, documents, refused := 0, 0, 0
			for _, name := range names {
				if _, shared := o.definitions[name]; !shared {
					continue
				}
				compared++
				theirs := o.schema(t, name)
				ours, err := MessageSchema(r, name)
				if err != nil {
					t.Fatal(err)
				}
				for place, doc := range o.documents(name) {
					documents++
					want := theirs.Validate(doc) == nil
					if !want {
						refused++
					}
					data, err := json.Marshal(doc)
					if err != nil {
						t.Fatal(err)
					}
					found := ours.Validate(data)
					if (len(found) == 0) == want {
						continue
					}
					t.Errorf("%s: official says %v, ours %v: %s", place, want, found, data)
				}
			}
			t.Logf("%d definitions, %d documents, %d of them not valid", compared, documents, refused)
			if documents < 5000 || refused < documents/10 || refused > documents*9/10 {
				t.Errorf("%d documents, %d of them not valid: too one-sided to prove anything", documents, refused)
			}
		})
	}
}

// correct replaces the definitions in which we differ, and fails when a
// correction is no longer needed.
func (o *official) correct(t *testing.T, r Revision) {
	t.Helper()
	for _, c := range corrections {
		if c.revision != r {
			continue
		}
		doc, _, err := decode([]byte(c.lost))
		if err != nil {
			t.Fatal(err)
		}
		if o.schema(t, c.definition).Validate(doc) == nil {
			t.Errorf("official %s of %s now accepts %s: drop the correction (%s)", c.definition, r, c.lost, c.reason)
		}
		o.definitions[c.definition] = c.right
		o.load(t)
	}
}

// TestOfficialIsCovered demands a definition of ours for everything that the
// official unions say a server sends.
func TestOfficialIsCovered(t *testing.T) {
	for _, r := range Revisions {
		t.Run(string(r), func(t *testing.T) {
			o := openOfficial(t, r)
			for _, union := range []string{"ServerResult", "ServerNotification", "ServerRequest", "InputRequest"} {
				for _, name := range o.union(union) {
					s, err := MessageSchema(r, name)
					if err != nil {
						t.Errorf("%s: %v", union, err)
						continue
					}
					if got := s.Validate([]byte(`[]`)); len(got) == 0 {
						t.Errorf("%s accepts an array", name)
					}
				}
			}
			for _, table := range []map[string]span{notifications, serverRequests} {
				for method, s := range table {
					if !s.in(r) {
						continue
					}
					got := constant(o.definitions[s.definition], "method")
					if got != method {
						t.Errorf("%s has the method %q, want %q", s.definition, got, method)
					}
				}
			}
			for method, s := range results {
				if _, ok := o.definitions[s.definition]; ok != s.in(r) && s.definition != "EmptyResult" {
					t.Errorf("%s for %s: official has it %v, ours %v", s.definition, method, ok, s.in(r))
				}
			}
		})
	}
}

func (o *official) union(name string) []string {
	d, _ := o.definitions[name].(map[string]any)
	var names []string
	for _, branch := range asList(d["anyOf"]) {
		ref, _ := branch.(map[string]any)["$ref"].(string)
		names = append(names, ref[strings.LastIndex(ref, "/")+1:])
	}
	return names
}

func constant(definition any, member string) string {
	d, _ := definition.(map[string]any)
	properties, _ := d["properties"].(map[string]any)
	m, _ := properties[member].(map[string]any)
	s, _ := m["const"].(string)
	return s
}

func asList(v any) []any { list, _ := v.([]any); return list }

// documents makes full and minimal documents of a definition, one for each
// alternative it meets, and everything that one change makes of them.
func (o *official) documents(name string) func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		ref := map[string]any{"$ref": "#/" + o.key + "/" + name}
		var alternatives int
		for pick := 0; pick <= alternatives && pick < 8; pick++ {
			for _, full := range []bool{true, false} {
				if full && pick >= 3 {
					continue // the other alternatives are full in their own definitions
				}
				g := &generator{official: o, full: full, pick: pick}
				doc := g.make(ref, 0)
				alternatives = max(alternatives, g.widest)
				label := fmt.Sprintf("%s (full %v, pick %d)", name, full, pick)
				if !yield(label+": unchanged", doc) {
					return
				}
				done := false
				mutate(doc, "", func(v any) any { return v }, func(where string, whole any) {
					done = done || !yield(label+": "+where, whole)
				})
				if done {
					return
				}
			}
		}
	}
}

// A generator makes one document of an official definition.
type generator struct {
	*official
	full   bool // optional members too
	pick   int  // which alternative, modulo their number
	widest int  // the most alternatives met
}

func (g *generator) make(schema any, depth int) any {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		return g.make(g.definitions[ref[strings.LastIndex(ref, "/")+1:]], depth+1)
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if branches := asList(s[keyword]); len(branches) > 0 {
			g.widest = max(g.widest, len(branches))
			pick := g.pick
			if depth > 12 {
				pick = len(branches) - 1
			}
			return g.make(branches[pick%len(branches)], depth+1)
		}
	}
	if parts := asList(s["allOf"]); len(parts) > 0 {
		whole := map[string]any{}
		for _, p := range parts {
			if m, ok := g.make(p, depth+1).(map[string]any); ok {
				maps.Copy(whole, m)
			}
		}
		return whole
	}
	if c, ok := s["const"]; ok {
		return c
	}
	if e := asList(s["enum"]); len(e) > 0 {
		return e[g.pick%len(e)]
	}
	kind, _ := s["type"].(string)
	if kinds := asList(s["type"]); len(kinds) > 0 {
		g.widest = max(g.widest, len(kinds))
		kind, _ = kinds[g.pick%len(kinds)].(string)
	}
	switch kind {
	case "string":
		switch s["format"] {
		case "uri":
			return "test://host/path"
		case "uri-template":
			return "test://host/{path}"
		}
		return "text"
	case "integer":
		return json.Number("3")
	case "number":
		return json.Number("0.5")
	case "boolean":
		return true
	case "null":
		return nil
	case "array":
		if !g.full && depth > 0 && g.pick%2 == 1 {
			return []any{}
		}
		return []any{g.make(s["items"], depth+1)}
	}
	return g.object(s, depth)
}

func (g *generator) object(s map[string]any, depth int) any {
	out := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	required := asList(s["required"])
	for name, p := range properties {
		if slices.Contains(required, any(name)) || g.full && depth < 12 {
			out[name] = g.make(p, depth+1)
		}
	}
	if more, ok := s["additionalProperties"].(map[string]any); ok && g.full && depth < 8 {
		out["extra"] = g.make(more, depth+1)
	}
	return out
}

// wrong holds one value of each type, and some strings that are no URI, no
// enumerated value and no constant of the protocol.
var wrong = []any{
	nil, true, json.Number("7"), json.Number("1.5"), "no such word", []any{}, []any{nil}, map[string]any{},
	json.Number("-1"), json.Number("2.0"), "", "not a uri %", map[string]any{"x": nil, "y": json.Number("1.5")},
	[]any{map[string]any{}}, "text", "resource", "image", "object", "string", "array", "url", "2.0",
	slices.Repeat([]any{"text"}, 101),
}

// mutate calls each with every document that differs in one place from v: a
// member dropped, added or replaced.
func mutate(v any, path string, rebuild func(any) any, each func(where string, whole any)) {
	some := wrong
	if strings.Count(path, ".") > 2 {
		some = wrong[:8] // what lies so deep is the surface of another definition
	}
	for _, w := range some {
		each(fmt.Sprintf("%v for %s", w, path), rebuild(w))
	}
	switch v := v.(type) {
	case map[string]any:
		grown := maps.Clone(v)
		grown["unheard of"] = json.Number("1")
		each("added to "+path, rebuild(grown))
		for name, member := range v {
			less := maps.Clone(v)
			delete(less, name)
			each("without "+path+"."+name, rebuild(less))
			mutate(member, path+"."+name, func(m any) any {
				changed := maps.Clone(v)
				changed[name] = m
				return rebuild(changed)
			}, each)
		}
	case []any:
		for i, item := range v {
			mutate(item, fmt.Sprintf("%s.%d", path, i), func(m any) any {
				changed := slices.Clone(v)
				changed[i] = m
				return rebuild(changed)
			}, each)
		}
	}
}
