package steps

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// reproduce returns a line for a shell that sends what the exchange sent: curl,
// or lines for stdin. What is secret is named and left to the user.
func (s *Subject) reproduce(x *wire.Exchange) string {
	if x == nil {
		return ""
	}
	if s.Endpoint.Transport == spec.Stdio {
		return s.pipe(x)
	}
	return s.curl(x)
}

func (s *Subject) pipe(x *wire.Exchange) string {
	if len(s.Endpoint.Command) == 0 || len(x.Body) == 0 {
		return ""
	}
	var lines []string
	if !s.Revision.Modern() && x.Call.Method != "initialize" {
		lines = append(lines,
			fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"mcpcheck","version":"1"}}}`, s.Revision),
			`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	}
	lines = append(lines, string(x.Body))
	quoted := make([]string, len(lines))
	for i, l := range lines {
		quoted[i] = quote(l)
	}
	argv := make([]string, len(s.Endpoint.Command))
	for i, a := range s.Endpoint.Command {
		argv[i] = quote(a)
	}
	pause := 2 + int(x.Session.Endpoint.StartUp.Seconds())/2 // long enough for it to start and answer
	return fmt.Sprintf(`(printf '%%s\n' %s; sleep %d) | %s`, strings.Join(quoted, " "), pause, strings.Join(argv, " "))
}

func (s *Subject) curl(x *wire.Exchange) string {
	var b strings.Builder
	b.WriteString("curl -sS -i -N")
	verb := x.Call.Verb
	if verb != "" {
		fmt.Fprintf(&b, " -X %s", verb)
	}
	names := make([]string, 0, len(x.Asked))
	for name := range x.Asked {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range x.Asked[name] {
			_, given := s.Endpoint.Header[http.CanonicalHeaderKey(name)]
			switch {
			case strings.EqualFold(name, "Mcp-Session-Id"):
				fmt.Fprintf(&b, ` -H "%s: $SESSION"`, name)
			case given:
				fmt.Fprintf(&b, ` -H "%s: $SECRET"`, name)
			default:
				fmt.Fprintf(&b, " -H %s", quote(name+": "+v))
			}
		}
	}
	if len(x.Body) > 0 {
		fmt.Fprintf(&b, " -d %s", quote(string(x.Body)))
	}
	fmt.Fprintf(&b, " %s", quote(s.Target))
	return b.String()
}

// quote makes a word for a POSIX shell.
func quote(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:=@%+,", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// transcript is what the exchanges sent and received, with times since start.
func transcript(start time.Time, list []*wire.Exchange) []reports.Entry {
	const most = 100
	var entries []reports.Entry
	for _, x := range list {
		for _, e := range x.Transcript() {
			entries = append(entries, reports.Entry{
				At: reports.Duration(e.At.Sub(start)), Direction: e.Direction, Kind: e.Kind, Header: e.Header, Text: e.Text,
			})
		}
	}
	slices.SortStableFunc(entries, func(a, b reports.Entry) int { return int(a.At - b.At) })
	return entries[:min(len(entries), most)]
}
