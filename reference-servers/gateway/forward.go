package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// forward makes one call of the server, through the replica that it falls to, and
// returns the result as it came. A call that has reached nobody goes to the next.
func (u *upstream) forward(ctx context.Context, method string, call func(context.Context, *client.Client) error) (json.RawMessage, error) {
	tried := map[*replica]bool{}
	session := ""
	if s := server.ClientSessionFromContext(ctx); s != nil {
		session = s.SessionID()
	}
	for {
		r := u.pick(session, tried)
		if r == nil {
			return nil, fmt.Errorf("server %s: %w", u.Name, errDown)
		}
		tried[r] = true
		c, lists := r.state()
		if lists == nil {
			continue
		}
		result, err := u.through(ctx, r, c, method, call)
		if errors.Is(err, errMoved) {
			r.down(err, false)
			r.lookSoon()
			continue
		}
		return result, err
	}
}

// errMoved says that the replica has not had the call, and is not there as it was.
var errMoved = errors.New("the connection is gone")

func (u *upstream) through(ctx context.Context, r *replica, c *client.Client, method string, call func(context.Context, *client.Client) error) (json.RawMessage, error) {
	r.inFlight.Add(1)
	defer r.inFlight.Add(-1)
	var result json.RawMessage
	err := u.backend.Call(ctx, u.prefix+" "+method, func(ctx context.Context) error {
		ctx, raw := capture(ctx)
		err := call(ctx, c)
		switch {
		case raw.err != nil:
			return u.refused(raw.err, method, c)
		case asksInput(raw.result):
			return service.Healthy(fmt.Errorf("server %s: asks for input, which the gateway cannot pass on", u.Name))
		case raw.result != nil:
			result = raw.result
			return nil
		case unknownMethod(err, c):
			return service.Coded(fmt.Errorf("server %s does not know %s", u.Name, method), mcp.METHOD_NOT_FOUND, nil)
		case unsent(err), errors.Is(err, transport.ErrSessionTerminated):
			return service.Healthy(errors.Join(errMoved, err)) // as another replica may be
		case err == nil:
			return errors.New("no result")
		}
		return err
	})
	switch {
	case err == nil, errors.Is(err, errMoved), service.IsCoded(err), errors.Is(err, service.ErrUnavailable), service.IsHealthy(err):
		return result, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("server %s: no answer in time", u.Name)
	}
	// What went wrong between the gateway and a server is not the client's business.
	u.gateway.log("%s: %s: %s: %v", u.Name, r.address, method, err)
	return nil, fmt.Errorf("server %s: the call failed", u.Name)
}

// unknownMethod says whether a server answered that it does not know a method. The
// newest revision says so with 404, which mcp-go takes for the end of a session.
func unknownMethod(err error, c *client.Client) bool {
	return errors.Is(err, mcp.ErrMethodNotFound) || errors.Is(err, transport.ErrSessionTerminated) && mcp.IsModernProtocol(c.ProtocolVersion())
}

// refused passes on the error that a server answered with. In the newest revision a
// resource that is not there has the code of parameters that do not fit; the Guard
// tells the two apart again for clients of older ones.
func (u *upstream) refused(e *mcp.JSONRPCErrorDetails, method string, c *client.Client) error {
	code := e.Code
	if code == mcp.INVALID_PARAMS && method == string(mcp.MethodResourcesRead) && mcp.IsModernProtocol(c.ProtocolVersion()) &&
		strings.Contains(strings.ToLower(e.Message), "not found") {
		code = mcp.RESOURCE_NOT_FOUND
	}
	data := e.Data
	if fields, ok := data.(map[string]any); ok {
		if uri, ok := fields["uri"].(string); ok {
			fields = maps.Clone(fields)
			fields["uri"] = uriOf(u.prefix, uri)
			data = fields
		}
	}
	return service.Coded(errors.New(e.Message), code, data)
}

func asksInput(result json.RawMessage) bool {
	var r struct {
		ResultType string `json:"resultType"`
	}
	return json.Unmarshal(result, &r) == nil && r.ResultType == "input_required"
}

