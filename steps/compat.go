package steps

import (
	"context"
	"net/http"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var compatWords = []step{
	{when, "the client sends the HTTP method {name}", do1(name, (*World).sendVerb)},
	{when, "the client sends a response that nobody asked for", do((*World).sendResponse)},
	{then, "the answer names no session", do((*World).namesNoSession)},
}

var compatInvariants = []invariant{}

// sendVerb speaks as a client of an earlier revision would.
func (w *World) sendVerb(ctx context.Context, verb string) error {
	c := wire.Call{Verb: verb, Header: map[string][]string{"Mcp-Session-Id": {"x-mcpcheck"}}}
	if verb == http.MethodGet {
		c.Header = nil
	}
	w.do(ctx, c)
	w.x.Cut()
	return nil
}

func (w *World) sendResponse(ctx context.Context) error {
	w.do(ctx, wire.Call{Raw: []byte(`{"jsonrpc":"2.0","id":"mcpcheck","result":{}}`), Notification: true})
	return nil
}

func (w *World) namesNoSession(context.Context) error {
	if id := w.x.Header().Get("Mcp-Session-Id"); id != "" {
		return unmetf("an answer without the header Mcp-Session-Id", "%q", brief(id))
	}
	return nil
}
