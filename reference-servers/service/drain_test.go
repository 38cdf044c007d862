package service

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// TestManyCalls demands an answer of its own to each of 1,000 calls at once, over
// each transport of HTTP.
func TestManyCalls(t *testing.T) {
	const n = 1000
	s := serve(t, Config{Transport: "http", Stateless: true, MaxConcurrent: 50}, echo)
	var all sync.WaitGroup
	var wrong atomic.Int64
	for i := range n {
		all.Go(func() {
			a, err := try("POST", s.url+"/mcp", toolCall(i, "echo", fmt.Sprintf(`{"text":"canary %d."}`, i)))
			if err != nil || a.status != 200 || !strings.Contains(a.body, fmt.Sprintf(`"id":%d,`, i)) || !strings.Contains(a.body, fmt.Sprintf("canary %d.", i)) {
				wrong.Add(1)
				t.Logf("call %d: %+v, %v", i, a, err)
			}
		})
	}
	all.Wait()
	if wrong.Load() > 0 {
		t.Errorf("%d of %d calls were not answered rightly", wrong.Load(), n)
	}
	a := send(t, "GET", s.url+"/metrics", "")
	for _, want := range []string{fmt.Sprintf(`outcome="ok",server="echo",tool="echo"} %d`, n), "mcp_requests_in_flight{server=\"echo\"} 0"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestDrainUnderLoad ends a server while clients call it as fast as they can. A
// call that the server began must be answered, and a client must not see a
// connection break in the middle of one.
func TestDrainUnderLoad(t *testing.T) {
	var began atomic.Int64
	build := func(g *Guard) Server {
		s := echo(g)
		s.MCP.AddTool(mcp.NewTool("count", mcp.WithReadOnlyHintAnnotation(true)), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			began.Add(1)
			return mcp.NewToolResultText("counted"), nil
		})
		return s
	}
	for _, delay := range []time.Duration{0, 300 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			began.Store(0)
			s := serve(t, Config{Transport: "http", Stateless: true, DrainDelay: delay}, build)
			var answered, running atomic.Int64
			warm := make(chan struct{}, 1000)
			var clients sync.WaitGroup
			for range 20 {
				clients.Go(func() {
					for i := 0; ; i++ {
						a, err := try("POST", s.url+"/mcp", toolCall(i, "count", "{}"))
						if err != nil {
							return // the server has gone
						}
						if a.status != 200 || !strings.Contains(a.body, "counted") {
							t.Errorf("a call is answered with %d %s", a.status, a.body)
							return
						}
						answered.Add(1)
						if i == 5 {
							running.Add(1)
							warm <- struct{}{}
						}
					}
				})
			}
			for range 20 {
				<-warm
			}
			s.stop()
			if err := <-s.done; err != nil {
				t.Errorf("Run: %v", err)
			}
			clients.Wait()
			if began.Load() != answered.Load() {
				t.Errorf("%d calls were begun, %d answered", began.Load(), answered.Load())
			}
		})
	}
}

// TestDrain demands that calls in flight are finished and streams ended, while
// readiness is off.
func TestDrain(t *testing.T) {
	w := newGated()
	s := serve(t, Config{Transport: "http", DrainDelay: time.Minute}, w.server)
	id := send(t, "POST", s.url+"/mcp", hello).header.Get("Mcp-Session-Id")
	r, err := http.NewRequest("GET", s.url+"/mcp", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Mcp-Session-Id", id)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	listen, err := http.NewRequest("POST", s.url+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"} {
		listen.Header.Set(name, value)
	}
	subscription, err := http.DefaultClient.Do(listen)
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Body.Close()
	events := bufio.NewReader(subscription.Body)
	if line, err := events.ReadString('\n'); err != nil || subscription.StatusCode != 200 {
		t.Fatalf("the subscription is answered with %d %q, %v", subscription.StatusCode, line, err)
	}
	waited := make(chan answer, 1)
	go func() {
		a, _ := try("POST", s.url+"/mcp", toolCall(7, "wait", "{}"), "Mcp-Session-Id", id)
		waited <- a
	}()
	<-w.began
	s.stop()
	if body, err := io.ReadAll(stream.Body); err != nil {
		t.Errorf("the stream breaks off: %q, %v", body, err)
	}
	body, err := io.ReadAll(events)
	if err != nil || !strings.Contains(string(body), `"id":"sub"`) || !strings.Contains(string(body), `"result"`) {
		t.Errorf("the subscription ends with %q, %v", body, err)
	}
	if a := send(t, "GET", s.url+"/ready", ""); a.status != 503 {
		t.Errorf("/ready is %d while the server ends", a.status)
	}
	if a := send(t, "GET", s.url+"/health", ""); a.status != 200 {
		t.Errorf("/health is %d while the server ends", a.status)
	}
	if a := send(t, "POST", s.url+"/mcp", toolCall(8, "echo", `{"text":"late"}`), "Mcp-Session-Id", id); a.status != 200 {
		t.Errorf("a call on an open session: %d %s", a.status, a.body)
	}
	close(w.let)
	if a := <-waited; !strings.Contains(a.body, "waited") {
		t.Errorf("the call in flight is answered with %+v", a)
	}
	http.DefaultClient.CloseIdleConnections() // no connection is open: the delay is over
}

// TestSSE goes through a session of HTTP+SSE, whose answers come on the stream,
// that of a call in flight at the end as well.
func TestSSE(t *testing.T) {
	w := newGated()
	s := serve(t, Config{Transport: "sse"}, w.server)
	stream, err := http.Get(s.url + "/sse")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	events := bufio.NewScanner(stream.Body)
	next := func() string {
		for events.Scan() {
			if data, ok := strings.CutPrefix(events.Text(), "data: "); ok {
				return data
			}
		}
		t.Fatalf("the stream ends: %v", events.Err())
		return ""
	}
	post := s.url + next()
	if a := send(t, "POST", post, hello); a.status != 202 {
		t.Fatalf("initialize: %+v", a)
	}
	if data := next(); !strings.Contains(data, `"serverInfo"`) {
		t.Errorf("initialize is answered with %s", data)
	}
	if a := send(t, "POST", s.url+"/message?sessionId=made-up", toolCall(1, "echo", `{"text":"x"}`)); a.status != 404 {
		t.Errorf("another session: %+v", a)
	}
	if a := send(t, "POST", post, toolCall(1, "echo", `{"text":"x"}`), "Origin", "https://evil.example"); a.status != 403 {
		t.Errorf("a foreign page: %+v", a)
	}
	send(t, "POST", post, toolCall(2, "wait", "{}"))
	<-w.began
	s.stop()
	close(w.let)
	if data := next(); !strings.Contains(data, `"id":2`) || !strings.Contains(data, "waited") {
		t.Errorf("the call in flight is answered with %s", data)
	}
	if events.Scan(); events.Scan() || events.Err() != nil {
		t.Errorf("the stream does not end well: %q, %v", events.Text(), events.Err())
	}
}
