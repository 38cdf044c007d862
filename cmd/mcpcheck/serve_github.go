package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/reference-servers/github"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func serveGithubCommand(stdin io.Reader) *cobra.Command {
	var o github.Options
	c := serviceCommand("github", "Run the server of GitHub's issues, pull requests, files and code search", stdin, o.AddFlags,
		func(ctx context.Context, g *service.Guard) (service.Server, error) { return github.New(ctx, o, g) })
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		o.Log = c.ErrOrStderr()
		if err := o.Check(); err != nil {
			return usage("serve github: %v", err)
		}
		return nil
	}
	return c
}
