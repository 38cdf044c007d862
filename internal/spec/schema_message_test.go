package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestMessageSchemasCompile(t *testing.T) {
	for _, r := range Revisions {
		all := definitions[r]()
		if len(all) < 50 {
			t.Errorf("%s has %d definitions, want dozens", r, len(all))
		}
		for name := range all {
			s, err := MessageSchema(r, name)
			if err != nil {
				t.Error(err)
				continue
			}
			if got := s.Validate([]byte(`not JSON`)); len(got) != 1 {
				t.Errorf("%s %s: %v, want one violation", r, name, got)
			}
		}
		for _, table := range []map[string]span{results, notifications, serverRequests} {
			for method, s := range table {
				if _, ok := all[s.definition]; s.in(r) && !ok {
					t.Errorf("%s: %s has no definition %s", r, method, s.definition)
				}
			}
		}
		for _, name := range []string{ErrorDefinition(r), ResponseDefinition(r)} {
			if _, ok := all[name]; !ok {
				t.Errorf("%s has no definition %s", r, name)
			}
		}
	}
}

func TestMessageSchemaUnknown(t *testing.T) {
	for _, tt := range []struct {
		revision         Revision
		definition, want string
	}{
		{"2020-01-01", "Tool", `revision "2020-01-01" is not published`},
		{R20241105, "Toll", `definition "Toll" is not in the schema of revision 2024-11-05`},
		{R20241105, "AudioContent", `definition "AudioContent" is not in`},
	} {
		if _, err := MessageSchema(tt.revision, tt.definition); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: error is %v, want %q", tt.revision, tt.definition, err, tt.want)
		}
	}
}

