package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/reference-servers/postgres"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func servePostgresCommand(stdin io.Reader) *cobra.Command {
	var o postgres.Options
	var roleSQL bool
	c := serviceCommand("postgres", "Run the server of a PostgreSQL database", stdin, o.AddFlags,
		func(ctx context.Context, g *service.Guard) (service.Server, error) { return postgres.New(ctx, o, g) })
	c.Flags().BoolVar(&roleSQL, "role-sql", false, "print SQL that makes a role fit for this server, and end")
	serve := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if roleSQL {
			_, err := fmt.Fprint(c.OutOrStdout(), postgres.RoleSQL)
			return err
		}
		if err := o.Check(); err != nil {
			return usage("serve postgres: %v", err)
		}
		return serve(c, args)
	}
	return c
}
