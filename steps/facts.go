package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/arguments"
	"github.com/mcpcheck/mcpcheck/internal/safety"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// facts are what the server says of itself.
type facts struct {
	capabilities map[string]json.RawMessage
	name         string
	version      string
}

// facts learns what the server offers, from its answer to initialize or to
// server/discover.
func (s *Subject) facts() (*facts, error) {
	return s.known.get(func() (*facts, error) {
		session, err := s.session()
		if err != nil {
			return nil, err
		}
		result, err := resultOf(s.conversation(session).Hello)
		if err != nil {
			return nil, rootCause{err}
		}
		return readFacts(result), nil
	})
}

// readFacts reads the result of initialize or server/discover.
func readFacts(result json.RawMessage) *facts {
	f := &facts{}
	var r struct {
		Capabilities json.RawMessage `json:"capabilities"`
		ServerInfo   json.RawMessage `json:"serverInfo"`
		Meta         struct {
			ServerInfo json.RawMessage `json:"io.modelcontextprotocol/serverInfo"`
		} `json:"_meta"`
	}
	// What is ill-typed is another requirement's business: it counts as absent.
	json.Unmarshal(result, &r)                      //nolint:errcheck
	json.Unmarshal(r.Capabilities, &f.capabilities) //nolint:errcheck
	for _, raw := range []json.RawMessage{r.ServerInfo, r.Meta.ServerInfo} {
		var info struct{ Name, Version string }
		if json.Unmarshal(raw, &info) == nil && info.Name != "" {
			f.name, f.version = info.Name, info.Version
		}
	}
	return f
}

// offers reports whether a capability such as "tools" or "tools.listChanged" is
// declared.
func (f *facts) offers(capability string) bool {
	top, sub, nested := strings.Cut(capability, ".")
	raw, ok := f.capabilities[top]
	if !ok || string(raw) == "null" || string(raw) == "false" {
		return false
	}
	if !nested {
		return true
	}
	var members map[string]json.RawMessage
	return json.Unmarshal(raw, &members) == nil && string(members[sub]) == "true"
}

// The list methods, and the member of the result that holds the list.
var listMethods = []string{"tools/list", "resources/list", "resources/templates/list", "prompts/list"}

var listMember = map[string]string{
	"tools/list": "tools", "resources/list": "resources", "resources/templates/list": "resourceTemplates", "prompts/list": "prompts",
}

var listCapability = map[string]string{
	"tools/list": "tools", "resources/list": "resources", "resources/templates/list": "resources", "prompts/list": "prompts",
}

// listOf names the list method for what a feature file calls the items.
var listOf = map[string]string{
	"tools": "tools/list", "resources": "resources/list", "resource templates": "resources/templates/list", "prompts": "prompts/list",
}

// An Item is one element of a list, and where it came from.
type Item struct {
	Raw     json.RawMessage
	Members map[string]json.RawMessage // nil if it is no object
	Page    *wire.Exchange
}

// text returns a member that is a string, or "".
func (i Item) text(member string) string {
	var s string
	if json.Unmarshal(i.Members[member], &s) != nil {
		return ""
	}
	return s
}

// label names the item for a reader.
func (i Item) label() string {
	for _, member := range []string{"name", "uri", "uriTemplate"} {
		if s := i.text(member); s != "" {
			return fmt.Sprintf("%q", brief(s))
		}
	}
	return brief(string(i.Raw))
}

// A listing is all pages of one list.
type listing struct {
	pages   []*wire.Exchange
	items   []Item
	endless string // why the walk was given up
}

// maxPages bounds the walk through a list.
const maxPages = 1000

// list collects all pages of a list, once for the run.
func (s *Subject) list(method string) (*listing, error) {
	return s.lists[method].get(func() (*listing, error) {
		session, err := s.session()
		if err != nil {
			return nil, err
		}
		f, err := s.facts()
		if err != nil {
			return nil, err
		}
		if !f.offers(listCapability[method]) {
			return nil, s.undeclared(listCapability[method])
		}
		return walk(s.ctx, method, func(params any) *wire.Exchange {
			return session.Request(s.ctx, method, params)
		})
	})
}

