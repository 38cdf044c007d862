package steps

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A mention is a place where a server names a resource.
type mention struct {
	where   string
	members map[string]json.RawMessage // with uri
}

// mentions returns the resources that a message names.
func mentions(m *wire.Message) (list []mention) {
	add := func(where string, raw json.RawMessage) {
		if members, err := object(raw); err == nil && isString(members["uri"]) {
			list = append(list, mention{where, members})
		}
	}
	if m.Method == updatedMethod {
		add("an update", m.Params())
	}
	if m.Answers == nil || m.Result() == nil {
		return list
	}
	switch r, _ := object(m.Result()); m.Answers.Call.Method {
	case "resources/list":
		for _, raw := range elements(r["resources"]) {
			add("the list", raw)
		}
	case "resources/read":
		for _, raw := range elements(r["contents"]) {
			add("contents", raw)
		}
	case "tools/call":
		for _, raw := range elements(r["content"]) {
			addBlock(add, raw)
		}
	case "prompts/get":
		for _, raw := range elements(r["messages"]) {
			message, _ := object(raw)
			addBlock(add, message["content"])
		}
	}
	return list
}

// addBlock adds the resource that a content block links to or embeds.
func addBlock(add func(string, json.RawMessage), raw json.RawMessage) {
	switch block, _ := object(raw); unquoted(block["type"]) {
	case "resource_link":
		add("a resource_link", raw)
	case "resource":
		add("an embedded resource", block["resource"])
	}
}

// elements returns those of an array, none of anything else.
func elements(raw json.RawMessage) (list []json.RawMessage) {
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// eachMention judges every place where the server names a resource.
func eachMention(f func(mention) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		for _, m := range c.Messages() {
			for _, found := range mentions(m) {
				if seen, err := f(found); seen {
					t.check(origin(m), err)
				}
			}
		}
	}
}

// schemeConforms looks at the scheme alone: the rest of a URI is required where
// the URI stands.
func schemeConforms(m mention) (bool, error) {
	uri := unquoted(m.members["uri"])
	scheme, _, ok := strings.Cut(uri, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return false, nil
	}
	if !uriScheme(scheme) {
		return true, unmetf(`a scheme of letters, digits, "+", "-" and "."`, "%q in %s", brief(uri), m.where)
	}
	return true, nil
}

// binaryTypes are those whose content is no text.
var binaryTypes = []string{"image/", "audio/", "video/", "application/octet-stream"}

// textIsText is a guess by the MIME type, so it costs nothing. SVG is an image
// and a text.
func textIsText(m mention) (bool, error) {
	kind := unquoted(m.members["mimeType"])
	if !isString(m.members["text"]) {
		return false, nil
	}
	binary := slices.ContainsFunc(binaryTypes, func(t string) bool { return strings.HasPrefix(kind, t) })
	if binary && strings.ContainsAny(unquoted(m.members["text"]), "\x00\uFFFD") {
		return true, advisory(unmetf("blob for what is no text", "text of mimeType %q with a NUL or U+FFFD in %s", kind, m.where))
	}
	return true, nil
}
