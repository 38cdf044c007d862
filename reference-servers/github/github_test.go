package github

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

const secret = "ghp_S3cretS3cretS3cret"

// A buffer may be read while it is written.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// A session speaks with a server over pipes, as a client does over stdio.
type session struct {
	t      *testing.T
	in     io.WriteCloser
	stdout buffer // all of it
	stderr buffer // with the audit log

	mu      sync.Mutex
	id      int
	waiting map[int]chan answer
	done    chan error
}

type answer struct {
	Result *struct {
		Meta              map[string]map[string]any `json:"_meta"`
		IsError           bool
		Content           []struct{ Text string }
		StructuredContent json.RawMessage
		Contents          []struct{ URI, MIMEType, Text, Blob string }
	}
	Error *struct {
		Code    int
		Message string
	}
	raw string
}

// open starts the server and shakes hands with it.
func open(t *testing.T, o Options, c service.Config) *session {
	t.Helper()
	c.Audit = true
	guard, err := service.New("github", "test", c)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, waiting: map[int]chan answer{}, done: make(chan error, 1)}
	o.Log = &s.stderr
	srv, err := New(t.Context(), o, guard)
	if err != nil {
		t.Fatal(err)
	}
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	s.in = in
	go func() {
		s.done <- guard.Run(context.Background(), srv, stdin, io.MultiWriter(stdout, &s.stdout), &s.stderr)
		stdout.Close()
	}()
	go s.listen(out)
	t.Cleanup(s.close)
	s.ask("initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	fmt.Fprintln(in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return s
}

func (s *session) close() {
	s.in.Close()
	if err := <-s.done; err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
	s.done <- nil // closed once is enough
}

func (s *session) listen(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		var a answer
		var id struct{ ID int }
		if json.Unmarshal([]byte(line), &a) != nil || json.Unmarshal([]byte(line), &id) != nil {
			s.t.Errorf("the server wrote %q, which is no message", line)
			continue
		}
		a.raw = line
		s.mu.Lock()
		waiting := s.waiting[id.ID]
		delete(s.waiting, id.ID)
		s.mu.Unlock()
		if waiting != nil {
			waiting <- a
		}
	}
}

func (s *session) ask(method, params string) answer {
	s.mu.Lock()
	s.id++
	answered := make(chan answer, 1)
	s.waiting[s.id] = answered
	request := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", s.id, method, params)
	s.mu.Unlock()
	io.WriteString(s.in, request) // one write of a pipe is not mixed with another
	return <-answered
}

