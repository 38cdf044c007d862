package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// A call is one request that is being handled.
type call struct {
	start time.Time
}

// calls are those in flight, by the context that mcp-go made for each.
type calls struct{ sync.Map }

// Options are what mcp-go's NewMCPServer is to be given, before any of the
// server's own.
func (g *Guard) Options() []server.ServerOption {
	return []server.ServerOption{
		server.WithHooks(g.hooks),
		server.WithInputSchemaValidation(),
		server.WithToolFilter(g.policy.tools),
		server.WithToolHandlerMiddleware(g.toolMiddleware),
		server.WithResourceHandlerMiddleware(g.resourceMiddleware),
		server.WithPromptHandlerMiddleware(g.promptMiddleware),
	}
}

func (g *Guard) newHooks() *server.Hooks {
	h := &server.Hooks{}
	h.AddBeforeAny(func(ctx context.Context, _ any, _ mcp.MCPMethod, _ any) {
		g.calls.Store(ctx, &call{start: time.Now()})
		g.metrics.inFlight.Inc()
	})
	h.AddOnSuccess(func(ctx context.Context, id any, method mcp.MCPMethod, message, result any) {
		outcome := "ok"
		if r, ok := result.(*mcp.CallToolResult); ok && r != nil && r.IsError {
			outcome = "tool_error"
		}
		g.finish(ctx, id, method, message, outcome, nil)
	})
	h.AddOnError(func(ctx context.Context, id any, method mcp.MCPMethod, message any, err error) {
		if errors.Is(err, server.ErrNotificationChannelBlocked) {
			g.metrics.refused.WithLabelValues("notification").Inc() // of ours, by a client that does not read
			return
		}
		outcome := "error"
		switch {
		case errors.Is(err, ErrRefused):
			outcome = "refused"
		case errors.Is(err, server.ErrToolNotFound):
			if r, ok := message.(*mcp.CallToolRequest); ok {
				if _, hidden := g.policy.hidden.Load(r.Params.Name); hidden {
					outcome = "refused"
				}
			}
		}
		if m := messageOf(ctx); m != nil {
			m.fail(err, server.RequestProtocolVersion(ctx))
		}
		g.finish(ctx, id, method, message, outcome, err)
	})
	if g.Transport != "http" { // whose sessions are told of by sessions
		count := func(by float64) func(context.Context, server.ClientSession) {
			return func(_ context.Context, s server.ClientSession) {
				if _, is := s.(*subscription); !is {
					g.metrics.sessions.Add(by)
				}
			}
		}
		h.AddOnRegisterSession(count(1))
		h.AddOnUnregisterSession(count(-1))
	}
	return h
}

// finish counts a request that was answered, and writes the line of the audit log
// that belongs to it.
func (g *Guard) finish(ctx context.Context, id any, method mcp.MCPMethod, message any, outcome string, err error) {
	var took time.Duration
	if c, ok := g.calls.LoadAndDelete(ctx); ok {
		took = time.Since(c.(*call).start)
		g.metrics.inFlight.Dec()
	}
	tool, target := g.subject(message, err)
	failed := ""
	if outcome != "ok" {
		failed = outcome
	}
	g.metrics.requests.WithLabelValues(string(method), tool, outcome).Inc()
	g.metrics.operation.WithLabelValues(string(method), tool, failed, server.RequestProtocolVersion(ctx), g.network()).Observe(took.Seconds())
	if outcome == "ok" && method != mcp.MethodToolsCall && method != mcp.MethodResourcesRead {
		return
	}
	level := slog.LevelInfo
	if outcome != "ok" {
		level = slog.LevelWarn
	}
	if m := messageOf(ctx); m != nil {
		id = m.id // which is exact
	}
	attrs := []slog.Attr{slog.Any("request", id), slog.String("session", sessionTag(ctx)), slog.String("method", string(method))}
	if target.Key != "" {
		attrs = append(attrs, target)
	}
	attrs = append(attrs, slog.String("outcome", outcome), slog.Float64("seconds", took.Seconds()))
	g.audit.LogAttrs(ctx, level, "request", attrs...)
}

// subject names what a request is about: as a label, where a name that is no
// tool's counts as unknown, and for the audit log.
func (g *Guard) subject(message any, err error) (label string, target slog.Attr) {
	switch r := message.(type) {
	case *mcp.CallToolRequest:
		if errors.Is(err, server.ErrToolNotFound) {
			return "unknown", slog.String("tool", cut(r.Params.Name))
		}
		return r.Params.Name, slog.String("tool", r.Params.Name)
	case *mcp.ReadResourceRequest:
		return "", slog.String("resource", cut(r.Params.URI))
	case *mcp.GetPromptRequest:
		return "", slog.String("prompt", cut(r.Params.Name))
	}
	return "", slog.Attr{}
}

func (g *Guard) network() string {
	if g.Transport == "stdio" {
		return "pipe"
	}
	return "tcp"
}

// guarded runs one handler: with a slot, in its time, and so that a panic of it
// ends the request alone.
func (g *Guard) guarded(ctx context.Context, f func(context.Context) error) (err error) {
	if g.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.Timeout)
		defer cancel()
	}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
			defer func() { <-g.slots }()
		case <-ctx.Done():
			return fmt.Errorf("no slot became free: %w", ctx.Err())
		}
	}
	defer func() {
		if p := recover(); p != nil {
			g.audit.Error("panic", "session", sessionTag(ctx), "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errors.New("internal error") // what panicked may hold secrets
		}
	}()
	return f(ctx)
}

func (g *Guard) toolMiddleware(next server.ToolHandlerFunc) server.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (result *mcp.CallToolResult, err error) {
		if err := g.policy.call(r); err != nil {
			return nil, err
		}
		err = g.guarded(ctx, func(ctx context.Context) error {
			result, err = next(ctx, r)
			return err
		})
		return result, err
	}
}

func (g *Guard) resourceMiddleware(next server.ResourceHandlerFunc) server.ResourceHandlerFunc {
	return func(ctx context.Context, r mcp.ReadResourceRequest) (contents []mcp.ResourceContents, err error) {
		if err := g.policy.read(r.Params.URI); err != nil {
			return nil, err
		}
		err = g.guarded(ctx, func(ctx context.Context) error {
			contents, err = next(ctx, r)
			return err
		})
		return contents, err
	}
}

func (g *Guard) promptMiddleware(next server.PromptHandlerFunc) server.PromptHandlerFunc {
	return func(ctx context.Context, r mcp.GetPromptRequest) (result *mcp.GetPromptResult, err error) {
		err = g.guarded(ctx, func(ctx context.Context) error {
			result, err = next(ctx, r)
			return err
		})
		return result, err
	}
}
