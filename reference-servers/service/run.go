package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Run serves until the context ends, or over stdio until stdin does. It returns
// once the calls in flight are answered.
func (g *Guard) Run(ctx context.Context, s Server, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	g.log.open(stderr)
	if s.Close != nil {
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	if g.MetricsAddress != "" {
		stop, err := g.serveMetrics(ctx, s, stderr)
		if err != nil {
			return fmt.Errorf("metrics-address: %w", err)
		}
		defer stop()
	}
	if g.Transport == "stdio" {
		return g.serveStdio(ctx, s, stdin, stdout)
	}
	return g.serveWeb(ctx, s, stderr)
}

func (g *Guard) serveWeb(ctx context.Context, s Server, stderr io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", g.Address)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	mux := http.NewServeMux()
	path := "/mcp"
	if g.Transport == "http" {
		mux.Handle("/mcp", g.guardWeb(g.streamable(s.MCP)))
	} else {
		h := g.sse(s.MCP)
		path = "/sse"
		mux.Handle("/sse", g.guardWeb(http.HandlerFunc(h.stream)))
		mux.Handle("/message", g.guardWeb(http.HandlerFunc(h.post)))
	}
	g.probes(mux, s)
	if g.MetricsAddress == "" {
		mux.Handle("GET /metrics", g.metrics.handler())
	}
	var open connections
	web := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ConnState: open.count,
		ErrorLog: discard,
	}
	open.none = make(chan struct{}, 1)
	fmt.Fprintf(stderr, "listening on http://%s%s\n", listener.Addr(), path)
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { done <- g.drain(web, &open) })
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-done
}

// drain ends in good order: new clients are told to go elsewhere, those that are
// there get their answers, and streams their end.
func (g *Guard) drain(web *http.Server, open *connections) error {
	g.drained.Store(true)
	g.metrics.ready.Set(0)
	if g.Transport == "http" {
		g.streams.end()
	}
	open.wait(g.DrainDelay)
	g.streams.end() // those of HTTP+SSE carry answers
	limit, cancel := context.WithTimeout(context.Background(), g.ShutdownTimeout)
	defer cancel()
	if err := web.Shutdown(limit); err != nil {
		web.Close()
		return fmt.Errorf("calls were still in flight after %v", g.ShutdownTimeout)
	}
	return nil
}

// connections counts those that clients have open.
type connections struct {
	open atomic.Int64
	none chan struct{}
}

func (c *connections) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		if c.open.Add(-1) == 0 {
			select {
			case c.none <- struct{}{}:
			default:
			}
		}
	}
}

// wait returns when no connection is open, or after a while.
func (c *connections) wait(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for c.open.Load() > 0 {
		select {
		case <-c.none:
		case <-timer.C:
			return
		}
	}
}

func (g *Guard) serveMetrics(ctx context.Context, s Server, stderr io.Writer) (stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", g.MetricsAddress)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g.metrics.handler())
	g.probes(mux, s)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: discard}
	fmt.Fprintf(stderr, "metrics on http://%s/metrics\n", listener.Addr())
	go web.Serve(listener) //nolint:errcheck // it ends with stop
	return func() { web.Close() }, nil
}

// probes answer whoever asks how the server is: alive, and ready to be asked.
func (g *Guard) probes(mux *http.ServeMux, s Server) {
	say := func(w http.ResponseWriter, status int, fields map[string]string) {
		body, _ := json.Marshal(fields)
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, status, append(body, '\n'))
	}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, map[string]string{"status": "ok", "server": g.name, "version": g.version})
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		if why := g.unready(r.Context(), s); why != "" {
			g.metrics.ready.Set(0)
			say(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": why})
			return
		}
		g.metrics.ready.Set(1)
		say(w, http.StatusOK, map[string]string{"status": "ready"})
	})
}

// unready says why clients should not come here now. It does not pass on what the
// backend said, which may name what is nobody's business.
func (g *Guard) unready(ctx context.Context, s Server) string {
	if g.drained.Load() {
		return "the server is ending"
	}
	if s.Ready == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		g.audit.Warn("not ready", "error", cut(err.Error()))
		return "the backend does not answer"
	}
	return ""
}

const probeTimeout = 3 * time.Second

// cut keeps a client's text from filling the log.
func cut(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}