// call calls a tool and returns the text of its result, and whether it failed.
func (s *session) call(tool, arguments string) (text string, failed bool) {
	s.t.Helper()
	a := s.ask("tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s}`, tool, arguments))
	if a.Error != nil || len(a.Result.Content) == 0 {
		s.t.Fatalf("%s %.200s: %s", tool, arguments, a.raw)
	}
	return a.Result.Content[0].Text, a.Result.IsError
}

func (s *session) read(uri string) (text, trouble string) {
	s.t.Helper()
	params, _ := json.Marshal(map[string]string{"uri": uri})
	a := s.ask("resources/read", string(params))
	if a.Error != nil {
		return "", a.Error.Message
	}
	return a.Result.Contents[0].Text + a.Result.Contents[0].Blob, ""
}

// sample serves a stand-in whose token is known, and what asks it.
func sample(t *testing.T, o standin.Options) (*standin.Server, Options) {
	t.Helper()
	o.Tokens = map[string]string{secret: "octocat"}
	s := standin.Sample(o)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, Options{APIURL: h.URL, Token: secret}
}

// fake serves a GitHub that answers by a function.
func fake(t *testing.T, f http.HandlerFunc) Options {
	t.Helper()
	h := httptest.NewServer(f)
	t.Cleanup(h.Close)
	return Options{APIURL: h.URL, Token: secret}
}

const hello = `"owner":"octocat","repo":"hello-world"`

// TestTools: each tool does what it says, and says what it cannot.
func TestTools(t *testing.T) {
	_, o := sample(t, standin.Options{CodeSearch: 100})
	s := open(t, o, service.Config{})
	for _, row := range []struct {
		why, tool, arguments string
		failed               bool
		want                 []string
	}{
		{"issues without pull requests", "list_issues", `{` + hello + `}`, false, []string{`"number":2`, `"number":1`, `"labels":["enhancement","good first issue"]`}},
		{"by label", "list_issues", `{` + hello + `,"labels":["bug"]}`, false, []string{`{"issues":[{"number":1,`}},
		{"none of that state", "list_issues", `{` + hello + `,"state":"closed"}`, false, []string{`{"issues":[]}`}},
		{"a page says where the list goes on", "list_issues", `{"owner":"octocat","repo":"backlog","page":2,"per_page":20}`, false, []string{`"next_page":3`, `"last_page":4`, `"number":55`}},
		{"the last page does not", "list_issues", `{"owner":"octocat","repo":"backlog","page":4,"per_page":20,"direction":"desc"}`, false, []string{`"number":1,`}},
		{"one issue", "get_issue", `{` + hello + `,"number":1}`, false, []string{`"title":"The greeting lacks a name"`, `"pull_request":false`, `"thread":[]`}},
		{"a pull request is one, too", "get_issue", `{` + hello + `,"number":3}`, false, []string{`"pull_request":true`}},
		{"pull requests", "list_pull_requests", `{` + hello + `}`, false, []string{`"number":3`, `"head":"octocat:empty-names"`, `"base":"main"`}},
		{"pull requests of no such branch", "list_pull_requests", `{` + hello + `,"head":"octocat:x"}`, false, []string{`{"pull_requests":[]}`}},
		{"code", "search_code", `{"query":"greeting language:go"}`, false, []string{`"total_count":2`, `"resource":"github://octocat/hello-world/contents/greet.go"`, `// greeting greets`}},
		{"no such issue", "get_issue", `{` + hello + `,"number":99}`, true, []string{"get_issue: not found", "#99 of octocat/hello-world"}},
		{"no such repository", "list_issues", `{"owner":"octocat","repo":"gone"}`, true, []string{"not found", "octocat/gone"}},
		{"commenting on nothing", "add_comment", `{` + hello + `,"number":99,"body":"x"}`, true, []string{"not found"}},
		{"an argument is missing", "list_issues", `{"owner":"octocat"}`, true, []string{"repo"}},
		{"an argument too many", "list_issues", `{` + hello + `,"depth":1}`, true, []string{"depth"}},
		{"no such state", "list_issues", `{` + hello + `,"state":"odd"}`, true, []string{"state"}},
		{"a page before the first", "list_issues", `{` + hello + `,"page":0}`, true, []string{"page"}},
		{"a label that would be two", "list_issues", `{` + hello + `,"labels":["a,b"]}`, true, []string{"comma"}},
		{"an empty title", "create_issue", `{` + hello + `,"title":"  "}`, true, []string{"title must not be empty"}},
		{"a title that is too long", "create_issue", `{` + hello + `,"title":"` + strings.Repeat("x", 1<<20) + `"}`, true, []string{"title"}},
		{"an empty comment", "add_comment", `{` + hello + `,"number":1,"body":" "}`, true, []string{"body must not be empty"}},
		{"a query of qualifiers only", "search_code", `{"query":"repo:octocat/hello-world"}`, true, []string{"GitHub answers 422", "unable to parse"}},
		{"an empty query", "search_code", `{"query":"  "}`, true, []string{"query must hold a word"}},
		{"past the last result", "search_code", `{"query":"greeting","page":40}`, true, []string{"Only the first 1000"}},
	} {
		t.Run(row.why, func(t *testing.T) {
			text, failed := s.call(row.tool, row.arguments)
			if failed != row.failed {
				t.Errorf("%s %.200s: failed is %v, want %v: %s", row.tool, row.arguments, failed, row.failed, text)
			}
			for _, want := range row.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s %.200s: got %.500s\nwhich lacks %s", row.tool, row.arguments, text, want)
				}
			}
			if len(text) > 1<<16 {
				t.Errorf("the text has %d bytes", len(text))
			}
		})
	}
}

// TestLife creates an issue, finds it listed, and talks about it.
func TestLife(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{})
	text, failed := s.call("create_issue", `{`+hello+`,"title":"Crash on a long name","body":"See <log> & more.","labels":["bug","new"]}`)
	if failed || !strings.Contains(text, `"number":4`) || !strings.Contains(text, `"labels":["bug","new"]`) || !strings.Contains(text, `"author":"octocat"`) {
		t.Fatalf("creating: %s", text)
	}
	for n := range 3 {
		if text, failed = s.call("add_comment", fmt.Sprintf(`{%s,"number":4,"body":"Me, too: %d"}`, hello, n)); failed || !strings.Contains(text, fmt.Sprintf(`"body":"Me, too: %d"`, n)) {
			t.Fatalf("commenting: %s", text)
		}
	}
	if text, failed = s.call("list_issues", `{`+hello+`}`); failed || !strings.HasPrefix(text, `{"issues":[{"number":4,"title":"Crash on a long name"`) {
		t.Errorf("listing: %s", text)
	}
	text, failed = s.call("get_issue", `{`+hello+`,"number":4,"per_page":2}`)
	var full struct {
		Body     string
		Comments int
		Thread   []struct{ Body string }
		NextPage int `json:"next_page"`
	}
	if err := json.Unmarshal([]byte(text), &full); failed || err != nil || full.Body != "See <log> & more." || full.Comments != 3 || len(full.Thread) != 2 || full.NextPage != 2 {
		t.Errorf("reading: %+v, %v", full, err)
	}
	if text, trouble := s.read("github://octocat/hello-world/issues"); !strings.Contains(text, "Crash on a long name") {
		t.Errorf("the resource lacks the issue: %s %s", text, trouble)
	}
}

