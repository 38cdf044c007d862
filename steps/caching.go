package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var cachingWords = []step{
	{when, "a client that can elicit calls the tool", do((*World).callEliciting)},
	{then, "each page has the same cacheScope", do((*World).sameScope)},
	{then, "the interim result has no caching hints", do((*World).interimUnhinted)},
}

var cachingInvariants = []invariant{
	{"caching.hints.discover", eachResult("server/discover", hinted)},
	{"caching.hints.prompts-list", eachResult("prompts/list", hinted)},
	{"caching.hints.resources-list", eachResult("resources/list", hinted)},
	{"caching.hints.resources-read", eachResult("resources/read", hinted)},
	{"caching.hints.templates-list", eachResult("resources/templates/list", hinted)},
	{"caching.hints.tools-list", eachResult("tools/list", hinted)},
	{"caching.scope.enum", eachResult("", hint("cacheScope", scopeKnown))},
	{"caching.ttl.integer", eachResult("", hint("ttlMs", ttlIntegral))},
	{"caching.ttl.non-negative", eachResult("", hint("ttlMs", ttlPositive))},
}

// hinted asks for the two hints; what they say is judged apart.
func hinted(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil || interim(r) {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	for _, member := range []string{"ttlMs", "cacheScope"} {
		if _, ok := r[member]; !ok {
			return true, unmetf("the caching hints ttlMs and cacheScope", "no member %s", member)
		}
	}
	return true, nil
}

func interim(result map[string]json.RawMessage) bool {
	return string(result["resultType"]) == `"input_required"`
}

// cacheableMethods are those whose results carry hints. What discovery says is
// judged by discover.cacheable-fields.
var cacheableMethods = map[string]bool{
	"tools/list": true, "prompts/list": true, "resources/list": true, "resources/templates/list": true, "resources/read": true,
}

// hint judges one of the hints wherever it is given.
func hint(member string, judge func(json.RawMessage) (bool, error)) func(*Conversation, *wire.Exchange, json.RawMessage) (bool, error) {
	return func(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
		r, err := object(result)
		if err != nil || r[member] == nil || !cacheableMethods[x.Call.Method] {
			return false, nil //nolint:nilerr // judged by caching.hints.*
		}
		seen, err := judge(r[member])
		if err != nil {
			err = fmt.Errorf("%s: %w", x.Call.Method, err)
		}
		return seen, err
	}
}

func scopeKnown(raw json.RawMessage) (bool, error) {
	if scope := string(raw); scope != `"public"` && scope != `"private"` {
		return true, unmetf(`cacheScope "public" or "private"`, "%s", brief(scope))
	}
	return true, nil
}

func ttlIntegral(raw json.RawMessage) (bool, error) {
	var ttl *float64
	if json.Unmarshal(raw, &ttl) != nil || ttl == nil || *ttl != math.Trunc(*ttl) {
		return true, unmetf("ttlMs, an integer", "%s", brief(string(raw)))
	}
	return true, nil
}

func ttlPositive(raw json.RawMessage) (bool, error) {
	var ttl *float64
	if json.Unmarshal(raw, &ttl) != nil || ttl == nil {
		return false, nil // judged by caching.ttl.integer
	}
	if *ttl < 0 {
		return true, unmetf("ttlMs of at least 0", "%s", brief(string(raw)))
	}
	return true, nil
}

// sameScope compares the pages of a list. A page without the hint is another
// requirement's.
func (w *World) sameScope(context.Context) error {
	first := ""
	for _, x := range w.xs {
		result, err := resultOf(x)
		if err != nil {
			return inconclusive{err}
		}
		r, err := object(result)
		if err != nil {
			return inconclusive{err}
		}
		scope := string(r["cacheScope"])
		switch {
		case scope == "":
			return rootCause{fmt.Errorf("a page of %s has no cacheScope", x.Call.Method)}
		case first == "":
			first = scope
		case scope != first:
			w.x = x
			return unmetf("cacheScope "+brief(first)+", as on the first page", "%s", brief(scope))
		}
	}
	return nil
}

func (w *World) callEliciting(ctx context.Context) error {
	c := toolCall(w.tool.Name, w.arguments)
	c.Meta = map[string]any{metaPrefix + "clientCapabilities": map[string]any{"elicitation": map[string]any{}}}
	w.do(ctx, c)
	return nil
}

func (w *World) interimUnhinted(context.Context) error {
	r, err := w.resultMembers()
	if err != nil {
		return inconclusive{err}
	}
	if !interim(r) {
		return inconclusivef("%s did not ask for input", w.tool.Name)
	}
	for _, member := range []string{"ttlMs", "cacheScope"} {
		if raw, ok := r[member]; ok {
			return unmetf("no caching hints on a result that is not final", "%s %s", member, brief(string(raw)))
		}
	}
	return nil
}
