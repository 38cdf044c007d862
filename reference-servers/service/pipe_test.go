package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A typed is what came out of stdio, by the id of what it answers.
type typed map[string]map[string]any

// talk runs a server over stdio, writes lines to it, and returns what it said once
// it has ended by itself.
func talk(t *testing.T, c Config, build func(*Guard) Server, lines ...string) (typed, *output) {
	t.Helper()
	g, err := New("echo", "1", c)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := newOutput(), newOutput()
	if err := g.Run(t.Context(), build(g), strings.NewReader(strings.Join(lines, "\n")), stdout, stderr); err != nil {
		t.Errorf("Run: %v", err)
	}
	return answers(t, stdout.String()), stderr
}

func answers(t *testing.T, stdout string) typed {
	t.Helper()
	all := typed{}
	for line := range strings.Lines(stdout) {
		var m map[string]json.RawMessage
		var v map[string]any
		if json.Unmarshal([]byte(line), &m) != nil || json.Unmarshal([]byte(line), &v) != nil {
			t.Fatalf("stdout holds what is no message: %q", line)
		}
		if id := string(m["id"]); id != "" {
			if all[id] != nil {
				t.Errorf("id %s is answered twice", id)
			}
			all[id] = v
		}
	}
	return all
}

func (a typed) code(id string) int {
	e, _ := a[id]["error"].(map[string]any)
	n, _ := e["code"].(float64)
	return int(n)
}

func TestMessages(t *testing.T) {
	for _, test := range []struct {
		name, line, id string
		code           int // 0 for a result
	}{
		{"a ping", `{"jsonrpc":"2.0","id":"a","method":"ping"}`, `"a"`, 0},
		{"an id beyond float64", `{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}`, `9007199254740993`, 0},
		{"no JSON", `{"jsonrpc":`, `null`, -32700},
		{"no object", `42`, `null`, -32600},
		{"an empty array", `[]`, `null`, -32600},
		{"a batch without a handshake", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `null`, -32600},
		{"no version", `{"id":1,"method":"ping"}`, `1`, -32600},
		{"an id of null", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, `null`, -32600},
		{"an id that is an object", `{"jsonrpc":"2.0","id":{},"method":"ping"}`, `null`, -32600},
		{"an id that is a fraction", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, `null`, -32600},
		{"a method in other letters", `{"jsonrpc":"2.0","id":1,"Method":"ping"}`, `1`, -32600},
		{"a method that is a number", `{"jsonrpc":"2.0","id":1,"method":1}`, `1`, -32600},
		{"an unknown method", `{"jsonrpc":"2.0","id":1,"method":"nope"}`, `1`, -32601},
		{"params that are an array", `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, `1`, -32602},
		{"a call without a name", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`, `1`, -32602},
		{"arguments that are a text", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":"x"}}`, `1`, -32602},
		{"a tool that there is not", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}`, `1`, -32602},
		{"a URI that is a number", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":1}}`, `1`, -32602},
		{"a resource that its handler misses", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"echo://missing"}}`, `1`, -32002},
		{"a resource that no handler is for", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"other://x"}}`, `1`, -32002},
		{"a cursor of somebody else", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"ZWNobw=="}}`, `1`, -32602},
		{"a version that there is not", `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"}}}`, `1`, -32022},
		{"a tool that panics", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"panic"}}`, `1`, -32603},
		{"a handshake without a client", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}`, `1`, -32602},
	} {
		t.Run(test.name, func(t *testing.T) {
			said, _ := talk(t, Config{}, echo, test.line, `{"jsonrpc":"2.0","id":"after","method":"ping"}`)
			if len(said) != 2 || said[test.id] == nil || said.code(test.id) != test.code {
				t.Errorf("said %v, want code %d for id %s", said, test.code, test.id)
			}
			if said[`"after"`]["result"] == nil {
				t.Errorf("the server does not go on after that")
			}
		})
	}
}

func TestNotFoundNamesTheURI(t *testing.T) {
	said, _ := talk(t, Config{}, echo, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"echo://missing"}}`)
	if got := fmt.Sprint(said["1"]); !strings.Contains(got, "data:map[uri:echo://missing]") {
		t.Error(got)
	}
}

func TestPages(t *testing.T) {
	names := map[string]bool{}
	cursor := ""
	for page := 0; page == 0 || cursor != ""; page++ {
		params := "{}"
		if cursor != "" {
			params = fmt.Sprintf(`{"cursor":%q}`, cursor)
		}
		said, _ := talk(t, Config{}, echo, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":`+params+`}`)
		result, _ := said["1"]["result"].(map[string]any)
		if result == nil || page > 4 {
			t.Fatalf("page %d: %v", page, said)
		}
		for _, tool := range result["tools"].([]any) {
			names[tool.(map[string]any)["name"].(string)] = true
		}
		cursor, _ = result["nextCursor"].(string)
	}
	if len(names) != 4 {
		t.Errorf("the pages hold %v, want all 4 tools", names)
	}
}

