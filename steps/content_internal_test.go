package steps

import (
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func TestContent(t *testing.T) {
	judges := map[string]func(block) (bool, error){
		"type": contentTyped, "text": ofType("text", textFields), "image": ofType("image", mediaFields), "image base64": ofType("image", coded("data")),
		"audio gate": gated("audio", "test_audio_content"), "link gate": gated("resource_link", "test_resource_link"),
		"embedded": ofType("resource", embeddedFields), "embedded uri": ofType("resource", embeddedURI), "blob": ofType("resource", within("resource", coded("blob"))),
		"link": ofType("resource_link", linkFields), "link uri": ofType("resource_link", linkURI),
	}
	for _, c := range []struct {
		reason, item string
		revision     spec.Revision
		fails        string
	}{
		{"text", `{"type":"text","text":""}`, spec.R20241105, ""},
		{"text that is none", `{"type":"text","text":null}`, spec.R20241105, "text"},
		{"a type that does not exist", `{"type":"video"}`, spec.R20260728, "type"},
		{"no type", `{"text":"x"}`, spec.R20260728, "type"},
		{"an image", `{"type":"image","data":"AAAA","mimeType":"image/png"}`, spec.R20241105, ""},
		{"an image without its type", `{"type":"image","data":"AAAA"}`, spec.R20241105, "image"},
		{"an image that is a data URL", `{"type":"image","data":"data:image/png;base64,AAAA","mimeType":"image/png"}`, spec.R20241105, "image base64"},
		{"no data is told once", `{"type":"image","mimeType":"image/png"}`, spec.R20241105, "image"},
		{"audio", `{"type":"audio","data":"","mimeType":"audio/wav"}`, spec.R20250326, ""},
		{"text as an embedded resource", `{"type":"resource","resource":{"uri":"a:b","text":""}}`, spec.R20241105, ""},
		{"a resource without contents", `{"type":"resource","resource":{"uri":"a:b"}}`, spec.R20241105, "embedded"},
		{"a resource that is none", `{"type":"resource","resource":"a:b"}`, spec.R20241105, "embedded"},
		{"a resource at a path", `{"type":"resource","resource":{"uri":"/a","text":""}}`, spec.R20241105, "embedded uri"},
		{"a blob for URLs", `{"type":"resource","resource":{"uri":"a:b","blob":"-_-_"}}`, spec.R20241105, "blob"},
		{"a link", `{"type":"resource_link","uri":"a:b","name":"a"}`, spec.R20250618, ""},
		{"a link without a name", `{"type":"resource_link","uri":"a:b"}`, spec.R20250618, "link"},
		{"a link whose title is a number", `{"type":"resource_link","uri":"a:b","name":"a","title":1}`, spec.R20250618, "link"},
		{"a link to a path", `{"type":"resource_link","uri":"b","name":"a"}`, spec.R20250618, "link uri"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			session := &wire.Session{}
			session.SetRevision(c.revision)
			b := block{toolItem(t, c.item), &Conversation{Session: session}, "x"}
			for id, judge := range judges {
				if b.kind() == "audio" && id == "audio gate" || b.kind() == "resource_link" && id == "link gate" {
					continue // of earlier revisions
				}
				got := verdictOn(judge(b))
				if want := id == c.fails; (got == "fail") != want {
					t.Errorf("%s is %q, want it to fail: %v", id, got, want)
				}
			}
		})
	}
}

func TestGates(t *testing.T) {
	session := &wire.Session{}
	session.SetRevision(spec.R20241105)
	for _, c := range []struct{ reason, item, tool, want string }{
		{"audio is not known yet", `{"type":"audio","data":"","mimeType":"audio/wav"}`, "any", "fail"},
		{"text from a tool that has audio", `{"type":"text","text":"a sound"}`, "test_audio_content", "pass"},
		{"text from another tool shows nothing", `{"type":"text","text":"a sound"}`, "any", ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			b := block{toolItem(t, c.item), &Conversation{Session: session}, c.tool}
			if got := verdictOn(gated("audio", "test_audio_content")(b)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := verdictOn(contentTyped(b)); got == "fail" {
				t.Error("content.type.known tells of it as well")
			}
		})
	}
}