// walk follows the cursors of a list to its end. A cursor that comes again leads
// nowhere if the page that brought it had nothing new.
func walk(ctx context.Context, method string, fetch func(params any) *wire.Exchange) (*listing, error) {
	l := &listing{}
	var params any = struct{}{}
	seen, known := map[string]bool{}, map[string]bool{}
	empty := 0
	for range maxPages {
		x := fetch(params)
		l.pages = append(l.pages, x)
		result, err := resultOf(x)
		if err != nil {
			if len(l.pages) == 1 {
				if e, bad := errorOf(x); bad == nil && method == "resources/templates/list" && e.Code == "-32601" {
					return nil, notApplicable("the server has no %s", method)
				}
				return nil, rootCause{fmt.Errorf("%s: %w", method, err)}
			}
			return l, nil // judged where cursors are
		}
		page, before := itemsOf(x, result, listMember[method]), len(known)
		l.items = append(l.items, page...)
		for _, item := range page {
			known[string(compact(item.Raw))] = true
		}
		cursor, more := nextCursor(result)
		switch {
		case !more:
			return l, nil
		case seen[cursor] && len(known) == before:
			l.endless = fmt.Sprintf("the cursor %q came twice in one walk, and nothing new between", brief(cursor))
			return l, nil
		}
		if empty++; len(page) > 0 {
			empty = 0
		}
		if empty >= 3 {
			l.endless = "three pages in a row were empty and had a nextCursor"
			return l, nil
		}
		seen[cursor] = true
		params = map[string]any{"cursor": cursor}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, rootCause{fmt.Errorf("%s has more than %d pages", method, maxPages)}
}

func itemsOf(x *wire.Exchange, result json.RawMessage, member string) []Item {
	var r map[string]json.RawMessage
	var raws []json.RawMessage
	if json.Unmarshal(result, &r) != nil || json.Unmarshal(r[member], &raws) != nil {
		return nil
	}
	list := make([]Item, len(raws))
	for i, raw := range raws {
		list[i] = Item{Raw: raw, Page: x}
		if json.Unmarshal(raw, &list[i].Members) != nil {
			list[i].Members = nil
		}
	}
	return list
}

func nextCursor(result json.RawMessage) (string, bool) {
	var r struct {
		NextCursor *string `json:"nextCursor"`
	}
	if json.Unmarshal(result, &r) != nil || r.NextCursor == nil {
		return "", false
	}
	return *r.NextCursor, true
}

// A Tool is a tool of the server as a caller sees it.
type Tool struct {
	Item
	Name      string
	Schema    json.RawMessage // inputSchema
	Output    json.RawMessage // outputSchema, nil if absent
	Arguments json.RawMessage // that fit the schema; nil if none could be made
	Refusal   error           // why none could be made
}

// noSafeTool says what would make a scenario about tool calls applicable.
const noSafeTool = "no tool is marked read-only; allow one with --allow-tool NAME"

// safeTools returns the tools that may be called: those that the user allowed,
// and those that say of themselves that they only read.
func (s *Subject) safeTools() ([]*Tool, error) {
	l, err := s.list("tools/list")
	if err != nil {
		return nil, err
	}
	var safe []*Tool
	for _, item := range l.items {
		t := &Tool{Item: item, Name: item.text("name"), Schema: item.Members["inputSchema"], Output: item.Members["outputSchema"]}
		if t.Name == "" || !safety.Callable(t.Raw, s.AllowTools) || s.leavesAlone(item) {
			continue
		}
		if own, ok := s.Arguments[t.Name]; ok {
			t.Arguments = own
		} else {
			t.Arguments, t.Refusal = arguments.Valid(t.Schema)
		}
		safe = append(safe, t)
	}
	if len(safe) == 0 {
		return nil, applicableIf(s.forbidden(), noSafeTool)
	}
	return safe, nil
}

// safeTool returns the first safe tool that fits, with the words for none.
func (s *Subject) safeTool(none string, fits func(*Tool) bool) (*Tool, error) {
	safe, err := s.safeTools()
	if err != nil {
		return nil, err
	}
	for _, t := range safe {
		if fits(t) {
			return t, nil
		}
	}
	return nil, applicableIf(s.wantsTool(safe), "%s", none)
}
