package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/reference-servers/docker"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func serveDockerCommand(stdin io.Reader) *cobra.Command {
	var o docker.Options
	return serviceCommand("docker", "Run the server of a Docker Engine's containers", stdin, o.AddFlags,
		func(ctx context.Context, g *service.Guard) (service.Server, error) { return docker.New(ctx, o, g) })
}
