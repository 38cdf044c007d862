package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// traversals are ways to leave a folder that servers have fallen for.
var traversals = []string{
	"..", "../..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc", "%2E%2E/%2E%2E",
	"%252e%252e%252f%252e%252e", "%25252e%25252e/", "..%252f..%252f", "docs/../../..", "docs/%2e%2e/%2e%2e", "docs/..%2f..",
	"./../..", "docs/./../../secret", "....//....//", "..;/..;/", `..\..`, `..%5c..%5cetc`, `docs\..\..\..`, "%2e%2e%5c", "..%00/", "docs/%00../..",
	"/etc/passwd", "//etc/passwd", "//evil.example/x", "/../x", "docs//../..", "file:///etc/passwd", "http://evil.example/", "https:evil.example",
	"..%c0%af..%c0%afetc", "%c0%ae%c0%ae/", "%uff0e%uff0e/", "．．/．．", "..\r\nX-Evil: 1", "x\r\nHost: evil.example", "x y", "x?admin=1", "x#y", "x%3fadmin=1", "x%23y",
	"?ref=../..", "repos/../../user", "hello-world/../backlog", "hello-world%2f..%2fbacklog", "hello-world/issues/../../backlog", "-x", ".", "./", "*", "~root", "${HOME}", "`id`", "$(id)", "|id",
	strings.Repeat("../", 500), strings.Repeat("a", 5000), "\x00", "\u202e", "",
}

// TestTraversal: whatever is given for a name, GitHub is asked for nothing but what
// belongs to the repository and the kind of thing that the tool is for.
func TestTraversal(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	api := standin.Sample(standin.Options{Tokens: map[string]string{secret: "octocat"}, Core: plenty, CodeSearch: plenty, Writes: plenty})
	o := fake(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.EscapedPath())
		mu.Unlock()
		if r.Host == "evil.example" || r.Header.Get("X-Evil") != "" {
			t.Errorf("the request was split: %v", r.Header)
		}
		api.ServeHTTP(w, r)
	})
	s := open(t, o, service.Config{})

	// within tells whether all that was asked for is below a prefix, however often
	// a server on the way decodes it.
	within := func(what, prefix string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		for _, p := range asked {
			for range 4 {
				segments := strings.FieldsFunc(p, func(c rune) bool { return c == '/' || c == '\\' })
				if !strings.HasPrefix(p, prefix) || slices.Contains(segments, "..") || slices.Contains(segments, ".") || strings.ContainsAny(p, "\r\n\x00") {
					t.Errorf("%q asks GitHub for %s, which is not below %s", what, p, prefix)
				}
				if d, err := url.PathUnescape(p); err == nil {
					p = d
				}
			}
		}
		asked = nil
	}
	quote := func(text string) string { data, _ := json.Marshal(text); return string(data) }
	for _, evil := range traversals {
		for _, tool := range []struct{ name, more string }{
			{"list_issues", ""}, {"get_issue", `,"number":1`}, {"create_issue", `,"title":"x"`}, {"add_comment", `,"number":1,"body":"x"`}, {"list_pull_requests", ""},
		} {
			text, failed := s.call(tool.name, fmt.Sprintf(`{"owner":%s,"repo":"hello-world"%s}`, quote(evil), tool.more))
			if !failed {
				t.Errorf("%s with owner %q is answered: %s", tool.name, evil, text)
			}
			if text, failed = s.call(tool.name, fmt.Sprintf(`{"owner":"octocat","repo":%s%s}`, quote(evil), tool.more)); !failed {
				t.Errorf("%s with repo %q is answered: %s", tool.name, evil, text)
			}
			if a := s.ask("tools/call", fmt.Sprintf(`{"name":"get_issue","arguments":{%s,"number":%s}}`, hello, quote(evil))); a.Error == nil && !a.Result.IsError {
				t.Errorf("number %q is answered: %s", evil, a.raw)
			}
		}
		within(evil, "/api/v3/repos/octocat/") // a repo that GitHub could have, but has not
		for _, uri := range []string{"github://" + evil + "/hello-world/issues", "github://" + evil} {
			if text, trouble := s.read(uri); trouble == "" {
				t.Errorf("%q is read: %s", uri, text)
			}
		}
		within(evil, "nothing at all")
		s.read("github://octocat/" + evil + "/pulls")
		s.read("github://octocat/hello-world/" + evil)
		within(evil, "/api/v3/repos/octocat/")
		s.read("github://octocat/hello-world/contents/" + evil)
		s.read("github://octocat/hello-world/contents/docs/" + evil)
		s.read("github://octocat/hello-world/contents/" + url.PathEscape(evil))
		s.read("github://octocat/hello-world/contents/go.mod?ref=" + url.QueryEscape(evil))
		within(evil, "/api/v3/repos/octocat/hello-world/contents")
		s.call("list_pull_requests", fmt.Sprintf(`{%s,"head":%s,"base":%[2]s}`, hello, quote(evil)))
		s.call("list_issues", fmt.Sprintf(`{%s,"labels":[%s]}`, hello, quote(evil)))
		within(evil, "/api/v3/repos/octocat/hello-world/")
		s.call("search_code", fmt.Sprintf(`{"query":%s}`, quote(evil)))
		within(evil, "/api/v3/search/code")
	}
}

