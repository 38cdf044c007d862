package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Much of a report was written by the server under test. These bounds keep a
// reader's terminal and a CI system's memory out of its hands; the JSON form is
// whole.
const (
	maxLabel = 160      // bytes of a name
	maxField = 800      // bytes of what a person is to take in at once
	maxEntry = 2 << 10  // bytes of one message in a transcript
	maxWhole = 16 << 10 // bytes of what a person may want whole
	maxLines = 24
)

// visible replaces what is not printable by its Go escape, so that a server can
// neither steer a terminal nor hide what it sent.
func visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:size])
		default:
			b.WriteString(escape(r))
		}
		s = s[size:]
	}
	return b.String()
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// shorten returns the first n bytes of s, or less so as not to split a rune.
func shorten(s string, n int) string {
	head, more := cut(s, n)
	if more > 0 {
		return head + "…"
	}
	return head
}

func cut(s string, n int) (head string, more int) {
	if len(s) <= n {
		return s, 0
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], len(s) - n
}

// line returns s on one line, visible and of bounded length.
func line(s string, n int) string { return visible(shorten(strings.TrimSpace(s), n)) }

// lines returns the lines of s, visible and bounded in length and number.
func lines(s string, n int) []string {
	head, more := cut(strings.TrimRight(s, "\n"), n)
	list := strings.Split(head, "\n")
	if len(list) > maxLines {
		for _, l := range list[maxLines:] {
			more += len(l) + 1
		}
		list = list[:maxLines]
	}
	for i, l := range list {
		list[i] = visible(l)
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("… and %s more; the JSON report has all", plural(more, "byte")))
	}
	return list
}

// last returns the last lines of a log.
func last(log string) []string {
	all := strings.Split(strings.TrimRight(withoutColour(log), "\n"), "\n")
	all = all[max(0, len(all)-maxLines):]
	for i, l := range all {
		all[i] = visible(shorten(l, maxField))
	}
	return all
}

// wrap breaks a line at spaces so that its parts have at most width runes each,
// as far as it has spaces.
func wrap(s string, width int) []string {
	var parts []string
	for utf8.RuneCountInString(s) > width {
		at, column := -1, 0
		for i, r := range s {
			if r == ' ' && strings.TrimSpace(s[:i]) != "" {
				at = i
			}
			if column++; column > width && at >= 0 {
				break
			}
		}
		if at < 0 {
			break
		}
		parts, s = append(parts, s[:at]), s[at+1:]
	}
	return append(parts, s)
}

// withoutColour drops the escape sequences by which a log is coloured, and the
// tabs and carriage returns that would only be noise once made visible.
func withoutColour(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = strings.TrimLeft(s[i+2:], "0123456789;:?")
		if s != "" && s[0] >= '@' && s[0] <= '~' {
			s = s[1:]
		}
	}
	b.WriteString(s)
	return strings.NewReplacer("\r\n", "\n", "\t", "    ").Replace(b.String())
}
