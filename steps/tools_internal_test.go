package steps

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func toolItem(t *testing.T, raw string) Item {
	t.Helper()
	members, err := object(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	return Item{Raw: json.RawMessage(raw), Members: members}
}

// verdictOn says "pass", "fail", "advisory" or, for what is no case, "".
func verdictOn(seen bool, err error) string {
	switch {
	case !seen:
		return ""
	case err == nil:
		return "pass"
	case isAdvisory(err):
		return "advisory"
	}
	return "fail"
}

func TestToolNames(t *testing.T) {
	for _, c := range []struct{ reason, name, letters, special string }{
		{"the alphabet of the page", "admin.tools-list_2", "pass", "pass"},
		{"a slash was allowed by a draft", "files/read", "fail", "pass"},
		{"a letter of another alphabet", "façade", "fail", "pass"},
		{"a mark that combines", "e\u0301cole", "fail", "pass"},
		{"a space is told once", "read file", "", "fail"},
		{"a comma is told once", "a,b", "", "fail"},
		{"a control character", "a\u0000b", "", "fail"},
		{"both kinds are told once", "fa çade", "", "fail"},
		{"the empty name is one of length", "", "", ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			name, err := json.Marshal(c.name)
			if err != nil {
				t.Fatal(err)
			}
			item := Item{Members: map[string]json.RawMessage{"name": name}}
			if got := verdictOn(toolNameLetters(nil, item)); got != c.letters {
				t.Errorf("by its letters it is %q, want %q", got, c.letters)
			}
			if got := verdictOn(toolNameSpecial(nil, item)); got != c.special {
				t.Errorf("by its special characters it is %q, want %q", got, c.special)
			}
		})
	}
}

