package spec

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestForeignVerdicts(t *testing.T) {
	tests := []struct {
		reason, schema string
		good, bad      []string
	}{
		{
			"2020-12 is the default: prefixItems, and items for the rest",
			`{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`,
			[]string{`[]`, `["a",1]`}, []string{`[1]`, `["a","b"]`},
		},
		{
			"draft-07 is honoured: an array under items is positional",
			`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}`,
			[]string{`["a"]`}, []string{`[1]`, `["a",1]`},
		},
		{
			"keywords beside $ref count in 2020-12",
			`{"$defs":{"s":{"type":"string"}},"$ref":"#/$defs/s","minLength":2}`,
			[]string{`"ab"`}, []string{`"a"`, `1`},
		},
		{
			"unevaluatedProperties sees through allOf",
			`{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}`,
			[]string{`{"a":1}`}, []string{`{"b":1}`},
		},
		{
			"dependentRequired", `{"dependentRequired":{"a":["b"]}}`,
			[]string{`{}`, `{"a":1,"b":2}`}, []string{`{"a":1}`},
		},
		{
			"a schema may refer to itself one level down",
			`{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}`,
			[]string{`{"next":{"next":{}}}`}, []string{`{"next":{"last":1}}`},
		},
		{
			"$dynamicRef finds the outermost anchor",
			`{"$id":"https://a.example/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,
			"$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","type":"object",
			"properties":{"children":{"type":"array","items":{"$dynamicRef":"#node"}}}}}}`,
			[]string{`{"children":[{"children":[]}]}`}, []string{`{"children":[{"kids":[]}]}`},
		},
		{
			"a schema may name itself and be referred to by that name",
			`{"$id":"https://a.example/root.json","$defs":{"s":{"type":"string"}},"properties":{"a":{"$ref":"root.json#/$defs/s"}}}`,
			[]string{`{"a":"x"}`}, []string{`{"a":1}`},
		},
		{
			"lookaround is ECMAScript, though not Go",
			`{"pattern":"^(?!bad)[a-z]+$"}`, []string{`"good"`}, []string{`"badly"`, `"1"`},
		},
		{
			"an escape that ECMAScript has and Go has not",
			`{"pattern":"^[\\u00e0-\\u00ff]$"}`, []string{`"é"`}, []string{`"e"`},
		},
		{
			"format is an annotation in 2020-12", `{"format":"email"}`, []string{`"no address"`}, nil,
		},
		{
			"format is asserted in draft-07",
			`{"$schema":"http://json-schema.org/draft-07/schema#","format":"email"}`,
			[]string{`"a@b.example"`, `1`}, []string{`"no address"`},
		},
		{"true", `true`, []string{`1`}, nil},
		{"false", `false`, nil, []string{`1`}},
		{"large integers keep every digit", `{"const":9007199254740993}`, []string{`9007199254740993`}, []string{`9007199254740992`}},
		{"not JSON", `{}`, []string{`{}`}, []string{``, `{`, `{} {}`}},
		{
			"the metaschema may be referred to", `{"$ref":"https://json-schema.org/draft/2020-12/schema"}`,
			[]string{`{"type":"string"}`}, []string{`{"type":"text"}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s, err := CompileForeign([]byte(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range tt.good {
				if got := s.Validate([]byte(doc)); len(got) != 0 {
					t.Errorf("%s breaks it: %v", doc, got)
				}
			}
			for _, doc := range tt.bad {
				got := s.Validate([]byte(doc))
				if len(got) == 0 || got[0].Unjudged() {
					t.Errorf("%s: %v, want a violation", doc, got)
				}
			}
		})
	}
}

func TestForeignRefusals(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "string.json")
	if err := os.WriteFile(file, []byte(`{"type":"string"}`), 0o600); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		reason, schema string
		want           error
	}{
		{"no schema", ``, ErrNotSchema},
		{"broken JSON", `{"type":`, ErrNotSchema},
		{"two values", `{} {}`, ErrNotSchema},
		{"an array", `[]`, ErrNotSchema},
		{"null", `null`, ErrNotSchema},
		{"an unknown type", `{"type":"text"}`, ErrNotSchema},
		{"required as in draft-03", `{"properties":{"a":{"required":true}}}`, ErrNotSchema},
		{"a broken part of $defs", `{"$defs":{"a":{"minLength":-1}}}`, ErrNotSchema},
		{"$schema of the wrong type", `{"$schema":7}`, ErrNotSchema},
		{"an array under items, which 2020-12 has not", `{"items":[{}]}`, ErrNotSchema},
		{"a dialect of one's own", `{"$schema":"https://a.example/dialect"}`, ErrDialect},
		{"a dialect that is too old", `{"$schema":"http://json-schema.org/draft-03/schema#"}`, ErrDialect},
		{"a dialect in a part with an id", `{"$defs":{"a":{"$id":"https://a.example/a","$schema":"urn:b"}}}`, ErrDialect},
		{"a dialect that is the schema", `{"$schema":"mcp://schema/"}`, ErrDialect},
		{"a reference to HTTP", `{"$ref":"` + server.URL + `/a.json"}`, ErrReference},
		{"a dialect over HTTP", `{"$schema":"` + server.URL + `/a.json"}`, ErrDialect},
		{"a reference to a file", `{"$ref":"file://` + file + `"}`, ErrReference},
		{"a reference to a neighbour", `{"$ref":"other.json"}`, ErrReference},
		{"a base address elsewhere", `{"$id":"` + server.URL + `/","$ref":"other.json"}`, ErrReference},
		{"a reference to nothing", `{"$ref":"#/$defs/absent"}`, ErrReference},
		{"an anchor that is nowhere", `{"$ref":"#absent"}`, ErrReference},
		{"a reference to itself", `{"$ref":"#"}`, ErrReference},
		{"a part of itself", `{"allOf":[{"$ref":"#"}]}`, ErrReference},
		{"an alternative of itself", `{"anyOf":[{"type":"string"},{"$ref":"#"}]}`, ErrReference},
		{"the opposite of itself", `{"not":{"$ref":"#"}}`, ErrReference},
		{"a loop of two", `{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"properties":{"x":{"$ref":"#/$defs/a"}}}`, ErrReference},
		{"a pattern in no syntax", `{"pattern":"(["}`, ErrPattern},
		{"a property pattern in no syntax", `{"patternProperties":{"(":true}}`, ErrPattern},
		{"a pattern of many bytes", `{"pattern":"` + strings.Repeat("a", 5000) + `"}`, ErrBounds},
		{"ten thousand levels", strings.Repeat(`{"not":`, 9990) + `{}` + strings.Repeat(`}`, 9990), ErrBounds},
		{"more levels than the decoder takes", strings.Repeat(`{"not":`, 20000) + `{}` + strings.Repeat(`}`, 20000), ErrNotSchema},
		{"a megabyte", `{"title":"` + strings.Repeat("a", 1<<20) + `"}`, ErrBounds},
		{"a number of a million digits", `{"maximum":1e999999}`, ErrBounds},
		{"twenty thousand parts", `{"allOf":[{}` + strings.Repeat(`,{}`, 20000) + `]}`, ErrBounds},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			start := time.Now()
			_, err := CompileForeign([]byte(tt.schema))
			if !errors.Is(err, tt.want) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), base) || len(err.Error()) > 500) {
				t.Errorf("error is not fit to be read: %.600s", err)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

// hostile schemas compile; a document that meets them is left unjudged, soon.
func TestForeignHostile(t *testing.T) {
	doubling := func(keyword, last string) string {
		var b strings.Builder
		b.WriteString(`{"$ref":"#/$defs/d0","$defs":{`)
		for i := range 60 {
			fmt.Fprintf(&b, `"d%d":{"%s":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, keyword, i+1, i+1)
		}
		fmt.Fprintf(&b, `"d60":%s}}`, last)
		return b.String()
	}
	chain := func(n int, tail string) string {
		var b strings.Builder
		b.WriteString(`{"$ref":"#/$defs/d0","$defs":{`)
		for i := range n {
			fmt.Fprintf(&b, `"d%d":{"$ref":"#/$defs/d%d"},`, i, i+1)
		}
		fmt.Fprintf(&b, `"d%d":%s}}`, n, tail)
		return b.String()
	}
	nested := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	tests := []struct{ reason, schema, doc string }{
		{"2^60 evaluations of allOf", doubling("allOf", `{"type":"string"}`), `"x"`},
		{"2^60 evaluations of anyOf", doubling("anyOf", `false`), `"x"`},
		{"2^60 evaluations of oneOf", doubling("oneOf", `{"type":"integer"}`), `"x"`},
		{"two ways down at each level", `{"items":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}`, nested(200)},
		{"two ways down, failing", `{"type":"array","items":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}`, strings.Repeat(`[`, 200) + `1` + strings.Repeat(`]`, 200)},
		{"a long chain at each level", chain(2000, `{"items":{"$ref":"#/$defs/d0"}}`), nested(200)},
		{"a loop that only shows when run", `{"$dynamicAnchor":"a","allOf":[{"$dynamicRef":"#a"}]}`, `1`},
		{"a pattern that backtracks", `{"pattern":"^(?=a)(a+)+$"}`, `"` + strings.Repeat("a", 60) + `!"`},
		{"a backtracking pattern for names", `{"patternProperties":{"^(?=a)(a+)+$":true}}`, `{"` + strings.Repeat("a", 60) + `!":1}`},
		{"a large pattern on a long string", `{"pattern":"(.{0,400}x){2}$"}`, `"` + strings.Repeat("y", 8<<20) + `"`},
		{"a document of many levels", `{}`, nested(5000)},
		{"a document of many values", `{}`, `[1` + strings.Repeat(`,1`, 300_000) + `]`},
		{"a number of a million digits", `{"multipleOf":3}`, `1e999999`},
		{"a number beyond arithmetic", `{"multipleOf":3}`, `1e99999999999`},
		{"many alternatives for many items", `{"items":{"anyOf":[{"const":0}` + strings.Repeat(`,{"const":0}`, 2000) + `]}}`, `[1` + strings.Repeat(`,1`, 50_000) + `]`},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			start := time.Now()
			s, err := CompileForeign([]byte(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			compiled := time.Since(start)
			got := s.Validate([]byte(tt.doc))
			if len(got) == 0 || !got[0].Unjudged() {
				t.Errorf("verdict is %v, want unjudged", got)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			} else {
				t.Logf("compiled in %s, judged in %s: %v", compiled.Round(time.Microsecond), (took - compiled).Round(time.Microsecond), got)
			}
		})
	}
}

// TestForeignRecovers judges a good document after one that was given up.
func TestForeignRecovers(t *testing.T) {
	s, err := CompileForeign([]byte(`{"items":{"allOf":[{"$ref":"#"},{"$ref":"#"}]},"type":"array"}`))
	if err != nil {
		t.Fatal(err)
	}
	deep := []byte(strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if got := s.Validate(deep); len(got) == 0 || !got[0].Unjudged() {
				t.Errorf("deep document: %v, want unjudged", got)
			}
			if got := s.Validate([]byte(`[[],[[]]]`)); len(got) != 0 {
				t.Errorf("good document: %v, want nothing", got)
			}
			if got := s.Validate([]byte(`[1]`)); len(got) != 1 || got[0].Path != "0" {
				t.Errorf("bad document: %v, want one violation at 0", got)
			}
		})
	}
	group.Wait()
}

func TestForeignTexts(t *testing.T) {
	s, err := CompileForeign([]byte(`{"type":"object","required":["a","b"],"additionalProperties":false,"properties":{
		"a":{"type":"object","required":["c"]},"b":{"enum":["x","y"]},"n":{"maximum":3},"u":{"anyOf":[{"type":"string"},{"type":"null"}]},
		"list":{"items":{"type":["integer","null"]}},"k":{"const":{"q":1}},"p":{"pattern":"^x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Validate([]byte(`{"a":{},"n":4,"u":1,"list":[1,"two"],"k":2,"p":"y","z":0}`))
	want := []string{
		`the document has properties that the schema does not allow: "z"`,
		`a.c is missing`,
		`b is missing`,
		`k is 2, want {"q":1}`,
		`list.1 is a string, want null or an integer`,
		`n is wrong: maximum: got 4, want 3`,
		`p is "y", want the pattern ^x`,
		`u fits none of the alternatives of anyOf`,
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("also: %s", got[i])
		case i >= len(got):
			t.Errorf("lacks: %s", want[i])
		case got[i].String() != want[i]:
			t.Errorf("%s\nwant %s", got[i], want[i])
		}
	}
}

func FuzzCompileForeign(f *testing.F) {
	for _, s := range []string{
		`{}`, `true`, `{"$ref":"#"}`, `{"$ref":"#/properties/a","properties":{"a":{"$ref":"#"}}}`, `{"$dynamicRef":"#a","$dynamicAnchor":"a"}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"$id":"#b"}},"$ref":"#b"}`,
		`{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}}}`,
		`{"multipleOf":0.1,"maximum":1e300}`, `{"pattern":"(?=x)","format":"regex"}`, `{"items":{"$ref":"#"},"unevaluatedItems":false,"contains":{}}`,
		`{"$id":"http://[","if":{},"then":{},"else":false}`, `{"$id":"a","$anchor":"b","$ref":"a#b"}`, `{"minLength":1e2,"maxLength":99999999999999999999}`,
	} {
		f.Add([]byte(s), []byte(`{"a":[1,"x",null]}`))
	}
	f.Fuzz(func(t *testing.T, schema, doc []byte) {
		start := time.Now()
		s, err := CompileForeign(schema)
		if err != nil {
			known := false
			for _, e := range []error{ErrNotSchema, ErrDialect, ErrReference, ErrPattern, ErrBounds} {
				known = known || errors.Is(err, e)
			}
			if !known {
				t.Errorf("error %v is of no kind", err)
			}
		} else {
			s.Validate(doc)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
