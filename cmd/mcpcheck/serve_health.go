package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// healthCommand asks a server whether it is well. An image FROM scratch holds
// no other program that could.
func healthCommand() *cobra.Command {
	var timeout time.Duration
	c := plain(&cobra.Command{
		Use:     "health URL",
		Short:   "Ask a server's /health or /ready: status 0 when it says yes, else 3",
		Example: "  mcpcheck serve health http://127.0.0.1:8080/ready",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			u, err := url.Parse(args[0])
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				return usage("health: %q is no URL such as http://127.0.0.1:8080/ready", args[0])
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
			if err != nil {
				return usage("health: %v", err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return cannot("health: %v", err)
			}
			defer response.Body.Close()
			if response.StatusCode/100 != 2 {
				body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
				return cannot("health: %s answers %s: %q", u.Redacted(), response.Status, body)
			}
			return nil
		},
	})
	c.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "wait this long for the answer")
	return c
}
