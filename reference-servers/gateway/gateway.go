// Package gateway serves the servers of a registry as one. Their tools and prompts
// are called SERVER_NAME, their resources SERVER+URI; what they answer with is
// passed on as it is, but for the URIs of resources. The replicas of a server share
// its calls, those of one session going to the same replica; a server that is down
// leaves the lists until it is back.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// Options say which servers are served.
type Options struct {
	Registry       string        // a file: {"servers": [{"name": ..., "endpoint": ...}]}
	HealthInterval time.Duration // between two looks at a replica
	Refresh        time.Duration // between two looks at its lists, should it not tell of changes

	Log io.Writer // where it is said that a server went or came; nil means nowhere
}

// AddFlags defines a flag for each option.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Registry, "registry", os.Getenv("MCP_REGISTRY"), "serve the servers that `FILE` lists (MCP_REGISTRY)")
	fs.DurationVar(&o.HealthInterval, "health-interval", 5*time.Second, "look after each replica of each server this often")
	fs.DurationVar(&o.Refresh, "refresh", time.Minute, "read the lists of a server this often, should it not tell of changes")
}

// Check says what is wrong with the options, if anything is.
func (o Options) Check() error {
	if o.Registry == "" {
		return errors.New("no --registry is named, want a file that lists servers")
	}
	if o.HealthInterval <= 0 || o.Refresh <= 0 {
		return errors.New("--health-interval and --refresh want a time longer than 0")
	}
	_, err := read(o.Registry)
	return err
}

// A gateway holds the servers, and what it has told mcp-go of them.
type gateway struct {
	Options
	guard *service.Guard
	mcp   *server.MCPServer
	said  sync.Mutex // held by who writes to Log

	progress progress

	mu        sync.Mutex
	upstreams map[string]*upstream // by prefix
	offered   offer
}

// firstLook bounds the wait for servers before the gateway serves those that are there.
const firstLook = 5 * time.Second

const instructions = `Several servers in one. The names of tools and prompts begin with that of the server and an underscore, the URIs
of resources with it and a plus sign; a URI without it is understood where only one server has it.`

// New makes the server. It returns once each replica has been tried, or after a while.
func New(ctx context.Context, o Options, g *service.Guard) (service.Server, error) {
	if err := o.Check(); err != nil {
		return service.Server{}, err
	}
	entries, err := read(o.Registry)
	if err != nil {
		return service.Server{}, err
	}
	w := &gateway{Options: o, guard: g, upstreams: map[string]*upstream{}, offered: newOffer()}
	w.mcp = server.NewMCPServer("gateway", g.Version(), append([]server.ServerOption{
		server.WithToolHandlerMiddleware(w.queueTool), // first, so that who waits takes no place of the Guard's
		server.WithResourceHandlerMiddleware(w.queueResource),
		server.WithPromptHandlerMiddleware(w.queuePrompt),
	}, append(g.Options(),
		server.WithTitle("MCP gateway"),
		server.WithInstructions(instructions),
		server.WithToolCapabilities(true),
		server.WithPromptCapabilities(true),
		server.WithResourceCapabilities(false, true),
		server.WithPaginationLimit(100),
		server.WithCompletions(),
		server.WithPromptCompletionProvider(completions{w}),
		server.WithResourceCompletionProvider(completions{w}),
	)...)...)
	g.Hooks().AddBeforeReadResource(func(_ context.Context, _ any, r *mcp.ReadResourceRequest) { r.Params.URI = w.canonical(r.Params.URI) })
	g.Hooks().AddAfterListResourceTemplates(func(_ context.Context, _ any, _ *mcp.ListResourceTemplatesRequest, r *mcp.ListResourceTemplatesResult) {
		r.ResourceTemplates = withoutAny(r.ResourceTemplates)
	})
	w.setTemplates(w.offered)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	limit := max(w.guard.MaxConcurrent/len(entries), 1)
	for _, e := range entries {
		w.upstreams[e.prefix] = newUpstream(w, e, limit)
	}
	var running sync.WaitGroup
	for _, u := range w.upstreams {
		running.Go(func() { u.run(ctx) })
	}
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	for _, u := range w.upstreams {
		select {
		case <-u.looked:
		case <-timer.C:
			timer.Reset(0)
		}
	}
	return service.Server{MCP: w.mcp, Ready: w.ready, Close: func() error {
		cancel()
		running.Wait()
		return nil
	}}, nil
}

// ready says no only when no server is well: those that are can be asked. It asks
// them, since what the last look found may be past.
func (w *gateway) ready(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	asked := 0
	well := make(chan bool)
	for _, u := range w.upstreams {
		for _, r := range u.up() {
			asked++
			go func() {
				err := r.well(ctx)
				if err != nil && ctx.Err() == nil {
					r.lookSoon()
				}
				select {
				case well <- err == nil:
				case <-ctx.Done():
				}
			}()
		}
	}
	for range asked {
		select {
		case ok := <-well:
			if ok {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("no server of the registry answers")
}

// log says something that happened to a server.
func (w *gateway) log(format string, a ...any) {
	if w.Log == nil {
		return
	}
	w.said.Lock()
	defer w.said.Unlock()
	fmt.Fprintf(w.Log, format+"\n", a...)
}
