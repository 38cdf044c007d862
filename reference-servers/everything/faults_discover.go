package everything

import "slices"

// discovered changes the answer to server/discover.
func discovered(change func(result object)) rewrite {
	return func(o *outgoing) {
		if result := o.to("server/discover"); result != nil {
			change(result)
		}
	}
}

var discoverFaults = faultTable{
	"discover.implemented":            {does: "does not know server/discover"},
	"discover.method.implemented":     {does: "answers server/discover with an error"},
	"discover.no-extra-params":        {does: "demands a parameter for server/discover"},
	"discover.capabilities-truthful":  {does: "declares completions and does not implement them"},
	"discover.legacy-methods-removed": {does: "answers ping as before"},
	"discover.supported-versions": {"names one revision instead of a list", discovered(func(r object) {
		r["supportedVersions"] = rev2026_07_28
	})},
	"discover.supported-versions.honoured": {"lists a revision that it does not serve", discovered(func(r object) {
		if versions, ok := r["supportedVersions"].(list); ok {
			r["supportedVersions"] = append(versions, "2099-01-01")
		}
	})},
	"discover.result.supported-version-listed": {"does not list the revision that it speaks", discovered(func(r object) {
		if versions, ok := r["supportedVersions"].(list); ok {
			r["supportedVersions"] = slices.DeleteFunc(versions, func(v any) bool { return v == rev2026_07_28 })
		}
	})},
	"discover.result.shape": {"leaves supportedVersions out", discovered(func(r object) {
		delete(r, "supportedVersions")
	})},
	"discover.result.server-info": {"does not introduce itself", discovered(func(r object) {
		with(r["_meta"], func(meta object) { delete(meta, metaServerInfo) })
	})},
	"discover.capabilities": {"declares logging with a word", discovered(func(r object) {
		with(r["capabilities"], func(all object) { all["logging"] = "yes" })
	})},
	"discover.cacheable-fields": {"gives a cacheScope that nobody knows", discovered(func(r object) {
		r["cacheScope"] = "shared"
	})},
	"discover.instructions-type": {"gives instructions as an array", discovered(func(r object) {
		r["instructions"] = list{"Be kind."}
	})},
	"discover.result-type-complete": {"asks for input before it tells anything", discovered(func(r object) {
		r["resultType"] = "input_required"
		delete(r, "ttlMs")
		delete(r, "cacheScope")
	})},
}
