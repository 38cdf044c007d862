package standin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
)

// A clock stands still until it is told to go on.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

var tokens = map[string]string{"s3cret": "octocat", "0ther": "hubot"}

// start serves a sample, over real HTTP.
func start(t *testing.T, o standin.Options) (*standin.Server, string) {
	t.Helper()
	if o.Tokens == nil {
		o.Tokens = tokens
	}
	s := standin.Sample(o)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h.URL
}

type answer struct {
	*http.Response
	body string
}

// ask sends one plain request; header is "K: V" lines.
func ask(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		k, v, _ := strings.Cut(h, ": ")
		r.Header[http.CanonicalHeaderKey(k)] = []string{v} // an empty User-Agent sends none
	}
	resp, err := http.DefaultTransport.RoundTrip(r) // a redirection would be a fault
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(data)}
}

const auth = "Authorization: Bearer s3cret"

// TestRefusals holds each refusal to the shape that GitHub's documentation gives it.
func TestRefusals(t *testing.T) {
	_, url := start(t, standin.Options{})
	issues := "/repos/octocat/hello-world/issues"
	for _, row := range []struct {
		why, method, path, body string
		header                  []string
		status                  int
		want                    string // within the body
	}{
		{"no such token", "GET", "/user", "", []string{"Authorization: Bearer wrong"}, 401, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`},
		{"a scheme that is none of GitHub's", "GET", "/user", "", []string{"Authorization: Basic s3cret"}, 401, "Bad credentials"},
		{"nobody asks who they are", "GET", "/user", "", nil, 401, "Requires authentication"},
		{"writing needs a token", "POST", issues, `{"title":"x"}`, nil, 401, "Requires authentication"},
		{"commenting needs a token", "POST", issues + "/1/comments", `{"body":"x"}`, nil, 401, "Requires authentication"},
		{"code search needs a token", "GET", "/search/code?q=x", "", nil, 401, "Requires authentication"},
		{"a client has a name", "GET", "/user", "", []string{"User-Agent: "}, 403, "User-Agent"},
		{"no such version of the API", "GET", "/user", "", []string{auth, "X-GitHub-Api-Version: 1999-01-01"}, 400, "1999-01-01"},
		{"no such repository", "GET", "/repos/octocat/nothing/issues", "", []string{auth}, 404, `{"message":"Not Found"`},
		{"no such issue", "GET", issues + "/99", "", nil, 404, "Not Found"},
		{"not a number", "GET", issues + "/one", "", nil, 404, "Not Found"},
		{"an issue is no pull request", "GET", "/repos/octocat/hello-world/pulls/1", "", nil, 404, "Not Found"},
		{"no such path", "GET", "/nothing", "", nil, 404, "Not Found"},
		{"no such method", "DELETE", issues, "", []string{auth}, 404, "Not Found"},
		{"no redirection to a clean path", "GET", "/repos//octocat/hello-world", "", nil, 404, "Not Found"},
		{"no climbing", "GET", "/repos/octocat/hello-world/contents/../../backlog", "", nil, 404, "Not Found"},
		{"no climbing in disguise", "GET", "/repos/octocat/hello-world/contents/%2e%2e/%2e%2e/backlog", "", nil, 404, "Not Found"},
		{"a slash within a name", "GET", "/repos/octocat%2Fhello-world/x/issues", "", nil, 404, "Not Found"},
		{"no such branch", "GET", "/repos/octocat/hello-world/contents/go.mod?ref=gone", "", nil, 404, "No commit found for the ref gone"},
		{"no such file", "GET", "/repos/octocat/hello-world/contents/gone.go", "", nil, 404, "Not Found"},
		{"no JSON", "POST", issues, `{"title":`, []string{auth}, 400, `"message":"Problems parsing JSON"`},
		{"nothing at all", "POST", issues, ``, []string{auth}, 400, "Problems parsing JSON"},
		{"no object", "POST", issues, `["title"]`, []string{auth}, 400, `"message":"Body should be a JSON object"`},
		{"a title that is no string", "POST", issues, `{"title":7}`, []string{auth}, 422, "Invalid request."},
		{"no title", "POST", issues, `{"body":"x"}`, []string{auth}, 422, `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}]`},
		{"a long title", "POST", issues, `{"title":"` + strings.Repeat("ü", 257) + `"}`, []string{auth}, 422, `"code":"custom","message":"title is too long (maximum is 256 characters)"`},
		{"a long body", "POST", issues, `{"title":"x","body":"` + strings.Repeat("x", 65537) + `"}`, []string{auth}, 422, "body is too long"},
		{"a body beyond all bounds", "POST", issues, `{"title":"` + strings.Repeat("x", 2<<20) + `"}`, []string{auth}, 413, "Too Large"},
		{"an empty comment", "POST", issues + "/1/comments", `{"body":" "}`, []string{auth}, 422, `"resource":"IssueComment","field":"body","code":"missing_field"`},
		{"a comment on nothing", "POST", issues + "/99/comments", `{"body":"x"}`, []string{auth}, 404, "Not Found"},
		{"no such state", "GET", issues + "?state=odd", "", nil, 422, `"field":"state","code":"invalid"`},
		{"no such order", "GET", issues + "?sort=odd", "", nil, 422, `"field":"sort","code":"invalid"`},
		{"no such direction", "GET", issues + "?direction=odd", "", nil, 422, `"field":"direction","code":"invalid"`},
		{"no time", "GET", issues + "?since=yesterday", "", nil, 422, `"field":"since","code":"invalid"`},
		{"no query", "GET", "/search/code?q=", "", []string{auth}, 422, `{"resource":"Search","field":"q","code":"missing"}`},
		{"a long query", "GET", "/search/code?q=" + strings.Repeat("x", 257), "", []string{auth}, 422, "longer than 256"},
		{"a query of qualifiers only", "GET", "/search/code?q=repo:octocat/backlog", "", []string{auth}, 422, "QUERY_PARSING_FATAL"},
		{"past the last result", "GET", "/search/code?q=x&page=35", "", []string{auth}, 422, "Only the first 1000 search results are available"},
		{"what GitHub has and the stand-in lacks", "GET", issues + "?assignee=octocat", "", nil, 501, "does not serve issues by assignee"},
		{"a qualifier that it lacks", "GET", "/search/code?q=x+size:1", "", []string{auth}, 501, "does not serve"},
	} {
		t.Run(row.why, func(t *testing.T) {
			a := ask(t, row.method, url+row.path, row.body, row.header...)
			if a.StatusCode != row.status || !strings.Contains(a.body, row.want) {
				t.Errorf("%s %.80s: got %d %.200s\nwant %d with %s", row.method, row.path, a.StatusCode, a.body, row.status, row.want)
			}
			var refusal struct {
				Message, Status string
				URL             string `json:"documentation_url"`
			}
			if err := json.Unmarshal([]byte(a.body), &refusal); err != nil || refusal.Message == "" {
				t.Errorf("the refusal is no JSON object with a message: %v", err)
			}
		})
	}
}

func TestPrivate(t *testing.T) {
	s, url := start(t, standin.Options{})
	s.AddPrivateRepo("octocat", "secret", "", map[string]string{"a": "needle"})
	if a := ask(t, "GET", url+"/repos/octocat/secret", ""); a.StatusCode != 404 {
		t.Errorf("without a token: %d %s, want 404, as if it did not exist", a.StatusCode, a.body)
	}
	if a := ask(t, "GET", url+"/repos/octocat/secret", "", auth); a.StatusCode != 200 || !strings.Contains(a.body, `"private":true`) {
		t.Errorf("with a token: %d %s", a.StatusCode, a.body)
	}
}

// TestEnterprise asks as one asks an Enterprise server, whose links lead below /api/v3.
func TestEnterprise(t *testing.T) {
	_, url := start(t, standin.Options{})
	a := ask(t, "GET", url+"/api/v3/repos/OCTOCAT/Backlog/issues", "")
	if a.StatusCode != 200 || !strings.Contains(a.Header.Get("Link"), url+"/api/v3/repos/") {
		t.Errorf("got %d, Link %q", a.StatusCode, a.Header.Get("Link"))
	}
}

func TestPages(t *testing.T) {
	_, url := start(t, standin.Options{})
	list := url + "/repos/octocat/backlog/issues"
	for _, row := range []struct {
		why, query string
		items      int
		link       string
	}{
		{"30 are a page", "", 30, `<LIST?page=2>; rel="next", <LIST?page=3>; rel="last"`},
		{"the middle", "?page=2", 30, `<LIST?page=1>; rel="prev", <LIST?page=3>; rel="next", <LIST?page=3>; rel="last", <LIST?page=1>; rel="first"`},
		{"the end", "?page=3", 15, `<LIST?page=2>; rel="prev", <LIST?page=1>; rel="first"`},
		{"past the end", "?page=9", 0, `<LIST?page=3>; rel="prev", <LIST?page=1>; rel="first"`},
		{"100 at most", "?per_page=1000", 75, ""},
		{"what is asked stays", "?labels=task&per_page=50", 50, `<LIST?labels=task&page=2&per_page=50>; rel="next", <LIST?labels=task&page=2&per_page=50>; rel="last"`},
		{"no numbers", "?page=x&per_page=-1", 30, `<LIST?page=2&per_page=-1>; rel="next", <LIST?page=3&per_page=-1>; rel="last"`},
	} {
		t.Run(row.why, func(t *testing.T) {
			a := ask(t, "GET", list+row.query, "")
			var items []any
			if err := json.Unmarshal([]byte(a.body), &items); err != nil || len(items) != row.items {
				t.Errorf("got %d items, error %v, want %d", len(items), err, row.items)
			}
			if want := strings.ReplaceAll(row.link, "LIST", list); a.Header.Get("Link") != want {
				t.Errorf("Link is %s\nwant    %s", a.Header.Get("Link"), want)
			}
		})
	}
}

// TestRevalidation: what has not changed is not sent again, and costs nothing who
// has a token.
func TestRevalidation(t *testing.T) {
	_, url := start(t, standin.Options{})
	list := url + "/repos/octocat/hello-world/issues"
	first := ask(t, "GET", list, "", auth)
	tag := first.Header.Get("Etag")
	if !strings.HasPrefix(tag, `W/"`) {
		t.Fatalf("ETag is %q, want a weak one", tag)
	}
	again := ask(t, "GET", list, "", auth, "If-None-Match: "+tag)
	if again.StatusCode != 304 || again.body != "" {
		t.Errorf("unchanged: got %d %q, want 304", again.StatusCode, again.body)
	}
	if was, is := first.Header.Get("X-Ratelimit-Remaining"), again.Header.Get("X-Ratelimit-Remaining"); was != is {
		t.Errorf("304 costs: %s remained, now %s", was, is)
	}
	if a := ask(t, "GET", list, "", auth, `If-None-Match: "other", `+strings.TrimPrefix(tag, "W/")); a.StatusCode != 304 {
		t.Errorf("one of several tags: got %d, want 304", a.StatusCode)
	}
	if a := ask(t, "GET", list+"?per_page=1", "", auth, "If-None-Match: "+tag); a.StatusCode != 200 {
		t.Errorf("another page: got %d, want 200", a.StatusCode)
	}
	if a := ask(t, "POST", list, `{"title":"New"}`, auth); a.StatusCode != 201 {
		t.Fatalf("creating: %d %s", a.StatusCode, a.body)
	}
	if a := ask(t, "GET", list, "", auth, "If-None-Match: "+tag); a.StatusCode != 200 || !strings.Contains(a.body, `"title":"New"`) || a.Header.Get("Etag") == tag {
		t.Errorf("changed: got %d with ETag %s, want 200 with another", a.StatusCode, a.Header.Get("Etag"))
	}
}

func TestRateLimit(t *testing.T) {
	for _, status := range []int{403, 429} {
		c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		_, url := start(t, standin.Options{Core: 3, Now: c.now, LimitStatus: status})
		one := url + "/repos/octocat/hello-world"
		for n, remaining := range []string{"2", "1", "0"} {
			a := ask(t, "GET", one, "", auth)
			if a.StatusCode != 200 || a.Header.Get("X-Ratelimit-Remaining") != remaining || a.Header.Get("X-Ratelimit-Limit") != "3" ||
				a.Header.Get("X-Ratelimit-Reset") != "1767326645" || a.Header.Get("X-Ratelimit-Resource") != "core" {
				t.Errorf("request %d: %d, headers %v", n, a.StatusCode, a.Header)
			}
		}
		a := ask(t, "GET", one, "", auth)
		if a.StatusCode != status || a.Header.Get("X-Ratelimit-Remaining") != "0" || a.Header.Get("X-Ratelimit-Used") != "3" || !strings.Contains(a.body, "API rate limit exceeded for user octocat") {
			t.Errorf("over the limit: %d %s, headers %v", a.StatusCode, a.body, a.Header)
		}
		if a := ask(t, "GET", one, "", "Authorization: token 0ther"); a.StatusCode != 200 {
			t.Errorf("another user: %d, want a limit of their own", a.StatusCode)
		}
		if a := ask(t, "GET", url+"/rate_limit", "", auth); a.StatusCode != 200 || !strings.Contains(a.body, `"core":{"limit":3,"remaining":0,"reset":1767326645,"used":3,`) {
			t.Errorf("asking for the limit: %d %s", a.StatusCode, a.body)
		}
		c.Time = c.Add(time.Hour)
		if a := ask(t, "GET", one, "", auth); a.StatusCode != 200 {
			t.Errorf("an hour later: %d, want 200", a.StatusCode)
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	_, url := start(t, standin.Options{})
	for _, row := range []struct{ why, path, limit, resource string }{
		{"with a token", "/user", "5000", "core"},
		{"code search", "/search/code?q=hello", "10", "code_search"},
	} {
		if a := ask(t, "GET", url+row.path, "", auth); a.Header.Get("X-Ratelimit-Limit") != row.limit || a.Header.Get("X-Ratelimit-Resource") != row.resource {
			t.Errorf("%s: headers %v, want %s of %s", row.why, a.Header, row.limit, row.resource)
		}
	}
	if a := ask(t, "GET", url+"/repos/octocat/backlog", ""); a.Header.Get("X-Ratelimit-Limit") != "60" {
		t.Errorf("without a token: headers %v, want a limit of 60", a.Header)
	}
}

func TestSecondaryLimit(t *testing.T) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, url := start(t, standin.Options{Now: c.now, Writes: 1})
	s.Throttle(90 * time.Second)
	a := ask(t, "GET", url+"/user", "", auth)
	if a.StatusCode != 403 || a.Header.Get("Retry-After") != "90" || a.Header.Get("X-Ratelimit-Remaining") == "0" || !strings.Contains(a.body, "secondary rate limit") || !strings.Contains(a.body, "#about-secondary-rate-limits") {
		t.Errorf("throttled: %d %s, headers %v", a.StatusCode, a.body, a.Header)
	}
	c.Time = c.Add(90 * time.Second)
	issues := url + "/repos/octocat/hello-world/issues"
	if a := ask(t, "POST", issues, `{"title":"one"}`, auth); a.StatusCode != 201 {
		t.Errorf("after the wait: %d %s", a.StatusCode, a.body)
	}
	if a := ask(t, "POST", issues, `{"title":"two"}`, auth); a.StatusCode != 403 || a.Header.Get("Retry-After") == "" {
		t.Errorf("too many writes: %d %s", a.StatusCode, a.body)
	}
	if a := ask(t, "GET", issues, "", auth); a.StatusCode != 200 || strings.Contains(a.body, `"two"`) {
		t.Errorf("reading goes on, and nothing was written: %d %s", a.StatusCode, a.body)
	}
}
