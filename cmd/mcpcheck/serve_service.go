package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// serviceCommand runs a server on the shared runtime, whose flags it adds to
// those of the server itself. Each has a file serve_NAME.go, whose command is
// added in serveCommand.
func serviceCommand(name, short string, stdin io.Reader, flags func(*pflag.FlagSet), build func(context.Context, *service.Guard) (service.Server, error)) *cobra.Command {
	var config service.Config
	c := plain(&cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			guard, err := service.New(name, version(), config)
			if err != nil {
				return usage("%v", err)
			}
			server, err := build(c.Context(), guard)
			if err != nil {
				return cannot("serve %s: %v", name, err)
			}
			if err := guard.Run(c.Context(), server, stdin, c.OutOrStdout(), c.ErrOrStderr()); err != nil {
				return cannot("serve %s: %v", name, err)
			}
			return nil
		},
	})
	c.Flags().SortFlags = false
	flags(c.Flags())
	config.AddFlags(c.Flags())
	c.MarkFlagsMutuallyExclusive("stdio", "http", "sse")
	return c
}
