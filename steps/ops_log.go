package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"
)

// propertiesOf are the properties of a tool's arguments that are plain strings.
func propertiesOf(t *Tool) map[string]json.RawMessage {
	schema, err := object(t.Schema)
	if err != nil {
		return nil
	}
	all, err := object(schema["properties"])
	if err != nil {
		return nil
	}
	plain := map[string]json.RawMessage{}
	for name, raw := range all {
		p, err := object(raw)
		if err != nil || string(p["type"]) != `"string"` {
			continue
		}
		free := true
		for _, bound := range []string{"enum", "const", "format", "pattern", "maxLength", "x-mcp-header"} {
			free = free && p[bound] == nil
		}
		if free {
			plain[name] = raw
		}
	}
	return plain
}

// withText is the tool's arguments with one set to a text.
func withText(t *Tool, name, value string) json.RawMessage {
	arguments, err := object(t.Arguments)
	if err != nil {
		arguments = map[string]json.RawMessage{}
	}
	arguments[name], _ = json.Marshal(value) //nolint:errchkjson // a string
	raw, _ := json.Marshal(arguments)        //nolint:errchkjson // made of raw messages that were read
	return raw
}

// textTool takes a tool of which the user did not say what to call it with.
func (w *World) textTool(context.Context) error {
	if w.session.Child() == nil {
		return notLaunched()
	}
	if err := w.takeTool("no safe tool takes an argument that is any text", func(t *Tool) bool {
		return t.Arguments != nil && w.subject.Arguments[t.Name] == nil && len(propertiesOf(t)) > 0
	}); err != nil {
		return err
	}
	w.operation.secret = "mcpcheck" + randomHex() + randomHex()
	// One that a log could tell from other text, should it hold arguments.
	w.arguments = withText(w.tool, keys(propertiesOf(w.tool))[0], "access_token="+w.operation.secret)
	return nil
}

func (w *World) logged() string { return w.session.Child().Stderr.String() }

func (w *World) callLogged(ctx context.Context) error {
	if w.session.Child() == nil {
		return notLaunched()
	}
	w.operation.log = w.logged()
	return w.callWithSecret(ctx)
}

// callWithSecret has the secret in the arguments already.
func (w *World) callWithSecret(ctx context.Context) error {
	if err := w.callTool(ctx); err != nil {
		return err
	}
	if w.x.Response() == nil {
		return inconclusivef("the call has no answer: %s", silence(w.x))
	}
	return nil
}

// awaitLog waits for the log to hold something. What a server writes to stderr
// comes beside its answers.
func (w *World) awaitLog(ctx context.Context, d time.Duration, holds func(log string) bool) bool {
	const look = 10 * time.Millisecond
	tick, end := time.NewTicker(look), time.NewTimer(d)
	defer tick.Stop()
	defer end.Stop()
	for !holds(w.logged()) {
		select {
		case <-tick.C:
		case <-end.C:
			return holds(w.logged())
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// logNamesTool takes a server that never writes JSON lines for one without an
// audit log there, which is its right.
func (w *World) logNamesTool(ctx context.Context) error {
	naming := func(log string) bool {
		return anyLine(since(w.operation.log, log), func(v any) bool { return holdsText(v, w.tool.Name) })
	}
	if w.awaitLog(ctx, w.subject.patience(), naming) {
		return nil
	}
	if !anyLine(w.logged(), func(any) bool { return true }) {
		return applicableIf("the server writes its audit log to stderr, an object of JSON on each line", "the server writes no JSON lines to stderr")
	}
	return unmetf("a line on stderr that names the tool "+w.tool.label(), "JSON lines, but none that does")
}

func (w *World) logKeepsSecret(ctx context.Context) error {
	if w.awaitLog(ctx, w.subject.silence(), func(log string) bool { return strings.Contains(log, w.operation.secret) }) {
		return unmetf("a log without the secrets in the arguments of tools", "the access token that the tool %s was called with", w.tool.label())
	}
	if len(w.logged()) == 0 {
		return applicableIf("the server writes a log to stderr", "the server writes nothing to stderr")
	}
	return nil
}

// since is what a log holds that it did not before; all of it, where its beginning
// is not kept any more.
func since(before, log string) string {
	fresh, ok := strings.CutPrefix(log, before)
	if !ok {
		return log
	}
	return fresh
}

// anyLine looks at the lines of a log that are JSON objects.
func anyLine(log string, matches func(any) bool) bool {
	for line := range strings.Lines(log) {
		var v map[string]any
		d := json.NewDecoder(bytes.NewReader([]byte(line)))
		if d.Decode(&v) == nil && v != nil && matches(v) {
			return true
		}
	}
	return false
}

// holdsText reports whether a value is a text, or holds it anywhere.
func holdsText(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case []any:
		for _, e := range v {
			if holdsText(e, text) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if holdsText(e, text) {
				return true
			}
		}
	}
	return false
}
