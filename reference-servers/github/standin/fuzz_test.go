package standin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
)

// FuzzSearch: whatever is searched for, the answer is JSON and no fault of the stand-in.
func FuzzSearch(f *testing.F) {
	for _, q := range []string{`greeting`, `"names []string" path:docs`, `"`, `repo:`, `İ ß`, `: :`, "a\x00b", `language:go "`} {
		f.Add(q)
	}
	s := standin.Sample(standin.Options{Tokens: tokens, CodeSearch: 1 << 60})
	f.Fuzz(func(t *testing.T, q string) {
		r := httptest.NewRequest("GET", "/search/code?q="+url.QueryEscape(q), nil)
		sound(t, s, r)
	})
}

// FuzzPath: no path leads anywhere but to what is there.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"contents/docs", "contents/../..", "contents/%2e%2e", "contents//", "issues/1", "issues/-1", "pulls/99999999999999999999", "contents/docs/%00"} {
		f.Add(p)
	}
	s := standin.Sample(standin.Options{Tokens: tokens, Core: 1 << 60})
	f.Fuzz(func(t *testing.T, p string) {
		u, err := url.Parse("http://localhost/repos/octocat/hello-world/" + p)
		if err != nil {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = u
		sound(t, s, r)
	})
}

func sound(t *testing.T, s http.Handler, r *http.Request) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer s3cret")
	r.Header.Set("User-Agent", "fuzz")
	r.Header.Set("Accept", "application/vnd.github.v3.text-match+json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 200 && w.Code != 404 && w.Code != 422 && w.Code != 501 || !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s: %d %s", r.URL, w.Code, strings.TrimSpace(w.Body.String()))
	}
}
