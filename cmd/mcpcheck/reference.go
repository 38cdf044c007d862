package main

import (
	"context"
	"net"
	"net/http"
	"time"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
)

// references are the bundled servers.
var references = []string{"everything"}

// startReference starts a bundled server on loopback, within this process.
func startReference(string) (url string, stop func(), err error) {
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