// TestSecret: whatever goes wrong, nobody is told the token.
func TestSecret(t *testing.T) {
	elsewhere := make(chan *http.Request, 100)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere <- r }))
	t.Cleanup(other.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, refused := sample(t, standin.Options{Core: 1, Writes: 1})
	refused.Token = secret + "Wrong"
	_, limited := sample(t, standin.Options{Core: 1})

	for why, o := range map[string]Options{
		"a token that is refused": refused,
		"a rate limit":            limited,
		"no GitHub there":         {APIURL: closed.URL, Token: secret},
		"a GitHub that tells": fake(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(422)
			fmt.Fprintf(w, `{"message":"bad header %[1]s","errors":[{"resource":"%[1]s","field":"x","code":"custom","message":"%[1]s"}]}`, r.Header.Get("Authorization"))
		}),
		"a 404 that tells": fake(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			fmt.Fprintf(w, `{"message":"no %s"}`, r.Header.Get("Authorization"))
		}),
		"no JSON": fake(t, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"%s`, r.Header.Get("Authorization"))
		}),
		"a failure": fake(t, func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.Header.Get("Authorization"), 500)
		}),
		"a redirection elsewhere": fake(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/"+r.Header.Get("Authorization"), http.StatusTemporaryRedirect)
		}),
		"a connection that breaks": fake(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"an answer that is late": fake(t, func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then is it noticed that the client has gone
			<-r.Context().Done()
		}),
		"a token of two lines": {APIURL: other.URL, Token: secret + "\n" + secret},
	} {
		t.Run(why, func(t *testing.T) {
			s := open(t, o, service.Config{BackendTimeout: 50 * time.Millisecond, BreakerFailures: 1000})
			for range 2 {
				for tool, arguments := range map[string]string{
					"list_issues": `{` + hello + `}`, "get_issue": `{` + hello + `,"number":1}`, "create_issue": `{` + hello + `,"title":"x"}`,
					"add_comment": `{` + hello + `,"number":1,"body":"x"}`, "search_code": `{"query":"x"}`, "list_pull_requests": `{` + hello + `}`,
				} {
					text, failed := s.call(tool, arguments)
					if why != "a rate limit" && !failed {
						t.Errorf("%s is answered: %s", tool, text)
					}
				}
				for _, uri := range []string{"github://octocat/hello-world/issues", "github://octocat/hello-world/contents/go.mod"} {
					s.read(uri)
				}
			}
			s.close()
			for name, text := range map[string]string{"stdout": s.stdout.String(), "stderr": s.stderr.String()} {
				if strings.Contains(text, secret) {
					t.Errorf("the token is on %s: %s", name, text)
				}
			}
			if !strings.Contains(s.stderr.String(), `"tool":"create_issue"`) {
				t.Errorf("no audit line tells of create_issue: %s", s.stderr.String())
			}
		})
	}
	select {
	case r := <-elsewhere:
		t.Errorf("%s %s reached another host, with %v", r.Method, r.URL, r.Header)
	default:
	}
}

// TestRedirection: a repository that has moved is found where it is now.
func TestRedirection(t *testing.T) {
	api := standin.Sample(standin.Options{Tokens: map[string]string{secret: "octocat"}})
	o := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; strings.Contains(p, "/old-name/") {
			http.Redirect(w, r, strings.Replace(p, "/old-name/", "/hello-world/", 1), http.StatusMovedPermanently)
			return
		}
		api.ServeHTTP(w, r)
	})
	s := open(t, o, service.Config{})
	if text, failed := s.call("list_issues", `{"owner":"octocat","repo":"old-name"}`); failed || !strings.Contains(text, `"number":1`) {
		t.Error(text)
	}
}

