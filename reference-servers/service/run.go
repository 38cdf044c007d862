package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// Run serves until the context ends, or over stdio until stdin does. It returns
// once the calls in flight are answered.
func (g *Guard) Run(ctx context.Context, s Server, stdin io.Reader, stdout, stderr io.Writer) error {
	g.logTo(stderr)
	if s.Close != nil {
		defer s.Close()
	}
	if g.Transport == "stdio" {
		stdio := server.NewStdioServer(s.MCP)
		stdio.SetErrorLogger(log.New(io.Discard, "", 0))
		err := stdio.Listen(ctx, stdin, stdout)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", g.Address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	path, end := "/mcp", func() {}
	if g.Transport == "http" {
		h := server.NewStreamableHTTPServer(s.MCP, server.WithStateful(!g.Stateless), server.WithStateLess(g.Stateless), server.WithSessionIdleTTL(g.SessionTTL))
		mux.Handle("/mcp", h)
		end = func() { h.CloseSessions(context.Background()) }
	} else {
		h := server.NewSSEServer(s.MCP)
		path, end = "/sse", h.CloseSessions
		mux.Handle("/sse", h.SSEHandler())
		mux.Handle("/message", h.MessageHandler())
	}
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"status":"ok"}`) })
	mux.HandleFunc("/ready", g.readyHandler(s))
	mux.Handle("/metrics", g.metrics.handler())
	fmt.Fprintf(stderr, "listening on http://%s%s\n", listener.Addr(), path)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		g.drained.Store(true)
		end()
		limit, cancel := context.WithTimeout(context.Background(), g.ShutdownTimeout)
		defer cancel()
		done <- web.Shutdown(limit)
	})
	defer stop()
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

func (g *Guard) readyHandler(s Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		ready := !g.drained.Load() && (s.Ready == nil || s.Ready(ctx) == nil)
		if !ready {
			g.metrics.ready.Set(0)
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, `{"status":"not ready"}`)
			return
		}
		g.metrics.ready.Set(1)
		fmt.Fprintln(w, `{"status":"ready"}`)
	}
}

// sessionTag tells sessions apart without telling their ids, which are secrets.
func sessionTag(ctx context.Context) string {
	session := server.ClientSessionFromContext(ctx)
	if session == nil || session.SessionID() == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(session.SessionID()))
	return hex.EncodeToString(sum[:6])
}

// cut keeps a client's text from filling the log.
func cut(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}
