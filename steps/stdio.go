package steps

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var stdioWords = []step{
	{given, "a request that the server answers with a result", do((*World).served)},
	{when, "the client asks on stdin", do((*World).askOnStdin)},
	{when, "the client cancels the tool call once it reports progress", do((*World).cancelSlowCall)},
	{when, "the client closes stdin", do((*World).closeStdin)},
	{when, "the client closes stdin while requests are in flight", do((*World).closeStdinEarly)},
	{when, "the client kills the server and repeats the request to a new one", do((*World).restart)},
	{when, "the client listens for changes and cancels that", do((*World).cancelListen)},
	{when, "the client sends SIGTERM", do((*World).sendSIGTERM)},
	{when, "the client writes harmless requests {writing}", do1(writing, (*World).writeHarmless)},
	{then, "the server answers on stdout", do((*World).answersOnStdout)},
	{then, "the server exits by itself", do((*World).exitsByItself)},
	{then, "the server exits for that signal", do((*World).exitsForSignal)},
	{then, "the server sends no more progress", do((*World).noMoreProgress)},
	{then, "the server says no more of the subscription", do((*World).subscriptionSilent)},
}

var stdioInvariants = []invariant{
	{"stdio.framing.newline-terminated", onStdout(joined, unended)},
	{"stdio.framing.no-embedded-newline", onStdout(broken)},
	{"stdio.messages.individual", oneByOne},
	{"stdio.server.no-requests", eachMessage(noRequestOnStdout)},
	{"stdio.stdout.only-mcp", onlyMessages},
}

// wanted says what each kind of flaw should have been.
var wanted = map[flawKind]string{
	noise:     "nothing but messages on stdout",
	blankLine: "nothing but messages on stdout",
	broken:    "each message on one line",
	joined:    "a line feed after each message and nothing else around it",
	unended:   "a line feed after each message",
}

// onStdout judges how messages stand on stdout.
func onStdout(kinds ...flawKind) func(*Conversation, *tally) {
	return func(c *Conversation, t *tally) {
		messages, flaws := readStdout(c.Lines())
		t.seen += messages
		for _, f := range flaws {
			if slices.Contains(kinds, f.kind) {
				t.check(first(c), unmetf(wanted[f.kind], "%s", shown(f)))
			}
		}
	}
}

func shown(f flaw) string {
	if f.kind == broken {
		return string(f.text)
	}
	return fmt.Sprintf("%q", brief(string(f.text)))
}

// first is the exchange that began a conversation: repeating it shows what the
// server writes whatever it is asked.
func first(c *Conversation) *wire.Exchange {
	if list := c.Exchanges(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// onlyMessages takes a blank line as a lesser matter than words.
func onlyMessages(c *Conversation, t *tally) {
	messages, flaws := readStdout(c.Lines())
	t.seen += messages
	for _, f := range flaws {
		switch f.kind {
		case noise:
			t.check(first(c), unmetf(wanted[f.kind], "%s%s", shown(f), launcher(c.Endpoint)))
		case blankLine:
			t.check(first(c), advisory(unmetf(wanted[f.kind], "a blank line")))
		}
	}
}

// launchers are programs that start others, and may say so themselves.
var launchers = []string{"npx", "npm", "pnpm", "yarn", "bunx", "bun", "uvx", "uv", "pipx", "docker", "podman", "sh", "bash", "cmd"}

// launcher says who else may have written to stdout.
func launcher(e wire.Endpoint) string {
	if len(e.Command) == 0 {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(e.Command[0]), ".exe")
	if !slices.Contains(launchers, name) {
		return ""
	}
	return " (unless it was " + name + ": run the server's own command to see)"
}

// oneByOne looks for arrays of messages, which one revision allows.
func oneByOne(c *Conversation, t *tally) {
	for _, l := range c.Lines() {
		if len(l.Messages) > 0 && l.Messages[0].Err == nil {
			var err error
			if l.Messages[0].Batch {
				err = unmetf("one message on each line", "an array: %s", brief(string(l.Text)))
			}
			t.check(first(c), err)
		}
	}
}

func noRequestOnStdout(c *Conversation, m *wire.Message) (bool, error) {
	if c.Endpoint.Transport != spec.Stdio || m.Err != nil {
		return false, nil
	}
	if m.IsRequest() && !strings.HasPrefix(m.Method, notificationPrefix) { // judged by jsonrpc.notification.no-id
		return true, unmetf("responses and notifications on stdout", "the request %s", brief(string(m.Raw)))
	}
	return true, nil
}

// misframed says why messages on stdout cannot be told apart, nil if they can.
func misframed(s *wire.Session) error {
	if s.Endpoint.Transport != spec.Stdio {
		return nil
	}
	if rest := s.Remnant(); json.Valid(rest) && isMessage(rest) {
		return fmt.Errorf("a message on stdout is not ended by a line feed: %s", brief(string(rest)))
	}
	_, flaws := readStdout(s.Lines())
	for _, f := range flaws {
		if wanted[f.kind] != wanted[noise] {
			return fmt.Errorf("messages on stdout cannot be told apart: %s", shown(f))
		}
	}
	return nil
}
