package everything

import "strings"

var statelessFaults = faultTable{
	"stateless.request-meta.missing-meta":                {does: "serves a request without _meta"},
	"stateless.request-meta.missing-protocol-version":    {does: "serves a request that names no revision"},
	"stateless.request-meta.missing-client-capabilities": {does: "serves a request that names no client capabilities"},
	"stateless.request-meta.wrong-types":                 {does: "takes anything for clientCapabilities"},
	"stateless.request-meta.http-400":                    {does: "refuses an incomplete request with status 200"},
	"stateless.request-meta.client-info-optional":        {does: "refuses a request without clientInfo"},
	"stateless.request-meta.log-level-optional":          {does: "logs each call of a tool although nobody asked for it"},
	"stateless.no-prior-context":                         {does: "fills in clientCapabilities from an earlier request"},
	"stateless.capabilities.no-inference":                {does: "adds the capabilities that an earlier request declared"},
	"stateless.capability.not-relied-on":                 {does: "asks for input that the client did not offer"},
	"stateless.capability.missing-http-400":              {does: "reports a missing capability with status 200"},
	"stateless.multi-conversation":                       {does: "answers discovery for one client only"},
	"stateless.no-connection-affinity":                   {does: "binds a client to the connection on which it was first seen"},
	"stateless.capability.missing-error": {"names the missing capabilities in an array", func(o *outgoing) {
		with(o.failure()["data"], func(data object) {
			if required, ok := data["requiredCapabilities"].(object); ok {
				data["requiredCapabilities"] = sortedKeys(required)
			}
		})
	}},
	"stateless.server-info.present": {"leaves serverInfo out of lists", func(o *outgoing) {
		if strings.HasSuffix(o.method, "/list") {
			with(o.result()["_meta"], func(meta object) { delete(meta, metaServerInfo) })
		}
	}},
	"stateless.server-info.shape": {"gives its version as a number in lists", func(o *outgoing) {
		if strings.HasSuffix(o.method, "/list") {
			with(o.result()["_meta"], func(meta object) {
				with(meta[metaServerInfo], func(info object) { info["version"] = 1 })
			})
		}
	}},
	"stateless.client-info.no-behaviour-change": {"shows clients whose name ends in b a shorter list", func(o *outgoing) {
		meta, _ := o.params["_meta"].(object)
		info, _ := meta[metaClientInfo].(object)
		name, _ := info["name"].(string)
		if items, ok := o.to("tools/list")["tools"].(list); ok && strings.HasSuffix(name, "-b") {
			o.result()["tools"] = items[1:]
		}
	}},
}
