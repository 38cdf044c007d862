package service

import (
	"fmt"
	"strings"
	"testing"
)

func TestPermissions(t *testing.T) {
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	read := func(uri string) string {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":%q}}`, uri)
	}
	for _, test := range []struct {
		name   string
		config Config
		line   string
		says   string // empty: refused
		audit  string
	}{
		{"a tool that writes", Config{}, toolCall(1, "write", "{}"), "written", `"outcome":"ok"`},
		{"a tool that writes, read-only", Config{ReadOnly: true}, toolCall(1, "write", "{}"), "", `"outcome":"refused"`},
		{"a tool that reads, read-only", Config{ReadOnly: true}, toolCall(1, "echo", `{"text":"read"}`), "read", `"outcome":"ok"`},
		{"a tool that is not allowed", Config{AllowedTools: []string{"ech*"}}, toolCall(1, "write", "{}"), "", `"outcome":"refused"`},
		{"a tool that is allowed", Config{AllowedTools: []string{"ech*"}}, toolCall(1, "echo", `{"text":"allowed"}`), "allowed", `"outcome":"ok"`},
		{"a tool whose name only begins like one that is allowed", Config{AllowedTools: []string{"wri"}}, toolCall(1, "write", "{}"), "", `"outcome":"refused"`},
		{"a tool that there is not", Config{}, toolCall(1, "nope", "{}"), "", `"outcome":"error"`},
		{"an argument that is denied", Config{Deny: []string{`\.\./`}}, toolCall(1, "echo", `{"text":"a/../b"}`), "", `"outcome":"refused"`},
		{"an argument that is not denied", Config{Deny: []string{`\.\./`}}, toolCall(1, "echo", `{"text":"a/b"}`), "a/b", `"outcome":"ok"`},
		{"a resource that is denied", Config{Deny: []string{"secret"}}, read("echo://secret"), "", `"outcome":"refused"`},
		{"one that is denied, spelt otherwise", Config{Deny: []string{"secret"}}, read("echo://s%65cret"), "", `"outcome":"refused"`},
		{"a resource that is not allowed", Config{AllowedResources: []string{"echo://a*"}}, read("echo://b"), "", `"outcome":"refused"`},
		{"a resource that is allowed", Config{AllowedResources: []string{"echo://a*"}}, read("echo://abc"), "here", `"outcome":"ok"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Audit = true
			said, stderr := talk(t, test.config, echo, list, strings.Replace(test.line, `"id":1`, `"id":2`, 1))
			got := fmt.Sprint(said["2"]["result"])
			if refused := said["2"]["error"] != nil; refused != (test.says == "") || !strings.Contains(got, test.says) {
				t.Errorf("said %v, want %q", said["2"], test.says)
			}
			if n := strings.Count(stderr.String(), `"request":2`); n != 1 || !strings.Contains(stderr.String(), test.audit) {
				t.Errorf("audit log has %d lines, want one with %s: %s", n, test.audit, stderr)
			}
			if strings.Contains(stderr.String(), "../") {
				t.Errorf("the audit log holds an argument: %s", stderr)
			}
		})
	}
}

func TestHidden(t *testing.T) {
	said, _ := talk(t, Config{ReadOnly: true}, func(g *Guard) Server { return echo(g) }, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if got := fmt.Sprint(said["1"]["result"]); strings.Contains(got, "name:write") || !strings.Contains(got, "name:echo") {
		t.Errorf("tools/list says %s", got)
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		says   string
	}{
		{"a transport that there is not", Config{Transport: "carrier-pigeon"}, "stdio, http or sse"},
		{"auth without a token", Config{Auth: true}, "AUTH_TOKEN"},
		{"auth with an empty token", Config{Auth: true, AuthToken: " , "}, "AUTH_TOKEN"},
		{"a file that there is not", Config{Auth: true, TokenFile: "testdata/nope"}, "auth-token-file"},
		{"a rate in words", Config{RateLimit: "many"}, "100/s"},
		{"a rate by the fortnight", Config{RateLimit: "1/fortnight"}, "100/s"},
		{"a negative rate", Config{RateLimit: "-1"}, "100/s"},
		{"a pattern that does not compile", Config{Deny: []string{"("}}, "deny"},
		{"a negative number", Config{MaxBody: -1}, "negative"},
	} {
		if _, err := New("echo", "1", test.config); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
	for text, want := range map[string]float64{"": 0, "0": 0, "100": 100, "100/s": 100, "6000/m": 100, "36/h": .01, "1.5/second": 1.5} {
		if got, err := parseRate(text); err != nil || float64(got) != want {
			t.Errorf("%q is %v a second, %v; want %v", text, got, err, want)
		}
	}
}

// TestRejected demands a line of the audit log for what never became a request.
func TestRejected(t *testing.T) {
	_, stderr := talk(t, Config{Audit: true, RateLimit: "1/h", RateBurst: 1}, echo,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`, toolCall(2, "echo", `{"text":"x"}`), toolCall(3, "echo", `{"text":"x"}`))
	for _, want := range []string{`"request":1,`, `"reason":"message"`, `"reason":"rate"`, `"outcome":"ok"`} {
		if strings.Count(stderr.String(), want) != 1 {
			t.Errorf("want one line with %s in %s", want, stderr)
		}
	}
}
