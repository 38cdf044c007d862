package docker

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A fakeEngine is what a Docker Engine is to this server: a few routes of its API
// at version 1.41, over containers that it makes up.
type fakeEngine struct {
	t       *testing.T
	address string
	mu      sync.Mutex
	web     *httptest.Server
	states  map[string]string // of containers, by name; the id is the name, padded
	asked   []string          // methods and paths, without version
	stall   chan struct{}     // when set, answers wait for it
	events  chan string
}

func newEngine(t *testing.T, names ...string) *fakeEngine {
	t.Helper()
	e := &fakeEngine{t: t, address: "127.0.0.1:0", states: map[string]string{}, events: make(chan string, 10)}
	for i, name := range names {
		e.states[name] = []string{"running", "exited"}[i%2]
	}
	e.start()
	t.Cleanup(e.kill)
	return e
}

func (e *fakeEngine) host() string { return "tcp://" + e.address }

// start begins to listen, after a kill at the address of before.
func (e *fakeEngine) start() {
	e.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", e.address)
	if err != nil {
		e.t.Fatal(err)
	}
	e.address = listener.Addr().String()
	e.web = &httptest.Server{Listener: listener, Config: &http.Server{Handler: e.handler()}}
	e.web.Start()
}

func (e *fakeEngine) kill() {
	e.web.CloseClientConnections()
	e.web.Close()
}

func id(name string) string { return fmt.Sprintf("%064x", name)[:64] }

func (e *fakeEngine) find(ref string) string {
	for name := range e.states {
		if ref == name || ref == id(name) {
			return name
		}
	}
	return ""
}

func (e *fakeEngine) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("GET /v1.41/containers/json", func(w http.ResponseWriter, r *http.Request) {
		var filters map[string]map[string]bool
		json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
		list := []any{}
		for name, state := range e.states {
			if len(filters["status"]) > 0 && !filters["status"][state] || r.URL.Query().Get("all") == "" && state != "running" {
				continue
			}
			list = append(list, map[string]any{
				"Id": id(name), "Names": []string{"/" + name}, "Image": "image-of-" + name, "State": state, "Status": "Up 2 hours",
				"Labels": map[string]string{"a": "b"}, "Ports": []any{map[string]any{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}},
			})
		}
		json.NewEncoder(w).Encode(list)
	})
	one := func(pattern string, f func(http.ResponseWriter, *http.Request, string)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name := e.find(r.PathValue("id"))
			if name == "" {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprintf(w, `{"message":"No such container: %s"}`, r.PathValue("id"))
				return
			}
			f(w, r, name)
		})
	}
	one("GET /v1.41/containers/{id}/json", func(w http.ResponseWriter, _ *http.Request, name string) {
		json.NewEncoder(w).Encode(map[string]any{
			"Id": id(name), "Name": "/" + name, "Path": "run", "Args": []string{"it"}, "Created": "2026-01-02T03:04:05Z",
			"State":           map[string]any{"Status": e.states[name], "ExitCode": 3, "StartedAt": "0001-01-01T00:00:00Z"},
			"Config":          map[string]any{"Image": "image-of-" + name, "Env": []string{"PASSWORD=hunter2", "PATH=/bin"}, "Labels": map[string]string{"a": "b"}},
			"NetworkSettings": map[string]any{"Ports": map[string]any{"80/tcp": []any{map[string]string{"HostIp": "127.0.0.1", "HostPort": "8080"}}, "81/udp": nil}},
		})
	})
	one("GET /v1.41/containers/{id}/logs", func(w http.ResponseWriter, r *http.Request, name string) {
		for i := range 3 {
			line := fmt.Sprintf("line %d of %s, tail %s\n", i, name, r.URL.Query().Get("tail"))
			binary.Write(w, binary.BigEndian, []uint32{uint32(1+i%2) << 24, uint32(len(line))})
			io.WriteString(w, line)
		}
	})
	for verb, after := range map[string]string{"start": "running", "stop": "exited", "restart": "running"} {
		one("POST /v1.41/containers/{id}/"+verb, func(w http.ResponseWriter, _ *http.Request, name string) {
			status := http.StatusNoContent
			if e.states[name] == after && verb != "restart" {
				status = http.StatusNotModified
			}
			e.states[name] = after
			w.WriteHeader(status)
		})
	}
	mux.HandleFunc("GET /v1.41/images/json", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `[{"Id":"sha256:1","RepoTags":["a:1"],"Size":5,"Created":0},{"Id":"sha256:2","RepoTags":["<none>:<none>"],"Size":6,"Created":1}]`)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			e.tell(w, r)
			return
		}
		e.mu.Lock()
		stall := e.stall
		e.asked = append(e.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1.41"))
		e.mu.Unlock()
		if stall != nil {
			select {
			case <-stall:
			case <-r.Context().Done():
				return
			}
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

// tell streams events.
func (e *fakeEngine) tell(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.(http.Flusher).Flush()
	for {
		select {
		case action := <-e.events:
			fmt.Fprintf(w, `{"Type":"container","Action":%q}`+"\n", action)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (e *fakeEngine) change(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// A client asks a served engine over Streamable HTTP.
type mcpClient struct {
	t   *testing.T
	url string
}

type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func serve(t *testing.T, host string, c service.Config) (*mcpClient, *lines) {
	t.Helper()
	c.Transport, c.Address, c.Stateless, c.Audit = "http", "127.0.0.1:0", true, true
	g, err := service.New("docker", "1", c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), Options{Host: host, MaxLines: 50, MaxBytes: 1000}, g)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stderr, done := &lines{more: make(chan struct{}, 1)}, make(chan error, 1)
	go func() { done <- g.Run(ctx, s, strings.NewReader(""), io.Discard, stderr) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	for {
		if _, said, ok := strings.Cut(stderr.String(), "listening on "); ok {
			url, _, ended := strings.Cut(said, "\n")
			if ended {
				return &mcpClient{t, url}, stderr
			}
		}
		<-stderr.more
	}
}

// A reply is the result of a request, or its error.
type reply struct {
	Result map[string]any
	Error  *struct {
		Code    int
		Message string
		Data    any
	}
}

func (r reply) String() string {
	text, _ := json.Marshal(r)
	return string(text)
}

// failed says whether a tool call went wrong, in either way.
func (r reply) failed() bool { return r.Error != nil || r.Result["isError"] == true }

func (c *mcpClient) ask(method string, params any) reply {
	c.t.Helper()
	r, err := c.try(method, params)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *mcpClient) try(method string, params any) (r reply, err error) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return r, err
	}
	request, err := http.NewRequest("POST", c.url, strings.NewReader(string(body)))
	if err != nil {
		return r, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return r, err
	}
	if _, event, ok := strings.Cut(string(data), "data: "); ok && strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		data = []byte(event)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%d %s: %w", response.StatusCode, data, err)
	}
	return r, nil
}

func (c *mcpClient) call(tool string, arguments any) reply {
	c.t.Helper()
	return c.ask("tools/call", map[string]any{"name": tool, "arguments": arguments})
}
