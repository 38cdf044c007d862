package gateway

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// enter waits for one of the server's places. Each server has its share of those
// that the Guard gives out, so that a slow one does not keep the others waiting.
func (u *upstream) enter(ctx context.Context) (leave func(), err error) {
	if u == nil || u.slots == nil {
		return func() {}, nil
	}
	if t := u.gateway.guard.Timeout; t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t)
		defer cancel()
	}
	select {
	case u.slots <- struct{}{}:
		return func() { <-u.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("server %s: too many calls wait for it: %w", u.Name, ctx.Err())
	}
}

func (w *gateway) queueTool(next server.ToolHandlerFunc) server.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		o, _ := find(w, func(o offer) map[string]offered[mcp.Tool] { return o.tools }, r.Params.Name)
		leave, err := o.from.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		return next(ctx, r)
	}
}

func (w *gateway) queuePrompt(next server.PromptHandlerFunc) server.PromptHandlerFunc {
	return func(ctx context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		o, _ := find(w, func(o offer) map[string]offered[mcp.Prompt] { return o.prompts }, r.Params.Name)
		leave, err := o.from.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		return next(ctx, r)
	}
}

func (w *gateway) queueResource(next server.ResourceHandlerFunc) server.ResourceHandlerFunc {
	return func(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		prefix, _, _ := splitURI(r.Params.URI)
		leave, err := w.upstreams[prefix].enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		return next(ctx, r)
	}
}