func TestMessageTexts(t *testing.T) {
	tests := []struct {
		reason     string
		revision   Revision
		definition string
		doc        string
		want       []string
	}{
		{"a good list", R20251125, "ListToolsResult", `{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}`, nil},
		{
			"a deep constant, a type and a missing member", R20251125, "ListToolsResult",
			`{"tools":[{"name":"a","inputSchema":{"type":"array"}},{"name":7,"inputSchema":{"type":"object"}},{"name":"c"}]}`,
			[]string{`tools.0.inputSchema.type is "array", want "object"`, `tools.1.name is 7, want a string`, `tools.2.inputSchema is missing`},
		},
		{"the wrong whole", R20241105, "CallToolResult", `[]`, []string{`the document is an array, want an object`}},
		{"nothing", R20241105, "CallToolResult", ``, []string{`the document is empty, want a JSON value`}},
		{"two documents", R20241105, "EmptyResult", `{}{}`, []string{`the document goes on after the JSON value`}},
		{
			"a content block is judged as what it says it is", R20250618, "CallToolResult",
			`{"content":[{"type":"image","data":"AA=="},{"type":"video"},{"text":"x"}]}`,
			[]string{
				`content.0.mimeType is missing`,
				`content.1.type is "video", want one of "text", "image", "audio", "resource_link", "resource"`,
				`content.2.type is missing`,
			},
		},
		{"audio is younger than 2024-11-05", R20241105, "CallToolResult", `{"content":[{"type":"audio","data":"","mimeType":"audio/wav"}]}`,
			[]string{`content.0.type is "audio", want one of "text", "image", "resource"`}},
		{"a number out of range", R20250618, "Annotations", `{"priority":1.5}`, []string{`priority is 1.5, want 1 or less`}},
		{"a number beyond arithmetic is out of range too", R20250618, "Annotations", `{"priority":1e99999999}`, []string{`priority is 1e308, want 1 or less`}},
		{"and a tiny one is not", R20250618, "Annotations", `{"priority":1e-99999999}`, nil},
		{"a path is not a URI", R20250618, "Resource", `{"name":"a","uri":"/etc/hosts"}`, []string{`uri is "/etc/hosts", want the format uri`}},
		{"too many completions", R20260728, "CompleteResult",
			`{"resultType":"complete","completion":{"values":[""` + strings.Repeat(`,""`, 100) + `]}}`,
			[]string{`completion.values has more than 100 items`}},
		{"an id keeps its digits", R20251125, "JSONRPCResultResponse", `{"jsonrpc":"2.0","id":9007199254740993,"result":{}}`, nil},
		{"a fraction is no id", R20251125, "JSONRPCResultResponse", `{"jsonrpc":"2.0","id":1.5,"result":{}}`, []string{`id is 1.5, want a string or an integer`}},
		{"null is no id", R20250618, "JSONRPCError", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}`, []string{`id is null, want a string or an integer`}},
		{"a long value is cut", R20241105, "PromptMessage", `{"role":"` + strings.Repeat("é", 100) + `","content":{"type":"text","text":""}}`,
			[]string{`role is "` + strings.Repeat("é", 60) + `…", want one of "user", "assistant"`}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s, err := MessageSchema(tt.revision, tt.definition)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range s.Validate([]byte(tt.doc)) {
				got = append(got, v.String())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(tt.want, "\n\t"))
			}
		})
	}
}

func TestMessageBounds(t *testing.T) {
	s, err := MessageSchema(R20251125, "ListToolsResult")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Validate([]byte(`{"tools":[1` + strings.Repeat(`,1`, 20_000) + `]}`)); len(got) != most {
		t.Errorf("%d violations are told, want %d", len(got), most)
	}
	got := s.Validate([]byte(`{"tools":[1` + strings.Repeat(`,1`, maxMessageValues) + `]}`))
	if len(got) != 1 || !got[0].Unjudged() {
		t.Errorf("verdict on too many values is %v, want unjudged", got)
	}
}

func TestMessageSchemaConcurrently(t *testing.T) {
	compiled.Clear()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for _, r := range Revisions {
				s, err := MessageSchema(r, "Tool")
				if err != nil {
					t.Error(err)
					return
				}
				doc := fmt.Sprintf(`{"name":"t","inputSchema":{"type":"%s"}}`, []string{"object", "array"}[i%2])
				if got := s.Validate([]byte(doc)); len(got) != i%2 {
					t.Errorf("%s: %v", r, got)
				}
			}
		})
	}
	group.Wait()
}

func TestReceivedDefinition(t *testing.T) {
	tests := []struct {
		reason         string
		revision       Revision
		method, result string
		want           string
	}{
		{"legacy has no resultType", R20251125, "tools/call", `{"resultType":"input_required"}`, "CallToolResult"},
		{"complete", R20260728, "tools/call", `{"resultType":"complete"}`, "CallToolResult"},
		{"absent means complete", R20260728, "tools/call", `{}`, "CallToolResult"},
		{"of the wrong type is for the schema to say", R20260728, "tools/call", `{"resultType":7}`, "CallToolResult"},
		{"more input is wanted", R20260728, "tools/call", `{"resultType":"input_required"}`, "InputRequiredResult"},
		{"an extension's", R20260728, "tools/call", `{"resultType":"task"}`, "Result"},
		{"not an object", R20260728, "tools/call", `[]`, "CallToolResult"},
		{"a method of another era", R20260728, "initialize", `{}`, ""},
		{"a method of another era", R20250618, "server/discover", `{}`, ""},
	}
	for _, tt := range tests {
		got, ok := ReceivedDefinition(tt.revision, tt.method, []byte(tt.result))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v, want %q", tt.reason, got, ok, tt.want)
		}
	}
}

func FuzzMessageSchema(f *testing.F) {
	f.Add(0, 0, []byte(`{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}`))
	f.Add(4, 20, []byte(`{"ttlMs":1e999999999,"cacheScope":"public"}`))
	f.Add(3, 40, []byte(`{"method":"elicitation/create","params":{"mode":"url"}}`))
	f.Fuzz(func(t *testing.T, revision, definition int, doc []byte) {
		r := Revisions[uint(revision)%uint(len(Revisions))]
		names := slices.Sorted(maps.Keys(definitions[r]()))
		s, err := MessageSchema(r, names[uint(definition)%uint(len(names))])
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Validate(doc) {
			if v.Text == "" {
				t.Error("a violation without a text")
			}
		}
	})
}

func BenchmarkMessageSchema(b *testing.B) {
	s, err := MessageSchema(R20251125, "ListToolsResult")
	if err != nil {
		b.Fatal(err)
	}
	one := `{"name":"a","title":"A","description":"something","inputSchema":{"type":"object","properties":{"p":{"type":"string"}},"required":["p"]}}`
	doc := []byte(`{"tools":[` + one + strings.Repeat(","+one, 99) + `]}`)
	for b.Loop() {
		if got := s.Validate(doc); got != nil {
			b.Fatal(got)
		}
	}
}
