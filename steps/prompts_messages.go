package steps

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// eachPromptMessage judges every message of every prompt; what is no object is
// judged as its content.
func eachPromptMessage(f func(map[string]json.RawMessage) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		eachResult("prompts/get", func(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
			r, _ := object(result)
			for i, raw := range elements(r["messages"]) {
				message, _ := object(raw)
				if seen, err := f(message); seen {
					if err != nil {
						err = fmt.Errorf("messages[%d]: %w", i, err)
					}
					t.check(x, err)
				}
			}
			return false, nil
		})(c, t)
	}
}

func roleKnown(message map[string]json.RawMessage) (bool, error) {
	if role := unquoted(message["role"]); role != "user" && role != "assistant" {
		return true, unmetf(`role "user" or "assistant"`, "%s", absent(message["role"]))
	}
	return true, nil
}

func contentSingle(message map[string]json.RawMessage) (bool, error) {
	content, err := object(message["content"])
	switch {
	case message["content"] == nil:
		return true, unmetf("content, an object", "no such member")
	case err != nil:
		return true, unmetf("content, one object", "%s", brief(string(message["content"])))
	case !isString(content["type"]):
		return true, unmetf("content.type, a string", "%s", absent(content["type"]))
	}
	return true, nil
}

// mediaTyped looks at the MIME type alone: that data is base64 is required of all
// content, wherever it is. A type of another kind is an advisory.
func mediaTyped(kind string) func(map[string]json.RawMessage) (bool, error) {
	return func(message map[string]json.RawMessage) (bool, error) {
		content, _ := object(message["content"])
		raw := content["mimeType"]
		if unquoted(content["type"]) != kind || !isString(raw) {
			return false, nil
		}
		got := unquoted(raw)
		if !mimeType(got) {
			return true, unmetf("mimeType of the form type/subtype", "%q", brief(got))
		}
		if !strings.HasPrefix(strings.ToLower(got), kind+"/") {
			return true, advisory(unmetf("mimeType "+kind+"/...", "%q", brief(got)))
		}
		return true, nil
	}
}

// embeddedTyped looks at the MIME type; the rest is required of all embedded
// resources. That one is missing is an advisory: the text demands it of prompts,
// and the schema does not.
func embeddedTyped(message map[string]json.RawMessage) (bool, error) {
	content, _ := object(message["content"])
	resource, err := object(content["resource"])
	if unquoted(content["type"]) != "resource" || err != nil {
		return false, nil
	}
	got, stated := resource["mimeType"]
	if isString(got) && mimeType(unquoted(got)) {
		return true, nil
	}
	err = unmetf("resource.mimeType of the form type/subtype", "%s", absent(got))
	if !stated {
		return true, advisory(err)
	}
	return true, err
}
