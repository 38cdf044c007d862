// Package spec holds what the Model Context Protocol asks: its revisions, the
// catalogue of requirements, and the schemas of its messages. It talks to no
// server and judges none; it only knows the text, so that every other package
// can name the same rule by the same word.
package spec

import (
	"fmt"
	"slices"
	"strings"
)

// A Revision is a dated revision of the protocol. Revisions order as strings.
type Revision string

// The published revisions.
const (
	R20241105 Revision = "2024-11-05"
	R20250326 Revision = "2025-03-26"
	R20250618 Revision = "2025-06-18"
	R20251125 Revision = "2025-11-25"
	R20260728 Revision = "2026-07-28"
)

// Revisions lists the published revisions, oldest first.
var Revisions = []Revision{R20241105, R20250326, R20250618, R20251125, R20260728}

// ParseRevision returns the published revision that s names.
func ParseRevision(s string) (Revision, error) {
	if r := Revision(s); slices.Contains(Revisions, r) {
		return r, nil
	}
	return "", fmt.Errorf("revision %q is not published, want one of %s", s, join(Revisions))
}

// Modern reports whether the revision is stateless: no initialize, no session,
// and every request declares its own revision.
func (r Revision) Modern() bool { return r >= R20260728 }

// A Transport is one of the ways in which the specification carries messages.
type Transport string

// The standard transports.
const (
	Stdio          Transport = "stdio"
	StreamableHTTP Transport = "streamable-http"
	SSE            Transport = "http+sse"
)

// Transports lists the standard transports.
var Transports = []Transport{Stdio, StreamableHTTP, SSE}

// A Level is the weight of a requirement, in the words of BCP 14.
type Level string

// The levels.
const (
	Must      Level = "MUST"
	MustNot   Level = "MUST NOT"
	Should    Level = "SHOULD"
	ShouldNot Level = "SHOULD NOT"
	May       Level = "MAY"
)

// Binding reports whether breaking a requirement of this level costs conformance.
func (l Level) Binding() bool { return l == Must || l == MustNot }

func join[S ~string](list []S) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}
