package everything

import (
	"encoding/json"
	"strings"
)

const changingResource = "test://changing-resource"

var resourcesFaults = faultTable{
	"resources.capability.declared": {does: "does not declare the resources that it lists", rewrite: func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(c object) { delete(c, "resources") })
		each(o.to("tools/call")["content"], func(c object) {
			if c["type"] == "resource" { // embedding some without the capability is a fault of its own
				clear(c)
				c["type"], c["text"] = "text", "a resource"
			}
		})
	}},
	"resources.list.answered": {does: "fails to list its resources", rewrite: func(o *outgoing) {
		if o.to("resources/list") != nil {
			o.refuse(codeInternal, "the list is out of order")
		}
	}},
	"resources.list.no-connection-variance":  {does: "lists a resource of its own for each connection"},
	"resources.list.no-side-effect-variance": {does: "lists one resource more where a tool was called"},
	"resources.list.result-shape": {does: "ends the list of resources with a text", rewrite: func(o *outgoing) {
		o.lengthen("resources/list", "resources", func(list) any { return "that is all" })
	}},
	"resources.item.uri": {does: "lists a URI with a space in it", rewrite: listedResource(func(r object) {
		r["uri"] = "test://changing resource"
	})},
	"resources.item.name":           {does: "lists a resource without a name", rewrite: listedResource(func(r object) { delete(r, "name") })},
	"resources.item.optional-types": {does: "gives the size of a resource as a text", rewrite: listedResource(func(r object) { r["size"] = "12" })},
	"resources.item.uri-unique": {does: "lists a resource twice", rewrite: func(o *outgoing) {
		o.lengthen("resources/list", "resources", func(items list) any { return items[0] })
	}},
	"resources.item.readable": {does: "fails to read a resource that it lists", rewrite: func(o *outgoing) {
		if o.reads(changingResource) != nil {
			o.refuse(codeInternal, "the resource is out of order")
		}
	}},
	"resources.templates.result-shape": {does: "ends the list of templates with a text", rewrite: func(o *outgoing) {
		o.lengthen("resources/templates/list", "resourceTemplates", func(list) any { return "that is all" })
	}},
	"resources.template.uri-template": {does: "leaves an expression of a template open", rewrite: listedTemplate(func(t object) {
		t["uriTemplate"] = strings.TrimSuffix(t["uriTemplate"].(string), "}")
	})},
	"resources.template.name":           {does: "lists a template without a name", rewrite: listedTemplate(func(t object) { delete(t, "name") })},
	"resources.template.optional-types": {does: "gives the MIME type of a template as an array", rewrite: listedTemplate(func(t object) { t["mimeType"] = list{t["mimeType"]} })},
	"resources.template.mime-type": {does: "gives one expansion of a template another type", rewrite: readContent("test://template/456/data", func(c object) {
		c["mimeType"] = "text/plain"
	})},
	"resources.template.expansion-readable": {does: "ignores the value in an expanded template", rewrite: readContent("test://template/123/data", func(c object) {
		c["text"] = "{}"
	})},
	"resources.read.result-shape": {does: "returns one object for contents", rewrite: func(o *outgoing) {
		if r := o.reads(changingResource); r != nil {
			r["contents"] = r["contents"].(list)[0]
		}
	}},
	"resources.read.item-fields": {does: "returns contents without text and blob", rewrite: readContent(changingResource, func(c object) { delete(c, "text") })},
	"resources.read.item-uri":    {does: "returns contents with a relative URI", rewrite: readContent(changingResource, func(c object) { c["uri"] = "changing-resource" })},
	"resources.read.blob-base64": {does: "puts a data URI into a blob", rewrite: readContent("test://static-binary", func(c object) {
		c["blob"] = "data:image/png;base64," + c["blob"].(string)
	})},
	"resources.read.text-only-text": {does: "returns a picture as text", rewrite: readContent("test://static-binary", func(c object) {
		delete(c, "blob")
		c["text"] = "PNG\x00\x00"
	})},
	"resources.read.not-found-code-legacy": {does: "says of an unknown resource only that something failed", rewrite: func(o *outgoing) {
		if e := o.failed("resources/read", codeResourceNotFound); e != nil && !isModern(o.revision) {
			e["code"] = -32000
		}
	}},
	"resources.read.not-found-code": {does: "calls an unknown resource an internal error", rewrite: func(o *outgoing) {
		if e := o.failure(); o.unknownResource() && isModern(o.revision) {
			e["code"] = codeInternal
		}
	}},
	"resources.read.not-found-not-32002": {does: "still has the old code for an unknown resource", rewrite: func(o *outgoing) {
		if e := o.failure(); o.unknownResource() && isModern(o.revision) {
			e["code"] = codeResourceNotFound
		}
	}},
	"resources.read.not-found-no-empty": {does: "answers with empty contents for an unknown resource"},
	"resources.read.not-found-data-uri": {does: "does not say which resource is unknown", rewrite: func(o *outgoing) {
		if o.unknownResource() {
			delete(o.failure(), "data")
		}
	}},
	"resources.read.internal-error-code": {does: "has a code of its own for a resource that fails", rewrite: func(o *outgoing) {
		if e := o.failure(); e != nil && o.method == "resources/read" && o.params["uri"] == "test://failing-resource" {
			e["code"] = 1
		}
	}},
	"resources.read.missing-uri": {does: "calls a missing uri an internal error", rewrite: func(o *outgoing) {
		if e := o.failed("resources/read", codeInvalidParams); e != nil && o.params["uri"] == nil {
			e["code"] = codeInternal
		}
	}},
	"resources.security.validate-uris":  {does: "returns some resource for what is no URI"},
	"resources.security.path-traversal": {does: "follows .. out of its directory"},
	"resources.subscribe.accepted": {does: "refuses a subscription to a resource", rewrite: func(o *outgoing) {
		if o.to("resources/subscribe") != nil && o.params["uri"] == "test://static-text" {
			o.refuse(codeInternal, "subscriptions are out of order")
		}
	}},
	"resources.unsubscribe.accepted": {does: "refuses to end a subscription", rewrite: func(o *outgoing) {
		if o.to("resources/unsubscribe") != nil && o.params["uri"] == "test://static-text" {
			o.refuse(codeInternal, "subscriptions are out of order")
		}
	}},
	"resources.unsubscribe.effective":          {does: "goes on telling who has unsubscribed"},
	"resources.subscribe.removed":              {does: "takes a resources/subscribe in the revision that has none"},
	"resources.updated.only-subscribed":        {does: "tells of updates whoever subscribed to any resource"},
	"resources.updated.only-subscribed-legacy": {does: "tells of updates of another resource as well"},
	"resources.updated.uri": {does: "tells of updates with a space in the URI", rewrite: func(o *outgoing) {
		if p := o.notice("notifications/resources/updated"); p != nil {
			p["uri"] = p["uri"].(string) + "/a part"
		}
	}},
	"resources.updated.sent": {does: "does not tell of updates", rewrite: func(o *outgoing) {
		if o.msg["method"] == "notifications/resources/updated" {
			o.msg = nil
		}
	}},
	"resources.list-changed.sent": {does: "does not tell that the list of resources changed", rewrite: func(o *outgoing) {
		if o.msg["method"] == "notifications/resources/list_changed" {
			o.msg = nil
		}
	}},
	"resources.uri.custom-scheme": {does: "lists a resource with an underscore in its scheme", rewrite: listedResource(func(r object) {
		r["uri"] = "under_score://changing-resource"
	})},
}

