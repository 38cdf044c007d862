package everything

var promptsFaults = faultTable{
	"prompts.capability.declared": {does: "does not declare the prompts that it lists", rewrite: func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(c object) { delete(c, "prompts") })
	}},
	"prompts.list.answered": {does: "fails to list its prompts", rewrite: func(o *outgoing) {
		if o.to("prompts/list") != nil {
			o.refuse(codeInternal, "the list is out of order")
		}
	}},
	"prompts.list.no-connection-variance":  {does: "lists a prompt of its own for each connection"},
	"prompts.list.no-side-effect-variance": {does: "lists one prompt more where a tool was called"},
	"prompts.list.result-shape": {does: "ends the list of prompts with a text", rewrite: func(o *outgoing) {
		o.lengthen("prompts/list", "prompts", func(list) any { return "that is all" })
	}},
	"prompts.item.name": {does: "lists a prompt without a name", rewrite: listedPrompt("test_changing_prompt", func(p object) { delete(p, "name") })},
	"prompts.item.name-unique": {does: "lists a prompt twice", rewrite: func(o *outgoing) {
		o.lengthen("prompts/list", "prompts", func(items list) any { return items[0] })
	}},
	"prompts.item.optional-types": {does: "describes a prompt by a number", rewrite: listedPrompt("test_changing_prompt", func(p object) { p["description"] = 42 })},
	"prompts.item.argument-fields": {does: "describes an argument by a number", rewrite: listedPrompt("test_failing_prompt", func(p object) {
		first(p["arguments"], func(a object) { a["description"] = 42 })
	})},
	"prompts.get.result-shape": {does: "returns one object for messages", rewrite: gotPrompt("test_changing_prompt", func(r object) {
		r["messages"] = r["messages"].(list)[0]
	})},
	"prompts.get.message-role": {does: "lets the system speak in a prompt", rewrite: gotMessage("test_changing_prompt", func(m object) { m["role"] = "system" })},
	"prompts.get.message-content": {does: "puts an array of contents into a message", rewrite: gotMessage("test_changing_prompt", func(m object) {
		m["content"] = list{m["content"]}
	})},
	"prompts.get.arguments-optional": {does: "refuses prompts/get without arguments"},
	"prompts.get.unknown-name": {does: "calls an unknown prompt an internal error", rewrite: func(o *outgoing) {
		name, _ := o.params["name"].(string)
		if e := o.failed("prompts/get", codeInvalidParams); e != nil && e["message"] == "unknown prompt: "+name {
			e["code"] = codeInternal
		}
	}},
	"prompts.get.missing-required-argument": {does: "gives a prompt without its required arguments"},
	"prompts.get.internal-error-code": {does: "has a code of its own for a prompt that fails", rewrite: func(o *outgoing) {
		if e := o.failed("prompts/get", codeInternal); e != nil {
			e["code"] = 1
		}
	}},
	"prompts.get.validate-arguments": {does: "takes a number for an argument"},
	"prompts.get.substitution": {does: "ignores the arguments of a prompt", rewrite: gotMessage("test_prompt_with_arguments", func(m object) {
		m["content"] = textContent("Prompt with arguments.")
	})},
	"prompts.content.image": {does: "says png instead of image/png in a prompt", rewrite: gotContent("test_prompt_with_image", func(c object) { c["mimeType"] = "png" })},
	"prompts.content.audio": {does: "says wav instead of audio/wav in a prompt", rewrite: gotContent("test_prompt_with_audio", func(c object) {
		if c["type"] == "audio" {
			c["mimeType"] = "wav"
		}
	})},
	"prompts.content.embedded-resource": {does: "embeds a resource without a MIME type in a prompt", rewrite: gotContent("test_prompt_with_embedded_resource", func(c object) {
		with(c["resource"], func(r object) { delete(r, "mimeType") })
	})},
	"prompts.list-changed.sent": {does: "does not tell that the list of prompts changed", rewrite: func(o *outgoing) {
		if o.msg["method"] == "notifications/prompts/list_changed" {
			o.msg = nil
		}
	}},
}

func listedPrompt(name string, change func(object)) rewrite {
	return listedItem("prompts/list", "prompts", "name", name, change)
}

// gotPrompt changes the result of prompts/get of one prompt.
func gotPrompt(name string, change func(object)) rewrite {
	return func(o *outgoing) {
		if r := o.to("prompts/get"); r["messages"] != nil && o.params["name"] == name {
			change(r)
		}
	}
}

// gotMessage changes the first message of one prompt.
func gotMessage(name string, change func(object)) rewrite {
	return gotPrompt(name, func(r object) { first(r["messages"], change) })
}

func gotContent(name string, change func(object)) rewrite {
	return gotMessage(name, func(m object) { with(m["content"], change) })
}
