package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// noBatches is why nothing more can be said of batches.
var noBatches = rootCause{errors.New("the server does not take batches")}

// A batchMember is a request in a batch.
type batchMember struct {
	id      json.RawMessage
	unknown bool // for a method that no server has
}

// sendBatch sends a batch whose members are named: "request" is harmless,
// "unknown" a request for a method that no server has, and "notification" cancels
// what was never asked, which is allowed and has no effect.
func (w *World) sendBatch(ctx context.Context, members []string) error {
	var list []json.RawMessage
	for _, name := range members {
		var text string
		switch name {
		case "request":
			text = `{"jsonrpc":"2.0","id":$id,"method":"$method","params":$params}`
		case "unknown":
			text = `{"jsonrpc":"2.0","id":$id,"method":"x-conformance/no-such-method","params":$params}`
		case "notification":
			text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"$random"}}`
		default:
			return &misspelt{fmt.Errorf("a batch has no %q, but request, unknown and notification", name)}
		}
		raw, err := w.fill(text)
		if err != nil {
			return err
		}
		if id := wire.Parse(raw)[0].ID; id != nil {
			w.batch = append(w.batch, batchMember{id, name == "unknown"})
		}
		list = append(list, raw)
	}
	w.sendRaw(ctx, wire.Call{
		Raw:    append(append([]byte("["), bytes.Join(asBytes(list), []byte(","))...), ']'),
		Header: w.harmlessHeader(), // so that it is not for a header that the batch is refused
	})
	return nil
}

// harmlessHeader is the header of a harmless request, for a body from which it
// cannot be read.
func (w *World) harmlessHeader() map[string][]string {
	if !w.subject.Revision.Modern() || w.session.Endpoint.Transport == spec.Stdio {
		return nil
	}
	return map[string][]string{"Mcp-Method": {w.subject.harmlessMethod()}}
}

func asBytes(list []json.RawMessage) [][]byte {
	parts := make([][]byte, len(list))
	for i, raw := range list {
		parts[i] = raw
	}
	return parts
}

// batchResponses waits until each request of the batch has a response, or for
// long enough, and returns what came for each.
func (w *World) batchResponses(ctx context.Context) [][]*wire.Message {
	found := make([][]*wire.Message, len(w.batch))
	left := len(w.batch)
	collect := func(m *wire.Message) bool {
		for i, b := range w.batch {
			if m.IsResponse() && !m.At.Before(w.x.Sent) && wire.SameID(b.id, m.ID) {
				if found[i] = append(found[i], m); len(found[i]) == 1 {
					left--
				}
			}
		}
		return left == 0
	}
	w.await(ctx, w.subject.patience(), collect)
	return found
}

// batchAnswered tells a server that does not take batches at all from one that
// takes them and leaves a member out: only the former is what jsonrpc.batch.receive
// is about, unless every member is a plain request.
func (w *World) batchAnswered(ctx context.Context) error {
	found := w.batchResponses(ctx)
	mixed, served := false, false
	for i, b := range w.batch {
		mixed = mixed || b.unknown
		served = served || len(found[i]) > 0 && !b.unknown
	}
	if mixed && !served {
		return noBatches
	}
	for i, b := range w.batch {
		if len(found[i]) != 1 {
			return unmetf("one response to each request of the batch", "%d to the one with id %s%s", len(found[i]), b.id, w.instead(found))
		}
		if e := found[i][0].Error(); e != nil && !b.unknown {
			return unmetf("a result for the request with id "+string(b.id), "error %s (%s)", e.Code, brief(e.Message))
		}
	}
	return nil
}

// instead says what the server answered to the batch as a whole.
func (w *World) instead(found [][]*wire.Message) string {
	for _, list := range found {
		if len(list) > 0 {
			return ""
		}
	}
	if m := w.x.Response(); m != nil {
		return ", and " + brief(string(m.Raw))
	}
	if w.x.Status() >= 400 {
		return fmt.Sprintf(", and HTTP status %d", w.x.Status())
	}
	return ""
}

// noEmptyBatch proves that the server got past the batch.
func (w *World) noEmptyBatch(ctx context.Context) error {
	sent := w.x
	if m := sent.Response(); m != nil && m.Has("error") || sent.Status() >= 400 {
		return noBatches
	}
	if err := w.alive(ctx); err != nil {
		return inconclusivef("the server answers nothing after the batch: %w", err)
	}
	for _, m := range w.heard() {
		if string(bytes.TrimSpace(m.Raw)) == "[]" {
			return unmetf("no response to a batch of notifications", "[]")
		}
	}
	return nil
}

// batchRefused takes silence as an advisory: on stdio nothing obliges a server
// to answer what it could not read.
func (w *World) batchRefused(ctx context.Context) error {
	for _, m := range w.heard() {
		if m.At.Before(w.x.Sent) || !m.IsResponse() || m.Answers != nil && m.Answers != w.x {
			continue
		}
		e := m.Error()
		switch {
		case m.Batch:
			return unmetf("a single error, not in an array", "[%s]", brief(string(m.Raw)))
		case e == nil:
			return unmetf("an error", "%s", brief(string(m.Raw)))
		case e.Code != "-32600":
			return advisory(unmetf("error code -32600", "code %s (%s)", e.Code, brief(e.Message)))
		}
		return nil
	}
	if w.x.Status() >= 400 {
		return nil
	}
	if err := w.livesOn(ctx); err != nil {
		return err
	}
	return advisory(unmetf("an error", "%s", silence(w.x)))
}

// batchNotRun listens for as long as the responses would take.
func (w *World) batchNotRun(ctx context.Context) error {
	ids := func(m *wire.Message) bool {
		return m.Result() != nil && !m.At.Before(w.x.Sent) && wire.SameID(m.ID, w.batch[0].id)
	}
	if m := w.await(ctx, w.subject.grace(), ids); m != nil {
		return unmetf("a refusal: revision "+string(w.subject.Revision)+" has no batches", "%s", brief(string(m.Raw)))
	}
	if w.x.Response() != nil || w.x.Status() >= 400 {
		return nil
	}
	return w.livesOn(ctx)
}
