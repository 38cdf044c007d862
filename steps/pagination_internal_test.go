package steps

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// TestWalk walks lists whose pages are given by the cursor that leads to them.
func TestWalk(t *testing.T) {
	for _, c := range []struct {
		reason  string
		pages   map[string]string // the items of a page, then " > " and the next cursor
		pagesN  int
		names   string
		endless bool
		twice   string
	}{
		{"one page", map[string]string{"": "a b"}, 1, "a b", false, ""},
		{"two pages", map[string]string{"": "a > 1", "1": "b"}, 2, "a b", false, ""},
		{"an empty last page", map[string]string{"": "a > 1", "1": ""}, 2, "a", false, ""},
		{"a page that leads to itself", map[string]string{"": "a > 1", "1": "b > 1"}, 3, "a b b", true, "b"},
		{"empty pages without an end", map[string]string{"": "a > 1", "1": " > 2", "2": " > 3", "3": " > 4", "4": " > 5"}, 4, "a", true, ""},
		{"an item on two pages", map[string]string{"": "a b > 1", "1": "b c"}, 2, "a b b c", false, "b"},
		{"the same item twice on one page", map[string]string{"": "a a > 1", "1": "b"}, 2, "a a b", false, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			session, err := wire.Open(t.Context(), wire.Endpoint{Transport: spec.StreamableHTTP, URL: pagedServer(t, c.pages)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(session.Close)
			l, err := walk(t.Context(), "tools/list", func(params any) *wire.Exchange {
				return session.Request(t.Context(), "tools/list", params)
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(itemNames(l.items, "name"), " "); got != c.names || len(l.pages) != c.pagesN {
				t.Errorf("got %q on %d pages, want %q on %d", got, len(l.pages), c.names, c.pagesN)
			}
			if (l.endless != "") != c.endless {
				t.Errorf("endless is %q, want %v", l.endless, c.endless)
			}
			if _, twice := onTwoPages(l.items, "name"); twice != c.twice {
				t.Errorf("on two pages is %q, want %q", twice, c.twice)
			}
		})
	}
}

// pagedServer serves tools/list in the given pages, and returns its URL.
func pagedServer(t *testing.T, pages map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			ID     json.RawMessage
			Params struct{ Cursor string }
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		names, next, more := strings.Cut(pages[m.Params.Cursor], " > ")
		var tools []string
		for _, name := range strings.Fields(names) {
			tools = append(tools, fmt.Sprintf(`{"name":%q}`, name))
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"tools":[%s]`, m.ID, strings.Join(tools, ","))
		if more {
			fmt.Fprintf(w, `,"nextCursor":%q`, next)
		}
		fmt.Fprint(w, "}}")
	}))
	t.Cleanup(s.Close)
	return s.URL
}
