package gateway

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// TestSameNames serves two servers that call everything the same.
func TestSameNames(t *testing.T) {
	a, b := newFake(t, "a"), newFake(t, "b")
	url, _ := serve(t, service.Config{}, listed("a", a.url()), listed("b", b.url()))
	g := visit(t, url, nil)
	if got, want := g.tools(), strings.Fields("a_echo a_fail a_steps a_wait a_who b_echo b_fail b_steps b_wait b_who"); !slices.Equal(got, want) {
		t.Errorf("tools are %q, want %q", got, want)
	}
	for name := range map[string]bool{"a": true, "b": true} {
		if got := g.text(name + "_who"); got != name {
			t.Errorf("%s_who is answered by %s", name, got)
		}
		var p mcp.GetPromptRequest
		p.Params.Name, p.Params.Arguments = name+"_greet", map[string]string{"who": "you"}
		if r, err := g.GetPrompt(t.Context(), p); err != nil || r.Messages[0].Content.(mcp.TextContent).Text != name+" greets you" {
			t.Errorf("%s_greet: %+v, %v", name, r, err)
		}
		for asked, want := range map[string]string{
			name + "+test://shared":            name + " has test://shared",
			name + "+test://only-" + name:      name + " has test://only-" + name,
			name + "+" + name + "://item/1%2F": name + " has " + name + "://item/1%2F",
			"test://only-" + name:              name + " has test://only-" + name,
			name + "://item/2":                 name + " has " + name + "://item/2",
		} {
			var r mcp.ReadResourceRequest
			r.Params.URI = asked
			if got, err := g.ReadResource(t.Context(), r); err != nil || got.Contents[0].(mcp.TextResourceContents).Text != want {
				t.Errorf("%s: %+v, %v; want %s", asked, got, err, want)
			} else if uri := got.Contents[0].(mcp.TextResourceContents).URI; !strings.HasPrefix(uri, name+"+") || !strings.HasSuffix(uri, strings.TrimPrefix(asked, name+"+")) {
				t.Errorf("%s: the contents are of %s", asked, uri)
			}
		}
		var c mcp.CompleteRequest
		c.Params.Ref, c.Params.Argument = mcp.PromptReference{Type: "ref/prompt", Name: name + "_greet"}, mcp.CompleteArgument{Name: "who", Value: "x"}
		if r, err := g.Complete(t.Context(), c); err != nil || !slices.Equal(r.Completion.Values, []string{name + ":greet:x"}) {
			t.Errorf("completion of %s_greet: %+v, %v", name, r, err)
		}
	}
	for asked, why := range map[string]string{
		"test://shared": "both have it", "a+test://none": "the server has not", "c+test://shared": "there is no such server", "{+uri}": "it is no URI",
	} {
		got := post(t, url, "resources/read", asked, object{"uri": asked})
		if !strings.Contains(got, `"code":-32602`) || !strings.Contains(got, `"uri":"`+asked) {
			t.Errorf("%s (%s): %s", asked, why, got)
		}
		var r mcp.ReadResourceRequest
		r.Params.URI = asked
		if _, err := g.ReadResource(t.Context(), r); err == nil || !strings.Contains(strings.ToLower(err.Error()), "not found") {
			t.Errorf("%s (%s): %v", asked, why, err)
		}
	}
	templates, err := g.ListResourceTemplates(t.Context(), mcp.ListResourceTemplatesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var raw []string
	for _, r := range templates.ResourceTemplates {
		raw = append(raw, r.URITemplate.Raw())
	}
	slices.Sort(raw)
	if want := []string{"a+a://item/{id}", "b+b://item/{id}"}; !slices.Equal(raw, want) {
		t.Errorf("templates are %q, want %q", raw, want)
	}
}

// TestUnchanged demands that nothing is lost on the way through.
func TestUnchanged(t *testing.T) {
	for name, options := range map[string][]server.StreamableHTTPOption{
		"the newest revision": nil,
		"sessions":            {server.WithStreamableHTTPProtocolVersions(mcp.ProtocolVersion20251125)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "f", options...)
			url, _ := serve(t, service.Config{}, listed("My Server", f.url()))
			list := post(t, url, "tools/list", "", object{})
			for _, want := range []string{`"name":"my-server_echo"`, `"$comment":"kept"`, `"x-own":[1,2]`, `"$comment":"of the output"`, `"title":"Echo"`, `"readOnlyHint":true`} {
				if !strings.Contains(list, want) {
					t.Errorf("the list lacks %s: %s", want, list)
				}
			}
			got := post(t, url, "tools/call", "my-server_echo", object{"name": "my-server_echo", "arguments": json.RawMessage(`{"text":"é","n":9007199254740993}`)})
			for _, want := range []string{
				`"big":9007199254740993`, `\"n\":9007199254740993`, `"self":"test://shared"`, `"uri":"my-server+test://shared"`,
			} {
				if !strings.Contains(got, want) {
					t.Errorf("the result lacks %s: %s", want, got)
				}
			}
			if n := strings.Count(got, "my-server+test://shared"); n != 2 {
				t.Errorf("%d URIs have the prefix, want that of the link and that of the resource: %s", n, got)
			}
			if got := post(t, url, "tools/call", "my-server_fail", object{"name": "my-server_fail"}); !strings.Contains(got, `"isError":true`) || !strings.Contains(got, "it failed") {
				t.Errorf("a tool that fails: %s", got)
			}
			if got := post(t, url, "tools/call", "my-server_none", object{"name": "my-server_none"}); !strings.Contains(got, `"code":-32602`) {
				t.Errorf("a tool that there is not: %s", got)
			}
		})
	}
}

