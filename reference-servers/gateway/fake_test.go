package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A fake is a server behind the gateway. It can be killed, and started anew where
// it was.
type fake struct {
	t        *testing.T
	name     string
	mcp      *server.MCPServer
	handler  http.Handler
	address  string
	listener net.Listener
	web      *http.Server
	served   atomic.Int64  // calls of tools
	hold     chan struct{} // what the tool "wait" waits for
	waiting  atomic.Int64  // how many do
	headers  sync.Map      // Authorization headers that were seen
	sick     atomic.Bool   // what /ready says
}

const schemaOfEcho = `{"type":"object","properties":{"text":{"type":"string","x-own":[1,2]},"n":{"type":"integer"}},"$comment":"kept","additionalProperties":false}`

func newFake(t *testing.T, name string, options ...server.StreamableHTTPOption) *fake {
	t.Helper()
	f := &fake{t: t, name: name, hold: make(chan struct{})}
	f.mcp = server.NewMCPServer(name, "1", server.WithToolCapabilities(true), server.WithPromptCapabilities(true), server.WithResourceCapabilities(false, true),
		server.WithCompletions(), server.WithPromptCompletionProvider(f), server.WithPaginationLimit(2))
	yes := true
	echo := mcp.NewToolWithRawSchema("echo", "Says what it was told", json.RawMessage(schemaOfEcho))
	echo.Annotations = mcp.ToolAnnotation{Title: "Echo", ReadOnlyHint: &yes}
	echo.RawOutputSchema = json.RawMessage(`{"type":"object","$comment":"of the output"}`)
	f.tool(echo, func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{
			Content: []mcp.Content{
				mcp.NewTextContent(string(r.Params.RawArguments)),
				mcp.NewResourceLink("test://shared", "shared", "", ""),
				mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: "test://shared", Text: "shared"}),
			},
			RawStructuredContent: json.RawMessage(`{"server":"` + name + `","big":9007199254740993,"self":"test://shared"}`),
			StructuredContent:    struct{}{},
		}, nil
	})
	f.tool(mcp.NewTool("who"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(name), nil
	})
	f.tool(mcp.NewTool("fail"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultError("it failed"), nil
	})
	f.tool(mcp.NewTool("wait"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		f.waiting.Add(1)
		defer f.waiting.Add(-1)
		select {
		case <-f.hold:
		case <-ctx.Done():
		}
		return mcp.NewToolResultText("waited"), nil
	})
	f.tool(mcp.NewTool("steps"), func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if r.Params.Meta != nil && r.Params.Meta.ProgressToken != nil {
			f.mcp.SendNotificationToClient(ctx, "notifications/progress", map[string]any{"progressToken": r.Params.Meta.ProgressToken, "progress": 1, "total": 1, "message": "half way"})
			time.Sleep(20 * time.Millisecond) // mcp-go may lose what is told right before the answer
		}
		return mcp.NewToolResultText("done"), nil
	})
	f.mcp.AddPrompt(mcp.NewPrompt("greet", mcp.WithArgument("who")), func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return mcp.NewGetPromptResult("Greets", []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(name+" greets "+r.Params.Arguments["who"]))}), nil
	})
	read := func(_ context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "text/plain", Text: name + " has " + r.Params.URI}}, nil
	}
	f.mcp.AddResource(mcp.NewResource("test://shared", "shared"), read)
	f.mcp.AddResource(mcp.NewResource("test://only-"+name, "own"), read)
	f.mcp.AddResourceTemplate(mcp.NewResourceTemplate(name+"://item/{id}", "item"), read)

	inner := server.NewStreamableHTTPServer(f.mcp, options...)
	f.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.headers.Store(r.Header.Get("Authorization"), true)
		if r.URL.Path == "/ready" {
			if f.sick.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return
		}
		inner.ServeHTTP(w, r)
	})
	f.start()
	t.Cleanup(f.kill)
	return f
}

func (f *fake) tool(t mcp.Tool, h server.ToolHandlerFunc) {
	f.mcp.AddTool(t, func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		f.served.Add(1)
		return h(ctx, r)
	})
}

func (f *fake) CompletePromptArgument(_ context.Context, prompt string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	return &mcp.Completion{Values: []string{f.name + ":" + prompt + ":" + argument.Value}}, nil
}

