package wire

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
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// said is one thing that a client said to the recording server.
type said struct {
	*Message // nil if it was none

	at     time.Time
	verb   string // of HTTP, or "line", or what else happened: "stdin closed", a signal, "stream closed"
	path   string
	header http.Header
	body   string
}

// A recorder is a server of every transport that keeps what clients say to it.
type recorder struct {
	t        *testing.T
	revision spec.Revision

	mu   sync.Mutex
	news chan struct{}
	list []said
	quit map[string]chan struct{} // ends a request that is never answered, by id
}

func newRecorder(t *testing.T, r spec.Revision) *recorder {
	return &recorder{t: t, revision: r, news: make(chan struct{}), quit: map[string]chan struct{}{}}
}

func (r *recorder) hear(s said) said {
	s.at = time.Now()
	if s.body != "" {
		s.Message = Parse([]byte(s.body))[0]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, s)
	close(r.news)
	r.news = make(chan struct{})
	return s
}

// all is what was said so far.
func (r *recorder) all() []said {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]said(nil), r.list...)
}

// await waits until something was said.
func (r *recorder) await(what string, match func(said) bool) {
	r.t.Helper()
	timeout := time.After(patience)
	for {
		r.mu.Lock()
		news := r.news
		r.mu.Unlock()
		for _, s := range r.all() {
			if match(s) {
				return
			}
		}
		select {
		case <-news:
		case <-timeout:
			r.t.Errorf("the client did not say %s", what)
			return
		}
	}
}

const recordedTools = `{"resultType":"complete","ttlMs":0,"tools":[
 {"name":1},
 {"name":"broken","inputSchema":[]},
 {"name":"mirrored","inputSchema":{"type":"object","properties":{
  "region":{"type":"string","x-mcp-header":"Region"},
  "limit":{"type":"integer","x-mcp-header":"Limit"},
  "big":{"type":"integer","x-mcp-header":"Big"},
  "dry":{"type":"boolean","x-mcp-header":"Dry"},
  "note":{"type":"string","x-mcp-header":"Note"},
  "unset":{"type":"string","x-mcp-header":"Unset"},
  "null":{"type":"string","x-mcp-header":"Null"},
  "spaced":{"type":"string","x-mcp-header":"No Token"},
  "inner":{"type":"object","properties":{"deep":{"type":"string","x-mcp-header":"Deep"}}}}}}]}`

// Requests of the server, with ids that are easily lost.
var serverRequests = []string{
	`{"jsonrpc":"2.0","id":"s-<1>","method":"ping"}`,
	`{"jsonrpc":"2.0","id":9007199254740993,"method":"sampling/createMessage","params":{}}`,
}

const serverNotifications = `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"a"}}
{"jsonrpc":"2.0","method":"notifications/unheard-of"}`

// answer says what the server says to a message: any number of messages, the
// answer last.
func (r *recorder) answer(m *Message) []string {
	result := func(format string, args ...any) string {
		return strings.ReplaceAll(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, fmt.Sprintf(format, args...)), "\n", "")
	}
	if !m.IsRequest() {
		return nil
	}
	switch name := toolOf(m); {
	case m.Method == "initialize" && strings.Contains(string(m.Params()), "unanswered"):
		return nil
	case m.Method == "initialize":
		return []string{result(`{"protocolVersion":%q,"capabilities":{},"serverInfo":{"name":"recorder","version":"1"}}`, r.revision)}
	case m.Method == "tools/list":
		return []string{result("%s", recordedTools)}
	case name == "asks":
		return append(append(strings.Split(serverNotifications, "\n"), serverRequests...), result(`{"content":[]}`))
	case name == "in a batch":
		return []string{`[{"jsonrpc":"2.0","method":"notifications/message"},` + result(`{"content":[]}`) + `]`}
	case name == "never":
		return nil
	}
	return []string{result(`{"content":[],"resultType":"complete"}`)}
}

func toolOf(m *Message) string {
	name, _ := text(members(m.Params())["name"])
	if m.Method != "tools/call" {
		return ""
	}
	return name
}

// progress reports progress on a request that is never answered until done.
func (r *recorder) progress(id string, done <-chan struct{}, send func(string)) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-tick.C:
			send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%d}}`, id, n))
		}
	}
}

// converse answers a message on a channel that all messages share.
func (r *recorder) converse(m *Message, send func(string)) {
	for _, text := range r.answer(m) {
		send(text)
	}
	switch {
	case toolOf(m) == "never":
		done := make(chan struct{})
		r.mu.Lock()
		r.quit[string(m.ID)] = done
		r.mu.Unlock()
		go r.progress(string(m.ID), done, send)
	case m.Method == "notifications/cancelled":
		id := string(members(m.Params())["requestId"])
		r.mu.Lock()
		done := r.quit[id]
		delete(r.quit, id)
		r.mu.Unlock()
		if done != nil {
			close(done)
			send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"late":true}}`, id))
		}
	}
}

