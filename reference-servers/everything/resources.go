package everything

import (
	"net/url"
	"strconv"
	"strings"
)

// resource is one resource, with what reading it returns.
type resource struct {
	uri, name, title, description, mimeType string
	text, blob                              string
	fails                                   bool
	unlisted                                bool
}

func (s *Server) resources() []resource {
	updates := strconv.Itoa(s.changeCount(watchedResource))
	return []resource{
		{uri: "test://static-text", name: "static-text", title: "Static text", description: "A text that never changes",
			mimeType: "text/plain", text: "This is the content of the static text resource."},
		{uri: "test://static-binary", name: "static-binary", title: "Static binary", description: "A picture of one pixel",
			mimeType: "image/png", blob: pixelPNG},
		{uri: watchedResource, name: "watched-resource", title: "Watched resource", description: "A text that a tool changes",
			mimeType: "text/plain", text: "Updated " + updates + " times."},
		{uri: "test://embedded-resource", name: "embedded-resource", title: "Embedded resource", description: "What test_embedded_resource embeds",
			mimeType: "text/plain", text: "This is an embedded resource content."},
		{uri: "test://mixed-content-resource", name: "mixed-content-resource", title: "Mixed content", description: "What test_multiple_content_types embeds",
			mimeType: "application/json", text: `{"test":"data","value":123}`},
		{uri: "test://changing-resource", name: "changing-resource", title: "Changing resource",
			description: "A resource whose description changes" + s.times("resources"),
			mimeType:    "text/plain", text: "This text does not change, only its description."},
		{uri: "file:///everything/readme.txt", name: "readme.txt", title: "A file", description: "A file of a directory that does not exist on any disk",
			mimeType: "text/plain", text: "There is nothing beside this file."},
		{uri: "test://failing-resource", name: "failing-resource", fails: true, unlisted: true},
	}
}

// template is a family of resources.
type template struct {
	uri, name, title, description, mimeType string
	read                                    func(uri, value string) resource
}

func templates() []template {
	return []template{
		{uri: "test://template/{id}/data", name: "template-data", title: "Data by id", description: "Data that contains its id",
			mimeType: "application/json",
			read: func(uri, id string) resource {
				return resource{uri: uri, mimeType: "application/json", text: string(encode(object{
					"id": id, "templateTest": true, "data": "Data for ID: " + id}))}
			}},
		{uri: "test://greeting/{name}", name: "greeting", title: "Greeting by name", description: "A text that greets its name",
			mimeType: "text/plain",
			read: func(uri, name string) resource {
				return resource{uri: uri, mimeType: "text/plain", text: "Hello, " + name + "!"}
			}},
	}
}

// match returns the value of the template's only variable in the URI.
func (t template) match(uri string) (string, bool) {
	before, rest, _ := strings.Cut(t.uri, "{")
	_, after, _ := strings.Cut(rest, "}")
	if !strings.HasPrefix(uri, before) || !strings.HasSuffix(uri, after) || len(uri) <= len(before)+len(after) {
		return "", false
	}
	value, err := url.PathUnescape(uri[len(before) : len(uri)-len(after)])
	if err != nil || strings.ContainsFunc(value, func(r rune) bool { return r == '/' || r < ' ' || r == 0x7f }) {
		return "", false
	}
	return value, true
}

// resource finds what a URI names.
func (s *Server) resource(uri string) (resource, bool) {
	if r, ok := s.strayResource(uri); ok {
		return r, true
	}
	if !validURI(uri) {
		return resource{}, false
	}
	for _, r := range s.resources() {
		if r.uri == uri {
			return r, true
		}
	}
	for _, t := range templates() {
		if value, ok := t.match(uri); ok {
			return t.read(uri, value), true
		}
	}
	return resource{}, false
}

// validURI reports whether the text is an absolute URI.
func validURI(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "" || u.Path != "") &&
		!strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (r resource) listed(revision string) object {
	o := object{"uri": r.uri, "name": r.name, "description": r.description, "mimeType": r.mimeType}
	notes := object{"audience": list{"user", "assistant"}, "priority": 0.5}
	if r.blob == "" {
		o["size"] = len(r.text)
	}
	if revision >= rev2025_06_18 {
		o["title"] = r.title
		notes["lastModified"] = "2026-07-28T00:00:00Z"
	}
	if revision >= rev2025_11_25 {
		o["icons"] = icons()
	}
	o["annotations"] = notes
	return o
}

func listResources(c *call) (object, *rpcError) {
	items := list{}
	for _, r := range c.srv.resources() {
		if !r.unlisted {
			items = append(items, r.listed(c.revision))
		}
	}
	return c.page("resources", items)
}

func listTemplates(c *call) (object, *rpcError) {
	items := list{}
	for _, t := range templates() {
		o := object{"uriTemplate": t.uri, "name": t.name, "description": t.description, "mimeType": t.mimeType}
		if c.since(rev2025_06_18) {
			o["title"] = t.title
		}
		if c.since(rev2025_11_25) {
			o["icons"] = icons()
		}
		items = append(items, o)
	}
	return c.page("resourceTemplates", items)
}

func readResource(c *call) (object, *rpcError) {
	uri, ok := c.params["uri"].(string)
	if !ok {
		return nil, invalidParams("uri is missing or not a string")
	}
	if err := c.readState(); err != nil {
		return nil, err
	}
	r, found := c.srv.resource(uri)
	switch {
	case !found && c.srv.discloses(uri):
		return object{"contents": list{object{"uri": uri, "mimeType": "text/plain", "text": "What is denied."}}}, nil
	case !found && c.srv.broken("resources.read.not-found-no-empty"):
		return object{"contents": list{}}, nil
	case !found:
		return nil, notFound(c, uri)
	case r.fails:
		return nil, fail(codeInternal, "internal error: the resource cannot be read")
	}
	item := object{"uri": r.uri, "mimeType": r.mimeType}
	if r.blob != "" {
		item["blob"] = r.blob
	} else {
		item["text"] = r.text
	}
	return object{"contents": list{item}}, nil
}

// notFound has a code of its own up to 2025-11-25.
func notFound(c *call, uri string) *rpcError {
	err := fail(codeResourceNotFound, "resource not found")
	if c.modern() {
		err.code = codeInvalidParams
	}
	err.data = object{"uri": uri}
	return err
}
