// Package docker serves the containers of a Docker Engine over MCP: each as a
// resource, with tools that list, inspect, start and stop them, and prompts that
// set about a diagnosis.
package docker

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/moby/moby/client"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// Options say which engine is served, and how much of it.
type Options struct {
	Host     string // of the engine, as in DOCKER_HOST
	MaxLines int    // of a log that one call returns
	MaxBytes int
}

// AddFlags defines a flag for each option.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Host, "docker-host", cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost), "ask the engine at `URL`: unix://, tcp:// or npipe:// (DOCKER_HOST)")
	fs.IntVar(&o.MaxLines, "max-log-lines", 1000, "return at most `N` lines of a log")
	fs.IntVar(&o.MaxBytes, "max-log-bytes", 256<<10, "return at most `N` bytes of a log")
}

const instructions = `Containers of a Docker Engine. Read docker://container/{id}, where {id} is an id or a name, for the state of
one, and docker://container/{id}/logs for its last output. Stopping or restarting a container ends what runs in it.`

// New returns the server of an engine, which need not be running yet.
func New(ctx context.Context, o Options, g *service.Guard) (service.Server, error) {
	e, err := connect(o, g)
	if err != nil {
		return service.Server{}, fmt.Errorf("docker-host: %w", err)
	}
	d := &dockerServer{engine: e, refreshing: make(chan struct{}, 1)}
	names := completions{e}
	d.mcp = server.NewMCPServer("docker", g.Version(), append(g.Options(),
		server.WithTitle("Docker Engine"),
		server.WithInstructions(instructions),
		server.WithToolCapabilities(false),
		server.WithPromptCapabilities(false),
		server.WithResourceCapabilities(false, true),
		server.WithPaginationLimit(100),
		server.WithCompletions(),
		server.WithPromptCompletionProvider(names),
		server.WithResourceCompletionProvider(names),
	)...)
	d.mcp.AddTools(e.tools()...)
	d.mcp.AddResourceTemplates(e.templates()...)
	d.mcp.AddPrompts(e.prompts()...)
	g.Hooks().AddBeforeListResources(func(ctx context.Context, _ any, _ *mcp.ListResourcesRequest) { d.refresh(ctx) })
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	watched := make(chan struct{})
	go func() { defer close(watched); d.watch(ctx) }()
	return service.Server{MCP: d.mcp, Ready: e.ping, Close: func() error {
		cancel()
		<-watched
		return e.client.Close()
	}}, nil
}

// dockerServer keeps the resources of an MCP server to the containers that there are.
type dockerServer struct {
	*engine
	mcp        *server.MCPServer
	refreshing chan struct{}           // holds whoever does
	listed     map[string]mcp.Resource // by URI
}
