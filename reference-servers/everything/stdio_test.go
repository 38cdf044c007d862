package everything

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

func newServer(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		noGoroutines(t)
	})
	return s
}

func TestStdio(t *testing.T) {
	s := newServer(t, Options{})
	for _, revision := range legacyRevisions {
		t.Run(revision, func(t *testing.T) {
			p := stdio(t, s)
			p.write(initializeBody(revision), `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
			if r, _ := p.read()["result"].(object); r["protocolVersion"] != revision {
				t.Fatalf("protocolVersion is %v, want %q", r["protocolVersion"], revision)
			}
			p.write(`{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"jsonrpc":`, `{"jsonrpc":"2.0","id":2,"method":"ping"}`,
				`{"jsonrpc":"2.0","method":"notifications/nothing","params":7}`, "", `{"jsonrpc":"2.0","id":3,"method":"ping"}`)
			for _, want := range []string{"1 0", "null -32700", "2 0", "3 0"} {
				m := p.read()
				if got := fmt.Sprint(key(m["id"]), " ", code(t, m)); got != want {
					t.Errorf("got id and code %s, want %s", got, want)
				}
			}
			p.in.Close()
			if err := <-p.done; err != nil {
				t.Errorf("ServeStdio at the end of the input: %v", err)
			}
		})
	}
}

func TestStdioSampling(t *testing.T) {
	p := stdio(t, newServer(t, Options{}))
	p.write(initializeBody(rev2025_11_25), `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	p.read()
	p.write(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_sampling","arguments":{"prompt":"Hi"}}}`)
	ask := p.read()
	if ask["method"] != "sampling/createMessage" {
		t.Fatalf("got %v, want sampling/createMessage", ask)
	}
	p.write(`{"jsonrpc":"2.0","id":` + key(ask["id"]) + `,"result":{"role":"assistant","model":"m","content":{"type":"text","text":"canary"}}}`)
	if m := p.read(); !strings.Contains(string(encode(m)), "canary") {
		t.Errorf("result is %v", m)
	}
}

func TestStdioCancel(t *testing.T) {
	p := stdio(t, newServer(t, Options{}))
	p.write(initializeBody(rev2025_11_25))
	p.read()
	p.write(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_slow","arguments":{"milliseconds":10000},"_meta":{"progressToken":"t"}}}`)
	p.read() // progress: the call runs
	p.write(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	p.in.Close()
	for p.out.Scan() {
		if strings.Contains(p.out.Text(), `"id":1`) {
			t.Errorf("a response to a cancelled request: %s", p.out.Text())
		}
	}
}

func TestStdioModern(t *testing.T) {
	p := stdio(t, newServer(t, Options{}))
	meta := strings.Replace(metaFields, "%s", `{"elicitation":{}}`, 1)
	p.write(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + meta + `}}`)
	if r, _ := p.read()["result"].(object); r["resultType"] != "complete" {
		t.Errorf("tools/list as the first message: %v", r)
	}
	p.write(`{"jsonrpc":"2.0","id":2,"method":"server/discover","params":{}}`)
	if m := p.read(); code(t, m) != codeInvalidParams {
		t.Errorf("without _meta: %v, want code %d", m, codeInvalidParams)
	}
	p.write(`{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + meta + `}}`)
	if m := p.read(); m["method"] != "notifications/subscriptions/acknowledged" {
		t.Errorf("got %v, want the acknowledgment", m)
	}
	p.in.Close()
	if m := p.read(); m["method"] != "notifications/cancelled" {
		t.Errorf("at the end of the input: %v, want notifications/cancelled", m)
	}
	if m := p.read(); m["id"] != "l" || m["result"] == nil {
		t.Errorf("at the end of the input: %v, want the result of the subscription", m)
	}
}

func TestStdioBatch(t *testing.T) {
	p := stdio(t, newServer(t, Options{}))
	p.write(initializeBody(rev2025_03_26))
	p.read()
	p.write(`[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]`)
	var answers list
	if !p.out.Scan() || decode(p.out.Bytes(), &answers) != nil || len(answers) != 2 {
		t.Errorf("answer to a batch is %s", p.out.Text())
	}
}

func TestHTTPWithSSE(t *testing.T) {
	s := newServer(t, Options{})
	ts := httptest.NewServer(s.SSEHandler())
	t.Cleanup(func() {
		s.Close() // ends the event streams, which ts waits for
		ts.Close()
	})
	for _, revision := range legacyRevisions {
		c := openSSE(t, ts.URL)
		c.post(initializeBody(revision), 202)
		if r, _ := c.next()["result"].(object); r["protocolVersion"] != revision {
			t.Errorf("protocolVersion is %v, want %q", r["protocolVersion"], revision)
		}
		c.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, 202)
		c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_tool_with_progress","_meta":{"progressToken":"p"}}}`, 202)
		for range 3 {
			if m := c.next(); m["method"] != "notifications/progress" {
				t.Errorf("got %v, want progress", m)
			}
		}
		if m := c.next(); key(m["id"]) != "1" || m["result"] == nil {
			t.Errorf("got %v, want the result", m)
		}
		c.post(`{`, 400)
		c.post(`{"jsonrpc":"2.0","id":3,"method":"nothing"}`, 202)
		if m := c.next(); code(t, m) != codeMethodNotFound {
			t.Errorf("unknown method: %v", m)
		}
	}
	if r := send(t, "POST", ts.URL+"/message?sessionId=x", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, nil); r.status != 404 {
		t.Errorf("unknown session: status %d, want 404", r.status)
	}
}
