package load

import (
	"encoding/json"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for _, tt := range []struct {
		reason, in         string
		want               outcome
		id                 string
		method, is, failed bool
	}{
		{reason: "a result", in: `{"jsonrpc":"2.0","id":7,"result":{"content":[]}}`, id: "7"},
		{reason: "a string for an id, and blanks", in: " { \"id\" : \"a\\\"}b\" , \"result\" : { } } ", id: `"a\"}b"`},
		{reason: "a tool error", in: `{"id":7,"result":{"content":[{"text":"\"isError\":false"}],"isError":true}}`, id: "7", is: true},
		{reason: "isError deep inside is data", in: `{"id":7,"result":{"structuredContent":{"isError":true}}}`, id: "7"},
		{reason: "an error", in: `{"id":7,"error":{"code":-32602,"message":"no"}}`, id: "7", failed: true},
		{reason: "a notification", in: `{"method":"notifications/progress","params":{"id":7}}`, method: true},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			a := readAnswer([]byte(tt.in))
			if !a.valid || string(a.id) != tt.id || a.method != tt.method || a.isError != tt.is || a.failed != tt.failed {
				t.Errorf("got %+v with id %s", a, a.id)
			}
			if tt.failed && a.code != "-32602" {
				t.Errorf("code is %q", a.code)
			}
		})
	}
	for _, in := range []string{"", "{", "[]", "null", `{"id"}`, `{"id":}`, `{"id":1,}`, `{"id":1}x`, `{"id":"a}`, `<html>`} {
		if readAnswer([]byte(in)).valid {
			t.Errorf("%q counts as an object", in)
		}
	}
}

// FuzzReadAnswer compares the scanner with encoding/json on what both take.
func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}}`))
	f.Add([]byte(`{"id":"\\\"","error":{"code":-32602},"x":[{"id":1},"}"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a := readAnswer(data)
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil || members == nil {
			return
		}
		if !a.valid {
			t.Fatalf("%q is an object", data)
		}
		// The last of several members of one name counts; escapes in names are rare
		// enough to be left out.
		if id, ok := members["id"]; ok && string(id) != string(a.id) && a.id != nil {
			t.Errorf("id is %s, want %s", a.id, id)
		}
		if a.failed && members["error"] == nil || a.result && members["result"] == nil {
			t.Errorf("a member is found that is not there: %q", data)
		}
	})
}