func TestBatch(t *testing.T) {
	old := strings.Replace(hello, "2025-06-18", "2025-03-26", 1)
	g, err := New("echo", "1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	stdout := newOutput()
	in := old + "\n" + `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}},{"jsonrpc":"2.0","id":2,"method":"nope"},7]`
	if err := g.Run(t.Context(), echo(g), strings.NewReader(in), stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	var list []map[string]any
	if len(lines) != 2 || json.Unmarshal([]byte(lines[1]), &list) != nil || len(list) != 3 {
		t.Errorf("said %q, want an array of 3 answers", lines)
	}
}

// TestEndOfInput demands the answers to all that was asked before stdin ended.
func TestEndOfInput(t *testing.T) {
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = toolCall(i, "echo", fmt.Sprintf(`{"text":"canary %d"}`, i))
	}
	said, stderr := talk(t, Config{Audit: true, MaxConcurrent: 10}, echo, lines...)
	for i := range lines {
		if got := fmt.Sprint(said[fmt.Sprint(i)]["result"]); !strings.Contains(got, fmt.Sprintf("canary %d ", i)) {
			t.Fatalf("call %d: %s", i, got)
		}
	}
	if n := strings.Count(stderr.String(), `"outcome":"ok"`); n != 1000 {
		t.Errorf("%d lines in the audit log, want 1000", n)
	}
}

func TestOversizedLine(t *testing.T) {
	long := toolCall(1, "echo", `{"text":"`+strings.Repeat("x", 200_000)+`"}`)
	said, _ := talk(t, Config{MaxBody: 100_000}, echo, long, toolCall(2, "echo", `{"text":"short"}`))
	if said.code("null") != -32600 || said["2"]["result"] == nil || said["1"] != nil {
		t.Errorf("said %v", said)
	}
}

func TestPanicKeepsSecrets(t *testing.T) {
	said, stderr := talk(t, Config{Audit: true}, echo, toolCall(1, "panic", "{}"))
	if got := fmt.Sprint(said, stderr); strings.Contains(got, "hunter2") || !strings.Contains(got, `"msg":"panic"`) {
		t.Error(got)
	}
}

// TestCancel demands that a cancelled call ends, and is not answered.
func TestCancel(t *testing.T) {
	w := newGated()
	in, input := io.Pipe()
	stdout, done := newOutput(), make(chan error, 1)
	g, err := New("echo", "1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- g.Run(context.Background(), w.server(g), in, stdout, io.Discard) }()
	fmt.Fprintln(input, toolCall(1, "wait", "{}"))
	<-w.began
	fmt.Fprintln(input, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	fmt.Fprintln(input, `{"jsonrpc":"2.0","id":2,"method":"ping"}`)
	input.Close()
	if err := <-done; err != nil { // it would wait for the call otherwise
		t.Error(err)
	}
	if said := answers(t, stdout.String()); said["1"] != nil || said["2"] == nil {
		t.Errorf("said %v", said)
	}
}

// TestTerminated demands that a call in flight is answered when the server is told
// to end while stdin is open.
func TestTerminated(t *testing.T) {
	w := newGated()
	in, input := io.Pipe()
	defer input.Close()
	stdout, done := newOutput(), make(chan error, 1)
	g, err := New("echo", "1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { done <- g.Run(ctx, w.server(g), in, stdout, io.Discard) }()
	for i := range 50 {
		fmt.Fprintln(input, toolCall(i, "wait", "{}"))
	}
	for range 50 {
		<-w.began
	}
	stop()
	close(w.let)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if said := answers(t, stdout.String()); len(said) != 50 {
		t.Errorf("%d of 50 calls are answered", len(said))
	}
}

// TestSubscription demands that a subscription is told of what it asked for alone,
// and of its end.
func TestSubscription(t *testing.T) {
	in, input := io.Pipe()
	stdout, done := newOutput(), make(chan error, 1)
	g, err := New("echo", "1", Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := echo(g)
	go func() { done <- g.Run(context.Background(), s, in, stdout, io.Discard) }()
	const listen = `{"jsonrpc":"2.0","id":%q,"method":"subscriptions/listen","params":{"notifications":{%q:true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
	fmt.Fprintf(input, listen+"\n", "tools", "toolsListChanged")
	stdout.await(t, `"toolsListChanged":true`)
	fmt.Fprintf(input, listen+"\n", "resources", "resourcesListChanged")
	stdout.await(t, `"resourcesListChanged":true`)
	s.MCP.DeleteTools("write")
	stdout.await(t, "notifications/tools/list_changed")
	input.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	out := stdout.String()
	if strings.Count(out, "list_changed") != 1 || !strings.Contains(out, `"io.modelcontextprotocol/subscriptionId":"tools"},`) && !strings.Contains(out, `{"io.modelcontextprotocol/subscriptionId":"tools"}`) {
		t.Errorf("said %s", out)
	}
	if said := answers(t, out); said[`"tools"`]["result"] == nil || said[`"resources"`]["result"] == nil {
		t.Errorf("the subscriptions have no end: %s", out)
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{hello, toolCall(1, "echo", `{"text":"x"}`), `[]`, `{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x.y"}}`, `{"jsonrpc":"2.0","id":"\ud800","method":"ping","params":{"_meta":null}}`} {
		f.Add([]byte(seed))
	}
	g, err := New("echo", "1", Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, wrong := g.parse(data)
		switch {
		case (m == nil) == (wrong == nil):
			t.Fatalf("%q is both a message and none", data)
		case wrong != nil:
			if !json.Valid(wrong.json()) {
				t.Fatalf("%q is answered with %s", data, wrong.json())
			}
			return
		case !json.Valid(m.raw):
			t.Fatalf("%q is passed on as %q", data, m.raw)
		}
		answer := g.answer(m, []byte(`{"jsonrpc":"2.0","id":5,"result":{}}`))
		var out struct{ ID json.RawMessage }
		if json.Unmarshal(answer, &out) != nil || m.id != nil && !sameJSON(out.ID, m.id) {
			t.Fatalf("%q is answered as %s", data, answer)
		}
	})
}

func sameJSON(a, b json.RawMessage) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
