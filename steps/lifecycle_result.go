package steps

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// What an initialize result holds. Each part is judged apart, by the schema of
// the revision that the result names.

// revisionIn returns that revision, false if it is none that is published.
func revisionIn(r map[string]json.RawMessage) (spec.Revision, bool) {
	var v spec.Revision
	ok := json.Unmarshal(r["protocolVersion"], &v) == nil && slices.Contains(spec.Revisions, v)
	return v, ok
}

func initializeMembers(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	if !isJSON(r["protocolVersion"], '"') {
		return true, unmetf("protocolVersion, a string", "%s", absent(r["protocolVersion"]))
	}
	for _, name := range []string{"capabilities", "serverInfo"} {
		if !isJSON(r[name], '{') {
			return true, unmetf(name+", an object", "%s", absent(r[name]))
		}
	}
	return true, nil
}

// isJSON reports whether a value is of the kind that begins so.
func isJSON(raw json.RawMessage, begin byte) bool { return len(raw) > 0 && raw[0] == begin }

// implementationShaped takes an empty name or version as an advisory.
func implementationShaped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, _ := object(result)
	info, err := object(r["serverInfo"])
	revision, ok := revisionIn(r)
	if err != nil || !ok {
		return false, nil // judged by lifecycle.initialize.result-required-fields
	}
	if err := conformsTo(revision, "Implementation", r["serverInfo"]); err != nil {
		return true, err
	}
	for _, name := range []string{"name", "version"} {
		if string(info[name]) == `""` {
			return true, advisory(unmetf("serverInfo."+name+", which says something", "an empty string"))
		}
	}
	return true, nil
}

// featureCapabilities are judged by features.capability.sub-flags-boolean.
var featureCapabilities = []string{"completions", "logging", "prompts", "resources", "tools"}

func capabilitiesShaped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, _ := object(result)
	caps, err := object(r["capabilities"])
	revision, ok := revisionIn(r)
	if err != nil || !ok {
		return false, nil // judged by lifecycle.initialize.result-required-fields
	}
	for _, name := range featureCapabilities {
		delete(caps, name)
	}
	for name, value := range caps {
		if string(value) == "null" {
			delete(caps, name) // judged by features.schema.optional-not-null
		}
	}
	rest, err := json.Marshal(caps)
	if err != nil {
		return false, inconclusive{err}
	}
	return true, conformsTo(revision, "ServerCapabilities", rest)
}

func notInputRequired(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	var r map[string]json.RawMessage
	if json.Unmarshal(result, &r) != nil {
		return false, nil
	}
	if string(r["resultType"]) == `"input_required"` {
		return true, unmetf("a result of this revision", `resultType "input_required", which begins with 2026-07-28`)
	}
	return true, nil
}

func noShutdownMessage(_ *Conversation, m *wire.Message) (bool, error) {
	if m.Method == "" {
		return false, nil
	}
	if isShutdown(m) {
		return true, unmetf("no message for the shutdown: closing the transport says it", "%q", m.Method)
	}
	return true, nil
}

func isShutdown(m *wire.Message) bool {
	name := strings.TrimPrefix(m.Method, "notifications/")
	return name == "shutdown" || name == "exit"
}

// judgedByLifecycle reports whether a method that the revision does not have is
// a matter of the lifecycle, or of none, since there is no revision yet.
func judgedByLifecycle(c *Conversation, m *wire.Message) bool {
	r := c.Revision()
	return r == "" || !r.Modern() && (isShutdown(m) || sentIn(m) != "")
}

// ofNegotiatedRevision looks for methods that only other revisions have. What
// no revision has is the server's own, and content has requirements of its own.
func ofNegotiatedRevision(c *Conversation, m *wire.Message) (bool, error) {
	r := c.Revision()
	if m.Method == "" || r == "" {
		return false, nil
	}
	if sends(r, m) {
		return true, nil
	}
	if other := sentIn(m); other != "" {
		return true, unmetf("what servers send in revision "+string(r), "%s, which is part of %s", m.Method, other)
	}
	return false, nil
}

// sentIn is a revision in which servers send such a message, or "".
func sentIn(m *wire.Message) spec.Revision {
	for _, r := range spec.Revisions {
		if sends(r, m) {
			return r
		}
	}
	return ""
}

// sends reports whether servers send such a message in a revision.
func sends(r spec.Revision, m *wire.Message) bool {
	find := spec.NotificationDefinition
	if m.IsRequest() {
		find = spec.ServerRequestDefinition
	}
	_, ok := find(r, m.Method)
	return ok
}

// needed names the capability of the client that a server's request rests on.
var needed = map[string]string{
	"elicitation/create": "elicitation", "roots/list": "roots", "sampling/createMessage": "sampling",
}

// asksForWhatIsOffered leaves to others what the server must have declared for
// its notifications.
func asksForWhatIsOffered(c *Conversation, m *wire.Message) (bool, error) {
	capability := needed[m.Method]
	if capability == "" || !m.IsRequest() || !sends(c.Revision(), m) {
		return false, nil
	}
	value, ok := c.Client[capability]
	if !ok {
		return true, unmetf("no request of a client without the capability "+capability, "%s", m.Method)
	}
	var p struct {
		Mode  string          `json:"mode"`
		Tools json.RawMessage `json:"tools"`
		Task  json.RawMessage `json:"task"`
	}
	if json.Unmarshal(m.Params(), &p) != nil || c.Revision() < spec.R20251125 {
		return true, nil
	}
	members, _ := value.(map[string]any)
	for _, part := range []struct {
		used bool
		name string
		in   map[string]any
	}{
		{p.Mode == "url", "url", members},
		{p.Tools != nil && capability == "sampling", "tools", members},
		{p.Task != nil, "tasks", c.Client},
	} {
		if _, offered := part.in[part.name]; part.used && !offered {
			return true, unmetf("no use of what the client does not offer, "+capability+" with "+part.name, "%s", brief(string(m.Params())))
		}
	}
	return true, nil
}
