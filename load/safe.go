package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/arguments"
	"github.com/mcpcheck/mcpcheck/internal/safety"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// Safe says which tools a mix may be made of.
type Safe struct {
	Only      string                     // this tool and nothing else
	Allowed   []string                   // may be called whatever they say of themselves
	Arguments map[string]json.RawMessage // by tool; others get the smallest that fit
}

// The default mix: mostly calls, and now and then a list, as clients do.
const (
	shareOfLists   = 1
	shareOfCalls   = 9
	maxToolsInMix  = 8
	maxListedPages = 20
)

// DefaultMix makes a mix of the tools that are safe to call and of tools/list.
// The error says why there is none.
func DefaultMix(ctx context.Context, p Plan, s Safe) (Mix, error) {
	session, err := wire.Open(ctx, p.Endpoint)
	if session != nil {
		defer session.Close()
	}
	if err == nil {
		err = greet(ctx, session, p.Revision)
	}
	if err != nil {
		return nil, err
	}
	tools, err := listTools(ctx, session)
	if err != nil {
		return nil, err
	}
	var mix Mix
	for _, t := range tools {
		o, ok, err := s.operation(t)
		if err != nil && s.Only != "" {
			return nil, fmt.Errorf("tool %q: %w; give arguments with --args", s.Only, err)
		}
		if ok && err == nil && len(mix) < maxToolsInMix {
			mix = append(mix, o)
		}
	}
	switch {
	case s.Only != "" && len(mix) == 0:
		return nil, fmt.Errorf("the server has no tool %q", s.Only)
	case s.Only != "":
		return mix, nil
	case len(mix) == 0:
		return nil, errors.New("no tool is marked read-only, so nothing is safe to call: name one with --tool or --allow-tool, or give a --mix")
	}
	for i := range mix {
		mix[i].Weight = shareOfCalls / float64(len(mix))
	}
	return append(mix, Operation{Name: "tools/list", Method: "tools/list", Weight: shareOfLists}), nil
}

// operation makes an operation of a tool, if it may be called.
func (s Safe) operation(tool json.RawMessage) (o Operation, ok bool, err error) {
	var t struct {
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"inputSchema"`
	}
	if json.Unmarshal(tool, &t) != nil || t.Name == "" || s.Only != "" && t.Name != s.Only || !safety.Callable(tool, s.Allowed) {
		return o, false, nil
	}
	given, ok := s.Arguments[t.Name]
	if !ok {
		if given, err = arguments.Valid(t.Schema); err != nil {
			return o, true, err
		}
	}
	params := map[string]any{"name": t.Name, "arguments": given}
	return Operation{Name: "tools/call " + t.Name, Method: "tools/call", Params: params, Weight: 1}, true, nil
}

// listTools returns the tools on all pages.
func listTools(ctx context.Context, session *wire.Session) ([]json.RawMessage, error) {
	var tools []json.RawMessage
	var params any
	var seen []string
	for range maxListedPages {
		x := session.Request(ctx, "tools/list", params)
		m := x.Response()
		if m == nil || m.Result() == nil {
			return nil, errors.Join(errors.New("tools/list is not answered with a result"), x.Err())
		}
		var page struct {
			Tools      []json.RawMessage `json:"tools"`
			NextCursor string            `json:"nextCursor"`
		}
		if err := json.Unmarshal(m.Result(), &page); err != nil {
			return nil, fmt.Errorf("tools/list: %w", err)
		}
		tools = append(tools, page.Tools...)
		if page.NextCursor == "" || slices.Contains(seen, page.NextCursor) {
			break
		}
		seen = append(seen, page.NextCursor)
		params = map[string]any{"cursor": page.NextCursor}
	}
	return tools, nil
}
