package steps

import (
	"encoding/json"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func TestBadContent(t *testing.T) {
	tests := []struct {
		members  string
		bad      bool
		advisory bool
	}{
		{`{"uri":"a:b","text":""}`, false, false},
		{`{"uri":"a:b","blob":"","mimeType":"image/png"}`, false, false},
		{`{"uri":"a:b","text":"x","mimeType":null}`, false, false}, // null is required apart
		{`{"uri":"a:b","text":"x","blob":""}`, true, true},
		{`{"uri":"a:b"}`, true, false},
		{`{"uri":"a:b","text":null}`, true, false},
		{`{"uri":"a:b","blob":[1]}`, true, false},
		{`{"uri":"a:b","text":"x","mimeType":1}`, true, false},
		{`{"text":"x"}`, true, false},
	}
	for _, test := range tests {
		err := badContent(members(t, test.members))
		if (err != nil) != test.bad || isAdvisory(err) != test.advisory {
			t.Errorf("badContent(%s) = %v (advisory %t), want bad %t, advisory %t", test.members, err, isAdvisory(err), test.bad, test.advisory)
		}
	}
}

func TestBadOptional(t *testing.T) {
	tests := []struct {
		revision spec.Revision
		members  string
		bad      bool
		advisory bool
	}{
		{spec.R20251125, `{"uri":1,"title":"x","size":12,"annotations":{},"icons":[],"_meta":{}}`, false, false},
		{spec.R20241105, `{"title":1,"icons":1,"_meta":1}`, false, false}, // not known yet
		{spec.R20250618, `{"title":1}`, true, false},
		{spec.R20250618, `{"title":null}`, false, false},
		{spec.R20241105, `{"size":"12"}`, true, false},
		{spec.R20241105, `{"size":1.5}`, true, false},
		{spec.R20241105, `{"size":1e3}`, false, false},
		{spec.R20241105, `{"size":-1}`, true, true},
		{spec.R20241105, `{"annotations":[]}`, true, false},
	}
	for _, test := range tests {
		err := badOptional(test.revision, optionalMembers["resources/list"], members(t, test.members))
		if (err != nil) != test.bad || isAdvisory(err) != test.advisory {
			t.Errorf("badOptional(%s, %s) = %v, want bad %t, advisory %t", test.revision, test.members, err, test.bad, test.advisory)
		}
	}
}

func TestMentions(t *testing.T) {
	tests := []struct {
		method, result string
		want           int
	}{
		{"resources/list", `{"resources":[{"uri":"a:1"},{"uri":1},2]}`, 1},
		{"resources/read", `{"contents":[{"uri":"a:1"},{"uri":"a:2"}]}`, 2},
		{"resources/read", `{"contents":{"uri":"a:1"}}`, 0},
		{"tools/call", `{"content":[{"type":"resource_link","uri":"a:1"},{"type":"resource","resource":{"uri":"a:2"}},{"type":"text","uri":"a:3"}]}`, 2},
		{"prompts/get", `{"messages":[{"content":{"type":"resource","resource":{"uri":"a:1"}}},{"content":[]},1]}`, 1},
		{"prompts/list", `{"prompts":[{"uri":"a:1"}]}`, 0},
	}
	for _, test := range tests {
		m := wire.Parse([]byte(`{"jsonrpc":"2.0","id":1,"result":` + test.result + `}`))[0]
		m.Answers = &wire.Exchange{Call: wire.Call{Method: test.method}}
		if got := mentions(m); len(got) != test.want {
			t.Errorf("mentions in the result %s of %s: %d, want %d", test.result, test.method, len(got), test.want)
		}
	}
}

func TestTextIsText(t *testing.T) {
	for doc, bad := range map[string]bool{
		`{"uri":"a:b","mimeType":"image/png","text":"PNG\u0000"}`:           true,
		`{"uri":"a:b","mimeType":"image/svg+xml","text":"<svg/>"}`:          false,
		`{"uri":"a:b","mimeType":"text/plain","text":"\u0000"}`:             false,
		`{"uri":"a:b","mimeType":"application/octet-stream","blob":"AAAA"}`: false,
	} {
		_, err := textIsText(mention{"contents", members(t, doc)})
		if (err != nil) != bad || err != nil && !isAdvisory(err) {
			t.Errorf("textIsText(%s) = %v, want an advisory: %t", doc, err, bad)
		}
	}
}

func TestTwiceIn(t *testing.T) {
	if got := twiceIn([]string{"a", "", "b", "", "b", "a"}); got != "b" {
		t.Errorf("twiceIn is %q, want %q", got, "b")
	}
}

func TestArgumentsOf(t *testing.T) {
	prompt := Item{Members: members(t, `{"arguments":[{"name":"a","required":true},{"name":"b","required":"yes"},{"name":1},"c"]}`)}
	got := argumentsOf(prompt)
	if len(got) != 2 || !got[0].Required || got[1].Required {
		t.Errorf("argumentsOf = %v, want a, which is required, and b, which is not", got)
	}
}

func members(t *testing.T, doc string) (m map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(doc), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
