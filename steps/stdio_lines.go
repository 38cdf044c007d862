package steps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A flaw is something on stdout that is not one message on one line.
type flaw struct {
	kind flawKind
	text []byte
}

type flawKind int

const (
	whole     flawKind = iota // none: one message on a line of its own
	cut                       // none: what a server did not finish before its end, it did not say
	blankLine                 // nothing
	noise                     // no message at all
	broken                    // a message with line breaks in it
	joined                    // several messages on one line, or a header before a message
	unended                   // a message without a line feed after it
)

// The bounds within which the rest of a broken message is looked for.
const (
	brokenLines = 2000
	brokenBytes = 4 << 20
)

// readStdout counts the messages that stand on lines of their own, and tells
// what else was written.
func readStdout(lines []wire.Line) (messages int, flaws []flaw) {
	headers := false
	for len(lines) > 0 {
		n, f := readLine(lines)
		lines = lines[n:]
		switch {
		case f.kind == whole:
			messages++
		case f.kind == blankLine && headers: // they end with one
		case f.kind != cut:
			flaws = append(flaws, f)
		}
		headers = headers || f.kind == joined && isHeader(f.text)
	}
	return messages, flaws
}

// readLine reads one line, or as many as belong together.
func readLine(lines []wire.Line) (n int, f flaw) {
	text := bytes.TrimSpace(lines[0].Text)
	switch {
	case len(text) == 0:
		return 1, flaw{blankLine, nil}
	case json.Valid(text) && !isMessage(text):
		return 1, flaw{noise, text}
	case json.Valid(text) && !lines[0].Terminated:
		return 1, flaw{unended, text}
	case json.Valid(text):
		return 1, flaw{whole, text}
	case isHeader(text):
		return 1, flaw{joined, text}
	}
	if n, how := spread(lines); n > 0 {
		return n, flaw{broken, []byte(how)}
	}
	first, rest := leading(text)
	switch {
	case first && startsMessage(rest):
		return 1, flaw{joined, text}
	case !lines[0].Terminated && text[0] == '{':
		return 1, flaw{cut, text}
	}
	return 1, flaw{noise, text}
}

// isMessage reports whether a JSON value may be meant as a message. What is
// wrong with it otherwise is another requirement's business.
func isMessage(text []byte) bool {
	if text[0] == '[' {
		return true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return false
	}
	for _, name := range []string{"jsonrpc", "method", "result", "error"} {
		if _, ok := members[name]; ok {
			return true
		}
	}
	return false
}

// isHeader recognizes the framing of the Language Server Protocol.
func isHeader(text []byte) bool {
	name, _, ok := bytes.Cut(text, []byte(":"))
	return ok && (strings.EqualFold(string(name), "Content-Length") || strings.EqualFold(string(name), "Content-Type"))
}

// leading reports whether a text begins with a message, and returns what stands
// behind that.
func leading(text []byte) (bool, []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	var first json.RawMessage
	if d.Decode(&first) != nil || first[0] != '{' || !isMessage(first) {
		return false, nil
	}
	return true, bytes.TrimSpace(text[d.InputOffset():])
}

func startsMessage(text []byte) bool {
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') || isHeader(text)
}

// spread finds a message that goes on over several lines: how many they are,
// and how it shows; none if the first line begins no such message.
func spread(lines []wire.Line) (n int, how string) {
	if first := bytes.TrimSpace(lines[0].Text); first[0] != '{' && first[0] != '[' {
		return 0, ""
	}
	var plain, escaped bytes.Buffer
	for n < len(lines) && n < brokenLines && plain.Len() < brokenBytes {
		if n > 0 {
			plain.WriteByte('\n')
			escaped.WriteString(`\n`)
		}
		plain.Write(lines[n].Text)
		escaped.Write(lines[n].Text)
		n++
		if n == 1 || n > 2 && !closes(lines[n-1].Text) {
			continue
		}
		p, e := progressOf(plain.Bytes()), progressOf(escaped.Bytes())
		switch {
		case p == complete && isMessage(bytes.TrimSpace(plain.Bytes())):
			return n, fmt.Sprintf("a message over %d lines: %s", n, brief(oneLine(plain.String())))
		case e == complete && isMessage(bytes.TrimSpace(escaped.Bytes())):
			return n, "a line break within a string: " + brief(oneLine(plain.String()))
		case p != begun && e != begun:
			return 0, ""
		}
	}
	return 0, ""
}

// closes reports whether a line may be the last one of a JSON value.
func closes(line []byte) bool {
	line = bytes.TrimSpace(line)
	return bytes.HasSuffix(line, []byte("}")) || bytes.HasSuffix(line, []byte("]"))
}

type jsonProgress int

const (
	hopeless jsonProgress = iota // no JSON value begins like that
	begun
	complete
)

func progressOf(text []byte) jsonProgress {
	var raw json.RawMessage
	switch err := json.Unmarshal(text, &raw); {
	case err == nil:
		return complete
	case err.Error() == "unexpected end of JSON input": // a SyntaxError says so by its words alone
		return begun
	}
	return hopeless
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
