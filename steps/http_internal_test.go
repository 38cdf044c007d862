package steps

import (
	"encoding/json"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func TestPrivate(t *testing.T) {
	for _, c := range []struct {
		address           string
		private, loopback bool
	}{
		{"http://127.0.0.1:3000/mcp", true, true},
		{"http://127.8.9.10/mcp", true, true},
		{"http://[::1]:3000/mcp", true, true},
		{"http://localhost:3000/mcp", true, true},
		{"https://LOCALHOST/mcp", true, true},
		{"http://app.localhost/mcp", true, true},
		{"http://192.168.1.7:3000/mcp", true, false},
		{"http://10.0.0.1/mcp", true, false},
		{"http://172.17.0.2:8080/mcp", true, false},
		{"http://[fd00::2]/mcp", true, false},
		{"http://169.254.1.1/mcp", true, false},
		{"https://mcp.example.com/mcp", false, false},
		{"http://localhost.example.com/mcp", false, false},
		{"http://8.8.8.8/mcp", false, false},
		{"http://[2001:db8::1]/mcp", false, false},
		{"://", false, false},
	} {
		if got := private(c.address); got != c.private {
			t.Errorf("private(%q) = %t, want %t", c.address, got, c.private)
		}
		if got := loopback(c.address); got != c.loopback {
			t.Errorf("loopback(%q) = %t, want %t", c.address, got, c.loopback)
		}
	}
}

func TestOriginOf(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:3000/mcp?x=1":   "http://127.0.0.1:3000",
		"https://u:p@mcp.example.com/mcp": "https://mcp.example.com",
		"http://[::1]:80/":                "http://[::1]:80",
	} {
		if got := originOf(address); got != want {
			t.Errorf("originOf(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{`{"jsonrpc":"2.0","id":1,"method":"roots/list"}`, "roots/list 1"},
		{`{"jsonrpc":"2.0","id":"1","method":"roots/list"}`, `roots/list "1"`},
		{`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":5}}`, `progress 5 of "t"`},
		{`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":5}}`, ""},
		{`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`, ""},
		{`{"jsonrpc":"2.0","id":1,"result":{}}`, ""},
	} {
		if got := identity(wire.Parse([]byte(c.message))[0]); got != c.want {
			t.Errorf("identity of %s = %q, want %q", c.message, got, c.want)
		}
	}
}

func TestCancels(t *testing.T) {
	request := &wire.Exchange{ID: json.RawMessage("7")}
	for _, c := range []struct {
		body string
		want bool
	}{
		{`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, true},
		{`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7"}}`, false},
		{`{"jsonrpc":"2.0","method":"notifications/cancelled"}`, false},
		{`{"jsonrpc":"2.0","method":"notifications/progress","params":{"requestId":7}}`, false},
		{`cancelled`, false},
	} {
		if got := cancels(&wire.Exchange{Body: []byte(c.body)}, request); got != c.want {
			t.Errorf("%s cancels request 7: %t, want %t", c.body, got, c.want)
		}
	}
}
