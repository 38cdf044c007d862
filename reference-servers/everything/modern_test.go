package everything

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestDiscover(t *testing.T) {
	_, url := testServer(t, Options{})
	r := modern(t, url, "server/discover", `{}`, "", nil)
	result, _ := r.last(t)["result"].(object)
	meta, _ := result["_meta"].(object)
	if r.status != 200 || result["resultType"] != "complete" || result["cacheScope"] != "public" || meta[metaServerInfo] == nil {
		t.Errorf("status %d, result %v", r.status, result)
	}
	if r.header.Get(headerSession) != "" {
		t.Error("a modern answer has a session id")
	}
}

func TestModernRefusals(t *testing.T) {
	_, url := testServer(t, Options{})
	call := func(method, members string, header map[string]string) reply {
		return modern(t, url, method, `{}`, members, header)
	}
	raw := func(params string) reply {
		return send(t, "POST", url, `{"jsonrpc":"2.0","id":7,"method":"server/discover","params":`+params+`}`,
			map[string]string{headerVersion: rev2026_07_28, headerMethod: "server/discover"})
	}
	simple := `"name":"test_simple_text"`
	params := `"name":"test_header_parameters","arguments":{"text":"Hello"}`
	for _, c := range []struct {
		reason       string
		got          reply
		status, code int
	}{
		{"no _meta", raw(`{}`), 400, codeInvalidParams},
		{"no version", raw(`{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}`), 400, codeInvalidParams},
		{"no capabilities", raw(`{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`), 400, codeInvalidParams},
		{"_meta is a string", raw(`{"_meta":"x"}`), 400, codeInvalidParams},
		{"versions differ", raw(`{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01","io.modelcontextprotocol/clientCapabilities":{}}}`), 400, codeHeaderMismatch},
		{"no version header", call("server/discover", "", map[string]string{headerVersion: ""}), 400, codeHeaderMismatch},
		{"no method header", call("server/discover", "", map[string]string{headerMethod: ""}), 400, codeHeaderMismatch},
		{"another method", call("server/discover", "", map[string]string{headerMethod: "tools/list"}), 400, codeHeaderMismatch},
		{"method in capitals", call("server/discover", "", map[string]string{headerMethod: "SERVER/DISCOVER"}), 400, codeHeaderMismatch},
		{"no name header", call("tools/call", simple, map[string]string{headerName: ""}), 400, codeHeaderMismatch},
		{"another name", call("tools/call", simple, map[string]string{headerName: "x"}), 400, codeHeaderMismatch},
		{"encoded name", call("tools/call", simple, map[string]string{headerName: "=?base64?dGVzdF9zaW1wbGVfdGV4dA==?="}), 200, 0},
		{"param header missing", call("tools/call", params, nil), 400, codeHeaderMismatch},
		{"param header right", call("tools/call", params, map[string]string{"Mcp-Param-Text": "Hello"}), 200, 0},
		{"param header encoded", call("tools/call", params, map[string]string{"Mcp-Param-Text": "=?base64?SGVsbG8=?="}), 200, 0},
		{"param header badly padded", call("tools/call", params, map[string]string{"Mcp-Param-Text": "=?base64?SGVsbG8?="}), 400, codeHeaderMismatch},
		{"unknown method", call("x/y", "", nil), 404, codeMethodNotFound},
		{"ping is gone", call("ping", "", nil), 404, codeMethodNotFound},
		{"initialize is gone", call("initialize", "", nil), 404, codeMethodNotFound},
		{"unknown resource", call("resources/read", `"uri":"test://nothing"`, nil), 200, codeInvalidParams},
		{"capability needed", call("tools/call", `"name":"test_missing_capability"`, nil), 400, codeMissingCapability},
		{"unknown log level", raw(`{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"verbose"}}`), 400, codeInvalidParams},
	} {
		m := c.got.last(t)
		if c.got.status != c.status || code(t, m) != c.code || key(m["id"]) != "7" {
			t.Errorf("%s: status %d, %v; want status %d, code %d, id 7", c.reason, c.got.status, m, c.status, c.code)
		}
	}
	r := send(t, "POST", url, `{"jsonrpc":"2.0","id":7,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}`,
		map[string]string{headerVersion: "2099-01-01", headerMethod: "server/discover"})
	data, _ := r.last(t)["error"].(object)["data"].(object)
	if r.status != 400 || code(t, r.last(t)) != codeVersion || data["requested"] != "2099-01-01" || len(data["supported"].(list)) != 5 {
		t.Errorf("unsupported version: status %d, %v", r.status, r.last(t))
	}
}

