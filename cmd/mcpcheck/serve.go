package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/steps"
)

func serveCommand(stdin io.Reader) *cobra.Command {
	var stdio, faults, production bool
	var httpAddress, sseAddress, fault, backend string
	c := &cobra.Command{
		Use:       "serve everything",
		Short:     "Run the bundled server that conforms, or with --fault breaks one requirement",
		ValidArgs: []string{"everything"},
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		RunE: func(c *cobra.Command, args []string) error {
			if faults {
				for _, f := range everything.Faults() {
					fmt.Fprintf(c.OutOrStdout(), "%-55s %s\n", f.ID, f.Does)
				}
				return nil
			}
			if len(args) != 1 {
				return usage("serve needs the name of a server: mcpcheck serve everything")
			}
			server, err := everything.New(everything.Options{
				Fault: fault, RefURL: os.Getenv(steps.RefVariable), Production: production, Backend: whileThere(backend),
			})
			if err != nil {
				return usage("--fault: %v", err)
			}
			defer server.Close()
			switch {
			case httpAddress != "":
				return serveHTTP(c.Context(), c.ErrOrStderr(), httpAddress, "/mcp", server.Handler(), server.Listener)
			case sseAddress != "":
				return serveHTTP(c.Context(), c.ErrOrStderr(), sseAddress, "/sse", server.SSEHandler(), server.Listener)
			}
			return server.ServeStdio(c.Context(), stdin, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&stdio, "stdio", false, "speak over stdin and stdout (the default)")
	c.Flags().StringVar(&httpAddress, "http", "", "listen for Streamable HTTP at `ADDRESS`, such as 127.0.0.1:8080")
	c.Flags().StringVar(&sseAddress, "sse", "", "listen for HTTP+SSE at `ADDRESS`")
	c.Flags().StringVar(&fault, "fault", "", "break the requirement `ID`")
	c.Flags().BoolVar(&production, "production", false, "limit the rate of requests, write an audit log, and serve files, as a server in production does")
	c.Flags().StringVar(&backend, "backend", "", "with --production: the backend that tools need is up while `FILE` exists")
	c.Flags().BoolVar(&faults, "faults", false, "list what --fault can break")
	c.MarkFlagsMutuallyExclusive("stdio", "http", "sse")
	c.AddCommand(healthCommand(), serveDockerCommand(stdin), serveGatewayCommand(stdin), serveGithubCommand(stdin), servePostgresCommand(stdin))
	return c
}

// whileThere reports whether a file exists; nil without a file.
func whileThere(file string) func() bool {
	if file == "" {
		return nil
	}
	return func() bool {
		_, err := os.Stat(file)
		return err == nil
	}
}

// serveHTTP serves until the context ends. An address without a host means
// loopback: a test server has no business on the network.
func serveHTTP(ctx context.Context, stderr io.Writer, address, path string, handler http.Handler, wrap func(net.Listener) net.Listener) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usage("address is %q, want HOST:PORT such as 127.0.0.1:8080", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return cannot("%v", err)
	}
	listener = wrap(listener)
	fmt.Fprintf(stderr, "listening on http://%s%s\n", listener.Addr(), path)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return cannot("%v", err)
	}
	return nil
}
