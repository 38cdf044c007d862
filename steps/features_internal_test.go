package steps

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func TestNullAt(t *testing.T) {
	for _, c := range []struct{ path, doc, want string }{
		{"nextCursor", `{"nextCursor":null}`, "nextCursor"},
		{"nextCursor", `{"nextCursor":"a"}`, ""},
		{"nextCursor", `{}`, ""},
		{"nextCursor", `null`, ""},
		{"tools.*.title", `{"tools":[{"title":"a"},{"title":null}]}`, "tools[].title"},
		{"tools.*.title", `{"tools":[{"name":null},null,1]}`, ""},
		{"tools.*.title", `{"tools":{"title":null}}`, ""},
		{"tools.*.annotations.title", `{"tools":[{"annotations":null}]}`, ""},
		{"content.*resource_link.title", `{"content":[{"type":"text","title":null}]}`, ""},
		{"content.*resource_link.title", `{"content":[{"type":"resource_link","title":null}]}`, "content[].title"},
	} {
		var doc any
		if err := json.Unmarshal([]byte(c.doc), &doc); err != nil {
			t.Fatal(err)
		}
		if got := nullAt(doc, c.path, ""); got != c.want {
			t.Errorf("nullAt(%s, %q) is %q, want %q", c.doc, c.path, got, c.want)
		}
	}
}

// TestOptionalMembers holds the table against the schemas of the specification: a
// null is refused exactly in the revisions that declare the member.
func TestOptionalMembers(t *testing.T) {
	for _, c := range []struct{ method, path, doc string }{
		{"tools/list", "tools.0.title", `{"tools":[{"name":"a","inputSchema":{"type":"object"},"title":null}]}`},
		{"tools/list", "tools.0.execution", `{"tools":[{"name":"a","inputSchema":{"type":"object"},"execution":null}]}`},
		{"tools/list", "tools.0.annotations.readOnlyHint", `{"tools":[{"name":"a","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":null}}]}`},
		{"resources/list", "resources.0.size", `{"resources":[{"name":"a","uri":"a:b","size":null}]}`},
		{"resources/list", "resources.0.icons", `{"resources":[{"name":"a","uri":"a:b","icons":null}]}`},
		{"prompts/list", "prompts.0.arguments.0.required", `{"prompts":[{"name":"a","arguments":[{"name":"b","required":null}]}]}`},
		{"prompts/get", "description", `{"messages":[],"description":null}`},
		{"tools/call", "isError", `{"content":[],"isError":null}`},
		{"tools/call", "structuredContent", `{"content":[],"structuredContent":null}`},
		{"tools/call", "_meta", `{"content":[],"_meta":null}`},
		{"completion/complete", "completion.total", `{"completion":{"values":[],"total":null}}`},
		{"initialize", "serverInfo.title", `{"protocolVersion":"x","capabilities":{},"serverInfo":{"name":"a","version":"1","title":null}}`},
		{"initialize", "capabilities.completions", `{"protocolVersion":"x","capabilities":{"completions":null},"serverInfo":{"name":"a","version":"1"}}`},
		{"initialize", "capabilities.tools.listChanged", `{"protocolVersion":"x","capabilities":{"tools":{"listChanged":null}},"serverInfo":{"name":"a","version":"1"}}`},
	} {
		var doc any
		if err := json.Unmarshal([]byte(c.doc), &doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range spec.Revisions {
			definition, ok := spec.ResultDefinition(r, c.method)
			if !ok {
				continue
			}
			schema, err := spec.MessageSchema(r, definition)
			if err != nil {
				t.Fatal(err)
			}
			refused := slices.ContainsFunc(schema.Validate([]byte(c.doc)), func(v spec.Violation) bool { return v.Path == c.path })
			found := slices.ContainsFunc(optionalIn[c.method], func(p optionalPlace) bool {
				return p.in(r) && nullAt(doc, p.path, "") != ""
			})
			if found != refused {
				t.Errorf("%s in %s: null at %s: found %v, want %v", c.method, r, c.path, found, refused)
			}
		}
	}
}
