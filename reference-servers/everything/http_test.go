package everything

import (
	"cmp"
	"strings"
	"testing"
)

var legacyRevisions = []string{rev2024_11_05, rev2025_03_26, rev2025_06_18, rev2025_11_25}

func TestLegacyOverHTTP(t *testing.T) {
	_, url := testServer(t, Options{})
	for _, revision := range legacyRevisions {
		t.Run(revision, func(t *testing.T) {
			header := handshake(t, url, revision)
			tools := send(t, "POST", url, `{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}`, header).last(t)
			if got := key(tools["id"]); got != "9007199254740993" {
				t.Errorf("id is %s, want 9007199254740993", got)
			}
			listed := tools["result"].(object)["tools"].(list)
			_, titled := listed[0].(object)["title"]
			if titled != (revision >= rev2025_06_18) {
				t.Errorf("a tool has a title: %v, in revision %s", titled, revision)
			}
			if _, ok := tools["result"].(object)["resultType"]; ok {
				t.Error("a legacy result has a resultType")
			}
			call := func(params string) object {
				return send(t, "POST", url, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":`+params+`}`, header).last(t)
			}
			audio := call(`{"name":"test_audio_content"}`)["result"].(object)["content"].(list)[0].(object)
			if got := audio["type"] == "audio"; got != (revision >= rev2025_03_26) {
				t.Errorf("audio content: %v, in revision %s", got, revision)
			}
			if m := call(`{"name":"nobody"}`); code(t, m) != codeInvalidParams {
				t.Errorf("unknown tool: %v, want code %d", m, codeInvalidParams)
			}
			m := call(`{"name":"test_echo"}`)
			if revision >= rev2025_11_25 {
				if r, _ := m["result"].(object); r["isError"] != true {
					t.Errorf("missing argument: %v, want isError", m)
				}
			} else if code(t, m) != codeInvalidParams {
				t.Errorf("missing argument: %v, want code %d", m, codeInvalidParams)
			}
			m = send(t, "POST", url, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"test://nothing"}}`, header).last(t)
			if code(t, m) != codeResourceNotFound {
				t.Errorf("unknown resource: %v, want code %d", m, codeResourceNotFound)
			}
		})
	}
}

func TestHTTPRefusals(t *testing.T) {
	_, url := testServer(t, Options{})
	session := handshake(t, url, rev2025_11_25)
	ping := `{"jsonrpc":"2.0","id":5,"method":"ping"}`
	for _, c := range []struct {
		reason, method, body string
		header               map[string]string
		status, code         int
	}{
		{"it is served", "POST", ping, nil, 200, 0},
		{"the body is not JSON", "POST", `{"jsonrpc":`, nil, 400, codeParse},
		{"jsonrpc is missing", "POST", `{"id":5,"method":"ping"}`, nil, 400, codeInvalidRequest},
		{"the id is null", "POST", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, nil, 400, codeInvalidRequest},
		{"the id is a fraction", "POST", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, nil, 400, codeInvalidRequest},
		{"the method is a number", "POST", `{"jsonrpc":"2.0","id":5,"method":1}`, nil, 400, codeInvalidRequest},
		{"names are case-sensitive", "POST", `{"jsonrpc":"2.0","id":5,"Method":"ping"}`, nil, 400, codeInvalidRequest},
		{"methods are case-sensitive", "POST", `{"jsonrpc":"2.0","id":5,"method":"Ping"}`, nil, 200, codeMethodNotFound},
		{"params is an array", "POST", `{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}`, nil, 200, codeInvalidParams},
		{"batches are gone", "POST", `[` + ping + `]`, nil, 400, codeInvalidRequest},
		{"the session is missing", "POST", ping, map[string]string{headerSession: ""}, 400, codeInvalidRequest},
		{"the session is unknown", "POST", ping, map[string]string{headerSession: "x"}, 404, codeInvalidRequest},
		{"the version header is bogus", "POST", ping, map[string]string{headerVersion: "bogus"}, 400, codeInvalidRequest},
		{"the content type is wrong", "POST", ping, map[string]string{"Content-Type": "text/plain"}, 415, codeInvalidRequest},
		{"nothing can be answered", "POST", ping, map[string]string{"Accept": "text/html"}, 406, codeInvalidRequest},
		{"the origin is foreign", "POST", ping, map[string]string{"Origin": "http://evil.example.invalid"}, 403, codeInvalidRequest},
		{"the origin is its own", "POST", ping, map[string]string{"Origin": url}, 200, 0},
		{"the host was rebound", "POST", ping, map[string]string{"Host": "evil.example.invalid"}, 403, codeInvalidRequest},
		{"PUT is no method of the endpoint", "PUT", ping, nil, 405, codeInvalidRequest},
		{"modern requests know no GET", "GET", "", map[string]string{headerVersion: rev2026_07_28}, 405, codeInvalidRequest},
	} {
		header := map[string]string{}
		for _, from := range []map[string]string{session, c.header} {
			for k, v := range from {
				header[k] = v
			}
		}
		r := send(t, c.method, url, c.body, header)
		if r.status != c.status || code(t, r.last(t)) != c.code {
			t.Errorf("%s: status %d, body %s; want status %d, code %d", c.reason, r.status, r.body, c.status, c.code)
		}
		if r.status == 405 && r.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow header", c.reason)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	_, url := testServer(t, Options{})
	header := handshake(t, url, rev2025_06_18)
	if r := send(t, "DELETE", url, "", header); r.status != 204 {
		t.Fatalf("DELETE: status %d, want 204", r.status)
	}
	for _, method := range []string{"POST", "GET", "DELETE"} {
		if r := send(t, method, url, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, header); r.status != 404 {
			t.Errorf("%s after DELETE: status %d, want 404", method, r.status)
		}
	}
}

func TestProgressComesFirst(t *testing.T) {
	_, url := testServer(t, Options{})
	header := handshake(t, url, rev2025_11_25)
	r := send(t, "POST", url, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_tool_with_progress","_meta":{"progressToken":0}}}`, header)
	if len(r.messages) != 4 || len(r.ids) != 5 {
		t.Fatalf("got %d messages and %d event ids, want 4 and 5: the first event has no message\n%s", len(r.messages), len(r.ids), r.body)
	}
	for i, m := range r.messages[:3] {
		p, _ := m["params"].(object)
		if m["method"] != "notifications/progress" || key(p["progressToken"]) != "0" {
			t.Errorf("message %d is %v, want progress for token 0", i, m)
		}
	}
	if r.messages[3]["result"] == nil {
		t.Errorf("the last message is %v, want the result", r.messages[3])
	}
}

func TestResumption(t *testing.T) {
	_, url := testServer(t, Options{})
	header := handshake(t, url, rev2025_11_25)
	cut := send(t, "POST", url, `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"test_reconnection","_meta":{"progressToken":"t"}}}`, header)
	if len(cut.messages) != 1 || !cut.retry {
		t.Fatalf("the stream was not cut after one message, with a retry:\n%s", cut.body)
	}
	header["Last-Event-ID"] = cut.ids[len(cut.ids)-1]
	rest := send(t, "GET", url, "", header)
	if len(rest.messages) != 2 || rest.last(t)["id"] != "a" {
		t.Fatalf("the rest is not one notification and the response:\n%s", rest.body)
	}
	header["Last-Event-ID"] = cut.ids[0]
	all := send(t, "GET", url, "", header)
	if len(all.messages) != 3 || strings.Contains(strings.Join(all.ids, " "), cut.ids[0]) {
		t.Errorf("the replay from the first event is not three messages after it:\n%s", all.body)
	}
}

func TestBatch(t *testing.T) {
	_, url := testServer(t, Options{})
	header := handshake(t, url, rev2025_03_26)
	r := send(t, "POST", url, `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}},{"jsonrpc":"2.0","id":"2","method":"nothing"},1]`, header)
	got := map[string]int{}
	for _, m := range r.messages {
		got[key(m["id"])] = code(t, m)
	}
	if len(r.messages) != 3 || got["1"] != 0 || got[`"2"`] != codeMethodNotFound || got["null"] != codeInvalidRequest {
		t.Errorf("answers are %v", got)
	}
	if r := send(t, "POST", url, `[{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}]`, header); r.status != 202 || r.body != "" {
		t.Errorf("notifications only: status %d, body %q, want 202 and no body", r.status, r.body)
	}
	if r := send(t, "POST", url, `[]`, header); r.status != 400 || code(t, r.last(t)) != codeInvalidRequest {
		t.Errorf("empty batch: status %d, body %q", r.status, r.body)
	}
}

func pagesOf(items, size int) int { return (items + size - 1) / size }

func TestPagination(t *testing.T) {
	for _, size := range []int{0, 1, 3} {
		_, url := testServer(t, Options{Page: size})
		header := handshake(t, url, rev2025_06_18)
		for method, name := range map[string]string{"tools/list": "tools", "prompts/list": "prompts",
			"resources/list": "resources", "resources/templates/list": "resourceTemplates"} {
			seen, pages, cursor := map[string]bool{}, 0, ""
			for {
				params := "{}"
				if cursor != "" {
					params = `{"cursor":"` + cursor + `"}`
				}
				result, _ := send(t, "POST", url, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}`, header).last(t)["result"].(object)
				items, _ := result[name].(list)
				for _, item := range items {
					if n := item.(object)["name"].(string); seen[n] {
						t.Errorf("%s: %q comes twice", method, n)
					} else {
						seen[n] = true
					}
				}
				pages++
				var more bool
				if cursor, more = result["nextCursor"].(string); !more {
					break
				}
			}
			if want := pagesOf(len(seen), cmp.Or(size, pageSizes[name])); pages != want {
				t.Errorf("page size %d: %s has %d pages of %d items, want %d", size, method, pages, len(seen), want)
			}
			for _, wrong := range []string{`"x"`, `""`, `42`, `null`} {
				m := send(t, "POST", url, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{"cursor":`+wrong+`}}`, header).last(t)
				if code(t, m) != codeInvalidParams {
					t.Errorf("%s with cursor %s: %v, want code %d", method, wrong, m, codeInvalidParams)
				}
			}
		}
	}
}
