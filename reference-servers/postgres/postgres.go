// Package postgres is an MCP server of one PostgreSQL database: its schemas,
// tables and columns as resources, and tools that query it.
//
// What a query may do is not decided by looking at its text, for SQL has more ways
// to say a thing than any filter knows. The database decides: the server's role is
// none of power, each query is the body of a cursor in a read-only transaction with
// a time limit, sent where one message holds one statement, and is rolled back.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// Options say which database is served, and how much of it.
type Options struct {
	ConnectionString string // a secret: no log, error or help shows it
	AllowWrites      bool
	AllowPowerful    bool // a role that the database refuses nothing
	MaxRows          int
	MaxBytes         int
	StatementTimeout time.Duration
	PoolSize         int

	bad []error // what the environment held and no flag takes
}

// AddFlags defines a flag for each option. Its default comes from the environment
// variable that its help names.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ConnectionString, "connection-string", "",
		"the database, as a `URL` postgres://USER:PASSWORD@HOST:5432/NAME; PGHOST, PGPASSFILE and the like count as well (DB_CONNECTION_STRING)")
	fs.BoolVar(&o.AllowWrites, "allow-writes", false, "offer the tool execute, which may write what the role may (DB_ALLOW_WRITES)")
	fs.BoolVar(&o.AllowPowerful, "allow-powerful-role", false, "serve even as a superuser, or as a role that reads the files of its machine (DB_ALLOW_POWERFUL_ROLE)")
	fs.IntVar(&o.MaxRows, "max-rows", 1000, "answer with at most `N` rows (DB_MAX_ROWS)")
	fs.IntVar(&o.MaxBytes, "max-bytes", 1<<20, "answer with at most `N` bytes of values (DB_MAX_BYTES)")
	fs.DurationVar(&o.StatementTimeout, "statement-timeout", 10*time.Second, "give one statement so much time (DB_STATEMENT_TIMEOUT)")
	fs.IntVar(&o.PoolSize, "pool-size", 10, "hold at most `N` connections (DB_POOL_SIZE)")
	for _, v := range [][2]string{
		{"connection-string", "DB_CONNECTION_STRING"}, {"allow-writes", "DB_ALLOW_WRITES"}, {"allow-powerful-role", "DB_ALLOW_POWERFUL_ROLE"},
		{"max-rows", "DB_MAX_ROWS"}, {"max-bytes", "DB_MAX_BYTES"}, {"statement-timeout", "DB_STATEMENT_TIMEOUT"}, {"pool-size", "DB_POOL_SIZE"},
	} {
		flag, text := fs.Lookup(v[0]), os.Getenv(v[1])
		if text == "" {
			continue
		}
		if err := flag.Value.Set(text); err != nil {
			o.bad = append(o.bad, fmt.Errorf("%s is %q, want what --%s takes", v[1], text, v[0]))
		} else if v[0] != "connection-string" {
			flag.DefValue = flag.Value.String()
		}
	}
}

// Check says what is wrong with the options, as far as they tell by themselves.
func (o Options) Check() error {
	if err := errors.Join(o.bad...); err != nil {
		return err
	}
	if o.MaxRows < 1 || o.MaxBytes < 1 || o.PoolSize < 1 || o.StatementTimeout < time.Millisecond {
		return errors.New("max-rows, max-bytes, pool-size and statement-timeout must be more than nothing")
	}
	if o.ConnectionString == "" && os.Getenv("PGHOST") == "" && os.Getenv("PGSERVICE") == "" {
		return errors.New("no database is named: set DB_CONNECTION_STRING, such as postgres://USER:PASSWORD@HOST:5432/NAME")
	}
	return nil
}

// New makes a server of the database. A database that cannot be reached now may be
// later: until then the server is not ready.
func New(ctx context.Context, o Options, g *service.Guard) (service.Server, error) {
	if err := o.Check(); err != nil {
		return service.Server{}, err
	}
	d, err := open(ctx, o, g)
	if err != nil {
		return service.Server{}, err
	}
	var powerful *powerfulError
	there := d.ready(ctx)
	if errors.As(there, &powerful) {
		d.pool.Close()
		return service.Server{}, powerful
	}
	c := &catalogue{database: d}
	g.Hooks().AddBeforeListResources(func(ctx context.Context, _ any, _ *mcp.ListResourcesRequest) { c.refresh(ctx) })
	c.server = server.NewMCPServer("mcpcheck-postgres", "1.0.0", slices.Concat(g.Options(), []server.ServerOption{
		server.WithInstructions("Tables are found with list_tables and describe_table, and read with query, in the SQL of PostgreSQL. " +
			"Values belong into its parameters, not into its text."),
		server.WithToolCapabilities(false),
		server.WithResourceCapabilities(false, true),
		server.WithPromptCapabilities(false),
		server.WithCompletions(),
		server.WithPromptCompletionProvider(c),
		server.WithResourceCompletionProvider(c),
		server.WithInputSchemaValidation(),
		server.WithPaginationLimit(200),
	})...)
	c.server.AddTools(d.tools(o.AllowWrites)...)
	c.addResources()
	if there == nil {
		c.refresh(ctx) // before anybody could be told that it changes
	}
	c.server.AddPrompts(d.prompts()...)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() { c.watch(watching) })
	return service.Server{MCP: c.server, Ready: d.ready, Close: func() error {
		stop()
		watch.Wait()
		d.pool.Close()
		return nil
	}}, nil
}
