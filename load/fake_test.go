package load_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A fake is a server of all transports that does to a call what the name of the
// tool says.
type fake struct {
	sessions, ended atomic.Int64
	before          func() // an answer is given; nil for nothing
}

type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name      string            `json:"name"`
		Arguments map[string]string `json:"arguments"`
	} `json:"params"`
}

// answer returns the message that answers a request, "" for none.
func (f *fake) answer(q request) string {
	result := func(body string) string { return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, q.ID, body) }
	switch q.Method {
	case "initialize":
		return result(`{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}`)
	case "tools/call":
	default:
		return ""
	}
	switch q.Params.Name {
	case "tool error":
		return result(`{"content":[],"isError":true}`)
	case "JSON-RPC error":
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"no"}}`, q.ID)
	case "silence":
		return ""
	case "another id":
		return `{"jsonrpc":"2.0","id":"nobody's","result":{}}`
	case "neither":
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s}`, q.ID)
	case "forgets":
		return result(`{"content":[]}`)
	case "leaks":
		return result(`{"content":[{"type":"text","text":"mcpcheck-canary-99-1-"}]}`)
	case "leaks in an error":
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"mcpcheck-canary-99-1-"}}`, q.ID)
	case "mixes up":
		number := strings.TrimPrefix(q.Params.Arguments["text"], "mcpcheck-canary-")
		return result(fmt.Sprintf(`{"content":[{"type":"text","text":"mcpcheck-canary-%.1s-999999-"}]}`, number))
	case "echoes":
		return result(fmt.Sprintf(`{"content":[{"type":"text","text":%q}]}`, q.Params.Arguments["text"]))
	}
	return result(`{"content":[]}`)
}

func (f *fake) http(t *testing.T) wire.Endpoint {
	h := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(h.Close)
	return wire.Endpoint{Transport: spec.StreamableHTTP, URL: h.URL + "/mcp"}
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	var q request
	json.NewDecoder(r.Body).Decode(&q) //nolint:errcheck // the client under test writes well
	switch {
	case r.Method == http.MethodDelete:
		f.ended.Add(1)
		return
	case q.Method == "initialize":
		w.Header().Set("Mcp-Session-Id", fmt.Sprint("s", f.sessions.Add(1)))
	case q.ID == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	switch q.Params.Name {
	case "HTTP status":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case "rate limited":
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case "silence":
		<-r.Context().Done()
		return
	case "reset":
		panic(http.ErrAbortHandler)
	case "garbage":
		io.WriteString(w, "<html>") //nolint:errcheck // the client may be gone
		return
	case "stream", "stream ends", "stream stays":
		f.stream(w, r, q)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, f.answer(q)) //nolint:errcheck // the client may be gone
}

func (f *fake) stream(w http.ResponseWriter, r *http.Request, q request) {
	w.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(w, ": ok\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}\n\n") //nolint:errcheck // the client may be gone
	if q.Params.Name != "stream ends" {
		fmt.Fprintf(w, "data: %s\n\n", f.answer(q))
	}
	if q.Params.Name == "stream stays" {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// stdio runs the fake over pipes, as if it were a process.
func (f *fake) stdio(*testing.T) wire.Endpoint {
	return wire.Endpoint{Transport: spec.Stdio, Launch: func() (*wire.Child, error) {
		f.sessions.Add(1)
		in, stdin := io.Pipe()
		stdout, out := io.Pipe()
		asked := make(chan struct{})
		end := sync.OnceFunc(func() { close(asked) })
		c := &wire.Child{
			Stdin: stdin, Stdout: stdout, Stderr: &wire.Tail{}, Exited: make(chan struct{}),
			Signal: func(os.Signal) error { in.Close(); end(); return nil }, Status: func() string { return "exit status 0" },
		}
		go func() {
			defer close(c.Exited)
			defer f.ended.Add(1)
			defer out.Close()
			defer in.Close() // as the end of a process breaks its pipes
			for lines := bufio.NewReader(in); ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				var q request
				json.Unmarshal([]byte(line), &q) //nolint:errcheck // the client under test writes well
				switch q.Params.Name {
				case "dies":
					return
				case "reads no more":
					<-asked
					return
				}
				respond := func() {
					if f.before != nil && q.Method == "tools/call" {
						f.before()
					}
					if a := f.answer(q); a != "" {
						io.WriteString(out, a+"\n") //nolint:errcheck // the client may be gone
					}
				}
				if f.before == nil {
					respond()
				} else {
					go respond()
				}
			}
		}()
		return c, nil
	}}
}

// sse makes the fake a server of HTTP+SSE.
func (f *fake) sse(t *testing.T) wire.Endpoint {
	var mu sync.Mutex
	streams := map[string]chan string{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			mu.Lock()
			out := streams[r.URL.Query().Get("s")]
			mu.Unlock()
			var q request
			json.NewDecoder(r.Body).Decode(&q) //nolint:errcheck // the client under test writes well
			if strings.HasPrefix(q.Params.Name, "HTTP") {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			if a := f.answer(q); a != "" {
				out <- a
			}
			return
		}
		id, out := fmt.Sprint(f.sessions.Add(1)), make(chan string, 10_000)
		defer f.ended.Add(1)
		mu.Lock()
		streams[id] = out
		mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "event: endpoint\ndata: /post?s=%s\n\n", id)
		for {
			w.(http.Flusher).Flush()
			select {
			case a := <-out:
				fmt.Fprintf(w, "event: message\ndata: %s\n\n", a)
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(h.Close)
	return wire.Endpoint{Transport: spec.SSE, URL: h.URL + "/sse"}
}
