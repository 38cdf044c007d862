package docker

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func (c *mcpClient) ready() int {
	c.t.Helper()
	r, err := http.Get(strings.TrimSuffix(c.url, "/mcp") + "/ready")
	if err != nil {
		c.t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// TestEngineRestarts kills the engine: calls fail with a word of why, at once as
// soon as the breaker is open, and work when the engine is back.
func TestEngineRestarts(t *testing.T) {
	engine := newEngine(t, "web")
	c, _ := serve(t, engine.host(), service.Config{BreakerFailures: 3, BreakerCooldown: time.Millisecond})
	if r := c.call("list_containers", object{}); r.failed() {
		t.Fatalf("before: %s", r)
	}
	if status := c.ready(); status != 200 {
		t.Errorf("/ready is %d before", status)
	}
	engine.kill()
	for range 5 {
		if r := c.call("list_containers", object{}); !r.failed() || r.Error != nil {
			t.Errorf("without an engine: %s", r)
		}
	}
	if status := c.ready(); status != 503 {
		t.Errorf("/ready is %d without an engine", status)
	}
	engine.start()
	for { // the breaker may be open for a moment yet
		r := c.call("list_containers", object{})
		if !r.failed() {
			break
		}
		if t.Context().Err() != nil {
			t.Fatalf("with the engine back: %s", r)
		}
	}
	if status := c.ready(); status != 200 {
		t.Errorf("/ready is %d with the engine back", status)
	}
}

// TestEngineIsLate demands that a server starts without its engine.
func TestEngineIsLate(t *testing.T) {
	engine := newEngine(t, "web")
	engine.kill()
	c, _ := serve(t, engine.host(), service.Config{})
	if r := c.ask("resources/list", object{}); r.Error != nil {
		t.Errorf("a list without an engine: %s", r)
	}
	engine.start()
	if r := c.call("inspect_container", object{"container": "web"}); r.failed() {
		t.Errorf("with the engine there: %s", r)
	}
}

func TestBreakerFailsFast(t *testing.T) {
	engine := newEngine(t, "web")
	engine.kill()
	c, _ := serve(t, engine.host(), service.Config{BreakerFailures: 2, BreakerCooldown: time.Hour})
	for range 3 {
		c.call("list_containers", object{})
	}
	engine.start()
	if r := c.call("list_containers", object{}); !r.failed() || !strings.Contains(r.String(), "unavailable") {
		t.Errorf("while the breaker is open: %s", r)
	}
	if paths := engine.paths(); len(paths) > 0 {
		t.Errorf("the engine is asked all the same: %v", paths)
	}
}

// TestSlowEngine demands that a call of an engine that hangs ends, and that others
// are not held up: this one does not need the engine.
func TestSlowEngine(t *testing.T) {
	engine := newEngine(t, "web")
	c, _ := serve(t, engine.host(), service.Config{BackendTimeout: 50 * time.Millisecond})
	stall := make(chan struct{})
	defer close(stall)
	engine.change(func() { engine.stall = stall })
	r := c.call("list_containers", object{})
	if !r.failed() || !strings.Contains(r.String(), "no answer within 50ms") {
		t.Errorf("got %s", r)
	}
	if r := c.ask("tools/list", object{}); r.Error != nil {
		t.Errorf("tools/list: %s", r)
	}
}

func TestManyCalls(t *testing.T) {
	const n = 1000
	engine := newEngine(t, "web", "db")
	c, _ := serve(t, engine.host(), service.Config{MaxConcurrent: 64})
	var wrong atomic.Int64
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			name := []string{"web", "db"}[i%2]
			r, err := c.try("tools/call", object{"name": "inspect_container", "arguments": object{"container": name}})
			if err != nil || r.failed() || !strings.Contains(r.String(), fmt.Sprintf(`"name":"%s"`, name)) {
				if wrong.Add(1) == 1 {
					t.Logf("call %d: %s, %v", i, r, err)
				}
			}
		})
	}
	all.Wait()
	if wrong.Load() > 0 {
		t.Errorf("%d of %d calls were not answered rightly", wrong.Load(), n)
	}
}

func TestOversizedInput(t *testing.T) {
	engine := newEngine(t, "web")
	c, _ := serve(t, engine.host(), service.Config{MaxBody: 10_000})
	long := strings.Repeat("x", 20_000)
	if r := c.call("inspect_container", object{"container": long}); r.Error == nil {
		t.Errorf("got %.200s", r)
	}
	if r := c.call("inspect_container", object{"container": long[:5000]}); !r.failed() {
		t.Errorf("got %.200s", r)
	}
	if r := c.call("inspect_container", object{"container": "web"}); r.failed() {
		t.Errorf("after that: %s", r)
	}
}

// TestLongLog demands that of a long log the end is returned, and that it is said.
func TestLongLog(t *testing.T) {
	k := &tail{limit: 1000}
	for i := range 10_000 {
		fmt.Fprintf(k, "line %d\n", i)
	}
	if text := k.String(); len(text) != 1000 || !strings.HasSuffix(text, "line 9999\n") || !k.cut {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

// TestListChanges demands that who listens is told when the engine has another
// container.
func TestListChanges(t *testing.T) {
	engine := newEngine(t, "web")
	c, _ := serve(t, engine.host(), service.Config{})
	r, err := http.NewRequestWithContext(t.Context(), "POST", c.url, strings.NewReader(`{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{"notifications":{"resourcesListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"} {
		r.Header.Set(name, value)
	}
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	var read strings.Builder
	until := func(text string) {
		t.Helper()
		buffer := make([]byte, 4096)
		for !strings.Contains(read.String(), text) {
			n, err := stream.Body.Read(buffer)
			read.Write(buffer[:n])
			if err != nil && err != io.EOF || n == 0 {
				t.Fatalf("no %s, but %q, %v", text, read.String(), err)
			}
		}
	}
	until("acknowledged")
	c.ask("resources/list", object{}) // so that what is there is no news
	engine.change(func() { engine.states["new"] = "running" })
	engine.events <- "create"
	until("notifications/resources/list_changed")
	if list := c.ask("resources/list", object{}).String(); !strings.Contains(list, `"name":"new"`) {
		t.Errorf("the list is %s", list)
	}
}
