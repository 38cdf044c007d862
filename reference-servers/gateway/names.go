package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// prefixOf makes of a server's name what the names of its tools and prompts and
// the URIs of its resources begin with: letters, digits and hyphens, a letter
// first. A scheme of URIs has no others, and no underscore is among them, so that
// the first one of a name ends the prefix.
func prefixOf(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', b.Len() > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// longest is how long the name of a tool may be.
const longest = 128

// nameOf is what the gateway calls a tool or prompt. What would not be a valid
// name is made one, with a digest of what it was, so that it stays unique.
func nameOf(prefix, own string) string {
	valid := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_-./", r):
			return r
		}
		return '-'
	}, own)
	name := prefix + "_" + valid
	if valid == own && len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(own))
	return name[:min(len(name), longest-9)] + "-" + hex.EncodeToString(sum[:4])
}

// uriOf is what the gateway calls a resource, or a template of some:
// github+github://octocat/hello-world/issues. It is a URI like the other, since
// a scheme may hold a plus sign.
func uriOf(prefix, own string) string { return prefix + "+" + own }

// splitURI takes the prefix off.
func splitURI(uri string) (prefix, own string, ok bool) {
	return strings.Cut(uri, "+")
}

// withURI gives the resource that a JSON object speaks of the gateway's URI. All
// else in it stays as it is.
func withURI(prefix string, object json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	var uri string
	if json.Unmarshal(object, &fields) != nil || json.Unmarshal(fields["uri"], &uri) != nil {
		return object
	}
	fields["uri"], _ = json.Marshal(uriOf(prefix, uri))
	if out, err := json.Marshal(fields); err == nil {
		return out
	}
	return object
}

// contentOf does the same for what a tool or prompt returns: links to resources,
// and resources that are embedded. What the client's revision does not have yet
// becomes a text; that of the server may be newer.
func contentOf(prefix, revision string, item json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(item, &fields) != nil {
		return item
	}
	instead := func(format string, member string) json.RawMessage {
		var value string
		json.Unmarshal(fields[member], &value) //nolint:errcheck // then it is empty
		out, _ := json.Marshal(map[string]string{"type": "text", "text": fmt.Sprintf(format, value)})
		return out
	}
	switch string(fields["type"]) {
	case `"audio"`:
		if before(revision, mcp.ProtocolVersion20250326) {
			return instead("[audio of type %s, which is left out]", "mimeType")
		}
	case `"resource_link"`:
		item = withURI(prefix, item)
		if before(revision, mcp.ProtocolVersion20250618) && json.Unmarshal(item, &fields) == nil {
			return instead("%s", "uri")
		}
		return item
	case `"resource"`:
		fields["resource"] = withURI(prefix, fields["resource"])
		if out, err := json.Marshal(fields); err == nil {
			return out
		}
	}
	return item
}

// before says whether a revision is older than another; one that is not known is not.
func before(revision, other string) bool { return revision != "" && revision < other }
