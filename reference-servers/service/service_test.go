package service

import (
	"bytes"
	"context"
	"encoding/json"
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

// echo is a server with one tool, which says what it was told.
func echo(g *Guard) Server {
	s := server.NewMCPServer("echo", "1", g.Options()...)
	s.AddTool(mcp.NewTool("echo", mcp.WithString("text", mcp.Required()), mcp.WithReadOnlyHintAnnotation(true)),
		func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText(r.GetString("text", "")), nil
		})
	return Server{MCP: s}
}

// serve runs a server over HTTP and returns its base URL and its stderr.
func serve(t *testing.T, c Config, build func(*Guard) Server) (url string, stderr *output) {
	t.Helper()
	c.Address = "127.0.0.1:0"
	g, err := New("echo", "1", c)
	if err != nil {
		t.Fatal(err)
	}
	stderr = newOutput()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, build(g), strings.NewReader(""), io.Discard, stderr) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	said := stderr.await(t, "\n")
	_, said, _ = strings.Cut(said, "listening on ")
	url, _, _ = strings.Cut(said, "\n")
	return url[:strings.LastIndex(url, "/")], stderr
}

func TestHTTP(t *testing.T) {
	url, stderr := serve(t, Config{Transport: "http", Stateless: true, Audit: true}, echo)
	r, err := http.Post(url+"/mcp", "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		ID     int
		Result struct{ Content []struct{ Text string } }
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || answer.ID != 7 || answer.Result.Content[0].Text != "hello" {
		t.Errorf("answer %+v, %v", answer, err)
	}
	line := stderr.await(t, `"request":7`)
	for _, want := range []string{`"tool":"echo"`, `"outcome":"ok"`, `"seconds":`} {
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
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
}
