package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// await waits for a notification.
func (g *guest) await(method string) {
	g.t.Helper()
	for {
		select {
		case m := <-g.changed:
			if m == method {
				return
			}
		case <-g.t.Context().Done():
			g.t.Fatalf("%s never came", method)
		}
	}
}

// until waits until the list of tools is as it should be, as notifications say that
// it has changed.
func (g *guest) until(what string, is func([]string) bool) {
	g.t.Helper()
	for !is(g.tools()) {
		g.await(mcp.MethodNotificationToolsListChanged)
	}
}

func ready(t *testing.T, url string) int {
	t.Helper()
	r, err := http.Get(strings.TrimSuffix(url, "/mcp") + "/ready")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// TestServerDies kills a server: it leaves the lists, calls of it fail and those of
// others do not, and it comes back.
func TestServerDies(t *testing.T) {
	for name, options := range map[string][]server.StreamableHTTPOption{
		"the newest revision": nil,
		"sessions":            {server.WithStreamableHTTPProtocolVersions(mcp.ProtocolVersion20251125)},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := newFake(t, "a", options...), newFake(t, "b")
			url, said := serve(t, service.Config{}, listed("a", a.url()), listed("b", b.url()))
			g := visit(t, url, nil)
			has := func(want bool) func([]string) bool {
				return func(tools []string) bool { return slices.Contains(tools, "a_who") == want }
			}
			if !has(true)(g.tools()) {
				t.Fatal("a_who is not listed")
			}
			at := len(said.String())
			a.kill()
			said.until(t, at, "a: "+a.address+" is down")
			g.until("a is gone", has(false))
			if _, err := g.call("a_who", nil); err == nil {
				t.Error("a_who is answered")
			}
			if got := post(t, url, "resources/read", "a+test://shared", object{"uri": "a+test://shared"}); !strings.Contains(got, "no replica of it answers") || strings.Contains(got, a.address) {
				t.Errorf("a resource of a: %s", got)
			}
			if got := g.text("b_who"); got != "b" {
				t.Errorf("b_who is answered by %s", got)
			}
			if status := ready(t, url); status != 200 {
				t.Errorf("/ready is %d, though b is up", status)
			}
			at = len(said.String())
			a.start()
			said.until(t, at, "a: "+a.address+" is up")
			g.until("a is back", has(true))
			if got := g.text("a_who"); got != "a" {
				t.Errorf("a_who is answered by %s", got)
			}
			at = len(said.String())
			a.kill()
			b.kill()
			said.until(t, at, "a: "+a.address+" is down")
			said.until(t, at, "b: "+b.address+" is down")
			if status := ready(t, url); status != 503 {
				t.Errorf("/ready is %d, though none is up", status)
			}
		})
	}
}

// TestSick takes out a server that says of itself that it is not well.
func TestSick(t *testing.T) {
	f := newFake(t, "f")
	s := listed("f", f.url())
	s["health_check"] = "/ready"
	url, said := serve(t, service.Config{}, s)
	g := visit(t, url, nil)
	at := len(said.String())
	f.sick.Store(true)
	said.until(t, at, "is down: /ready answers 503")
	g.until("it is gone", func(tools []string) bool { return len(tools) == 0 })
	f.sick.Store(false)
	g.until("it is back", func(tools []string) bool { return len(tools) == 5 })
}

// TestReadyAsks demands that /ready does not rely on the last look.
func TestReadyAsks(t *testing.T) {
	for _, check := range []string{"", "/ready"} {
		a, b := newFake(t, "a"), newFake(t, "b")
		one, two := listed("a", a.url()), listed("b", b.url())
		one["health_check"], two["health_check"] = check, check
		url, _ := serveSeldom(t, service.Config{}, time.Hour, one, two)
		for _, want := range []int{200, 200, 503} {
			if got := ready(t, url); got != want {
				t.Errorf("health check %q: /ready is %d, want %d", check, got, want)
			}
			if a.web != nil {
				a.kill()
				a.web = nil
			} else {
				b.kill()
			}
		}
	}
}

// TestLate starts a gateway before its server.
func TestLate(t *testing.T) {
	f := newFake(t, "f")
	f.kill()
	url, said := serve(t, service.Config{}, listed("f", f.url()))
	if status := ready(t, url); status != 503 {
		t.Errorf("/ready is %d", status)
	}
	f.start()
	said.until(t, 0, "is up")
	if got := visit(t, url, nil).text("f_who"); got != "f" {
		t.Errorf("got %s", got)
	}
}

