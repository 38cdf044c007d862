package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var versionWords = []step{
	{when, "a client of earlier revisions initializes and requests ping", do((*World).initializeLegacy)},
	{then, "the handshake is refused as over this transport it has to be", do((*World).handshakeRefused)},
	{then, "the refusal of the handshake names a supported revision", do((*World).refusalNamesRevision)},
	{then, "the server serves it by the negotiated revision", do((*World).servedLegacy)},
}

var versionInvariants = []invariant{
	{"version.extension.fallback", fallsBack},
}

// initializeLegacy is a whole conversation of an earlier revision, beside the
// session of the scenario.
func (w *World) initializeLegacy(ctx context.Context) error {
	c, err := w.subject.open(ctx, nil)
	if err != nil {
		return err
	}
	defer w.subject.giveBack(c.Session, true)
	c.Probe = true
	c.SetRevision("")
	c.Hello = c.Initialize(ctx, spec.R20251125, nil)
	w.exchanges = append(w.exchanges, c.Hello)
	if _, err := resultOf(c.Hello); err == nil {
		c.Initialized(ctx)
	}
	w.x = c.Request(ctx, "ping", nil)
	w.exchanges = append(w.exchanges, w.x)
	w.named["initialize"] = c.Hello
	return nil
}

func (w *World) servedLegacy(ctx context.Context) error {
	v, err := negotiatedBy(w.named["initialize"])
	if err != nil {
		return err
	}
	if err := w.answersResult(ctx); err != nil {
		return fmt.Errorf("at the negotiated revision %s: %w", v, err)
	}
	return nil
}

// handshakeRefused asks for a JSON-RPC error over stdio. Over HTTP the request
// lacks the headers of this revision, and has status 400.
func (w *World) handshakeRefused(ctx context.Context) error {
	if w.subject.Endpoint.Transport == spec.Stdio {
		return w.answersError(ctx)
	}
	return w.statusIs(ctx, 400)
}

// refusalNamesRevision takes any part of the refusal: it is for a reader.
func (w *World) refusalNamesRevision(context.Context) error {
	text := string(w.x.Payload())
	if m := w.x.Response(); m != nil {
		if m.Result() != nil {
			return rootCause{fmt.Errorf("initialize was to be refused and is answered with a result")}
		}
		text = string(m.Raw)
	}
	for _, r := range spec.Revisions {
		if r.Modern() && strings.Contains(text, string(r)) {
			return nil
		}
	}
	return unmetf("an error that names a revision which the server supports", "%s", brief(text))
}

// The notifications that the core of the protocol has.
var coreNotifications = []string{
	"notifications/cancelled", "notifications/elicitation/complete", "notifications/message", "notifications/progress",
	"notifications/prompts/list_changed", "notifications/resources/list_changed", "notifications/resources/updated",
	"notifications/subscriptions/acknowledged", "notifications/tools/list_changed",
}

// fallsBack looks for notifications that only an extension can define, where the
// server declares one and the client none. That resultType is one of the core is
// required by result.result-type.value-set.
func fallsBack(c *Conversation, t *tally) {
	if c.Hello == nil || c.Hello.Response() == nil {
		return
	}
	declared := extensions(c.Hello.Response().Result())
	if len(declared) == 0 {
		return
	}
	for _, x := range c.Exchanges() {
		if x.Response() != nil && x.Call.Method != "server/discover" && !offersExtensions(x) {
			t.seen++
		}
	}
	for _, m := range c.Messages() {
		if !m.IsNotification() || slices.Contains(coreNotifications, m.Method) || offeredExtensions(c, m) {
			continue
		}
		if id := speaksOf(m.Method, declared); id != "" {
			t.check(origin(m), unmetf("no notification of the extension "+id+", which the client does not declare", "%s", brief(m.Method)))
		}
	}
}

// speaksOf returns the extension whose name a method has in it, or "".
func speaksOf(method string, extensions map[string]json.RawMessage) string {
	words := strings.FieldsFunc(method, func(c rune) bool { return c == '/' })
	for id := range extensions {
		if slices.Contains(words, id[strings.LastIndex(id, "/")+1:]) {
			return id
		}
	}
	return ""
}

// offeredExtensions reports whether a message may belong to a request that
// declared extensions.
func offeredExtensions(c *Conversation, m *wire.Message) bool {
	if m.Exchange != nil {
		return offersExtensions(m.Exchange)
	}
	return slices.ContainsFunc(c.Exchanges(), offersExtensions)
}

func offersExtensions(x *wire.Exchange) bool {
	capabilities, ok := x.Call.Meta[metaPrefix+"clientCapabilities"].(map[string]any)
	return ok && capabilities["extensions"] != nil
}