func (f *fake) start() {
	f.t.Helper()
	address := f.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.listener, f.address = l, l.Addr().String()
	f.web = &http.Server{Handler: f.handler}
	go f.web.Serve(l)
}

func (f *fake) kill() {
	f.listener.Close() // Serve may not have begun yet
	if f.web != nil {
		f.web.Close()
	}
}

func (f *fake) url() string { return "http://" + f.address + "/mcp" }

// lines is what the gateway and its Guard wrote.
type lines struct {
	mu   sync.Mutex
	data bytes.Buffer
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.data.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.data.String()
}

// until waits for a line that was written after the first n bytes.
func (l *lines) until(t *testing.T, n int, text string) int {
	t.Helper()
	for {
		s := l.String()
		if i := strings.Index(s[n:], text); i >= 0 {
			return n + i + len(text)
		}
		select {
		case <-l.more:
		case <-t.Context().Done():
			t.Fatalf("%q was never said, but\n%s", text, s[n:])
		}
	}
}

type object = map[string]any

func listed(name string, urls ...string) object {
	return object{"name": name, "endpoints": urls}
}

// serve runs a gateway and returns its URL, and what it says.
func serve(t *testing.T, c service.Config, servers ...object) (url string, said *lines) {
	t.Helper()
	return serveSeldom(t, c, 20*time.Millisecond, servers...)
}

// serveSeldom does so with another time between two looks at a server.
func serveSeldom(t *testing.T, c service.Config, interval time.Duration, servers ...object) (url string, said *lines) {
	t.Helper()
	data, _ := json.Marshal(object{"servers": servers})
	path := filepath.Join(t.TempDir(), "servers.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Transport, c.Address, c.Audit = "http", "127.0.0.1:0", true
	g, err := service.New("gateway", "test", c)
	if err != nil {
		t.Fatal(err)
	}
	said = &lines{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := New(ctx, Options{Registry: path, HealthInterval: interval, Refresh: time.Hour, Log: said}, g)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, s, strings.NewReader(""), io.Discard, said) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the gateway ends with %v", err)
		}
	})
	said.until(t, 0, "listening on ")
	_, rest, _ := strings.Cut(said.String(), "listening on ")
	url, _, _ = strings.Cut(rest, "\n")
	return url, said
}

// A guest is a client of the gateway.
type guest struct {
	*client.Client
	t       *testing.T
	changed chan string // the methods of notifications
	told    chan mcp.JSONRPCNotification
}

// visit connects in a revision with sessions.
func visit(t *testing.T, url string, headers map[string]string) *guest {
	t.Helper()
	tr, err := transport.NewStreamableHTTP(url, transport.WithHTTPHeaders(headers), transport.WithHTTPBasicClient(web), transport.WithHTTPLogger(quiet),
		transport.WithContinuousListening()) //nolint:staticcheck // that is what a client of a revision with sessions does
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{client.NewClient(tr, client.WithProtocolVersion(mcp.ProtocolVersion20251125)), t, make(chan string, 1000), make(chan mcp.JSONRPCNotification, 1000)}
	g.OnNotification(func(n mcp.JSONRPCNotification) { g.changed <- n.Method; g.told <- n })
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); g.Close() })
	if err := g.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Initialize(ctx, mcp.InitializeRequest{}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *guest) call(tool string, arguments any) (*mcp.CallToolResult, error) {
	var r mcp.CallToolRequest
	r.Params.Name, r.Params.Arguments = tool, arguments
	return g.CallTool(g.t.Context(), r)
}

// text is that of the first item which a tool returns.
func (g *guest) text(tool string) string {
	g.t.Helper()
	r, err := g.call(tool, nil)
	if err != nil {
		g.t.Fatalf("%s: %v", tool, err)
	}
	return r.Content[0].(mcp.TextContent).Text
}

func (g *guest) tools() (names []string) {
	g.t.Helper()
	l, err := g.ListTools(g.t.Context(), mcp.ListToolsRequest{})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, t := range l.Tools {
		names = append(names, t.Name)
	}
	return names
}

// web leaves no connection behind, which a server that ends would wait for.
var web = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// post asks in the newest revision, and returns what comes as it comes.
func post(t *testing.T, url, method, name string, params object) string {
	t.Helper()
	params["_meta"] = object{"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": object{}}
	body, _ := json.Marshal(object{"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
	r, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name,
	} {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	a, err := web.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	if err != nil {
		t.Error(err)
	}
	return string(answer)
}
