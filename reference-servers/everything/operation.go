package everything

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// An operation is what whoever runs a server in production asks of it.
type operation struct {
	on      bool
	backend func() bool // nil: there is none to lose

	mu     sync.Mutex
	calls  int
	lost   bool // the backend was seen down
	row    int  // harmless requests without a pause
	last   time.Time
	barred bool
	fresh  map[string]int    // connections that were closed after one request, by session
	said   map[string][]byte // responses by id
}

const (
	// requestsInRow is how many harmless requests may come without a pause.
	requestsInRow = 100
	pauseBetween  = 500 * time.Millisecond
	codeLimited   = 429 // of the codes that are left to servers
)

// operate answers what probes and collectors of metrics ask, and reports whether
// the request was of that kind.
func (s *Server) operate(w http.ResponseWriter, r *http.Request) bool {
	if s.broken("ops.sessions.any-connection") && r.Close && r.Header.Get(headerSession) != "" && s.operation.wearsOut(r.Header.Get(headerSession)) {
		s.deny(w, nil, refuse(http.StatusNotFound, codeInvalidRequest, "there is no such session"))
		return true
	}
	if r.Method != http.MethodGet {
		return false
	}
	switch r.URL.Path {
	case "/health":
		s.probed(w, !s.broken("ops.health.answers"))
	case "/ready":
		s.probed(w, !s.broken("ops.readiness.answers") && (s.operation.up() || s.broken("ops.readiness.backend")))
	case "/metrics":
		s.measured(w)
	default:
		return false
	}
	return true
}

func (s *Server) probed(w http.ResponseWriter, well bool) {
	if !well {
		http.Error(w, "not well", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// measured writes the metrics in the text format of Prometheus.
func (s *Server) measured(w http.ResponseWriter) {
	s.operation.mu.Lock()
	calls := s.operation.calls
	s.operation.mu.Unlock()
	s.mu.Lock()
	sessions := len(s.sessions) + len(s.channels)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprintf(w, "# HELP mcp_tool_calls_total Calls of tools.\n# TYPE mcp_tool_calls_total counter\nmcp_tool_calls_total %d\n", calls)
	value := " " + itoa(sessions)
	if s.broken("ops.metrics.format") {
		value = ""
	}
	fmt.Fprintf(w, "# HELP mcp_sessions Sessions that are open.\n# TYPE mcp_sessions gauge\nmcp_sessions%s\n", value)
}

func (o *operation) up() bool { return o.backend == nil || o.backend() }

func (o *operation) wearsOut(session string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh == nil {
		o.fresh = map[string]int{}
	}
	o.fresh[session]++
	return o.fresh[session] > 3
}

// limit refuses too many harmless requests in a row, as come from nobody who has
// work to do: anything else that is asked begins a new row.
func (s *Server) limit(w http.ResponseWriter, body []byte) *rpcError {
	var m struct {
		Method string `json:"method"`
	}
	o := &s.operation
	if !o.on || decode(body, &m) != nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	harmless := m.Method == "ping" || m.Method == "server/discover"
	if !harmless || time.Since(o.last) > pauseBetween {
		o.row = 0
	}
	if !harmless {
		return nil
	}
	o.last = time.Now()
	o.row++
	if o.row <= requestsInRow && !o.barred {
		return nil
	}
	o.barred = s.broken("ops.rate-limit.recovers")
	if !s.broken("ops.rate-limit.retry-after") {
		w.Header().Set("Retry-After", "1")
	}
	return refuse(http.StatusTooManyRequests, codeLimited, "rate limit exceeded")
}

// attend takes note of a call that is over.
func (s *Server) attend(c *call, result object, err *rpcError) {
	if c.method != "tools/call" {
		return
	}
	o := &s.operation
	if !s.broken("ops.metrics.counts-calls") {
		o.mu.Lock()
		o.calls++
		o.mu.Unlock()
	}
	if !o.on {
		return
	}
	outcome := "ok"
	if err != nil || result["isError"] == true {
		outcome = "error"
	}
	line := object{"time": time.Now().UTC().Format(time.RFC3339Nano), "level": "INFO", "msg": "tool call", "request": c.id, "outcome": outcome}
	if !s.broken("ops.audit.tool-call") {
		line["tool"] = c.params["name"]
	}
	if s.broken("ops.audit.no-secrets") {
		line["arguments"] = c.params["arguments"]
	}
	s.stderr.Write(append(encode(line), '\n')) //nolint:errcheck // there is nowhere to say so
}

// cutOff keeps a call from a backend that is down, and reports whether it did.
func (s *Server) cutOff(c *call) (object, bool) {
	o := &s.operation
	if !o.on || o.backend == nil {
		return nil, false
	}
	down := !o.backend()
	o.mu.Lock()
	o.lost = o.lost && s.broken("ops.breaker.recovers") || down
	lost := o.lost
	o.mu.Unlock()
	if !lost {
		return nil, false
	}
	if s.broken("ops.breaker.fails-fast") {
		c.pause(time.Minute)
	}
	return failed("the backend is down"), true
}

// discloses reports whether a resource is served that is denied under the name
// test://denied/resource.
func (s *Server) discloses(uri string) bool {
	plain, err := url.PathUnescape(uri)
	return s.broken("ops.permission.denied-resources") && err == nil && plain != uri && plain == "test://denied/resource"
}

// confuse gives a response to whoever asks with the id that it answered.
func (s *Server) confuse(c *call, data []byte) []byte {
	if !s.broken("ops.isolation.colliding-ids") || !bytes.HasPrefix(c.id, []byte(`"colliding-`)) {
		return data
	}
	o := &s.operation
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said == nil {
		o.said = map[string][]byte{}
	}
	if before := o.said[string(c.id)]; before != nil {
		return before
	}
	o.said[string(c.id)] = data
	return data
}

// abandonAtEnd gives a call up when its channel ends.
func (c *call) abandonAtEnd() (stop func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-c.ending:
			c.cancel(nil)
		case <-over:
		}
	}()
	return func() { close(over) }
}

// operationTools are those of a server in production.
func (s *Server) operationTools() []tool {
	if !s.operation.on {
		return nil
	}
	return []tool{
		{name: "test_report", title: "Report", description: "Takes 400 ms to write a report",
			run: func(c *call, _ object) (object, *rpcError) {
				if s.broken("ops.drain.calls-answered") {
					defer c.abandonAtEnd()()
				}
				if !c.pause(400 * time.Millisecond) {
					return nil, nil
				}
				return said("All is well."), nil
			}},
		{name: "test_read_file", title: "Read a file", description: "Reads a file of a folder that holds readme.txt",
			input: object{"path": object{"type": "string", "default": "readme.txt", "description": "The file, below the folder"}},
			run: func(c *call, args object) (object, *rpcError) {
				path, _ := args["path"].(string)
				switch {
				case path == "" || path == "readme.txt":
					return said("Read me."), nil
				case s.broken("ops.permission.outside-paths") && strings.HasSuffix(path, "etc/passwd"):
					return said("root:x:0:0:root:/root:/bin/sh"), nil
				}
				return failed("there is no such file"), nil
			}},
	}
}