// TestOlderClients demands that what a revision does not have becomes a text.
func TestOlderClients(t *testing.T) {
	audio := json.RawMessage(`{"type":"audio","mimeType":"audio/wav","data":"AAAA"}`)
	link := json.RawMessage(`{"type":"resource_link","uri":"test://x","name":"x"}`)
	for _, tt := range []struct {
		reason, revision string
		item             json.RawMessage
		want             string
	}{
		{"no audio yet", "2024-11-05", audio, `{"text":"[audio of type audio/wav, which is left out]","type":"text"}`},
		{"audio", "2025-03-26", audio, string(audio)},
		{"no links yet", "2025-03-26", link, `{"text":"s+test://x","type":"text"}`},
		{"links", "2025-06-18", link, `{"name":"x","type":"resource_link","uri":"s+test://x"}`},
		{"the newest", "2026-07-28", audio, string(audio)},
		{"a type of the future", "2024-11-05", json.RawMessage(`{"type":"smell","data":1e400}`), `{"type":"smell","data":1e400}`},
	} {
		if got := string(contentOf("s", tt.revision, tt.item)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.reason, got, tt.want)
		}
	}
}

// TestCapabilities takes of a server only what the registry says.
func TestCapabilities(t *testing.T) {
	f := newFake(t, "f")
	s := listed("f", f.url())
	s["capabilities"] = []string{"prompts"}
	url, _ := serve(t, service.Config{}, s)
	g := visit(t, url, nil)
	if got := g.tools(); len(got) > 0 {
		t.Errorf("tools: %q", got)
	}
	if got := post(t, url, "resources/read", "f+test://shared", object{"uri": "f+test://shared"}); !strings.Contains(got, "-32602") {
		t.Errorf("a resource: %s", got)
	}
	if p, err := g.ListPrompts(t.Context(), mcp.ListPromptsRequest{}); err != nil || len(p.Prompts) != 1 {
		t.Errorf("prompts: %+v, %v", p, err)
	}
}

// TestPermissions demands that the Guard's boundaries hold for the gateway's names,
// however a resource is spelt.
func TestPermissions(t *testing.T) {
	a, b := newFake(t, "a"), newFake(t, "b")
	url, _ := serve(t, service.Config{AllowedTools: []string{"a_*"}, ReadOnly: true, AllowedResources: []string{"a+*"}}, listed("a", a.url()), listed("b", b.url()))
	g := visit(t, url, nil)
	if got := g.tools(); !slices.Equal(got, []string{"a_echo"}) {
		t.Errorf("tools are %q, want a_echo", got)
	}
	if _, err := g.call("b_who", nil); err == nil {
		t.Error("b_who is called")
	}
	for _, uri := range []string{"b+test://shared", "test://only-b", "b+test://only-b"} {
		if got := post(t, url, "resources/read", uri, object{"uri": uri}); !strings.Contains(got, "not permitted") {
			t.Errorf("%s: %s", uri, got)
		}
	}
	if got := post(t, url, "resources/read", "test://only-a", object{"uri": "test://only-a"}); !strings.Contains(got, "a has test://only-a") {
		t.Errorf("test://only-a: %s", got)
	}
}
