package everything

// unhinted leaves a caching hint out of the results of a method.
func unhinted(member, method string) fault {
	return fault{"leaves " + member + " out of the answer to " + method, func(o *outgoing) { delete(o.to(method), member) }}
}

// listsHinted changes the caching hints of the list of tools.
func listsHinted(member string, value any) rewrite {
	return func(o *outgoing) {
		if r := o.to("tools/list"); r != nil {
			r[member] = value
		}
	}
}

var cachingFaults = faultTable{
	"caching.hints.discover":       unhinted("cacheScope", "server/discover"),
	"caching.hints.tools-list":     unhinted("ttlMs", "tools/list"),
	"caching.hints.prompts-list":   unhinted("ttlMs", "prompts/list"),
	"caching.hints.resources-list": unhinted("ttlMs", "resources/list"),
	"caching.hints.templates-list": unhinted("ttlMs", "resources/templates/list"),
	"caching.hints.resources-read": unhinted("cacheScope", "resources/read"),
	"caching.ttl.non-negative":     {"gives a negative ttlMs", listsHinted("ttlMs", -1)},
	"caching.ttl.integer":          {"gives ttlMs as a string", listsHinted("ttlMs", "1000")},
	"caching.scope.enum":           {"gives a cacheScope that nobody knows", listsHinted("cacheScope", "shared")},
	"caching.scope.same-on-all-pages": {"calls pages after the first private", func(o *outgoing) {
		if r := o.to("prompts/list", "resources/list"); r != nil && o.params["cursor"] != nil {
			r["cacheScope"] = "private"
		}
	}},
	"caching.hints.not-on-input-required": {"gives caching hints with what is not final", func(o *outgoing) {
		if r := o.result(); r["resultType"] == "input_required" {
			r["ttlMs"] = 1000
		}
	}},
}
