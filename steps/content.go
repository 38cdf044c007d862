package steps

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var contentWords = []step{}

// Of what a prompt holds, only the types and texts are judged here: what images,
// sounds and resources have to be there is required apart, and is stricter.
var contentInvariants = []invariant{
	{"content.type.known", eachBlock(anywhere, contentTyped)},
	{"content.audio.version-gate", eachBlock(anywhere, gated("audio", "test_audio_content"))},
	{"content.resource-link.version-gate", eachBlock(anywhere, gated("resource_link", "test_resource_link"))},
	{"content.text.fields", eachBlock(anywhere, ofType("text", textFields))},
	{"content.image.fields", eachBlock(inTools, ofType("image", mediaFields))},
	{"content.image.base64", eachBlock(inTools, ofType("image", coded("data")))},
	{"content.audio.fields", eachBlock(inTools, ofType("audio", mediaFields))},
	{"content.audio.base64", eachBlock(inTools, ofType("audio", coded("data")))},
	{"content.embedded.fields", eachBlock(inTools, ofType("resource", embeddedFields))},
	{"content.embedded.uri", eachBlock(inTools, ofType("resource", embeddedURI))},
	{"content.embedded.blob-base64", eachBlock(inTools, ofType("resource", within("resource", coded("blob"))))},
	{"content.embedded.resources-capability", eachBlock(inTools, ofType("resource", resourcesDeclared))},
	{"content.resource-link.fields", eachBlock(anywhere, ofType("resource_link", linkFields))},
	{"content.resource-link.uri", eachBlock(anywhere, ofType("resource_link", linkURI))},
}

// A block is one item of content, and where it came from.
type block struct {
	Item
	conversation *Conversation
	tool         string // whose result it is in; "" for that of a prompt
}

func (b block) kind() string { return b.text("type") }

// Where content is looked for.
const (
	inTools  = false
	anywhere = true
)

// eachBlock judges every item of content in the results of tools and, if so
// asked, of prompts.
func eachBlock(prompts bool, f func(block) (bool, error)) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		judge := func(x *wire.Exchange, raw json.RawMessage, tool string) {
			members := membersOf(raw)
			if members == nil {
				return // judged where the list of items is
			}
			if seen, err := f(block{Item{raw, members, x}, c, tool}); seen {
				t.check(x, err)
			}
		}
		eachResult("tools/call", func(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
			r, _ := calledResult(result)
			for _, raw := range elements(r["content"]) {
				judge(x, raw, calledName(x))
			}
			return false, nil
		})(c, t)
		if !prompts {
			return
		}
		eachResult("prompts/get", func(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
			for _, message := range elements(membersOf(result)["messages"]) {
				judge(x, membersOf(message)["content"], "")
			}
			return false, nil
		})(c, t)
	}
}

// calledName is the tool that a request calls.
func calledName(x *wire.Exchange) string {
	return unquoted(membersOf(membersOf(x.Body)["params"])["name"])
}

// ofType judges the items of one type.
func ofType(kind string, f func(block) error) func(block) (bool, error) {
	return func(b block) (bool, error) {
		if b.kind() != kind {
			return false, nil
		}
		return true, f(b)
	}
}

// contentTypes are the types of content, and since when there are any.
var contentTypes = map[string]spec.Revision{
	"text": spec.R20241105, "image": spec.R20241105, "resource": spec.R20241105,
	"audio": spec.R20250326, "resource_link": spec.R20250618,
}

// contentTyped leaves a type that a later revision knows to the requirement that
// is about that type.
func contentTyped(b block) (bool, error) {
	r := b.conversation.Revision()
	since, known := contentTypes[b.kind()]
	if known && r < since {
		return false, nil
	}
	if !known {
		var names []string
		for name, since := range contentTypes {
			if since <= r {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return true, unmetf("content of one of the types "+strings.Join(names, ", "), "%s", memberIs("type", b.Members["type"]))
	}
	return true, nil
}

// gated judges that a type of content does not come before its time. Only a tool
// that is known to have such content shows it by its silence.
func gated(kind, fixture string) func(block) (bool, error) {
	return func(b block) (bool, error) {
		if b.kind() == kind {
			return true, unmetf("no content of type "+kind+" before "+string(contentTypes[kind]), "%s", brief(string(b.Raw)))
		}
		return b.tool == fixture, nil
	}
}

// needString says which member is no string.
func needString(what string, members map[string]json.RawMessage, names ...string) error {
	for _, name := range names {
		if !isString(members[name]) {
			return unmetf(what+" with the string "+name, "%s", memberIs(name, members[name]))
		}
	}
	return nil
}

func textFields(b block) error { return needString("text content", b.Members, "text") }

func mediaFields(b block) error {
	return needString(b.kind()+" content", b.Members, "data", "mimeType")
}

// coded judges that a member, if it is a string as it must be, is base64.
func coded(member string) func(block) error {
	return func(b block) error {
		if raw := b.Members[member]; isString(raw) {
			return badBase64(unquoted(raw))
		}
		return nil
	}
}

// within judges what a member holds.
func within(member string, f func(block) error) func(block) error {
	return func(b block) error {
		b.Members = membersOf(b.Members[member])
		return f(b)
	}
}

func embeddedFields(b block) error {
	resource, err := object(b.Members["resource"])
	if err != nil {
		return unmetf("embedded content with the object resource", "%s", memberIs("resource", b.Members["resource"]))
	}
	if err := needString("an embedded resource", resource, "uri"); err != nil {
		return err
	}
	text, blob := isString(resource["text"]), isString(resource["blob"])
	switch {
	case !text && !blob:
		return unmetf("an embedded resource with the string text or blob", "members %s", strings.Join(keys(resource), ", "))
	case text && blob:
		return advisory(unmetf("an embedded resource with either text or blob", "both"))
	}
	return nil
}

func embeddedURI(b block) error {
	raw := membersOf(b.Members["resource"])["uri"]
	if !isString(raw) {
		return nil // judged by content.embedded.fields
	}
	return badURI(b.conversation.Revision(), unquoted(raw))
}

// resourcesDeclared takes a capability for declared where nothing is known of
// what was.
func resourcesDeclared(b block) error {
	hello := b.conversation.Hello
	if hello == nil {
		return nil
	}
	result, err := resultOf(hello)
	if err != nil {
		return nil //nolint:nilerr // then nothing is known
	}
	if capabilities := membersOf(membersOf(result)["capabilities"]); capabilities["resources"] == nil {
		return unmetf("the capability resources from a server that embeds resources", "the capabilities %s", strings.Join(keys(capabilities), ", "))
	}
	return nil
}

func linkFields(b block) error {
	if err := needString("a resource_link", b.Members, "uri", "name"); err != nil {
		return err
	}
	return badOptional(b.conversation.Revision(), optionalMembers["resources/list"], b.Members)
}

func linkURI(b block) error {
	if raw := b.Members["uri"]; isString(raw) {
		return badURI(b.conversation.Revision(), unquoted(raw))
	}
	return nil
}
