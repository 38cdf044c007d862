package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		why, in string
		want    string // the kinds of the messages, one letter each
		batch   bool
	}{
		{"a request", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "q", false},
		{"a notification", `{"jsonrpc":"2.0","method":"notifications/x"}`, "n", false},
		{"a result", `{"jsonrpc":"2.0","id":1,"result":{}}`, "r", false},
		{"an error", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}`, "r", false},
		{"an error without id", `{"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}}`, "r", false},
		{"an id alone answers something", `{"id":1}`, "r", false},
		{"white space of JSON around it", " \t\r\n{\"id\":1,\"result\":{}}\r\n", "r", false},
		{"white space of others is none", "\u00a0{\"id\":1,\"result\":{}}", "x", false},
		{"nor is a form feed", "\f{}", "x", false},
		{"nor a byte order mark", "\uFEFF{}", "x", false},
		{"a batch", `[{"id":1,"result":{}},{"method":"a"},{"id":2,"method":"b"}]`, "rnq", true},
		{"a batch with strangers", `[1,{"id":1,"result":{}},null,[{}],"a"]`, "xrxxx", true},
		{"an empty batch is no message", `[]`, "x", false},
		{"a broken batch is no message", `[{"id":1,"result":{}}`, "x", false},
		{"an object without a known member", `{"a":1}`, "o", false},
		{"an empty object", `{}`, "o", false},
		{"members are matched by their exact names", `{"ID":1,"Method":"ping","RESULT":{}}`, "o", false},
		{"case variants beside do no harm", `{"id":1,"Id":2,"method":"a","METHOD":"b"}`, "q", false},
		{"of duplicates the last counts", `{"id":1,"id":2,"method":"b","method":"a"}`, "q", false},
		{"null", `null`, "x", false}, {"a number", `42`, "x", false}, {"a string", `"a"`, "x", false},
		{"true", `true`, "x", false}, {"nothing", ``, "x", false}, {"a banner", `Server listening`, "x", false},
		{"two values", `{} {}`, "x", false}, {"cut short", `{"id":1`, "x", false},
		{"a method that is no string is still a request", `{"id":1,"method":5}`, "q", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := ""
			for _, m := range Parse([]byte(c.in)) {
				got += kind(m)
				if m.Batch != c.batch {
					t.Errorf("Batch is %v, want %v", m.Batch, c.batch)
				}
			}
			if got != c.want {
				t.Errorf("%s is %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func kind(m *Message) string {
	switch {
	case m.Err != nil:
		return "x"
	case m.IsRequest():
		return "q"
	case m.IsNotification():
		return "n"
	case m.IsResponse():
		return "r"
	}
	return "o"
}

func TestParseKeepsWhatWasWritten(t *testing.T) {
	m := Parse([]byte(`{"id":9007199254740993,"Id":1,"method":"a","params":{"x":1e400}}`))[0]
	if string(m.ID) != "9007199254740993" || m.Method != "a" || string(m.Params()) != `{"x":1e400}` {
		t.Errorf("id %s, method %q, params %s", m.ID, m.Method, m.Params())
	}
	if m = Parse([]byte(`{"id":1,"method":"a","id":2,"method":"b"}`))[0]; string(m.ID) != "2" || m.Method != "b" {
		t.Errorf("id is %s, method is %q, want those written last", m.ID, m.Method)
	}
	if m = Parse([]byte(`{"method":5}`))[0]; m.Method != "" {
		t.Errorf("method is %q, want none", m.Method)
	}
	for _, id := range []string{`1`, `-1`, `1.5`, `1.0`, `1e3`, `"a"`, `""`, `"\u0061"`, `null`, `true`, `{}`, `[1]`, `9007199254740993`, `123456789012345678901234567890`} {
		if m := Parse([]byte(`{"result":{},"id":` + id + `}`))[0]; string(m.ID) != id || !m.IsResponse() {
			t.Errorf("id is %s, want %s", m.ID, id)
		}
	}
}

func TestError(t *testing.T) {
	for _, c := range []struct{ why, in, code, message, data string }{
		{"as it should be", `{"code":-32601,"message":"m","data":{"a":1}}`, "-32601", "m", `{"a":1}`},
		{"a code that is a string stays one", `{"code":"-32601","message":"m"}`, `"-32601"`, "m", ""},
		{"a fraction stays one", `{"code":-32601.0}`, "-32601.0", "", ""},
		{"without members", `{}`, "", "", ""},
		{"a message that is no string", `{"code":1,"message":5}`, "1", "", ""},
		{"names are exact", `{"Code":1,"Message":"m"}`, "", "", ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			e := Parse([]byte(`{"id":1,"error":` + c.in + `}`))[0].Error()
			if e == nil || e.Code.String() != c.code || e.Message != c.message || string(e.Data) != c.data {
				t.Errorf("%s is %+v", c.in, e)
			}
		})
	}
	for _, in := range []string{`{"id":1}`, `{"error":null}`, `{"error":"a"}`, `{"error":[]}`, `null`} {
		if e := Parse([]byte(in))[0].Error(); e != nil {
			t.Errorf("%s has error %+v, want none", in, e)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		a, b       string
		same, like bool
	}{
		{`1`, `1`, true, true},
		{`1`, `2`, false, false},
		{`1`, `"1"`, false, true},
		{`"a"`, `"a"`, true, true},
		{`"a"`, `"\u0061"`, true, false},
		{`"a"`, `"A"`, false, false},
		{`1`, `1.0`, false, true},
		{`1`, `1e0`, false, true},
		{`9007199254740993`, `9007199254740992`, false, true},
		{`9007199254740993`, `"9007199254740993"`, false, true},
		{`0`, `null`, false, false},
		{`0`, `"null"`, false, false},
		{`0`, `""`, false, false},
		{`""`, `""`, true, false},
		{`1`, `true`, false, false},
		{`1`, `{}`, false, false},
	} {
		a, b := json.RawMessage(c.a), json.RawMessage(c.b)
		if SameID(a, b) != c.same || SameID(b, a) != c.same {
			t.Errorf("%s and %s: same is %v, want %v", a, b, !c.same, c.same)
		}
		if likeID(a, b) != c.like || likeID(b, a) != c.like {
			t.Errorf("%s and %s: like is %v, want %v", a, b, !c.like, c.like)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"jsonrpc":"2.0","id":1,"method":"a"}`, `[{"id":"1","error":{"code":1}},2]`, `[]`, `null`, `{"id":9007199254740993}`, "\f{}", `{"id":1,"result":{"content":[{"text":"a"}]}}`, strings.Repeat("\xff.", entryLimit/2)} {
		f.Add([]byte(s))
	}
	hidden := &redactor{}
	f.Fuzz(func(t *testing.T, data []byte) {
		list := Parse(data)
		if len(list) == 0 {
			t.Fatalf("%q gives no message", data)
		}
		for _, m := range list {
			if (m.Err == nil) != (m.Members != nil) {
				t.Fatalf("%q: error %v with %d members", m.Raw, m.Err, len(m.Members))
			}
			if m.Err == nil && !json.Valid(m.Raw) {
				t.Fatalf("%q is taken for an object", m.Raw)
			}
			if m.IsRequest() && m.IsResponse() || m.IsNotification() && m.IsRequest() {
				t.Fatalf("%q is two things at once", m.Raw)
			}
			if m.ID != nil && (!SameID(m.ID, m.ID) || string(m.ID) != string(m.Members["id"])) {
				t.Fatalf("%q has id %s", m.Raw, m.ID)
			}
			m.Error()
			m.Result()
			likeID(m.ID, m.Result())
		}
		if shown := hidden.result(data); len(shown) > entryLimit+100 {
			t.Fatalf("the entry has %d bytes", len(shown))
		}
	})
}
