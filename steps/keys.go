package steps

import "strings"

// prefixedKey reports whether a key is a prefix of dot-separated labels, a slash
// and a name, by the grammar for keys of _meta (basic, section _meta).
func prefixedKey(key string) bool {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok || strings.Contains(name, "/") || !keyName(name) {
		return false
	}
	for label := range strings.SplitSeq(prefix, ".") {
		if !keyLabel(label) {
			return false
		}
	}
	return true
}

// keyLabel reports whether a label begins with a letter, ends with a letter or
// digit and has only those and hyphens between.
func keyLabel(s string) bool {
	return s != "" && letter(rune(s[0])) && alphanumeric(rune(s[len(s)-1])) &&
		strings.IndexFunc(s, func(c rune) bool { return !alphanumeric(c) && c != '-' }) < 0
}

// keyName reports whether a name is empty, or begins and ends with a letter or
// digit and has only those, hyphens, underscores and dots between.
func keyName(s string) bool {
	return s == "" || alphanumeric(rune(s[0])) && alphanumeric(rune(s[len(s)-1])) &&
		strings.IndexFunc(s, func(c rune) bool { return !alphanumeric(c) && !strings.ContainsRune("-_.", c) }) < 0
}

func letter(c rune) bool       { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func alphanumeric(c rune) bool { return letter(c) || c >= '0' && c <= '9' }
