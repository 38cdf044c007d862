package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/refserver"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
)

// references are the bundled servers: the one that needs nothing, and those that
// run in containers.
var references = append([]string{"everything"}, refserver.Names()...)

// startReference starts a bundled server on loopback.
func startReference(ctx context.Context, name string, note func(string)) (url string, stop func(), err error) {
	if name == "everything" {
		return startEverything()
	}
	r, err := refserver.Start(ctx, name, refserver.Options{Note: note})
	if err != nil {
		return "", nil, err
	}
	return r.URL, func() {
		if err := r.Stop(); err != nil {
			note(err.Error())
		}
	}, nil
}

// startEverything starts the server that needs nothing within this process.
func startEverything() (url string, stop func(), err error) {
	server, err := everything.New(everything.Options{})
	if err != nil {
		return "", nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	h := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go h.Serve(server.Listener(listener)) //nolint:errcheck // it ends with stop
	return "http://" + listener.Addr().String() + "/mcp", func() { server.Close(); h.Close() }, nil
}

// referenceTools lists the tools of a bundled server that may be called whatever
// they say of themselves.
func referenceTools(name string) []string {
	if name == "everything" {
		return everything.ToolNames()
	}
	return nil
}