// TestRateLimit: GitHub's limits are passed on as what they are, on what to do.
func TestRateLimit(t *testing.T) {
	for _, status := range []int{403, 429} {
		_, o := sample(t, standin.Options{Core: 2, LimitStatus: status})
		s := open(t, o, service.Config{BreakerFailures: 2})
		s.call("list_issues", `{`+hello+`}`)
		s.call("list_pull_requests", `{`+hello+`}`)
		for range 5 { // more than the breaker would bear
			a := s.ask("tools/call", `{"name":"get_issue","arguments":{`+hello+`,"number":1}}`)
			if !a.Result.IsError || !strings.Contains(a.Result.Content[0].Text, "GitHub's rate limit of 2 requests is used up; it is reset at 20") {
				t.Errorf("%d: got %s", status, a.raw)
			}
			if m := a.Result.Meta[limitKey]; m["limit"] != 2.0 || m["remaining"] != 0.0 || m["retry_after_seconds"].(float64) < 1 {
				t.Errorf("%d: the limit is told as %v", status, m)
			}
		}
		if _, trouble := s.read("github://octocat/backlog/issues"); !strings.Contains(trouble, "rate limit") {
			t.Errorf("%d: the resource says %q", status, trouble)
		}
		if text, failed := s.call("search_code", `{"query":"greeting"}`); failed {
			t.Errorf("%d: another limit is not used up: %s", status, text)
		}
	}

	backend, o := sample(t, standin.Options{})
	backend.Throttle(77 * time.Second)
	s := open(t, o, service.Config{})
	a := s.ask("tools/call", `{"name":"list_issues","arguments":{`+hello+`}}`)
	if !a.Result.IsError || !strings.Contains(a.Result.Content[0].Text, "secondary rate limit is exceeded; try again in 1m1") {
		t.Errorf("secondary: %s", a.raw)
	}
	if n := a.Result.Meta[limitKey]["retry_after_seconds"].(float64); n < 60 || n > 77 {
		t.Errorf("secondary: retry after %v s", n)
	}
}

// TestReady: a server whose limit is used up is ready, one without GitHub is not.
func TestReady(t *testing.T) {
	_, limited := sample(t, standin.Options{Core: 1})
	_, refused := sample(t, standin.Options{})
	refused.Token = "wrong"
	for _, row := range []struct {
		why   string
		o     Options
		calls int
		want  string
	}{
		{"all is well", Options{}, 0, ""},
		{"the limit is used up", limited, 2, ""},
		{"an Enterprise server without limits", fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"message":"Rate limiting is not enabled."}`)
		}), 0, ""},
		{"the token is refused", refused, 0, "does not accept the token"},
		{"GitHub fails", fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), 0, "503"},
	} {
		g, err := service.New("github", "test", service.Config{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(t.Context(), row.o, g)
		if err != nil {
			t.Fatal(err)
		}
		for range row.calls {
			s.MCP.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_issues","arguments":{`+hello+`}}}`))
		}
		if err := s.Ready(context.Background()); row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.why, err, row.want)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

// TestRevalidation: what GitHub knows to be unchanged costs nothing of its limit.
func TestRevalidation(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{})
	remaining := func() any {
		a := s.ask("tools/call", `{"name":"list_issues","arguments":{`+hello+`}}`)
		if !strings.Contains(a.Result.Content[0].Text, `"number":1`) {
			t.Fatalf("got %s", a.raw)
		}
		return a.Result.Meta[limitKey]["remaining"]
	}
	first := remaining()
	for range 3 {
		if again := remaining(); again != first {
			t.Errorf("%v remained, now %v: the same answer was paid for again", first, again)
		}
	}
	s.call("create_issue", `{`+hello+`,"title":"News"}`)
	if text, _ := s.call("list_issues", `{`+hello+`}`); !strings.Contains(text, `"News"`) {
		t.Errorf("an old answer is told: %s", text)
	}
}

