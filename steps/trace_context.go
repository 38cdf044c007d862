package steps

import "strings"

// The grammars of W3C Trace Context and W3C Baggage, each as wide as any of
// their levels.

// traceparent is version-traceid-parentid-flags, in lower case. A version that is
// still to come may add to it.
func traceparent(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) < 4 || parts[0] == "ff" || parts[0] == "00" && len(parts) > 4 {
		return false
	}
	for i, n := range []int{2, 32, 16, 2} {
		if len(parts[i]) != n || strings.Trim(parts[i], "0123456789abcdef") != "" {
			return false
		}
	}
	return strings.Trim(parts[1], "0") != "" && strings.Trim(parts[2], "0") != ""
}

// tracestate is a list of at most 32 members key=value; members may be empty.
func tracestate(s string) bool {
	members := strings.Split(s, ",")
	if len(members) > 32 {
		return false
	}
	for _, m := range members {
		m = strings.Trim(m, " \t")
		if m == "" {
			continue
		}
		key, value, ok := strings.Cut(m, "=")
		if !ok || !tracestateKey(key) || !tracestateValue(value) {
			return false
		}
	}
	return true
}

func tracestateKey(s string) bool {
	if s == "" || len(s) > 256 || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", rune(s[0])) {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-*/@") == ""
}

func tracestateValue(s string) bool {
	return s != "" && len(s) <= 256 && strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' || c == ',' || c == '=' }) < 0
}

// baggage is a list of members key=value, each with properties after semicolons.
func baggage(s string) bool {
	for m := range strings.SplitSeq(s, ",") {
		for i, property := range strings.Split(m, ";") {
			key, value, valued := strings.Cut(property, "=")
			if !token(strings.Trim(key, " \t")) || i == 0 && !valued || !baggageValue(strings.Trim(value, " \t")) {
				return false
			}
		}
	}
	return true
}

// token is the token of HTTP.
func token(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !alphanumeric(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	}) < 0
}

func baggageValue(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`",;\`, c) }) < 0
}