// refuse turns the answer into an error.
func (o *outgoing) refuse(code int, message string) {
	delete(o.msg, "result")
	o.msg["error"] = object{"code": code, "message": message}
}

// failed returns the error when the message answers the method with that code,
// else nil.
func (o *outgoing) failed(method string, code int) object {
	if e := o.failure(); e != nil && o.method == method && e["code"] == json.Number(itoa(code)) {
		return e
	}
	return nil
}

// lengthen adds an item to the last page of a list.
func (o *outgoing) lengthen(method, member string, more func(list) any) {
	r := o.to(method)
	if items, ok := r[member].(list); ok && r["nextCursor"] == nil {
		r[member] = append(items, more(items))
	}
}

// reads returns the result of reading a resource, or nil.
func (o *outgoing) reads(uri string) object {
	if o.params["uri"] != uri {
		return nil
	}
	return o.to("resources/read")
}

// unknownResource reports whether the message says that there is no such
// resource, to a client that asked for one by something like a URI.
func (o *outgoing) unknownResource() bool {
	data, _ := o.failure()["data"].(object)
	return o.method == "resources/read" && data["uri"] != nil
}

// listedResource changes one resource of the list, which nothing else needs.
func listedResource(change func(object)) rewrite {
	return listedItem("resources/list", "resources", "uri", changingResource, change)
}

func listedTemplate(change func(object)) rewrite {
	return listedItem("resources/templates/list", "resourceTemplates", "name", "greeting", change)
}

// listedItem changes the item of a list that a member identifies.
func listedItem(method, list, member, value string, change func(object)) rewrite {
	return func(o *outgoing) {
		each(o.to(method)[list], func(item object) {
			if item[member] == value {
				change(item)
			}
		})
	}
}

// readContent changes what reading a resource returns.
func readContent(uri string, change func(object)) rewrite {
	return func(o *outgoing) { first(o.reads(uri)["contents"], change) }
}

// strayResource finds nothing in a server that conforms.
func (s *Server) strayResource(uri string) (resource, bool) {
	switch {
	case uri == "not a uri" && s.broken("resources.security.validate-uris"):
		return s.resources()[0], true
	case strings.HasSuffix(uri, "/../etc/passwd") && s.broken("resources.security.path-traversal"):
		return resource{uri: uri, mimeType: "text/plain", text: "root:x:0:0:root:/root:/bin/sh\n"}, true
	}
	return resource{}, false
}
