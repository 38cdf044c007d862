package wire

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextOfAnEntry(t *testing.T) {
	long := strings.Repeat("a", entryLimit)
	for _, c := range []struct{ why, in, want string }{
		{"short text stays", "aé", "aé"},
		{"text of the longest length stays", long, long},
		{"longer text is cut", long + "bc", long + " … (4098 bytes in all)"},
		{"a cut falls between characters", long[1:] + "é", long[1:] + " … (4097 bytes in all)"},
		{"bytes that are no text are shown as such", "a\xff\xfeb", "a\uFFFDb"},
		{"and grow no entry beyond its length", strings.Repeat("\xffa", entryLimit/2), strings.Repeat("\uFFFDa", entryLimit/4) + " … (4096 bytes in all)"},
		{"and many of them are still told as cut", strings.Repeat("\x80", 5000), "\uFFFD … (5000 bytes in all)"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := (&redactor{}).text(c.in)
			if got != c.want {
				t.Errorf("got %d bytes, %.20q…%q, want %d", len(got), got, got[max(0, len(got)-30):], len(c.want))
			}
			if !utf8.ValidString(got) {
				t.Errorf("%q is no text", got)
			}
		})
	}
}
