package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var metaWords = []step{
	{when, "the client requests initialize with {key} {json} in _meta", do2(metaKey, jsonText, (*World).initializeWithMeta)},
	{when, "the client sends a harmless request with {key} {json} in _meta", do2(metaKey, jsonText, (*World).harmlessWithMeta)},
}

var metaInvariants = []invariant{
	{"meta.key.label-format", eachKey(labelsFormed)},
	{"meta.key.name-format", eachKey(nameFormed)},
	{"meta.key.prefix-format", eachKey(prefixFormed)},
	{"meta.key.reserved-prefix", eachKey(prefixFree)},
	{"meta.key.reverse-dns", eachKey(prefixReversed)},
	{"meta.object-type", eachMeta(metaIsObject)},
	{"meta.trace-context.format", eachMeta(traceContextFormed)},
}

func (w *World) initializeWithMeta(ctx context.Context, key, value string) error {
	w.do(ctx, wire.Call{Method: "initialize", Params: map[string]any{
		"protocolVersion": w.subject.Revision, "capabilities": map[string]any{}, "clientInfo": wire.ClientInfo,
		"_meta": map[string]any{key: json.RawMessage(value)},
	}})
	return nil
}

func (w *World) harmlessWithMeta(ctx context.Context, key, value string) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Meta: map[string]any{key: json.RawMessage(value)}})
	return nil
}

// A meta is a _meta that the server sent, and the place in the message.
type meta struct {
	path string
	raw  json.RawMessage
}

// metasOf collects the values of _meta where the schema has that member: in
// params and result, and from 2025-06-18 on in what these hold. Schemas and
// structured content are the server's own.
func metasOf(r spec.Revision, m *wire.Message) []meta {
	var found []meta
	take := func(path string, raw json.RawMessage) map[string]json.RawMessage {
		members, err := object(raw)
		if err != nil {
			return nil
		}
		if raw, ok := members["_meta"]; ok {
			found = append(found, meta{path + "._meta", raw})
		}
		return members
	}
	take("params", m.Params())
	result := take("result", m.Result())
	if r < spec.R20250618 {
		return found
	}
	for _, name := range []string{"tools", "prompts", "resources", "resourceTemplates", "contents", "content"} {
		var items []json.RawMessage
		if json.Unmarshal(result[name], &items) != nil {
			continue
		}
		for i, raw := range items {
			path := fmt.Sprintf("result.%s[%d]", name, i)
			take(path+".resource", take(path, raw)["resource"])
		}
	}
	var messages []struct {
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(result["messages"], &messages) == nil {
		for i, message := range messages {
			path := fmt.Sprintf("result.messages[%d].content", i)
			take(path+".resource", take(path, message.Content)["resource"])
		}
	}
	return found
}

func eachMeta(f func(meta) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		for _, m := range c.Messages() {
			for _, found := range metasOf(c.Revision(), m) {
				if seen, err := f(found); seen {
					t.check(origin(m), err)
				}
			}
		}
	}
}

func metaIsObject(m meta) (bool, error) {
	if _, err := object(m.raw); err != nil {
		return true, unmetf(m.path+", an object", "%s", brief(string(m.raw)))
	}
	return true, nil
}

// eachKey judges each key of _meta, cut at its first slash.
func eachKey(f func(c *Conversation, k keyOfMeta) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		for _, m := range c.Messages() {
			for _, found := range metasOf(c.Revision(), m) {
				members, err := object(found.raw)
				if err != nil {
					continue // judged by meta.object-type
				}
				for _, key := range keys(members) {
					if seen, err := f(c, splitKey(key)); seen {
						t.check(origin(m), err)
					}
				}
			}
		}
	}
}

type keyOfMeta struct {
	whole, name string
	labels      []string // of the prefix; nil if there is none
}

func splitKey(key string) keyOfMeta {
	prefix, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		return keyOfMeta{whole: key, name: key}
	}
	return keyOfMeta{whole: key, name: name, labels: strings.Split(prefix, ".")}
}

func prefixFormed(_ *Conversation, k keyOfMeta) (bool, error) {
	if k.labels == nil {
		return false, nil
	}
	if strings.Contains(k.name, "/") || slices.Contains(k.labels, "") {
		return true, unmetf("a key whose prefix is labels with dots between and one slash after them", "%q", k.whole)
	}
	return true, nil
}

func labelsFormed(_ *Conversation, k keyOfMeta) (bool, error) {
	for _, label := range k.labels {
		if label != "" && !keyLabel(label) {
			return true, unmetf("a key whose labels begin with a letter, end with a letter or digit, and have hyphens at most between", "%q", k.whole)
		}
	}
	return k.labels != nil, nil
}

func nameFormed(_ *Conversation, k keyOfMeta) (bool, error) {
	if strings.Contains(k.name, "/") {
		return false, nil // judged by meta.key.prefix-format
	}
	if !keyName(k.name) {
		return true, unmetf("a key whose name begins and ends with a letter or digit, and has hyphens, underscores and dots at most between", "%q", k.whole)
	}
	return true, nil
}

// Domains that a name in reverse order begins with, and none of those ends with.
var topDomains = []string{"com", "dev", "io", "net", "org"}

func prefixReversed(_ *Conversation, k keyOfMeta) (bool, error) {
	if len(k.labels) < 2 {
		return false, nil
	}
	if slices.Contains(topDomains, k.labels[len(k.labels)-1]) && !slices.Contains(topDomains, k.labels[0]) {
		return true, advisory(unmetf("a prefix in reverse DNS notation, as in com.example/", "%q", k.whole))
	}
	return true, nil
}

// The keys that the specification itself defines, in whatever revision.
var ownKeys = []string{
	"clientCapabilities", "clientInfo", "logLevel", "model-immediate-response", "protocolVersion", "related-task",
	"serverInfo", "subscriptionId",
}

// prefixFree knows both rules: 2025-06-18 reserves modelcontextprotocol and mcp
// as the last label but one, later revisions as the second. An official extension
// that the server declares may define keys.
func prefixFree(c *Conversation, k keyOfMeta) (bool, error) {
	if k.labels == nil {
		return false, nil
	}
	at := 1
	if c.Revision() < spec.R20251125 {
		at = len(k.labels) - 2
	}
	if at < 0 || at >= len(k.labels) || k.labels[at] != "mcp" && k.labels[at] != "modelcontextprotocol" {
		return true, nil
	}
	own, official := strings.CutPrefix(k.whole, metaPrefix)
	if official && (slices.Contains(ownKeys, own) || c.extended()) {
		return true, nil
	}
	return true, unmetf("no key of one's own under a prefix that is reserved for MCP", "%q", k.whole)
}

func traceContextFormed(m meta) (bool, error) {
	members, err := object(m.raw)
	if err != nil {
		return false, nil //nolint:nilerr // judged by meta.object-type
	}
	seen := false
	for key, formed := range map[string]func(string) bool{"traceparent": traceparent, "tracestate": tracestate, "baggage": baggage} {
		raw, ok := members[key]
		if !ok {
			continue
		}
		seen = true
		var value string
		if !isString(raw) || json.Unmarshal(raw, &value) != nil || !formed(value) {
			return true, unmetf(m.path+"."+key+" as W3C defines it", "%s", brief(string(raw)))
		}
	}
	return seen, nil
}
