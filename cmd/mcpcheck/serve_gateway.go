package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/reference-servers/gateway"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func serveGatewayCommand(stdin io.Reader) *cobra.Command {
	var o gateway.Options
	c := serviceCommand("gateway", "Run the servers of a registry as one", stdin, o.AddFlags,
		func(ctx context.Context, g *service.Guard) (service.Server, error) { return gateway.New(ctx, o, g) })
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		o.Log = c.ErrOrStderr()
		if err := o.Check(); err != nil {
			return usage("serve gateway: %v", err)
		}
		return nil
	}
	return c
}