// TestBreaker: a GitHub that fails is left alone for a while, one that refuses is not.
func TestBreaker(t *testing.T) {
	var mu sync.Mutex
	status, requests := 500, 0
	set := func(n int) { mu.Lock(); defer mu.Unlock(); status = n }
	o := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		w.WriteHeader(status)
		fmt.Fprint(w, `{"message":"no"}`)
	})
	s := open(t, o, service.Config{BreakerFailures: 2, BreakerCooldown: time.Nanosecond})
	set(404)
	for range 5 {
		if text, _ := s.call("list_issues", `{`+hello+`}`); !strings.Contains(text, "not found") {
			t.Errorf("refusals do not open the breaker: %s", text)
		}
	}
	set(500)
	s.call("list_issues", `{`+hello+`}`)
	s.call("list_issues", `{`+hello+`}`)
	if !strings.Contains(s.stderr.String(), `"breaker","server":"github","state":"open"`) {
		t.Errorf("two failures do not open the breaker: %s", s.stderr.String())
	}
	set(404) // and the cooldown is over
	if text, _ := s.call("list_issues", `{`+hello+`}`); !strings.Contains(text, "not found") {
		t.Errorf("the breaker does not close again: %s", text)
	}

	s = open(t, o, service.Config{BreakerFailures: 2, BreakerCooldown: time.Hour})
	set(502)
	s.call("list_issues", `{`+hello+`}`)
	s.call("list_issues", `{`+hello+`}`)
	mu.Lock()
	before := requests
	mu.Unlock()
	if text, failed := s.call("list_issues", `{`+hello+`}`); !failed || !strings.Contains(text, "is not asked for now") {
		t.Errorf("an open breaker says %s", text)
	}
	if requests != before {
		t.Error("an open breaker lets a request through")
	}
}

// TestEnterprise: the API of an Enterprise server lies below /api/v3, said or not.
func TestEnterprise(t *testing.T) {
	for base, want := range map[string]string{
		"https://github.example.com": "/api/v3", "https://github.example.com/": "/api/v3", "https://github.example.com/api/v3/": "/api/v3",
		"https://api.octocorp.ghe.com": "", "https://api.github.com/": "", "http://127.0.0.1:8080/github/api": "/github/api",
	} {
		u, err := url.Parse(base)
		if err != nil || prefix(u) != want {
			t.Errorf("%s: got %q, want %q", base, prefix(u), want)
		}
	}
	_, o := sample(t, standin.Options{})
	o.APIURL += "/api/v3/"
	if text, failed := open(t, o, service.Config{}).call("list_issues", `{`+hello+`}`); failed {
		t.Error(text)
	}
}

// TestOptions: what cannot work is said before anything starts.
func TestOptions(t *testing.T) {
	for _, row := range []struct {
		why  string
		o    Options
		want string
	}{
		{"github.com", Options{}, ""},
		{"an Enterprise server", Options{APIURL: "https://github.example.com/api/v3"}, ""},
		{"no scheme", Options{APIURL: "github.example.com"}, "want one such as"},
		{"another scheme", Options{APIURL: "ftp://github.example.com"}, "want one such as"},
		{"a password, which is not told", Options{APIURL: "https://me:" + secret + "@github.example.com"}, "must hold no credentials"},
		{"a password in what is no URL", Options{APIURL: "https://me:" + secret + "@github.example.com:port"}, "is no URL"},
		{"no owner", Options{Repositories: []string{"hello-world"}}, `repository is "hello-world", want OWNER/NAME`},
		{"a name too many", Options{Repositories: []string{"a/b/c"}}, "want OWNER/NAME"},
	} {
		err := row.o.Check()
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: got %v, want %q", row.why, err, row.want)
		}
	}
}

// TestDeny: what a pattern denies is denied however it is spelt.
func TestDeny(t *testing.T) {
	_, o := sample(t, standin.Options{})
	s := open(t, o, service.Config{Deny: []string{"/contents/docs", "(?i)backlog"}})
	for _, uri := range []string{
		"github://octocat/hello-world/contents/docs/usage.md", "github://octocat/hello-world/contents/d%6fcs/usage.md", "github://octocat/hello-world/contents/d%256fcs/usage.md",
		"github://octocat/hello-world/contents%2fdocs/usage.md", "github://octocat/BackLog/issues",
	} {
		if text, trouble := s.read(uri); trouble == "" || strings.Contains(text, "Usage") {
			t.Errorf("%s is read: %s", uri, text)
		}
	}
	if _, trouble := s.read("github://octocat/hello-world/contents/go.mod"); trouble != "" {
		t.Error(trouble)
	}
}
