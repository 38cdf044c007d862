package steps

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// Grammars of what the protocol borrows from elsewhere.

// badURI says why a string is no absolute URI by RFC 3986, section 3; nil if it
// is one. Square brackets are tolerated outside of hosts: many who query by
// array write them so. From 2025-06-18 on the scheme has a requirement of its
// own, resources.uri.custom-scheme, and is left to that.
func badURI(r spec.Revision, s string) error {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#") {
		return unmetf("an absolute URI", "%q, which has no scheme", brief(s))
	}
	if r < spec.R20250618 && !uriScheme(scheme) {
		return unmetf("an absolute URI", "%q, whose scheme is ill-formed", brief(s))
	}
	if at := illegalInURI(rest); at != "" {
		return unmetf("an absolute URI", "%q, where %s is not legal", brief(s), at)
	}
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		if i := strings.IndexAny(authority, "/?#"); i >= 0 {
			authority = authority[:i]
		}
		if !uriHost(authority[strings.LastIndexByte(authority, '@')+1:]) {
			return unmetf("an absolute URI", "%q, whose host or port is ill-formed", brief(s))
		}
	}
	return nil
}

// badURIMember says why a member is no string with an absolute URI.
func badURIMember(r spec.Revision, name string, raw json.RawMessage) error {
	if !isString(raw) {
		return unmetf(name+", a string", "%s", absent(raw))
	}
	if err := badURI(r, unquoted(raw)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// uriScheme reports whether a scheme is a letter followed by letters, digits,
// "+", "-" and ".".
func uriScheme(s string) bool {
	return s != "" && letter(rune(s[0])) &&
		strings.IndexFunc(s, func(c rune) bool { return !alphanumeric(c) && !strings.ContainsRune("+-.", c) }) < 0
}

// illegalInURI returns the first thing that no URI may hold, or "".
func illegalInURI(s string) string {
	for i, c := range s {
		switch {
		case c == '%':
			if len(s) < i+3 || !hexDigit(s[i+1]) || !hexDigit(s[i+2]) {
				return `"%" without two hexadecimal digits`
			}
		case !alphanumeric(c) && !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=", c):
			return fmt.Sprintf("%q", c)
		}
	}
	if strings.Count(s, "#") > 1 {
		return `a second "#"`
	}
	return ""
}

func hexDigit(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// uriHost reports whether a host, an IP literal in brackets or a name, is
// followed by nothing or by a port.
func uriHost(s string) bool {
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 2 {
			return false
		}
		host, port = s[1:end], s[end+1:]
		if port != "" && port[0] != ':' {
			return false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i:]
	}
	return !strings.ContainsAny(host, "[]") && strings.Trim(strings.TrimPrefix(port, ":"), "0123456789") == ""
}

// badBase64 says why a string is not base64 by RFC 4648, section 4, with
// padding. Line breaks within are an advisory.
func badBase64(s string) error {
	const want = "base64 with padding, as in RFC 4648 section 4"
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return unmetf(want, "%q", brief(s))
	}
	if strings.ContainsAny(s, "\r\n") {
		return advisory(unmetf(want, "line breaks within it"))
	}
	return nil
}

// mimeType reports whether a text is type/subtype, with or without parameters.
func mimeType(s string) bool {
	s, _, _ = strings.Cut(s, ";")
	kind, subtype, ok := strings.Cut(strings.TrimRight(s, " \t"), "/")
	return ok && mimeToken(kind) && mimeToken(subtype)
}

func mimeToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !alphanumeric(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	}) < 0
}

// unquoted returns a JSON string, or "" for anything else.
func unquoted(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
