package everything

import (
	"slices"
)

// initialize negotiates a legacy revision. It never settles on a later one:
// those have no handshake.
func initialize(c *call) (object, *rpcError) {
	if len(c.params) == 0 && c.srv.broken("errors.invalid-params.code") {
		c.params = object{"protocolVersion": newestLegacy, "capabilities": object{}, "clientInfo": object{"name": "", "version": ""}}
	}
	if c.modern() {
		return object{}, nil // only a fault leads here
	}
	version, ok := c.params["protocolVersion"].(string)
	if !ok {
		return nil, invalidParams("protocolVersion is missing or not a string")
	}
	caps, ok := c.params["capabilities"].(object)
	if !ok {
		return nil, invalidParams("capabilities is missing or not an object")
	}
	info, ok := c.params["clientInfo"].(object)
	if !ok || !isString(info["name"]) || !isString(info["version"]) {
		return nil, invalidParams("clientInfo is missing or has no name and version")
	}
	if err := c.unwelcome(info); err != nil {
		return nil, err
	}
	version = c.srv.settle(version)
	sess := c.sess
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.revision != "" {
		return nil, fail(codeInvalidRequest, "the session is initialized already")
	}
	sess.revision, sess.caps = version, caps
	c.revision = version
	return object{
		"protocolVersion": version,
		"capabilities":    capabilities(version),
		"serverInfo":      implementation(version),
		"instructions":    instructions,
	}, nil
}

const instructions = "A reference server: its tools, prompts and resources exist to be tested. None has an effect outside it."

// extension marks the results for clients that declare it, and does no more: it
// is there to be negotiated.
const extension = "io.github.mcpcheck/marker"

// capabilities is what the server declares in a revision.
func capabilities(revision string) object {
	caps := object{
		"logging":   object{},
		"prompts":   object{"listChanged": true},
		"resources": object{"subscribe": true, "listChanged": true},
		"tools":     object{"listChanged": true},
	}
	if revision >= rev2025_03_26 {
		caps["completions"] = object{}
	}
	if isModern(revision) {
		caps["extensions"] = object{extension: object{}}
	}
	return caps
}

// implementation identifies the server, with the members that a revision knows.
func implementation(revision string) object {
	info := object{"name": "everything", "version": "1.0.0"}
	if revision >= rev2025_06_18 {
		info["title"] = "Everything"
	}
	if revision >= rev2025_11_25 {
		info["description"] = "Reference server with every feature of the protocol"
		info["websiteUrl"] = "https://github.com/mcpcheck/mcpcheck"
		info["icons"] = icons()
	}
	return info
}

func icons() list {
	return list{object{"src": "data:image/png;base64," + pixelPNG, "mimeType": "image/png", "sizes": list{"1x1"}}}
}

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}

func ping(c *call) (object, *rpcError) {
	if c.srv.broken("ping.respond-before-initialized") && !c.sess.ready() {
		return nil, fail(codeInvalidRequest, "the client is not initialized")
	}
	return object{}, nil
}

func setLevel(c *call) (object, *rpcError) {
	level, _ := c.params["level"].(string)
	if !slices.Contains(levels, level) && !c.srv.broken("logging.set-level.invalid") {
		return nil, invalidParams("level is not one of the eight levels of log messages")
	}
	c.sess.mu.Lock()
	defer c.sess.mu.Unlock()
	c.sess.level = level
	return object{}, nil
}

func subscribe(c *call) (object, *rpcError) { return c.follow(true) }

func unsubscribe(c *call) (object, *rpcError) { return c.follow(false) }

// follow begins or ends a subscription of a legacy session to a resource.
func (c *call) follow(on bool) (object, *rpcError) {
	uri, ok := c.params["uri"].(string)
	if !ok {
		return nil, invalidParams("uri is missing or not a string")
	}
	if _, found := c.srv.resource(uri); !found {
		return nil, notFound(c, uri)
	}
	c.sess.mu.Lock()
	defer c.sess.mu.Unlock()
	if on {
		c.sess.subscribed[uri] = true
	} else if !c.srv.broken("resources.unsubscribe.effective") {
		delete(c.sess.subscribed, uri)
	}
	return object{}, nil
}

// listChanged tells every client that wants to know that a list changed; kind
// is tools, prompts or resources.
func (s *Server) listChanged(kind string) {
	s.changed(kind)
	if s.undeclared(kind) || kind == "tools" && s.broken("tools.list-changed.sent") {
		return
	}
	for _, method := range s.announced(kind) {
		for _, sess := range s.everyPeer() {
			if sess.ready() {
				sess.notify(method, nil)
			}
		}
		for _, l := range s.everyListener() {
			if l.filter[kind+"ListChanged"] == true || s.broken("subs.filter.requested-only") {
				l.notify(method, object{})
			}
		}
	}
}

// resourceUpdated tells the subscribers of a resource that it changed.
func (s *Server) resourceUpdated(uri string) {
	s.changed(uri)
	if s.undeclared("resources") {
		return
	}
	for _, sess := range s.everyPeer() {
		sess.mu.Lock()
		told := sess.subscribed[uri]
		sess.mu.Unlock()
		if told {
			if s.broken("resources.updated.only-subscribed-legacy") {
				sess.notify("notifications/resources/updated", object{"uri": "test://mixed-content-resource"})
			}
			sess.notify("notifications/resources/updated", object{"uri": uri})
		}
	}
	for _, l := range s.everyListener() {
		if uris, _ := l.filter["resourceSubscriptions"].(list); slices.Contains(uris, any(uri)) ||
			len(uris) > 0 && s.broken("resources.updated.only-subscribed") {
			l.notify("notifications/resources/updated", object{"uri": uri})
		}
	}
}

func (s *Server) everyPeer() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for sess := range s.peers {
		all = append(all, sess)
	}
	return all
}

func (s *Server) everyListener() []*subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*subscription
	for l := range s.listeners {
		all = append(all, l)
	}
	return all
}
