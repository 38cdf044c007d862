package everything

// The smallest picture and sound: one red pixel, and a millisecond of silence.
const (
	pixelPNG   = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
	silenceWAV = "UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA=="
)

func textContent(s string) object { return object{"type": "text", "text": s} }

func imageContent() object {
	return object{"type": "image", "data": pixelPNG, "mimeType": "image/png"}
}

func audioContent() object {
	return object{"type": "audio", "data": silenceWAV, "mimeType": "audio/wav"}
}

func embedded(uri, mimeType, text string) object {
	return object{"type": "resource", "resource": object{"uri": uri, "mimeType": mimeType, "text": text}}
}

// said is the result of a tool that returns text.
func said(text string) object { return object{"content": list{textContent(text)}} }

// failed is the result of a tool that could not do its work.
func failed(text string) object {
	return object{"content": list{textContent(text)}, "isError": true}
}

// fit replaces a content item that the revision does not know by text that
// says what it was.
func (c *call) fit(item object) object {
	switch {
	case item["type"] == "audio" && !c.since(rev2025_03_26) && !c.srv.broken("content.audio.version-gate"):
		return textContent("A sound, which revision " + c.revision + " cannot carry.")
	case item["type"] == "resource_link" && !c.since(rev2025_06_18) && !c.srv.broken("content.resource-link.version-gate"):
		uri, _ := item["uri"].(string)
		return textContent("A link, which revision " + c.revision + " cannot carry: " + uri)
	}
	return item
}