func TestOtherCase(t *testing.T) {
	for _, c := range []struct {
		reason, name string
		listed       []string
		want         string
	}{
		{"the first letter", "echo", nil, "Echo"},
		{"a capital", "Echo", nil, "echo"},
		{"the first letter, not the first character", "2d_plot", nil, "2D_plot"},
		{"not one that is listed", "ab", []string{"Ab"}, "aB"},
		{"a letter after one of several bytes", "éa", nil, "éA"},
		{"no letter", "42", nil, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			if got, _ := otherCase(c.name, c.listed); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMirrors(t *testing.T) {
	all := map[string]func(*Conversation, Item) (bool, error){
		"not-empty": mirrorsOf(mirrorNotEmpty), "token": mirrorsOf(mirrorToken), "no-control": mirrorsOf(mirrorNoControl),
		"unique": mirrorsUnique, "primitive": mirrorsOf(mirrorPrimitive), "integer-range": mirrorsOf(mirrorInRange),
		"reachable": mirrorsOf(mirrorReachable), "not-sensitive": mirrorsOf(mirrorNotSensitive),
	}
	for _, c := range []struct{ reason, schema, fails, advises string }{
		{"as it should be", `{"properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"object","properties":{"c":{"type":"integer","x-mcp-header":"Count"}}}}}`, "", ""},
		{"an empty name", `{"properties":{"a":{"type":"string","x-mcp-header":""}}}`, "not-empty", ""},
		{"a name that is no string", `{"properties":{"a":{"type":"string","x-mcp-header":true}}}`, "not-empty", ""},
		{"a space is no part of a token", `{"properties":{"a":{"type":"string","x-mcp-header":"My Region"}}}`, "token", ""},
		{"nor is a colon", `{"properties":{"a":{"type":"string","x-mcp-header":"a:b"}}}`, "token", ""},
		{"a line break is told as such", `{"properties":{"a":{"type":"string","x-mcp-header":"a\r\nb"}}}`, "no-control", ""},
		{"the same in another case", `{"properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"string","x-mcp-header":"REGION"}}}`, "unique", ""},
		{"a number", `{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}`, "primitive", ""},
		{"an array", `{"properties":{"a":{"type":"array","x-mcp-header":"A"}}}`, "primitive", ""},
		{"an object among several types", `{"properties":{"a":{"type":["string","object"],"x-mcp-header":"A"}}}`, "primitive", ""},
		{"no type is left open", `{"properties":{"a":{"enum":["x"],"x-mcp-header":"A"}}}`, "", "primitive"},
		{"so is null", `{"properties":{"a":{"type":["string","null"],"x-mcp-header":"A"}}}`, "", "primitive"},
		{"the largest integer", `{"properties":{"a":{"type":"integer","default":9007199254740991,"minimum":-9007199254740991,"x-mcp-header":"A"}}}`, "", ""},
		{"the next integer", `{"properties":{"a":{"type":"integer","default":9007199254740992,"x-mcp-header":"A"}}}`, "integer-range", ""},
		{"an integer beyond numbers", `{"properties":{"a":{"type":"integer","enum":[1,1e999],"x-mcp-header":"A"}}}`, "integer-range", ""},
		{"a bound that leaves room", `{"properties":{"a":{"type":"integer","maximum":18446744073709551615,"x-mcp-header":"A"}}}`, "", "integer-range"},
		{"within items", `{"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}}`, "reachable", ""},
		{"within a definition", `{"$defs":{"a":{"type":"string","x-mcp-header":"A"}}}`, "reachable", ""},
		{"at the root", `{"type":"string","x-mcp-header":"A"}`, "reachable", ""},
		{"below a property named items", `{"properties":{"items":{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"}}}}}`, "", ""},
		{"data that looks like a schema", `{"default":{"properties":{"a":{"x-mcp-header":""}}},"examples":[{"x-mcp-header":""}]}`, "", ""},
		{"a secret by its name", `{"properties":{"apiKey":{"type":"string","x-mcp-header":"Key"}}}`, "", "not-sensitive"},
		{"a secret by its header", `{"properties":{"a":{"type":"string","x-mcp-header":"Auth-Token"}}}`, "", "not-sensitive"},
		{"a secret by its format", `{"properties":{"a":{"type":"string","format":"password","x-mcp-header":"A"}}}`, "", "not-sensitive"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			item := toolItem(t, `{"name":"x","inputSchema":`+c.schema+`}`)
			for id, judge := range all {
				want := "pass"
				switch id {
				case c.fails:
					want = "fail"
				case c.advises:
					want = "advisory"
				}
				if got := verdictOn(judge(nil, item)); got != want && !(got == "" && want == "pass") {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
		})
	}
}

func TestSensitive(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "user_password": true, "clientSecret": true, "API_KEY": true, "api-key": true, "privateKey": true,
		"accessToken": true, "token": true, "ssn": true, "credentials": true,
		"key": false, "sort_key": false, "max_tokens": false, "pageToken": false, "next-token": false, "className": false,
		"classname": false, "tokenizer": false, "token_count": false, "secretary": false, "": false,
	} {
		if got := sensitive(name); got != want {
			t.Errorf("%q is sensitive: %v, want %v", name, got, want)
		}
	}
}

func TestDangling(t *testing.T) {
	for _, c := range []struct{ reason, schema, want string }{
		{"a definition", `{"$defs":{"a":{}},"$ref":"#/$defs/a"}`, ""},
		{"no such definition", `{"$defs":{"a":{}},"properties":{"x":{"$ref":"#/$defs/b"}}}`, "#/$defs/b"},
		{"the root", `{"properties":{"x":{"$ref":"#"}}}`, ""},
		{"an element of an array", `{"allOf":[{}],"properties":{"x":{"$ref":"#/allOf/0"}}}`, ""},
		{"beyond an array", `{"allOf":[{}],"properties":{"x":{"$ref":"#/allOf/1"}}}`, "#/allOf/1"},
		{"escapes", `{"$defs":{"a/b~c d":{}},"$ref":"#/$defs/a~1b~0c%20d"}`, ""},
		{"an anchor", `{"$defs":{"a":{"$anchor":"here"}},"$ref":"#here"}`, ""},
		{"an anchor of draft-07", `{"definitions":{"a":{"$id":"#here"}},"$ref":"#here"}`, ""},
		{"no such anchor", `{"$ref":"#there"}`, "#there"},
		{"elsewhere is not looked at", `{"$ref":"https://example.com/a.json#/b"}`, ""},
		{"a part with an address of its own", `{"$defs":{"a":{"$id":"a.json","$ref":"#/b"}}}`, ""},
		{"data is no schema", `{"default":{"$ref":"#/none"}}`, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			if got, _ := dangling(json.RawMessage(c.schema)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPositionsEnd(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 5000) + "{}" + strings.Repeat("}", 5000)
	if n := len(positions(json.RawMessage(deep))); n > maxPositionDepth+1 {
		t.Errorf("%d positions, want at most %d", n, maxPositionDepth+1)
	}
	wide := `{"allOf":[` + strings.TrimSuffix(strings.Repeat("{},", 2*maxPositions), ",") + `]}`
	if n := len(positions(json.RawMessage(wide))); n > maxPositions {
		t.Errorf("%d positions, want at most %d", n, maxPositions)
	}
}

func TestWithoutFormats(t *testing.T) {
	got := string(withoutFormats(json.RawMessage(`{"properties":{"format":{"type":"string","format":"email"}},"default":{"format":"kept"}}`)))
	if want := `{"default":{"format":"kept"},"properties":{"format":{"type":"string"}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSaidInText(t *testing.T) {
	for _, c := range []struct {
		reason, structured string
		texts              []string
		want               bool
	}{
		{"the same text", `{"a":1}`, []string{`{"a":1}`}, true},
		{"in another form", `{"a":1.0,"b":[2]}`, []string{"{\n \"b\": [2],\n \"a\": 1\n}"}, true},
		{"beside other texts", `{"a":1}`, []string{"Here it is:", `{"a":1}`}, true},
		{"prose", `{"a":1}`, []string{"It is one."}, false},
		{"no text", `{"a":1}`, nil, false},
		{"another value", `{"a":1}`, []string{`{"a":2}`}, false},
		{"a value without its wrapping", `{"result":5}`, []string{"5"}, true},
		{"a string without its wrapping", `{"result":"five"}`, []string{"five"}, true},
		{"a list, each element by itself", `{"result":["a",{"b":1}]}`, []string{"a", `{"b":1}`}, true},
		{"a list of which one is missing", `{"result":["a","b"]}`, []string{"a"}, false},
		{"an empty list", `{"result":[]}`, nil, true},
		{"result among others is no wrapping", `{"result":5,"unit":"C"}`, []string{"5"}, false},
		{"any value, as in 2026-07-28", `[1,2]`, []string{"[1,2]"}, true},
		{"null", `null`, []string{"null"}, true},
	} {
		t.Run(c.reason, func(t *testing.T) {
			if got := saidInText(json.RawMessage(c.structured), c.texts); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNoParamsClosed(t *testing.T) {
	for _, c := range []struct{ reason, schema, want string }{
		{"closed", `{"type":"object","additionalProperties":false}`, "pass"},
		{"open", `{"type":"object"}`, "advisory"},
		{"open with an empty map", `{"type":"object","properties":{},"required":[]}`, "advisory"},
		{"a parameter", `{"type":"object","properties":{"a":{}}}`, ""},
		{"parameters by pattern", `{"type":"object","patternProperties":{"^x":{}}}`, ""},
		{"a parameter behind a reference", `{"type":"object","$ref":"#/$defs/a"}`, ""},
		{"parameters of any name", `{"type":"object","additionalProperties":{"type":"string"}}`, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			item := toolItem(t, `{"name":"x","inputSchema":`+c.schema+`}`)
			if got := verdictOn(noParamsClosed(nil, item)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestToolSchemas(t *testing.T) {
	judges := map[string]func(*Conversation, Item) (bool, error){
		"present": inputSchemaPresent, "type": inputSchemaType, "properties": inputSchemaProperties, "required": inputSchemaRequired,
		"output root": outputSchemaRooted, "dialect": dialectString, "valid": toolSchemasValid,
	}
	for _, c := range []struct {
		reason, members string
		revision        spec.Revision
		fails           string
	}{
		{"the smallest", `"inputSchema":{"type":"object"}`, spec.R20251125, ""},
		{"none", `"x":1`, spec.R20251125, "present"},
		{"true is a schema, but no object", `"inputSchema":true`, spec.R20260728, "present"},
		{"type as a list", `"inputSchema":{"type":["object"]}`, spec.R20251125, "type"},
		{"properties as a list", `"inputSchema":{"type":"object","properties":[]}`, spec.R20251125, "properties"},
		{"a property that is true, before 2026-07-28", `"inputSchema":{"type":"object","properties":{"a":true}}`, spec.R20251125, "properties"},
		{"a property that is true, since", `"inputSchema":{"type":"object","properties":{"a":true}}`, spec.R20260728, ""},
		{"a property that is a number", `"inputSchema":{"type":"object","properties":{"a":1}}`, spec.R20260728, "properties"},
		{"required as null", `"inputSchema":{"type":"object","required":null}`, spec.R20251125, "required"},
		{"required as draft-03 had it is no schema", `"inputSchema":{"type":"object","properties":{"a":{"required":true}}}`, spec.R20251125, "valid"},
		{"a type that does not exist", `"inputSchema":{"type":"object","properties":{"a":{"type":"text"}}}`, spec.R20251125, "valid"},
		{"a dialect that is a number", `"inputSchema":{"type":"object","$schema":7}`, spec.R20251125, "dialect"},
		{"a dialect that nobody knows", `"inputSchema":{"type":"object","$schema":"https://example.com/dialect","properties":{"a":{"type":"text"}}}`, spec.R20251125, ""},
		{"items as draft-07 has them, in draft-07", `"inputSchema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"items":[{}]}}}`, spec.R20251125, ""},
		{"items as draft-07 has them, in no dialect", `"inputSchema":{"type":"object","properties":{"a":{"items":[{}]}}}`, spec.R20251125, "valid"},
		{"a reference that leads nowhere", `"inputSchema":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}`, spec.R20251125, "valid"},
		{"a reference to elsewhere", `"inputSchema":{"type":"object","properties":{"a":{"$ref":"https://example.com/a.json"}}}`, spec.R20260728, ""},
		{"a pattern that Go does not understand", `"inputSchema":{"type":"object","properties":{"a":{"pattern":"^(?!x)"}}}`, spec.R20251125, ""},
		{"an output of any type, since 2026-07-28", `"inputSchema":{"type":"object"},"outputSchema":{"type":"array"}`, spec.R20260728, ""},
		{"an output that is no schema, since 2026-07-28", `"inputSchema":{"type":"object"},"outputSchema":{"required":null}`, spec.R20260728, "valid"},
		{"an output of any type, before", `"inputSchema":{"type":"object"},"outputSchema":{"type":"array"}`, spec.R20251125, "output root"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			session := &wire.Session{}
			session.SetRevision(c.revision)
			for id, judge := range judges {
				if id == "output root" && c.revision.Modern() {
					continue
				}
				got := verdictOn(judge(&Conversation{Session: session}, toolItem(t, `{"name":"x",`+c.members+`}`)))
				if want := id == c.fails; (got == "fail") != want {
					t.Errorf("%s is %q, want it to fail: %v", id, got, want)
				}
			}
		})
	}
}
