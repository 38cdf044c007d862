package everything

var metaFaults = faultTable{
	"meta.key.label-format":               {"answers metadata under a prefix whose label begins with a digit", metaKey("com.1st/x")},
	"meta.key.name-format":                {"answers metadata under a name that begins with an underscore", metaKey("_x")},
	"meta.key.prefix-format":              {"answers metadata under a prefix with two dots in a row", metaKey("com..example/x")},
	"meta.key.reserved-prefix":            {"answers metadata under a prefix that is reserved for MCP", metaKey("com.mcp.tools/x")},
	"meta.key.reverse-dns":                {"answers metadata under the name of a site", metaKey("example.com/x")},
	"meta.object-type":                    {"answers metadata with a text for _meta", toMeta(func(r object) { r["_meta"] = "text" })},
	"meta.request.unknown-keys-tolerated": {does: "refuses the key x-conformance in _meta"},
	"meta.reserved-keys.no-assumptions":   {does: "takes a reserved key in _meta that it does not know for a text"},
	"meta.trace-context.format":           {"answers metadata with a trace that has no id", metaKey("traceparent")},
}

// toMeta rewrites the result of a request with metadata of the tester's own.
func toMeta(change func(result object)) rewrite {
	return func(o *outgoing) {
		meta, _ := o.params["_meta"].(object)
		_, one := meta["com.example/x"]
		_, other := meta["x-conformance"]
		if r := o.to("ping", "server/discover"); r != nil && (one || other) {
			change(r)
		}
	}
}

func metaKey(keys ...string) rewrite {
	return toMeta(func(r object) {
		meta, ok := r["_meta"].(object)
		if !ok {
			meta = object{}
			r["_meta"] = meta
		}
		for _, key := range keys {
			meta[key] = "x"
		}
	})
}

// intolerant refuses metadata that a server has to bear, as faults do.
func (c *call) intolerant() *rpcError {
	meta, _ := c.params["_meta"].(object)
	if _, ok := meta["x-conformance"]; ok && c.srv.broken("meta.request.unknown-keys-tolerated") {
		return invalidParams("x-conformance is not known")
	}
	if v, ok := meta["io.modelcontextprotocol/x-unknown"]; ok && !isString(v) && c.srv.broken("meta.reserved-keys.no-assumptions") {
		return invalidParams("x-unknown is not a string")
	}
	return nil
}