func (w *gateway) callTool(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	o, ok := find(w, func(o offer) map[string]offered[mcp.Tool] { return o.tools }, r.Params.Name)
	if !ok {
		return nil, service.Invalid(fmt.Errorf("tool %q not found", r.Params.Name))
	}
	meta, done := w.progress.meta(ctx, r.Params.Meta)
	defer done()
	raw, err := o.from.forward(ctx, string(mcp.MethodToolsCall), func(ctx context.Context, c *client.Client) error {
		var out mcp.CallToolRequest
		out.Params.Name, out.Params.Meta = o.own, meta
		out.Params.Arguments, out.Params.RawArguments = r.Params.Arguments, r.Params.RawArguments
		_, err := c.CallTool(ctx, out)
		return err
	})
	if err != nil {
		return nil, err
	}
	var result struct {
		Meta       *mcp.Meta         `json:"_meta"`
		Content    []json.RawMessage `json:"content"`
		Structured json.RawMessage   `json:"structuredContent"`
		IsError    bool              `json:"isError"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, fmt.Errorf("server %s: its result is none of a tool", o.from.Name)
	}
	out := &mcp.CallToolResult{Content: []mcp.Content{}, IsError: result.IsError}
	out.Meta = ownMeta(result.Meta)
	for _, item := range result.Content {
		out.Content = append(out.Content, content{raw: contentOf(o.from.prefix, server.RequestProtocolVersion(ctx), item)})
	}
	if len(result.Structured) > 0 {
		out.StructuredContent, out.RawStructuredContent = result.Structured, result.Structured
	}
	return out, nil
}

func (w *gateway) getPrompt(ctx context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	o, ok := find(w, func(o offer) map[string]offered[mcp.Prompt] { return o.prompts }, r.Params.Name)
	if !ok {
		return nil, service.Invalid(fmt.Errorf("prompt %q not found", r.Params.Name))
	}
	meta, done := w.progress.meta(ctx, r.Params.Meta)
	defer done()
	raw, err := o.from.forward(ctx, string(mcp.MethodPromptsGet), func(ctx context.Context, c *client.Client) error {
		var out mcp.GetPromptRequest
		out.Params.Name, out.Params.Arguments, out.Params.Meta = o.own, r.Params.Arguments, meta
		_, err := c.GetPrompt(ctx, out)
		return err
	})
	if err != nil {
		return nil, err
	}
	var result struct {
		Meta        *mcp.Meta `json:"_meta"`
		Description string    `json:"description"`
		Messages    []struct {
			Role    mcp.Role        `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, fmt.Errorf("server %s: its result is none of a prompt", o.from.Name)
	}
	out := &mcp.GetPromptResult{Description: result.Description, Messages: []mcp.PromptMessage{}}
	out.Meta = ownMeta(result.Meta)
	for _, m := range result.Messages {
		out.Messages = append(out.Messages, mcp.PromptMessage{Role: m.Role, Content: content{raw: contentOf(o.from.prefix, server.RequestProtocolVersion(ctx), m.Content)}})
	}
	return out, nil
}

func (w *gateway) read(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	prefix, own, _ := splitURI(r.Params.URI)
	u := w.upstreams[prefix]
	if u == nil {
		return nil, service.NotFound(errors.New("resource not found: no server has it; the URIs of resources begin with the name of their server and a plus sign"))
	}
	if !u.offers("resources") {
		return nil, service.NotFound(errors.New("resource not found: nothing of this server's resources is served"))
	}
	meta, done := w.progress.meta(ctx, r.Params.Meta)
	defer done()
	raw, err := u.forward(ctx, string(mcp.MethodResourcesRead), func(ctx context.Context, c *client.Client) error {
		var out mcp.ReadResourceRequest
		out.Params.URI, out.Params.Meta = own, meta
		_, err := c.ReadResource(ctx, out)
		return err
	})
	if err != nil {
		return nil, err
	}
	var result struct {
		Contents []json.RawMessage `json:"contents"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, fmt.Errorf("server %s: its result is none of a resource", u.Name)
	}
	list := make([]mcp.ResourceContents, len(result.Contents))
	for i, item := range result.Contents {
		list[i] = contents{raw: withURI(u.prefix, item)}
	}
	return list, nil
}

// find looks up what a name of the gateway's stands for now.
func find[T any](w *gateway, in func(offer) map[string]offered[T], name string) (offered[T], bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := in(w.offered)[name]
	return o, ok
}

// content and contents are written as they came.
type content struct {
	mcp.TextContent
	raw json.RawMessage
}

func (c content) MarshalJSON() ([]byte, error) { return c.raw, nil }

type contents struct {
	mcp.TextResourceContents
	raw json.RawMessage
}

func (c contents) MarshalJSON() ([]byte, error) { return c.raw, nil }

// ownMeta is what goes on of a result's _meta: not what the protocol says of the
// connection, which is another.
func ownMeta(m *mcp.Meta) *mcp.Meta {
	if m == nil {
		return nil
	}
	fields := maps.Clone(m.AdditionalFields)
	maps.DeleteFunc(fields, func(name string, _ any) bool { return strings.HasPrefix(name, "io.modelcontextprotocol/") })
	if len(fields) == 0 {
		return nil
	}
	return &mcp.Meta{AdditionalFields: fields}
}
