package steps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func TestReadStdout(t *testing.T) {
	const m = `{"jsonrpc":"2.0","id":1,"result":{"text":"a\nb"}}`
	const pretty = "{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\n  \"result\": {\n    \"a\": {}\n  }\n}"
	for _, c := range []struct {
		why, out string
		messages int
		flaws    []flawKind
	}{
		{"nothing", "", 0, nil},
		{"messages", m + "\n" + m + "\n", 2, nil},
		{"a batch", "[" + m + "," + m + "]\n", 1, nil},
		{"CRLF and space around", " " + m + " \r\n", 1, nil},
		{"no version, which others judge", `{"method":"x"}` + "\n", 1, nil},
		{"a blank line", m + "\n\n" + m + "\n", 2, []flawKind{blankLine}},
		{"a banner", "Server ready\n" + m + "\n", 1, []flawKind{noise}},
		{"a banner in colour", "\x1b[32mINFO\x1b[0m {\n" + m + "\n", 1, []flawKind{noise}},
		{"a banner in a frame", "{ my server }\n[INFO] up\n" + m + "\n", 1, []flawKind{noise, noise}},
		{"a JSON log line", `{"level":"info"}` + "\n" + m + "\n", 1, []flawKind{noise}},
		{"a number", "42\n", 0, []flawKind{noise}},
		{"a byte order mark", "\ufeff" + m + "\n", 0, []flawKind{noise}},
		{"a message and a word", m + " done\n", 0, []flawKind{noise}},
		{"a word without an end", m + "\nbye", 1, []flawKind{noise}},
		{"indented", pretty + "\n" + pretty + "\n" + m + "\n", 1, []flawKind{broken, broken}},
		{"indented, in an array", "[\n" + pretty + "\n]\n", 0, []flawKind{broken}},
		{"a raw line break in a string", strings.ReplaceAll(m, `\n`, "\n") + "\n" + m + "\n", 1, []flawKind{broken}},
		{"two on a line", m + m + "\n", 0, []flawKind{joined}},
		{"no line feed at all", m + m + m, 0, []flawKind{joined}},
		{"no line feed after the last", m + "\n" + m, 1, []flawKind{unended}},
		{"cut off", m + "\n" + m[:20], 1, nil},
		{"headers", "Content-Length: 50\r\n\r\n" + m + "content-length: 50\r\n\r\n" + m, 0, []flawKind{joined, joined, unended}},
	} {
		t.Run(c.why, func(t *testing.T) {
			messages, flaws := readStdout(asLines(c.out))
			var kinds []flawKind
			for _, f := range flaws {
				kinds = append(kinds, f.kind)
			}
			if messages != c.messages || !slices.Equal(kinds, c.flaws) {
				t.Errorf("%d messages and the flaws %v, want %d and %v", messages, kinds, c.messages, c.flaws)
			}
		})
	}
}

// An opening bracket must not make the rest of a long output be read over and
// over.
func TestReadStdoutIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "{ starting %d }\n", i)
	}
	if _, flaws := readStdout(asLines(b.String())); len(flaws) != 20_000 {
		t.Errorf("%d flaws, want 20000", len(flaws))
	}
}

func asLines(out string) (lines []wire.Line) {
	for l := range strings.Lines(out) {
		text, terminated := strings.CutSuffix(l, "\n")
		lines = append(lines, wire.Line{Text: []byte(strings.TrimSuffix(text, "\r")), Terminated: terminated})
	}
	return lines
}
