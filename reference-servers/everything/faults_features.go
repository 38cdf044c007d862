package everything

var featuresFaults = faultTable{
	"features.capability.sub-flags-boolean": {does: "declares logging as true", rewrite: func(o *outgoing) {
		with(o.to("initialize")["capabilities"], func(all object) { all["logging"] = true })
	}},
	"features.list-changed.only-when-declared": {does: "tells of changes of the list of prompts without declaring it", rewrite: func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(all object) { all["prompts"] = object{} })
		with(o.notice("notifications/subscriptions/acknowledged")["notifications"], func(filter object) {
			delete(filter, "promptsListChanged")
		})
	}},
	"features.list-changed.shape": {does: "tells of changes of a list that there is not"},
	"features.method.unadvertised-not-found": {does: "refuses the list of prompts, which it does not declare, as invalid", rewrite: func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(all object) { delete(all, "prompts") })
		if o.msg["method"] == "notifications/prompts/list_changed" {
			o.msg = nil
			return
		}
		if o.to("prompts/list") != nil {
			delete(o.msg, "result")
			o.msg["error"] = object{"code": codeInvalidParams, "message": "there are no prompts"}
		}
	}},
	"features.schema.optional-not-null": {does: "gives a prompt the description null", rewrite: func(o *outgoing) {
		first(o.to("prompts/list")["prompts"], func(prompt object) { prompt["description"] = nil })
	}},
}

// announced are the notifications that tell of the change of a list.
func (s *Server) announced(kind string) []string {
	methods := []string{"notifications/" + kind + "/list_changed"}
	if s.broken("features.list-changed.shape") && kind == "prompts" {
		methods = append(methods, "notifications/phrases/list_changed")
	}
	return methods
}