// stdio makes the recorder a launched server, which ends only when killed.
func (r *recorder) stdio() Endpoint {
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	exited, ended := make(chan struct{}), sync.Once{}
	var writing sync.Mutex
	send := func(text string) {
		writing.Lock()
		defer writing.Unlock()
		io.WriteString(out, text+"\n") //nolint:errcheck // the client may be gone
	}
	child := &Child{Stdin: stdin, Stdout: stdout, Stderr: &Tail{}, Exited: exited, Status: func() string { return "ended" }}
	io.WriteString(child.Stderr, "ERROR: all is lost\n") //nolint:errcheck // it never fails
	child.Signal = func(sig os.Signal) error {
		r.hear(said{verb: sig.String()})
		if sig == os.Kill {
			ended.Do(func() { out.Close(); close(exited) })
		}
		return nil
	}
	go func() {
		for lines := bufio.NewReader(in); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				r.hear(said{verb: "stdin closed"})
				return
			}
			r.converse(r.hear(said{verb: "line", body: strings.TrimSuffix(line, "\n")}).Message, send)
		}
	}()
	return Endpoint{Transport: spec.Stdio, Launch: func() (*Child, error) { return child, nil }}
}

const recordedSession = "session-4f1d2c"

// http makes the recorder an MCP endpoint of Streamable HTTP.
func (r *recorder) http() Endpoint {
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	r.t.Cleanup(server.Close)
	return Endpoint{Transport: spec.StreamableHTTP, URL: server.URL + "/mcp"}
}

func (r *recorder) serve(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	s := r.hear(said{verb: req.Method, path: req.URL.RequestURI(), header: req.Header.Clone(), body: string(body)})
	// Names of header fields have no case; a server may write them in any.
	as := func(mediaType string) {
		w.Header()["Content-Type"] = nil
		w.Header()["cOnTeNt-tYpE"] = []string{mediaType}
	}
	event := func(text string) {
		io.WriteString(w, text) //nolint:errcheck // the client may be gone
		w.(http.Flusher).Flush()
	}
	last := req.Header.Get("Last-Event-Id")
	switch {
	case req.Method == http.MethodDelete:
	case req.Method == http.MethodGet && last == "e-1":
		as(eventStream)
		event("id: e-2\ndata:\n\n")
	case req.Method == http.MethodGet && last != "":
		as(eventStream)
		event(fmt.Sprintf("data: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n\n", r.polled()))
	case req.Method == http.MethodGet:
		as(eventStream)
		event(": open\n\n")
		<-req.Context().Done()
	case !s.IsRequest():
		w.WriteHeader(http.StatusAccepted)
	case toolOf(s.Message) == "polls":
		as(eventStream)
		event("retry: 60\nid: e-1\ndata:\n\n")
	case toolOf(s.Message) == "never":
		as(eventStream)
		r.progress(string(s.ID), req.Context().Done(), func(m string) { event("data: " + m + "\n\n") })
		r.hear(said{verb: "stream closed"})
	case s.Method == "tools/call":
		as(eventStream)
		event(": ok\n\n")
		for _, m := range r.answer(s.Message) {
			event(": next\r\nevent: message\r\ndata:" + m + "\r\n\r\n")
		}
	default:
		as("application/json; charset=utf-8")
		if s.Method == "initialize" && !r.revision.Modern() {
			w.Header()["mcp-SESSION-id"] = []string{recordedSession}
		}
		if list := r.answer(s.Message); len(list) > 0 {
			event(list[0])
		} else {
			<-req.Context().Done()
		}
	}
}

// polled is the id of the request whose stream was closed early.
func (r *recorder) polled() json.RawMessage {
	for _, s := range r.all() {
		if s.Message != nil && toolOf(s.Message) == "polls" {
			return s.ID
		}
	}
	return nil
}

// sse makes the recorder a server of HTTP+SSE.
func (r *recorder) sse() Endpoint {
	out := make(chan string, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		s := r.hear(said{verb: req.Method, path: req.URL.RequestURI(), header: req.Header.Clone(), body: string(body)})
		if req.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
			r.converse(s.Message, func(m string) { out <- m })
			return
		}
		w.Header().Set("Content-Type", eventStream)
		fmt.Fprintf(w, "event: endpoint\ndata: ../post?for=%s\n\n", recordedSession)
		for {
			w.(http.Flusher).Flush()
			select {
			case m := <-out:
				fmt.Fprintf(w, "event: message\ndata: %s\n\n", m)
			case <-req.Context().Done():
				return
			}
		}
	}))
	r.t.Cleanup(server.Close)
	return Endpoint{Transport: spec.SSE, URL: server.URL + "/a/sse"}
}
