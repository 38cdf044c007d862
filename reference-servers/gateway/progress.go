package gateway

import (
	"context"
	"crypto/rand"
	"maps"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// progress knows whose progress servers tell of. Clients share the connections to
// servers, so their tokens may be the same: each call gets one of the gateway's.
type progress struct{ calls sync.Map }

type toldOf struct {
	ctx   context.Context
	token mcp.ProgressToken
}

// meta is the _meta of a call as it goes on.
func (p *progress) meta(ctx context.Context, m *mcp.Meta) (out *mcp.Meta, done func()) {
	out = ownMeta(m)
	if m == nil || m.ProgressToken == nil {
		return out, func() {}
	}
	if out == nil {
		out = &mcp.Meta{}
	}
	token := rand.Text()
	out.ProgressToken = token
	p.calls.Store(token, toldOf{ctx, m.ProgressToken})
	return out, func() { p.calls.Delete(token) }
}

// pass passes a notification on to the client whose call it is about.
func (p *progress) pass(params map[string]any) {
	token, _ := params["progressToken"].(string)
	call, ok := p.calls.Load(token)
	if !ok {
		return
	}
	params = maps.Clone(params)
	t := call.(toldOf)
	params["progressToken"] = t.token
	if s := server.ServerFromContext(t.ctx); s != nil {
		s.SendNotificationToClient(t.ctx, "notifications/progress", params) //nolint:errcheck // a client that does not read misses it
	}
}
