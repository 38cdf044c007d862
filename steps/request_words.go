package steps

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The acts of the client that belong to no area.
var requestWords = []step{
	{when, "the client requests {method}", do1(method, (*World).request)},
	{when, "the client requests {method} with", doText1(method, (*World).requestWith)},
	{when, "the client requests {method} with the id {json}", do2(method, jsonText, (*World).requestWithID)},
	{when, "the client requests {method} without params", do1(method, (*World).requestBare)},
	{when, "the client sends", doText((*World).sendText)},
	{when, "the client sends a harmless request", do((*World).harmless)},
	{when, "the client sends a harmless request with the id {json}", do1(jsonText, (*World).harmlessWithID)},
	{when, "the client sends {count} harmless requests at once", do1(count, (*World).harmlessMany)},
	{when, "the client notifies {method}", do1(method, (*World).notify)},
	{when, "the client notifies {method} with", doText1(method, (*World).notifyWith)},
	{when, "the client calls the tool", do((*World).callTool)},
	{when, "the client reads the resource", do((*World).readResource)},
}

// harmlessMethod is a request without side effects that every server answers.
func (s *Subject) harmlessMethod() string {
	if s.Revision.Modern() {
		return "server/discover"
	}
	return "ping"
}

func (w *World) request(ctx context.Context, method string) error {
	w.do(ctx, wire.Call{Method: method, Params: struct{}{}})
	return nil
}

func (w *World) requestWith(ctx context.Context, method, params string) error {
	raw, err := w.fill(params)
	if err == nil {
		w.do(ctx, wire.Call{Method: method, Params: raw})
	}
	return err
}

func (w *World) requestBare(ctx context.Context, method string) error {
	w.do(ctx, wire.Call{Method: method})
	return nil
}

func (w *World) requestWithID(ctx context.Context, method, id string) error {
	w.do(ctx, wire.Call{Method: method, ID: json.RawMessage(id), Params: struct{}{}})
	return nil
}

func (w *World) harmless(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	return nil
}

func (w *World) harmlessWithID(ctx context.Context, id string) error {
	c := wire.Call{Method: w.subject.harmlessMethod(), ID: json.RawMessage(id)}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && (n >= 1<<53 || n <= -1<<53) {
		c.Timeout = w.subject.patience() // many servers read it as a float and drop it in silence
	}
	w.do(ctx, c)
	return nil
}

// harmlessMany sends requests before it reads any answer. Every other one has a
// string as its id, which tells how many there are.
func (w *World) harmlessMany(ctx context.Context, n int) error {
	for i := range n {
		c := wire.Call{Method: w.subject.harmlessMethod()}
		if i%2 > 0 {
			c.ID = fmt.Sprintf("mcpcheck-%d-at-once-%s", n, randomHex())
		}
		w.xs = append(w.xs, w.start(ctx, c))
	}
	for _, x := range w.xs {
		w.session.Finish(ctx, x)
	}
	return nil
}

func (w *World) notify(ctx context.Context, method string) error {
	w.do(ctx, wire.Call{Method: method, Notification: true})
	return nil
}

func (w *World) notifyWith(ctx context.Context, method, params string) error {
	raw, err := w.fill(params)
	if err == nil {
		w.do(ctx, wire.Call{Method: method, Params: raw, Notification: true})
	}
	return err
}

func (w *World) callTool(ctx context.Context) error {
	w.do(ctx, toolCall(w.tool.Name, w.arguments))
	return nil
}

func (w *World) readResource(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: "resources/read", Params: map[string]any{"uri": w.resource}})
	return nil
}

// fill replaces the variables of a text block: $id, $method and $params make a
// harmless request, $tool and $uri name what a Given found, $random is new in
// each scenario.
func (w *World) fill(text string) (json.RawMessage, error) {
	filled := w.substitute(text)
	if !json.Valid([]byte(filled)) {
		return nil, &misspelt{fmt.Errorf("the text block is no JSON: %s", brief(filled))}
	}
	return json.RawMessage(filled), nil
}

func (w *World) substitute(text string) string {
	params := "{}"
	if w.subject.Revision.Modern() {
		params = fmt.Sprintf(`{"_meta":{"io.modelcontextprotocol/protocolVersion":%q,"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"mcpcheck","version":"1"}}}`, w.subject.Revision)
	}
	tool := ""
	if w.tool != nil {
		tool = w.tool.Name
	}
	return strings.NewReplacer(
		"$method", w.subject.harmlessMethod(),
		"$params", params,
		"$tool", jsonString(tool),
		"$uri", jsonString(w.resource),
		"$random", randomHex(),
		"$revision", string(w.subject.Revision),
		"$id", fmt.Sprint(w.session.NextID()),
	).Replace(text)
}

// jsonString is a string as it stands between the quotes of a JSON text.
func jsonString(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return strings.Trim(string(data), `"`)
}

func randomHex() string {
	var b [8]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	return hex.EncodeToString(b[:])
}

// sendText sends a text block as it is, which may be no message at all. It
// waits for the answer, or until the server has answered something else since:
// to malformed input, silence can be right.
func (w *World) sendText(ctx context.Context, text string) error {
	raw := []byte(w.substitute(text))
	c := wire.Call{Raw: raw}
	// What a lenient server takes for a request is answered under its id.
	if m := wire.Parse(raw)[0]; m.ID != nil && string(m.ID) != "null" && !m.Batch && !m.Has("result") && !m.Has("error") {
		c.ID = m.ID
	}
	w.sendRaw(ctx, c)
	return nil
}

func (w *World) sendRaw(ctx context.Context, c wire.Call) {
	if w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.do(ctx, c)
		w.spoilt = w.spoilt || w.owned // for all that is known
		return
	}
	c.Timeout = w.subject.grace()
	x := w.start(ctx, c)
	alive := w.session.Start(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	w.exchanges = append(w.exchanges, alive)
	alive.Wait(ctx)
	w.spoilt = w.spoilt || w.owned && alive.Response() == nil
	if w.session.Endpoint.Transport == spec.SSE {
		x.WaitStatus(ctx, w.subject.patience())
	}
	w.session.Finish(ctx, x)
}

// A GET that listens, with what makes it fit for the session.
func (w *World) listen(ctx context.Context, lastID string) *wire.Exchange {
	return w.do(ctx, wire.Call{Verb: http.MethodGet, LastID: lastID})
}