func TestInputRequired(t *testing.T) {
	_, url := testServer(t, Options{})
	name := `"name":"test_input_required_result_request_state","arguments":{}`
	caps := `{"elicitation":{}}`
	first := modern(t, url, "tools/call", caps, name, nil).last(t)["result"].(object)
	if first["resultType"] != "input_required" || first["ttlMs"] != nil {
		t.Fatalf("first result is %v", first)
	}
	state := first["requestState"].(string)
	answer := `,"inputResponses":{"confirm":{"action":"accept","content":{"ok":true}}}`
	retry := func(tool, more string) object {
		return modern(t, url, "tools/call", caps, tool+more, nil).last(t)
	}
	done := retry(name, answer+`,"requestState":"`+state+`"`)["result"].(object)
	if done["resultType"] != "complete" || !strings.Contains(string(encode(done)), "state-ok") {
		t.Errorf("result of the retry is %v", done)
	}
	if m := retry(name, answer+`,"requestState":"`+state+`-TAMPERED"`); code(t, m) != codeInvalidParams {
		t.Errorf("tampered state: %v", m)
	}
	if m := retry(`"name":"test_input_required_result_multi_round","arguments":{}`, answer+`,"requestState":"`+state+`"`); code(t, m) != codeInvalidParams {
		t.Errorf("state of another tool: %v", m)
	}
	if r := retry(name, answer)["result"].(object); r["resultType"] != "input_required" {
		t.Errorf("answer without its state: %v", r)
	}
	for _, wrong := range []string{`null`, `[]`, `{"user_name":12345}`} {
		if m := retry(`"name":"test_input_required_result_elicitation"`, `,"inputResponses":`+wrong); code(t, m) != codeInvalidParams {
			t.Errorf("inputResponses %s: %v", wrong, m)
		}
	}
}

func TestListen(t *testing.T) {
	s, url := testServer(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body := strings.NewReader(`{"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":{` +
		strings.Replace(metaFields, "%s", "{}", 1) + `,"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://watched-resource"]}}}`)
	req, err := http.NewRequestWithContext(ctx, "POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Content-Type": "application/json", headerVersion: rev2026_07_28, headerMethod: "subscriptions/listen"} {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("X-Accel-Buffering") != "no" {
		t.Error("X-Accel-Buffering is not no")
	}
	lines := bufio.NewScanner(res.Body)
	next := func() object {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var m object
				if err := decode([]byte(data), &m); err != nil {
					t.Fatal(err)
				}
				return m
			}
		}
		t.Fatal("the stream ended")
		return nil
	}
	expect := func(method string) {
		t.Helper()
		m := next()
		p, _ := m["params"].(object)
		meta, _ := p["_meta"].(object)
		if m["method"] != method || key(meta[metaSubscription]) != "0" {
			t.Errorf("got %v, want %s with subscription id 0", m, method)
		}
	}
	expect("notifications/subscriptions/acknowledged")
	modern(t, url, "tools/call", `{}`, `"name":"test_trigger_prompt_change"`, nil)
	modern(t, url, "tools/call", `{}`, `"name":"test_trigger_tool_change"`, nil)
	expect("notifications/tools/list_changed")
	modern(t, url, "tools/call", `{}`, `"name":"test_update_watched_resource"`, nil)
	expect("notifications/resources/updated")
	go s.Close()
	if m := next(); key(m["id"]) != "0" || m["result"] == nil {
		t.Errorf("at the end of the server: %v, want the result of the subscription", m)
	}
}

func TestDisconnectCancels(t *testing.T) {
	s, url := testServer(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_slow","arguments":{"milliseconds":10000,"key":"k"},"_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	for k, v := range map[string]string{"Content-Type": "application/json", headerVersion: rev2026_07_28, headerMethod: "tools/call", headerName: "test_slow"} {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req) // returns with the first progress
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	res.Body.Close()
	s.work.Wait()
	r := modern(t, url, "tools/call", `{}`, `"name":"test_slow_report","arguments":{"key":"k"}`, nil)
	if !strings.Contains(r.body, `"cancelled"`) {
		t.Errorf("report is %s, want cancelled", r.body)
	}
}
