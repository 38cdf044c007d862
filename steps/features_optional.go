package steps

import (
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// The optional members of what stands in several places, by the revisions that
// declare them.
var (
	aResult    = optional("2024-11-05: _meta")
	listItem   = optional("2024-11-05: description", "2025-06-18: title _meta", "2025-11-25: icons")
	markedUp   = optional("2024-11-05: annotations annotations.audience annotations.priority", "2025-06-18: _meta annotations.lastModified")
	aResource  = slices.Concat(listItem, markedUp, optional("2024-11-05: mimeType"))
	aTool      = slices.Concat(listItem, optional("2025-03-26: annotations", "2025-06-18: outputSchema", "2025-11-25..2026-07-28: execution"))
	toolHints  = optional("2025-03-26: title readOnlyHint destructiveHint idempotentHint openWorldHint")
	anArgument = optional("2024-11-05: description required", "2025-06-18: title")
	anIdentity = optional("2025-06-18: title", "2025-11-25: description websiteUrl icons")
	aContent   = slices.Concat(markedUp, optional("2024-11-05: resource.mimeType", "2025-06-18: resource._meta"))
	aLink      = optional("2025-06-18: title description mimeType size", "2025-11-25: icons")
	anOffer    = optional("2024-11-05: experimental logging prompts prompts.listChanged resources resources.listChanged",
		"2024-11-05: resources.subscribe tools tools.listChanged", "2025-03-26: completions",
		"2025-11-25..2026-07-28: tasks", "2026-07-28: extensions")
)

// optionalIn lists the optional members of results and of the params of
// notifications, by method.
var optionalIn = map[string][]optionalPlace{
	"initialize": slices.Concat(aResult, optional("2024-11-05: instructions"),
		under("serverInfo", anIdentity), under("capabilities", anOffer)),
	"server/discover":          slices.Concat(aResult, optional("2024-11-05: instructions"), under("capabilities", anOffer)),
	"tools/list":               slices.Concat(aResult, under("tools.*", aTool), under("tools.*.annotations", toolHints)),
	"resources/list":           slices.Concat(aResult, under("resources.*", aResource, optional("2024-11-05: size"))),
	"resources/templates/list": slices.Concat(aResult, under("resourceTemplates.*", aResource)),
	"prompts/list": slices.Concat(aResult, under("prompts.*", listItem, optional("2024-11-05: arguments")),
		under("prompts.*.arguments.*", anArgument)),
	"tools/call": slices.Concat(aResult, under("content.*", aContent), under("content.*resource_link", aLink),
		optional("2024-11-05: isError", "2025-06-18..2026-07-28: structuredContent")),
	"resources/read":      slices.Concat(aResult, under("contents.*", optional("2024-11-05: mimeType", "2025-06-18: _meta"))),
	"prompts/get":         slices.Concat(aResult, optional("2024-11-05: description"), under("messages.*.content", aContent)),
	"completion/complete": slices.Concat(aResult, under("completion", optional("2024-11-05: total hasMore"))),

	"notifications/progress":  optional("2024-11-05: total", "2025-03-26: message"),
	"notifications/message":   optional("2024-11-05: logger"),
	"notifications/cancelled": optional("2024-11-05: reason"),
}

// An optionalPlace is where an optional member can stand: a path, in which "*" stands for
// every element of an array and "*type" for every element of that type.
type optionalPlace struct {
	path         string
	since, until spec.Revision // until is the first that does not declare it, or allows null
}

func (p optionalPlace) in(r spec.Revision) bool {
	return r >= p.since && (p.until == "" || r < p.until)
}

// optional reads lists of members behind the revision since which they are
// declared as optional, and the one until which they are.
func optional(lists ...string) []optionalPlace {
	var places []optionalPlace
	for _, list := range lists {
		revisions, names, _ := strings.Cut(list, ": ")
		since, until, _ := strings.Cut(revisions, "..")
		for _, name := range strings.Fields(names) {
			places = append(places, optionalPlace{name, spec.Revision(since), spec.Revision(until)})
		}
	}
	return places
}

// under puts members under a path.
func under(path string, lists ...[]optionalPlace) []optionalPlace {
	places := slices.Concat(lists...)
	for i := range places {
		places[i].path = path + "." + places[i].path
	}
	return places
}

// nullAt returns where a null stands at a path; "" if nowhere.
func nullAt(v any, path, at string) string {
	step, rest, more := strings.Cut(path, ".")
	if kind, ok := strings.CutPrefix(step, "*"); ok {
		items, _ := v.([]any)
		for _, item := range items {
			if of, _ := item.(map[string]any); kind != "" && of["type"] != kind {
				continue
			}
			if where := nullAt(item, rest, at+"[]"); where != "" {
				return where
			}
		}
		return ""
	}
	members, _ := v.(map[string]any)
	value, present := members[step]
	at = strings.TrimPrefix(at+"."+step, ".")
	switch {
	case !present:
		return ""
	case more:
		return nullAt(value, rest, at)
	case value == nil:
		return at
	}
	return ""
}
