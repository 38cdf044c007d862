package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// completions asks the server whose prompt or template it is.
type completions struct{ *gateway }

func (w completions) CompletePromptArgument(ctx context.Context, name string, argument mcp.CompleteArgument, context mcp.CompleteContext) (*mcp.Completion, error) {
	o, ok := find(w.gateway, func(o offer) map[string]offered[mcp.Prompt] { return o.prompts }, name)
	if !ok {
		return nil, service.Invalid(errors.New("there is no such prompt"))
	}
	return o.from.complete(ctx, mcp.PromptReference{Type: "ref/prompt", Name: o.own}, argument, context)
}

func (w completions) CompleteResourceArgument(ctx context.Context, uri string, argument mcp.CompleteArgument, context mcp.CompleteContext) (*mcp.Completion, error) {
	if o, ok := find(w.gateway, func(o offer) map[string]offered[mcp.ResourceTemplate] { return o.templates }, uri); ok {
		return o.from.complete(ctx, mcp.ResourceReference{Type: "ref/resource", URI: o.own}, argument, context)
	}
	if o, ok := find(w.gateway, func(o offer) map[string]offered[mcp.Resource] { return o.resources }, uri); ok {
		return o.from.complete(ctx, mcp.ResourceReference{Type: "ref/resource", URI: o.own}, argument, context)
	}
	return nil, service.Invalid(errors.New("there is no such resource template"))
}

func (u *upstream) complete(ctx context.Context, ref any, argument mcp.CompleteArgument, given mcp.CompleteContext) (*mcp.Completion, error) {
	if lists := u.catalogue(); lists == nil || !lists.completions {
		return &mcp.Completion{}, nil // a server that completes nothing
	}
	raw, err := u.forward(ctx, string(mcp.MethodCompletionComplete), func(ctx context.Context, c *client.Client) error {
		_, err := c.Complete(ctx, mcp.CompleteRequest{Params: mcp.CompleteParams{Ref: ref, Argument: argument, Context: given}})
		return err
	})
	if err != nil {
		return nil, err
	}
	var result mcp.CompleteResult
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, fmt.Errorf("server %s: its result is none of a completion", u.Name)
	}
	return &result.Completion, nil
}
