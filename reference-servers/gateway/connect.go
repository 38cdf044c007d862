package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// connect opens a connection, in the newest revision that the server speaks. It
// lasts as long as ctx; timeout bounds the opening.
func (r *replica) connect(ctx, timeout context.Context) (*client.Client, error) {
	ctx, cancel := context.WithCancel(ctx)
	c, err := r.dial(ctx, timeout, false)
	if err == nil && r.upstream.Transport == "http" && !mcp.IsModernProtocol(c.ProtocolVersion()) {
		// Older revisions tell of changes on a stream of its own, which mcp-go opens
		// only when it is told so beforehand.
		c.Close()
		c, err = r.dial(ctx, timeout, true)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client, r.close = c, func() { cancel(); c.Close() }
	if mcp.IsModernProtocol(c.ProtocolVersion()) {
		go r.listen(ctx, c)
	}
	return c, nil
}

func (r *replica) dial(ctx, timeout context.Context, stream bool) (*client.Client, error) {
	inner, err := r.transport(stream)
	if err != nil {
		return nil, err
	}
	c := client.NewClient(tap{inner}, client.WithDiscoverTimeout(3*time.Second))
	c.OnNotification(r.notified)
	if err := c.Start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	var request mcp.InitializeRequest
	request.Params.ClientInfo = mcp.Implementation{Name: "gateway", Version: r.upstream.gateway.guard.Version()}
	if _, err := c.Initialize(timeout, request); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (r *replica) transport(stream bool) (transport.HTTPConnection, error) {
	if r.upstream.Transport == "sse" {
		return transport.NewSSE(r.endpoint, transport.WithHTTPClient(r.web), transport.WithHeaders(r.upstream.Headers), transport.WithSSELogger(quiet))
	}
	options := []transport.StreamableHTTPCOption{
		transport.WithHTTPBasicClient(r.web), transport.WithHTTPHeaders(r.upstream.Headers), transport.WithHTTPLogger(quiet),
	}
	if stream {
		options = append(options, transport.WithContinuousListening()) //nolint:staticcheck // for servers of older revisions
	}
	return transport.NewStreamableHTTP(r.endpoint, options...)
}

// listen keeps the stream open on which a server tells of changes. Between two of
// them some may have been missed.
func (r *replica) listen(ctx context.Context, c *client.Client) {
	for ctx.Err() == nil {
		err := c.Listen(ctx, mcp.SubscriptionFilter{ToolsListChanged: true, PromptsListChanged: true, ResourcesListChanged: true})
		if unknownMethod(err, c) {
			return // then Refresh has to do
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.upstream.gateway.HealthInterval):
			r.stale.Store(true)
			r.lookSoon()
		}
	}
}

// notified takes what a server says by itself.
func (r *replica) notified(n mcp.JSONRPCNotification) {
	switch n.Method {
	case mcp.MethodNotificationToolsListChanged, mcp.MethodNotificationPromptsListChanged, mcp.MethodNotificationResourcesListChanged:
		r.stale.Store(true)
		r.lookSoon()
	case "notifications/progress":
		r.upstream.gateway.progress.pass(n.Params.AdditionalFields)
	}
}

// A tap is a transport that keeps what comes out of it: mcp-go's types would lose
// what they have no place for.
type tap struct{ transport.HTTPConnection }

type captured struct {
	result json.RawMessage
	err    *mcp.JSONRPCErrorDetails
}

type capturedKey struct{}

func capture(ctx context.Context) (context.Context, *captured) {
	c := &captured{}
	return context.WithValue(ctx, capturedKey{}, c), c
}

func (t tap) SendRequest(ctx context.Context, request transport.JSONRPCRequest) (*transport.JSONRPCResponse, error) {
	response, err := t.HTTPConnection.SendRequest(ctx, request)
	if c, ok := ctx.Value(capturedKey{}).(*captured); ok && response != nil {
		c.result, c.err = response.Result, response.Error
	}
	return response, err
}

// SetRequestHandler lets mcp-go answer a server's pings.
func (t tap) SetRequestHandler(handler transport.RequestHandler) {
	if b, ok := t.HTTPConnection.(transport.BidirectionalInterface); ok {
		b.SetRequestHandler(handler)
	}
}

// RequiresLegacyProtocol says what the transport says.
func (t tap) RequiresLegacyProtocol() bool {
	l, ok := t.HTTPConnection.(interface{ RequiresLegacyProtocol() bool })
	return !ok || l.RequiresLegacyProtocol() // HTTP+SSE is older than the modern revision
}

// maxPages bounds how far a list is followed.
const maxPages = 1000

// list reads all that a server lists, page by page.
func (u *upstream) list(ctx context.Context, c *client.Client) (*catalogue, error) {
	has := c.GetServerCapabilities()
	lists := &catalogue{completions: has.Completions != nil && u.offers("completions")}
	var err error
	if has.Tools != nil && u.offers("tools") {
		err = pages(ctx, func(ctx context.Context, p mcp.PaginatedRequest) (mcp.Cursor, error) {
			ctx, raw := capture(ctx)
			page, err := c.ListToolsByPage(ctx, mcp.ListToolsRequest{PaginatedRequest: p})
			if err != nil {
				return "", err
			}
			lists.tools = append(lists.tools, withSchemas(page.Tools, raw.result)...)
			return page.NextCursor, nil
		})
	}
	if err == nil && has.Prompts != nil && u.offers("prompts") {
		err = pages(ctx, func(ctx context.Context, p mcp.PaginatedRequest) (mcp.Cursor, error) {
			page, err := c.ListPromptsByPage(ctx, mcp.ListPromptsRequest{PaginatedRequest: p})
			if err != nil {
				return "", err
			}
			lists.prompts = append(lists.prompts, page.Prompts...)
			return page.NextCursor, nil
		})
	}
	if err == nil && has.Resources != nil && u.offers("resources") {
		err = errors.Join(pages(ctx, func(ctx context.Context, p mcp.PaginatedRequest) (mcp.Cursor, error) {
			page, err := c.ListResourcesByPage(ctx, mcp.ListResourcesRequest{PaginatedRequest: p})
			if err != nil {
				return "", err
			}
			lists.resources = append(lists.resources, page.Resources...)
			return page.NextCursor, nil
		}), pages(ctx, func(ctx context.Context, p mcp.PaginatedRequest) (mcp.Cursor, error) {
			page, err := c.ListResourceTemplatesByPage(ctx, mcp.ListResourceTemplatesRequest{PaginatedRequest: p})
			if unknownMethod(err, c) {
				return "", nil // a server may have resources, and no templates
			}
			if err != nil {
				return "", err
			}
			lists.templates = append(lists.templates, page.ResourceTemplates...)
			return page.NextCursor, nil
		}))
	}
	return lists, err
}

func pages(ctx context.Context, next func(context.Context, mcp.PaginatedRequest) (mcp.Cursor, error)) error {
	var p mcp.PaginatedRequest
	for range maxPages {
		cursor, err := next(ctx, p)
		if err != nil || cursor == "" {
			return err
		}
		if cursor == p.Params.Cursor {
			return errors.New("a list comes round to the same page")
		}
		p.Params.Cursor = cursor
	}
	return errors.New("a list has no end")
}

// withSchemas gives tools the schemas that the server wrote. Tools that can only be
// called as tasks the gateway leaves out: it has none.
func withSchemas(tools []mcp.Tool, page json.RawMessage) (kept []mcp.Tool) {
	var raw struct {
		Tools []struct {
			Name         string          `json:"name"`
			InputSchema  json.RawMessage `json:"inputSchema"`
			OutputSchema json.RawMessage `json:"outputSchema"`
		} `json:"tools"`
	}
	if json.Unmarshal(page, &raw) != nil {
		return nil
	}
	at := map[string]int{}
	for i, t := range raw.Tools {
		at[t.Name] = i
	}
	for _, t := range tools {
		i, ok := at[t.Name]
		if !ok || t.Execution != nil && t.Execution.TaskSupport == mcp.TaskSupportRequired {
			continue
		}
		t.Execution = nil
		if schema := raw.Tools[i].InputSchema; len(schema) > 0 {
			t.InputSchema, t.RawInputSchema = mcp.ToolInputSchema{}, schema
		}
		if schema := raw.Tools[i].OutputSchema; len(schema) > 0 && string(schema) != "null" {
			t.OutputSchema, t.RawOutputSchema = mcp.ToolOutputSchema{}, schema
		}
		kept = append(kept, t)
	}
	return kept
}
