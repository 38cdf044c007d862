package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// output is a writer that a server and its test share.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() {
		select {
		case o.more <- struct{}{}:
		default:
		}
	}()
	return o.data.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.String()
}

// await returns what was written once it holds the text.
func (o *output) await(t *testing.T, text string) string {
	t.Helper()
	for {
		if s := o.String(); strings.Contains(s, text) {
			return s
		}
		select {
		case <-o.more:
		case <-t.Context().Done():
			t.Fatalf("%q was never written, but %q", text, o)
		}
	}
}

// echo is a server whose tools say what they were told, panic, wait, and write.
func echo(g *Guard) Server {
	s := server.NewMCPServer("echo", "1", append(g.Options(), server.WithPaginationLimit(2), server.WithToolCapabilities(true), server.WithResourceCapabilities(false, true))...)
	text := mcp.WithString("text", mcp.Required())
	reads := mcp.WithReadOnlyHintAnnotation(true)
	s.AddTool(mcp.NewTool("echo", text, reads), func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(r.GetString("text", "")), nil
	})
	s.AddTool(mcp.NewTool("panic", reads), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		panic("hunter2")
	})
	s.AddTool(mcp.NewTool("write", mcp.WithReadOnlyHintAnnotation(false)), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("written"), nil
	})
	s.AddTool(mcp.NewTool("fail", reads), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return nil, g.Call(ctx, "fail", func(context.Context) error { return errors.New("broken") })
	})
	s.AddResourceTemplate(mcp.NewResourceTemplate("echo://{name}", "echo"), func(_ context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		if strings.HasSuffix(r.Params.URI, "missing") {
			return nil, NotFound(errors.New("it is not there"))
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, Text: "here"}}, nil
	})
	return Server{MCP: s}
}

// gated is echo with a tool that waits until it is let go.
type gated struct {
	began chan struct{}
	let   chan struct{}
}

func newGated() *gated { return &gated{make(chan struct{}, 5000), make(chan struct{})} }

func (w *gated) server(g *Guard) Server {
	s := echo(g)
	s.MCP.AddTool(mcp.NewTool("wait", mcp.WithReadOnlyHintAnnotation(true)), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		w.began <- struct{}{}
		select {
		case <-w.let:
			return mcp.NewToolResultText("waited"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	return s
}

// A running server is one that is served over HTTP.
type running struct {
	url    string // without a path
	guard  *Guard
	stderr *output
	stop   context.CancelFunc
	done   chan error
}

func serve(t *testing.T, c Config, build func(*Guard) Server) *running {
	t.Helper()
	c.Address = "127.0.0.1:0"
	c.Audit = true
	g, err := New("echo", "1", c)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{guard: g, stderr: newOutput(), done: make(chan error, 1)}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.done <- g.Run(ctx, build(g), strings.NewReader(""), io.Discard, r.stderr); close(r.done) }()
	t.Cleanup(func() {
		r.stop()
		if err := <-r.done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	said := r.stderr.await(t, "listening on ")
	_, said, _ = strings.Cut(said, "listening on ")
	r.url, _, _ = strings.Cut(said, "\n")
	r.url = r.url[:strings.LastIndex(r.url, "/")]
	return r
}

// An answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes one request; the header fields are pairs.
func send(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	a, err := try(method, url, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(method, url, body string, header ...string) (answer, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

func toolCall(id any, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, id, tool, arguments)
}

const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`

func TestHTTP(t *testing.T) {
	s := serve(t, Config{Transport: "http", Stateless: true}, echo)
	a := send(t, "POST", s.url+"/mcp", toolCall(9007199254740993, "echo", `{"text":"hello"}`))
	if a.status != 200 || !strings.Contains(a.body, `"id":9007199254740993`) || !strings.Contains(a.body, `"hello"`) {
		t.Errorf("answer %+v", a)
	}
	line := s.stderr.await(t, `"tool":"echo"`)
	for _, want := range []string{`"request":9007199254740993`, `"outcome":"ok"`, `"seconds":`} {
		if !strings.Contains(line, want) {
			t.Errorf("audit log lacks %s: %s", want, line)
		}
	}
	if strings.Contains(line, "hello") {
		t.Errorf("audit log holds an argument: %s", line)
	}
	for path, want := range map[string]string{
		"/health": `"ok"`, "/ready": `"ready"`,
		"/metrics": `mcp_requests_total{method="tools/call",outcome="ok",server="echo",tool="echo"} 1`,
	} {
		if a := send(t, "GET", s.url+path, ""); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