// TestListChanged passes on that a list has changed, in both eras of a server.
func TestListChanged(t *testing.T) {
	for name, options := range map[string][]server.StreamableHTTPOption{
		"the newest revision": nil,
		"sessions":            {server.WithStreamableHTTPProtocolVersions(mcp.ProtocolVersion20251125)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "f", options...)
			url, _ := serve(t, service.Config{}, listed("f", f.url()))
			g := visit(t, url, nil)
			g.tools()
			// What a server says before the gateway listens is lost, so say it until it is heard.
			stop := make(chan struct{})
			var saying sync.WaitGroup
			saying.Go(func() {
				for i := 0; ; i++ {
					f.mcp.AddTool(mcp.NewTool(fmt.Sprintf("more%d", i)), nil)
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
			g.until("there is more", func(tools []string) bool {
				return slices.ContainsFunc(tools, func(n string) bool { return strings.HasPrefix(n, "f_more") })
			})
			close(stop)
			saying.Wait()
			f.mcp.AddPrompt(mcp.NewPrompt("late"), nil)
			g.await(mcp.MethodNotificationPromptsListChanged)
			f.mcp.DeleteResources("test://shared")
			g.await(mcp.MethodNotificationResourcesListChanged)
			l, err := g.ListResources(t.Context(), mcp.ListResourcesRequest{})
			if err != nil || len(l.Resources) != 1 || l.Resources[0].URI != "f+test://only-f" {
				t.Errorf("resources: %+v, %v", l, err)
			}
		})
	}
}

// TestReplicas demands that a session keeps to its replica, that sessions spread over
// them, and that when one dies its sessions go on with another without a failure.
func TestReplicas(t *testing.T) {
	one, two := newFake(t, "one"), newFake(t, "two")
	url, said := serve(t, service.Config{}, listed("s", one.url(), two.url()))
	guests := make([]*guest, 20)
	home := make([]string, len(guests))
	for i := range guests {
		guests[i] = visit(t, url, nil)
		home[i] = guests[i].text("s_who")
		for range 5 {
			if got := guests[i].text("s_who"); got != home[i] {
				t.Errorf("session %d moves from %s to %s", i, home[i], got)
			}
		}
	}
	if !slices.Contains(home, "one") || !slices.Contains(home, "two") {
		t.Errorf("20 sessions are all on one replica: %q", home)
	}
	one.kill()
	for i, g := range guests {
		if got := g.text("s_who"); got != "two" {
			t.Errorf("session %d is answered by %s, which is dead", i, got)
		}
	}
	said.until(t, 0, "s: "+one.address+" is down")
	at := len(said.String())
	one.start()
	said.until(t, at, "s: "+one.address+" is up")
	for i, g := range guests {
		if got := g.text("s_who"); got != home[i] {
			t.Errorf("session %d is on %s, want %s as before", i, got, home[i])
		}
	}
}

// TestSpread sends calls without a session to the replica that has less to do.
func TestSpread(t *testing.T) {
	one, two := newFake(t, "one"), newFake(t, "two")
	url, _ := serve(t, service.Config{Stateless: true}, listed("s", one.url(), two.url()))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { post(t, url, "tools/call", "s_who", object{"name": "s_who"}) })
	}
	all.Wait()
	if a, b := one.served.Load(), two.served.Load(); a+b != 100 || min(a, b) < 20 {
		t.Errorf("of 100 calls one replica had %d, the other %d", a, b)
	}
}

// TestSlowServer demands that a server that hangs holds up no calls of others, that
// calls of it end, and that it alone is spared further ones.
func TestSlowServer(t *testing.T) {
	slow, quick := newFake(t, "slow"), newFake(t, "quick")
	defer close(slow.hold)
	url, _ := serve(t, service.Config{MaxConcurrent: 4, BreakerFailures: 3, BreakerCooldown: time.Hour, BackendTimeout: 500 * time.Millisecond}, listed("slow", slow.url()), listed("quick", quick.url()))
	var all sync.WaitGroup
	var failed atomic.Int64
	for range 8 {
		all.Go(func() {
			if got := post(t, url, "tools/call", "slow_wait", object{"name": "slow_wait"}); strings.Contains(got, `"error"`) && !strings.Contains(got, slow.address) {
				failed.Add(1)
			}
		})
	}
	for range 20 {
		if got := post(t, url, "tools/call", "quick_who", object{"name": "quick_who"}); !strings.Contains(got, `"text":"quick"`) {
			t.Errorf("while the other hangs: %s", got)
		}
	}
	if n := slow.waiting.Load(); n > 2 {
		t.Errorf("%d calls of the slow server run at once, want its share of 2", n)
	}
	all.Wait()
	if n := failed.Load(); n != 8 {
		t.Errorf("%d of 8 calls of a server that hangs fail", n)
	}
	if got := post(t, url, "tools/call", "slow_who", object{"name": "slow_who"}); !strings.Contains(got, "unavailable") {
		t.Errorf("with the breaker open: %s", got)
	}
	if got := post(t, url, "tools/call", "quick_who", object{"name": "quick_who"}); !strings.Contains(got, `"text":"quick"`) {
		t.Errorf("with the other's breaker open: %s", got)
	}
}

// TestManyCalls demands an answer of its own to each of 1,000 calls at once.
func TestManyCalls(t *testing.T) {
	a, b := newFake(t, "a"), newFake(t, "b")
	url, _ := serve(t, service.Config{MaxConcurrent: 100}, listed("a", a.url()), listed("b", b.url()))
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			name := []string{"a", "b"}[i%2]
			got := post(t, url, "tools/call", name+"_echo", object{"name": name + "_echo", "arguments": object{"text": fmt.Sprintf("canary %d.", i)}})
			if !strings.Contains(got, fmt.Sprintf("canary %d.", i)) || !strings.Contains(got, `"server":"`+name+`"`) {
				t.Errorf("call %d: %s", i, got)
			}
		})
	}
	all.Wait()
	if n := a.served.Load(); n != 500 {
		t.Errorf("a had %d calls, want 500", n)
	}
}