// TestStructured: the text of a result is its structured content, for clients
// that know none.
func TestStructured(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{})
	a := s.ask("tools/call", `{"name":"list_issues","arguments":{`+hello+`}}`)
	var text, structured any
	if json.Unmarshal([]byte(a.Result.Content[0].Text), &text) != nil || json.Unmarshal(a.Result.StructuredContent, &structured) != nil ||
		fmt.Sprint(text) != fmt.Sprint(structured) {
		t.Errorf("text and structured content differ: %s", a.raw)
	}
	if m := a.Result.Meta[limitKey]; m["limit"] != 5000.0 || m["remaining"] != 4999.0 || m["resource"] != "core" {
		t.Errorf("the rate limit is told as %v", m)
	}
}

// TestAnnotations: what writes says so, and only that.
func TestAnnotations(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{})
	var list struct {
		Result struct {
			Tools []struct {
				Name, Description         string
				InputSchema, OutputSchema map[string]any
				Annotations               map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(s.ask("tools/list", "{}").raw), &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"list_issues": true, "get_issue": true, "create_issue": false, "add_comment": false, "list_pull_requests": true, "search_code": true}
	for _, tool := range list.Result.Tools {
		reads, known := want[tool.Name]
		delete(want, tool.Name)
		a := tool.Annotations
		if !known || a["readOnlyHint"] != reads || a["destructiveHint"] != false || a["idempotentHint"] != reads || a["openWorldHint"] != true || a["title"] == nil {
			t.Errorf("%s: annotations %v", tool.Name, a)
		}
		if tool.Description == "" || tool.InputSchema["additionalProperties"] != false || tool.OutputSchema["type"] != "object" {
			t.Errorf("%s: description %q, schemas %v, %v", tool.Name, tool.Description, tool.InputSchema, tool.OutputSchema)
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

func TestPrompts(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{})
	for _, row := range []struct{ why, params, want string }{
		{"all arguments", `{"name":"triage_issue","arguments":{` + hello + `,"number":"7"}}`, "issue #7 of octocat/hello-world"},
		{"of a repository", `{"name":"review_queue","arguments":{` + hello + `}}`, "open pull requests of octocat/hello-world"},
		{"of a problem", `{"name":"draft_issue","arguments":{` + hello + `,"problem":"It is slow."}}`, "It is slow."},
		{"one is missing", `{"name":"triage_issue","arguments":{` + hello + `}}`, "needs the argument number"},
		{"one is none", `{"name":"triage_issue","arguments":{` + hello + `,"number":"x"}}`, "want that of an issue"},
		{"no such account", `{"name":"review_queue","arguments":{"owner":"../x","repo":"y"}}`, "owner must be"},
	} {
		if a := s.ask("prompts/get", row.params); !strings.Contains(a.raw, row.want) {
			t.Errorf("%s: %s lacks %s", row.why, a.raw, row.want)
		}
	}
}

// TestConcurrent: a thousand calls at once are answered, each with its own.
func TestConcurrent(t *testing.T) {
	_, o := sample(t, standin.Options{Core: plenty})
	s := open(t, o, service.Config{MaxConcurrent: 64})
	var all sync.WaitGroup
	for n := range 1000 {
		all.Go(func() {
			number := n%75 + 1
			text, failed := s.call("get_issue", fmt.Sprintf(`{"owner":"octocat","repo":"backlog","number":%d}`, number))
			if failed || !strings.Contains(text, fmt.Sprintf(`"number":%d,"title":"Task %d"`, number, number)) {
				t.Errorf("call %d: %s", n, text)
			}
		})
	}
	all.Wait()
}

// TestStandin: without a token the stand-in is served, which is said, and ends with
// the server.
func TestStandin(t *testing.T) {
	s := open(t, Options{}, service.Config{})
	if text, failed := s.call("create_issue", `{`+hello+`,"title":"x"}`); failed {
		t.Error(text)
	}
	if text, trouble := s.read("github://octocat/backlog/issues"); !strings.Contains(text, "Task 75") {
		t.Errorf("%s %s", text, trouble)
	}
	if !strings.Contains(s.stderr.String(), "no GITHUB_TOKEN is set: this is a stand-in") {
		t.Errorf("stderr does not say what is served: %s", s.stderr.String())
	}
	l, err := startStandin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(l.url.String()); err == nil {
		t.Error("the stand-in outlives its server")
	}
}
