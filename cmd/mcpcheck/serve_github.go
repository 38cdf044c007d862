package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/reference-servers/github"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func githubCommand(stdin io.Reader, stderr io.Writer) *cobra.Command {
	options := github.Options{Log: stderr}
	return serviceCommand("github", "Run a server of GitHub's issues, pull requests, files and code search", stdin, options.AddFlags,
		func(ctx context.Context, g *service.Guard) (service.Server, error) {
			return github.New(ctx, options, g)
		})
}
