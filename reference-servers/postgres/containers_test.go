//go:build containers

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A cluster is a real PostgreSQL.
type cluster struct {
	*testcontainers.DockerContainer
	t *testing.T
}

const password = "s3cret/of:the@role"

// start starts a PostgreSQL with two databases: shop is as RoleSQL leaves it, and
// open is as databases are that nobody has thought about.
func start(t *testing.T) *cluster {
	t.Helper()
	image := os.Getenv("MCPCHECK_POSTGRES_IMAGE")
	if image == "" {
		t.Fatal("MCPCHECK_POSTGRES_IMAGE names no image: run make test-containers")
	}
	alone, err := tcnetwork.New(t.Context()) // with nobody else in it
	testcontainers.CleanupNetwork(t, alone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := testcontainers.Run(t.Context(), image,
		tcnetwork.WithNetwork(nil, alone),
		testcontainers.WithEnv(map[string]string{"POSTGRES_PASSWORD": password, "POSTGRES_DB": "shop"}),
		testcontainers.WithCmd("postgres", "-c", "fsync=off"),
		testcontainers.WithExposedPorts("5432/tcp"),
		testcontainers.WithHostConfigModifier(func(c *container.HostConfig) {
			c.PortBindings = network.PortMap{network.MustParsePort("5432/tcp"): {{HostIP: netip.MustParseAddr("127.0.0.1")}}}
		}),
		testcontainers.WithWaitStrategyAndDeadline(2*time.Minute, wait.ForLog("database system is ready to accept connections").WithOccurrence(2)))
	testcontainers.CleanupContainer(t, c, testcontainers.StopTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	db := &cluster{c, t}
	shop, err := os.ReadFile("testdata/shop.sql")
	if err != nil {
		t.Fatal(err)
	}
	literal := "'" + password + "'"
	db.admin("shop", string(shop), "CREATE EXTENSION dblink", RoleSQL, "ALTER ROLE mcp_reader PASSWORD "+literal)
	db.admin("shop", "CREATE ROLE owner LOGIN PASSWORD "+literal, "CREATE DATABASE open OWNER owner")
	db.admin("open", "CREATE EXTENSION dblink", "GRANT CREATE ON SCHEMA public TO owner", "SET SESSION AUTHORIZATION owner", string(shop))
	return db
}

// address is where it listens now, which a restart changes.
func (db *cluster) address() string {
	db.t.Helper()
	port, err := db.MappedPort(context.Background(), "5432/tcp")
	if err != nil {
		db.t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", port.Port())
}

func connection(address, user, database string) string {
	u := url.URL{Scheme: "postgres", Host: address, User: url.UserPassword(user, password), Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// admin runs statements as a superuser.
func (db *cluster) admin(database string, statements ...string) {
	db.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, connection(db.address(), "postgres", database))
	if err != nil {
		db.t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			db.t.Fatalf("%.60s: %v", sql, err)
		}
	}
}

// A client calls one server, within this process.
type client struct {
	t      *testing.T
	server service.Server
	guard  *service.Guard
}

func serve(t *testing.T, config service.Config, o Options) *client {
	t.Helper()
	config.Transport = "http"
	guard, err := service.New("postgres", "test", config)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRows, o.PoolSize = cmpOr(o.MaxRows, 100), cmpOr(o.PoolSize, 4)
	o.MaxBytes = cmpOr(o.MaxBytes, 1<<20)
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 10 * time.Second
	}
	s, err := New(t.Context(), o, guard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &client{t, s, guard}
}

func cmpOr(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

// request makes one request, and returns the result, or what there is against it.
func (c *client) request(ctx context.Context, method string, params any) (json.RawMessage, error) {
	message, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	answer, err := json.Marshal(c.server.MCP.HandleMessage(ctx, message))
	if err != nil {
		return nil, err
	}
	var r struct {
		Result json.RawMessage
		Error  *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, err
	}
	if r.Error != nil {
		return nil, fmt.Errorf("error %d: %s", r.Error.Code, r.Error.Message)
	}
	return r.Result, nil
}

// call calls a tool into answer, and returns what the tool has against it.
func (c *client) call(ctx context.Context, tool string, arguments any, answer any) error {
	result, err := c.request(ctx, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	if err != nil {
		return err
	}
	var r struct {
		IsError           bool
		Content           []struct{ Text string }
		StructuredContent json.RawMessage
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return err
	}
	if r.IsError {
		return fmt.Errorf("%s", r.Content[0].Text)
	}
	if string(r.StructuredContent) != r.Content[0].Text {
		return fmt.Errorf("the text is %s, but the structured content %s", r.Content[0].Text, r.StructuredContent)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(r.StructuredContent, answer)
}

// query calls the tool query, and writes its rows as JSON.
func (c *client) query(ctx context.Context, sql string, parameters ...any) (string, error) {
	var r Result
	if err := c.call(ctx, "query", map[string]any{"sql": sql, "parameters": append([]any{}, parameters...)}, &r); err != nil {
		return "", err
	}
	text, err := json.Marshal(r.Rows)
	return string(text), err
}

// A proxy stands between the server and the database: it can hold back what passes,
// and lets the database move.
type proxy struct {
	net.Listener
	mu    sync.Mutex
	to    string
	held  chan struct{} // closed while bytes pass
	conns []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := make(chan struct{})
	close(open)
	p := &proxy{Listener: l, to: to, held: open}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			to := p.to
			p.mu.Unlock()
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, in, out)
			p.mu.Unlock()
			go p.pass(out, in)
			go p.pass(in, out)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.conns {
			c.Close()
		}
	})
	return p
}

func (p *proxy) pass(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		<-held
		if n > 0 {
			if _, e := to.Write(buffer[:n]); e != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold keeps bytes from passing until the function that it returns is called.
func (p *proxy) hold() (release func()) {
	held := make(chan struct{})
	p.mu.Lock()
	p.held = held
	p.mu.Unlock()
	return sync.OnceFunc(func() { close(held) })
}

func (p *proxy) move(to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func contains(t *testing.T, what string, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: got %v, want %q", what, err, text)
	}
}
