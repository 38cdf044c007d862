package everything

// refusal changes the refusal of a revision.
func refusal(change func(err, data object)) rewrite {
	return func(o *outgoing) {
		with(o.failure()["data"], func(data object) {
			if _, ok := data["requested"]; ok {
				change(o.failure(), data)
			}
		})
	}
}

// extended changes the extensions that are declared.
func extended(change func(extensions object)) rewrite {
	return discovered(func(r object) {
		with(r["capabilities"], func(all object) { with(all["extensions"], change) })
	})
}

var versionFaults = faultTable{
	"version.unsupported.http-400":                        {does: "refuses a revision with status 200"},
	"version.per-request":                                 {does: "serves no more after a refused revision"},
	"version.extension.fallback":                          {does: "speaks of its extension to clients that do not know it"},
	"version.modern-only.initialize-rejected":             {does: "does not refuse initialize as it has to"},
	"version.modern-only.initialize-error-names-versions": {does: "refuses initialize without a hint"},
	"version.dual-era.selection":                          {does: "treats requests of an initialized client as stateless"},
	"version.unsupported.error":                           {"refuses a revision as invalid", refusal(func(err, _ object) { err["code"] = codeInvalidParams })},
	"version.unsupported.data-supported":                  {"does not list what it supports", refusal(func(_, data object) { delete(data, "supported") })},
	"version.unsupported.data-requested":                  {"does not repeat what was asked for", refusal(func(_, data object) { delete(data, "requested") })},
	"version.extension.id-format":                         {"declares an extension without prefix", extended(func(e object) { e["marker"] = object{} })},
	"version.extension.settings-object":                   {"declares an extension with true", extended(func(e object) { e[extension] = true })},
	"version.dual-era.initialize-counter-offer-legacy": {"agrees to a stateless revision in a handshake", func(o *outgoing) {
		if asked := o.params["protocolVersion"]; asked == rev2026_07_28 {
			if r := o.to("initialize"); r != nil {
				r["protocolVersion"] = asked
			}
		}
	}},
}
