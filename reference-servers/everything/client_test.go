package everything

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// testServer serves Streamable HTTP, and checks at the end that no goroutine
// of the server is left.
func testServer(t *testing.T, o Options) (*Server, string) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.Close()
		ts.Close()
		noGoroutines(t)
	})
	return s, ts.URL
}

// noGoroutines waits for the goroutines of the server to end. A goroutine that
// was told to end may need the scheduler once more.
func noGoroutines(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	buf := make([]byte, 1<<20)
	for {
		left := ""
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "everything.(*") && !strings.Contains(g, "_test.go") {
				left = g
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("a goroutine is left:\n%s", left)
			return
		}
		runtime.Gosched()
	}
}

// reply is what came back for a POST or GET.
type reply struct {
	status   int
	header   http.Header
	body     string
	messages []object
	ids      []string // of the events that have one
	retry    bool
}

// last returns the last message.
func (r reply) last(t *testing.T) object {
	t.Helper()
	if len(r.messages) == 0 {
		t.Fatalf("no message in the answer: status %d, body %q", r.status, r.body)
	}
	return r.messages[len(r.messages)-1]
}

func send(t *testing.T, method, url, body string, header map[string]string) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range header {
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: res.StatusCode, header: res.Header, body: string(raw)}
	switch name, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); name {
	case typeSSE:
		r.readEvents(t)
	case typeJSON:
		r.add(t, string(raw))
	}
	return r
}

func (r *reply) add(t *testing.T, data string) {
	t.Helper()
	if strings.TrimSpace(data) == "" {
		return
	}
	var v any
	if err := decode([]byte(data), &v); err != nil {
		t.Fatalf("not JSON: %q", data)
	}
	switch v := v.(type) {
	case object:
		r.messages = append(r.messages, v)
	case list:
		for _, m := range v {
			r.messages = append(r.messages, m.(object))
		}
	}
}

func (r *reply) readEvents(t *testing.T) {
	t.Helper()
	for line := range strings.SplitSeq(r.body, "\n") {
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			r.ids = append(r.ids, id)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			r.add(t, data)
		}
		r.retry = r.retry || strings.HasPrefix(line, "retry: ")
	}
}

const initializeParams = `{"protocolVersion":%q,"capabilities":{"sampling":{},"elicitation":{},"roots":{}},"clientInfo":{"name":"test","version":"1"}}`

func initializeBody(revision string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":"init","method":"initialize","params":`+initializeParams+`}`, revision)
}

// handshake starts a legacy session over HTTP, and returns the headers of its
// requests.
func handshake(t *testing.T, url, revision string) map[string]string {
	t.Helper()
	r := send(t, "POST", url, initializeBody(revision), nil)
	result, _ := r.last(t)["result"].(object)
	if result["protocolVersion"] != revision {
		t.Fatalf("protocolVersion is %v, want %q", result["protocolVersion"], revision)
	}
	header := map[string]string{headerSession: r.header.Get(headerSession), headerVersion: revision}
	if r := send(t, "POST", url, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, header); r.status != 202 || r.body != "" {
		t.Fatalf("notifications/initialized: status %d, body %q, want 202 and no body", r.status, r.body)
	}
	return header
}

const metaFields = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}`

// modern sends a modern request with the given members of params.
func modern(t *testing.T, url, method, caps, members string, header map[string]string) reply {
	t.Helper()
	params := fmt.Sprintf(metaFields, caps)
	all := map[string]string{headerVersion: rev2026_07_28, headerMethod: method}
	if members != "" {
		params += "," + members
		var p object
		if decode([]byte("{"+members+"}"), &p) == nil {
			if name, ok := p[named[method]].(string); ok {
				all[headerName] = name
			}
		}
	}
	for k, v := range header {
		all[k] = v
	}
	return send(t, "POST", url, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{%s}}`, method, params), all)
}

func code(t *testing.T, m object) int {
	t.Helper()
	e, _ := m["error"].(object)
	n, ok := e["code"].(json.Number)
	if !ok {
		return 0
	}
	i, _ := n.Int64()
	return int(i)
}

// pipe is a stdio client.
type pipe struct {
	t    *testing.T
	in   *io.PipeWriter
	out  *bufio.Scanner
	done chan error
}

func stdio(t *testing.T, s *Server) *pipe {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	p := &pipe{t: t, in: inW, out: bufio.NewScanner(outR), done: make(chan error, 1)}
	go func() {
		p.done <- s.ServeStdio(t.Context(), inR, outW)
		outW.Close()
	}()
	t.Cleanup(func() {
		inW.Close()
		outR.Close()
	})
	return p
}

func (p *pipe) write(lines ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, strings.Join(lines, "\n")+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pipe) read() object {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatal("the server closed its output")
	}
	var m object
	if err := decode(p.out.Bytes(), &m); err != nil {
		p.t.Fatalf("not a message: %q", p.out.Text())
	}
	return m
}

// sseClient is a client of HTTP+SSE.
type sseClient struct {
	t        *testing.T
	lines    *bufio.Scanner
	endpoint string
}

func openSSE(t *testing.T, url string) *sseClient {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url+"/sse", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	c := &sseClient{t: t, lines: bufio.NewScanner(res.Body)}
	c.endpoint = url + c.data("endpoint")
	return c
}

// data returns the data of the next event, which has to be of that type.
func (c *sseClient) data(event string) string {
	c.t.Helper()
	got := ""
	for c.lines.Scan() {
		if name, ok := strings.CutPrefix(c.lines.Text(), "event: "); ok {
			got = name
		}
		if data, ok := strings.CutPrefix(c.lines.Text(), "data: "); ok {
			if got != event {
				c.t.Fatalf("event is %q, want %q", got, event)
			}
			return data
		}
	}
	c.t.Fatal("the stream ended")
	return ""
}

func (c *sseClient) next() object {
	c.t.Helper()
	var m object
	if err := decode([]byte(c.data("message")), &m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *sseClient) post(body string, status int) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), "POST", c.endpoint, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != status {
		c.t.Errorf("POST %s: status %d, want %d", body, res.StatusCode, status)
	}
}
