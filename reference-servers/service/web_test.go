package service

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	const tools = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	open := func(t *testing.T, s *running, header ...string) string {
		a := send(t, "POST", s.url+"/mcp", hello, header...)
		if id := a.header.Get("Mcp-Session-Id"); a.status == 200 && id != "" {
			return id
		}
		t.Fatalf("initialize: %+v", a)
		return ""
	}
	plain := serve(t, Config{Transport: "http", MaxBody: 1000}, echo)
	session := open(t, plain)
	auth := serve(t, Config{Transport: "http", Auth: true, AuthToken: "tick, tock", AllowedOrigins: []string{"https://page.example"}}, echo)
	tick := []string{"Authorization", "Bearer tick"}
	owned := open(t, auth, tick...)
	for _, test := range []struct {
		name         string
		on           *running
		method, body string
		header       []string
		status       int
		says         string
	}{
		{"served", plain, "POST", tools, []string{"Mcp-Session-Id", session}, 200, `"result"`},
		{"a page of loopback", plain, "POST", tools, []string{"Mcp-Session-Id", session, "Origin", "http://localhost:3000"}, 200, `"result"`},
		{"a foreign page", plain, "POST", tools, []string{"Mcp-Session-Id", session, "Origin", "https://evil.example"}, 403, "Origin"},
		{"a page of a name like loopback", plain, "POST", tools, []string{"Mcp-Session-Id", session, "Origin", "http://localhost.evil.example"}, 403, "Origin"},
		{"the origin null", plain, "POST", tools, []string{"Mcp-Session-Id", session, "Origin", "null"}, 403, "Origin"},
		{"a foreign page that listens", plain, "GET", "", []string{"Mcp-Session-Id", session, "Origin", "https://evil.example"}, 403, "Origin"},
		{"a name that was rebound", plain, "POST", tools, []string{"Mcp-Session-Id", session, "Host", "evil.example"}, 403, "Host"},
		{"no session", plain, "POST", tools, nil, 400, "Mcp-Session-Id"},
		{"another session", plain, "POST", tools, []string{"Mcp-Session-Id", "mcp-session-00000000-0000-4000-8000-000000000000"}, 404, "session not found"},
		{"listening in another session", plain, "GET", "", []string{"Mcp-Session-Id", "made-up"}, 404, "session not found"},
		{"ending another session", plain, "DELETE", "", []string{"Mcp-Session-Id", "made-up"}, 404, "session not found"},
		{"another method", plain, "PUT", tools, nil, 405, "PUT"},
		{"another type", plain, "POST", tools, []string{"Content-Type", "text/plain"}, 415, "Content-Type"},
		{"no JSON", plain, "POST", `{"jsonrpc":`, nil, 400, "-32700"},
		{"no object", plain, "POST", `42`, nil, 400, "-32600"},
		{"too long", plain, "POST", toolCall(1, "echo", `{"text":"`+strings.Repeat("x", 1000)+`"}`), []string{"Mcp-Session-Id", session}, 413, "too long"},
		{"no token", auth, "POST", tools, []string{"Mcp-Session-Id", owned}, 401, "bearer"},
		{"a wrong token", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "Bearer tac"}, 401, "bearer"},
		{"a token that begins right", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "Bearer tic"}, 401, "bearer"},
		{"another scheme", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "Basic tick"}, 401, "bearer"},
		{"the right token", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "bearer tick"}, 200, `"result"`},
		{"another client's session", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "Bearer tock"}, 404, "session not found"},
		{"a page that is allowed", auth, "POST", tools, []string{"Mcp-Session-Id", owned, "Authorization", "Bearer tick", "Origin", "https://page.example"}, 200, `"result"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := send(t, test.method, test.on.url+"/mcp", test.body, test.header...)
			if a.status != test.status || !strings.Contains(a.body, test.says) {
				t.Errorf("got %d %s, want %d and %q", a.status, a.body, test.status, test.says)
			}
			if test.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	for _, s := range []*running{plain, auth} {
		for _, secret := range []string{"tick", "tock", session, owned} {
			if log := s.stderr.String() + send(t, "GET", s.url+"/metrics", "").body; strings.Contains(log, secret) {
				t.Errorf("the log or the metrics hold the secret %q", secret)
			}
		}
	}
	if a := send(t, "GET", plain.url+"/metrics", ""); !strings.Contains(a.body, `mcp_refused_total{reason="origin",server="echo"} 4`) {
		t.Errorf("refusals are not counted: %s", a.body)
	}
	plain.stderr.await(t, `"reason":"origin"`)
}

func TestSessionEnds(t *testing.T) {
	s := serve(t, Config{Transport: "http"}, echo)
	id := send(t, "POST", s.url+"/mcp", hello).header.Get("Mcp-Session-Id")
	if a := send(t, "GET", s.url+"/metrics", ""); !strings.Contains(a.body, "mcp_sessions{server=\"echo\"} 1") {
		t.Errorf("the session is not counted")
	}
	send(t, "DELETE", s.url+"/mcp", "", "Mcp-Session-Id", id)
	for _, method := range []string{"POST", "GET", "DELETE"} {
		body := ""
		if method == "POST" {
			body = toolCall(1, "echo", `{"text":"x"}`)
		}
		if a := send(t, method, s.url+"/mcp", body, "Mcp-Session-Id", id); a.status != 404 {
			t.Errorf("%s in a session that has ended: %d", method, a.status)
		}
	}
}

func TestRateLimit(t *testing.T) {
	s := serve(t, Config{Transport: "http", Stateless: true, Auth: true, AuthToken: "a,b", RateLimit: "1/h", RateBurst: 3}, echo)
	post := func(token string, id int) answer {
		return send(t, "POST", s.url+"/mcp", toolCall(id, "echo", `{"text":"x"}`), "Authorization", "Bearer "+token)
	}
	for i := range 3 {
		if a := post("a", i); a.status != 200 {
			t.Fatalf("request %d of the burst: %d %s", i, a.status, a.body)
		}
	}
	a := post("a", 3)
	if a.status != 429 || !strings.Contains(a.body, fmt.Sprintf(`"code":%d`, rateLimited)) || !strings.Contains(a.body, `"id":3`) {
		t.Errorf("beyond the burst: %d %s", a.status, a.body)
	}
	if wait := a.header.Get("Retry-After"); wait == "" || wait == "0" {
		t.Errorf("Retry-After is %q", wait)
	}
	if a := post("b", 4); a.status != 200 {
		t.Errorf("another client pays for it: %d %s", a.status, a.body)
	}
}

func TestMetricsAddress(t *testing.T) {
	s := serve(t, Config{Transport: "http", Stateless: true, MetricsAddress: "127.0.0.1:0"}, echo)
	_, address, _ := strings.Cut(s.stderr.await(t, "/metrics\n"), "metrics on ")
	address, _, _ = strings.Cut(address, "\n")
	if a := send(t, "GET", address, ""); a.status != 200 || !strings.Contains(a.body, "mcp_ready") {
		t.Errorf("%s: %d", address, a.status)
	}
	if a := send(t, "GET", s.url+"/metrics", ""); a.status != http.StatusNotFound {
		t.Errorf("the metrics are where clients are, too: %d", a.status)
	}
}

func TestPreflight(t *testing.T) {
	s := serve(t, Config{Transport: "http"}, echo)
	a := send(t, "OPTIONS", s.url+"/mcp", "", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" {
		t.Errorf("%+v", a)
	}
}
