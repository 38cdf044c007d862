package service

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// ErrRefused says that a permission boundary kept a request from its handler.
var ErrRefused = errors.New("not permitted")

// A policy holds the permission boundaries.
type policy struct {
	settings
	hidden sync.Map // names of tools that exist and are not offered
}

// tools takes out what the client may not call.
func (p *policy) tools(_ context.Context, tools []mcp.Tool) []mcp.Tool {
	kept := make([]mcp.Tool, 0, len(tools))
	for _, t := range tools {
		if p.offers(t) {
			kept = append(kept, t)
		} else {
			p.hidden.Store(t.Name, true)
		}
	}
	return kept
}

func (p *policy) offers(t mcp.Tool) bool {
	if p.ReadOnly && (t.Annotations.ReadOnlyHint == nil || !*t.Annotations.ReadOnlyHint) {
		return false
	}
	return len(p.AllowedTools) == 0 || matches(p.AllowedTools, t.Name)
}

// call says why a call is refused, naming the argument but not its value, which
// may be a secret.
func (p *policy) call(r mcp.CallToolRequest) error {
	for name, value := range r.GetArguments() {
		if p.denied(value) {
			return fmt.Errorf("%w: argument %q of %s matches a deny pattern", ErrRefused, name, r.Params.Name)
		}
	}
	return nil
}

func (p *policy) denied(value any) bool {
	switch v := value.(type) {
	case string:
		for _, expr := range p.deny {
			if expr.MatchString(v) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if p.denied(item) {
				return true
			}
		}
	case map[string]any:
		for key, item := range v {
			if p.denied(key) || p.denied(item) {
				return true
			}
		}
	}
	return false
}

func (p *policy) read(uri string) error {
	switch {
	case len(p.AllowedResources) > 0 && !matches(p.AllowedResources, uri):
		return fmt.Errorf("%w: the resource is not among those allowed", ErrRefused)
	case slices.ContainsFunc(spellings(uri), func(s string) bool { return p.denied(s) }):
		return fmt.Errorf("%w: the resource matches a deny pattern", ErrRefused)
	}
	return nil
}

// spellings are a URI and what it says once decoded, and again: %64ocs is docs to
// whoever serves it.
func spellings(uri string) []string {
	list := []string{uri}
	for range 3 {
		decoded, err := url.PathUnescape(uri)
		if err != nil || decoded == uri {
			break
		}
		list, uri = append(list, decoded), decoded
	}
	return list
}

// matches says whether one of the patterns is the name, or with a * at its end
// begins it.
func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		prefix, open := strings.CutSuffix(pattern, "*")
		if open && strings.HasPrefix(name, prefix) || pattern == name {
			return true
		}
	}
	return false
}
