package everything

// content changes the first content item of a tool's result.
func content(name string, change func(item object)) rewrite {
	return called(name, func(r object) { first(r["content"], change) })
}

// embeds changes the resource that a tool's result embeds.
func embeds(name string, change func(resource object)) rewrite {
	return content(name, func(item object) { with(item["resource"], change) })
}

var contentFaults = faultTable{
	"content.type.known": {"returns content of the type video", content("test_image_content", func(i object) {
		i["type"] = "video"
	})},
	"content.audio.version-gate":         {does: "returns audio to clients that do not know it"},
	"content.resource-link.version-gate": {does: "returns links to clients that do not know them"},
	"content.text.fields": {"returns a number as text", content("test_multiple_content_types", func(i object) {
		i["text"] = 42
	})},
	"content.image.fields": {"returns an image without its MIME type", content("test_image_content", func(i object) {
		delete(i, "mimeType")
	})},
	"content.image.base64": {"returns an image as a data URL", content("test_image_content", func(i object) {
		i["data"] = "data:image/png;base64," + pixelPNG
	})},
	"content.audio.fields": {"returns a sound without its MIME type", content("test_audio_content", func(i object) {
		delete(i, "mimeType")
	})},
	"content.audio.base64": {"returns a sound in base64 without padding", content("test_audio_content", func(i object) {
		i["data"] = "UklGRg"
	})},
	"content.embedded.fields": {"embeds a resource without contents", embeds("test_embedded_resource", func(r object) {
		delete(r, "text")
	})},
	"content.embedded.uri": {"embeds a resource without the scheme of its URI", embeds("test_embedded_resource", func(r object) {
		r["uri"] = "embedded-resource"
	})},
	"content.embedded.blob-base64": {"embeds a blob in the alphabet for URLs", embeds("test_embedded_blob", func(r object) {
		r["blob"] = "-_-_"
	})},
	"content.embedded.resources-capability": {"embeds resources and has no others", func(o *outgoing) {
		with(o.to("initialize", "server/discover")["capabilities"], func(all object) { delete(all, "resources") })
	}},
	"content.resource-link.fields": {"links to a resource without naming it", content("test_resource_link", func(i object) {
		delete(i, "name")
	})},
	"content.resource-link.uri": {"links to a resource by a path", content("test_resource_link", func(i object) {
		i["uri"] = "static-text"
	})},
}

// undeclared reports whether a fault leaves a capability out. Whoever does not
// declare it does not tell of its changes either.
func (s *Server) undeclared(kind string) bool {
	return s.broken(kind+".capability.declared") || kind == "resources" && s.broken("content.embedded.resources-capability")
}