// TestSecrets demands that what clients show stays with the gateway, what the gateway
// shows to servers goes to them only, and neither is told.
func TestSecrets(t *testing.T) {
	t.Setenv("MCP_TEST_SECRET", "s3cret-of-the-server")
	a, b := newFake(t, "a"), newFake(t, "b")
	s := listed("a", a.url())
	s["headers"] = object{"Authorization": "Bearer ${MCP_TEST_SECRET}"}
	url, said := serve(t, service.Config{Auth: true, AuthToken: "s3cret-of-the-client"}, s, listed("b", b.url()))
	g := visit(t, url, map[string]string{"Authorization": "Bearer s3cret-of-the-client"})
	g.text("a_who")
	g.text("b_who")
	if _, err := g.call("b_echo", object{"text": "s3cret-of-the-user"}); err != nil {
		t.Error(err)
	}
	a.kill()
	said.until(t, 0, "is down")
	g.call("a_who", nil) //nolint:errcheck // it fails, and is told of
	for f, want := range map[*fake]string{a: "Bearer s3cret-of-the-server", b: ""} {
		f.headers.Range(func(got, _ any) bool {
			if got != want {
				t.Errorf("%s is shown %q, want %q", f.name, got, want)
			}
			return true
		})
	}
	for _, want := range []string{`"tool":"a_who","outcome":"ok"`, `"tool":"b_echo","outcome":"ok"`} {
		said.until(t, 0, want)
	}
	if all := said.String(); strings.Contains(all, "s3cret") {
		t.Errorf("a secret is told: %s", all)
	}
}

// TestProgress demands that clients that use the same token hear of their own calls.
func TestProgress(t *testing.T) {
	f := newFake(t, "f")
	url, _ := serve(t, service.Config{}, listed("f", f.url()))
	guests := []*guest{visit(t, url, nil), visit(t, url, nil)}
	for i, g := range guests {
		var r mcp.CallToolRequest
		r.Params.Name, r.Params.Meta = "f_steps", &mcp.Meta{ProgressToken: "token"}
		if i == 1 {
			r.Params.Meta.ProgressToken = float64(7)
		}
		if _, err := g.CallTool(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		for n := (mcp.JSONRPCNotification{}); n.Method != "notifications/progress"; {
			select {
			case n = <-g.told:
			case <-t.Context().Done():
				t.Fatal("no progress was told")
			}
			if n.Method == "notifications/progress" && (n.Params.AdditionalFields["progressToken"] != r.Params.Meta.ProgressToken || n.Params.AdditionalFields["message"] != "half way") {
				t.Errorf("client %d is told %+v", i, n.Params.AdditionalFields)
			}
		}
	}
	for i, g := range guests {
		select {
		case n := <-g.told:
			if n.Method == "notifications/progress" {
				t.Errorf("client %d is told of the other's: %+v", i, n)
			}
		default:
		}
	}
}

// TestNoTemplates serves a server that has resources and does not know of templates,
// which the newest revision says with 404.
func TestNoTemplates(t *testing.T) {
	f := newFake(t, "f")
	whole := f.web.Handler
	f.kill()
	f.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m := r.Header.Get("Mcp-Method"); m == string(mcp.MethodResourcesTemplatesList) || m == string(mcp.MethodPromptsGet) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}`)
			return
		}
		whole.ServeHTTP(w, r)
	})
	f.start()
	url, said := serve(t, service.Config{}, listed("f", f.url()))
	if got := post(t, url, "resources/read", "f+test://shared", object{"uri": "f+test://shared"}); !strings.Contains(got, "f has test://shared") {
		t.Errorf("a resource: %s", got)
	}
	if got := post(t, url, "prompts/get", "f_greet", object{"name": "f_greet"}); !strings.Contains(got, "-32601") {
		t.Errorf("a method that it does not know: %s", got)
	}
	if got := visit(t, url, nil).text("f_who"); got != "f" || strings.Contains(said.String(), "is down") {
		t.Errorf("the server is taken for dead: %s", said)
	}
}

// TestSSE serves a server of the older transport.
func TestSSE(t *testing.T) {
	s := server.NewMCPServer("old", "1", server.WithToolCapabilities(true))
	s.AddTool(mcp.NewTool("who"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("old"), nil
	})
	sse := server.NewSSEServer(s)
	old := httptest.NewServer(sse)
	t.Cleanup(func() { old.CloseClientConnections(); old.Close() })
	e := listed("old", old.URL+"/sse")
	e["transport"] = "sse"
	url, _ := serve(t, service.Config{}, e)
	g := visit(t, url, nil)
	if got := g.text("old_who"); got != "old" {
		t.Errorf("got %s", got)
	}
	s.AddTool(mcp.NewTool("more"), nil)
	g.until("there is more", func(tools []string) bool { return slices.Contains(tools, "old_more") })
}
