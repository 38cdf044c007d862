package everything

import (
	"context"
	"net/http"
	"slices"
)

// The keys of _meta that the 2026-07-28 revision reserves.
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
	metaClientInfo   = "io.modelcontextprotocol/clientInfo"
	metaLogLevel     = "io.modelcontextprotocol/logLevel"
	metaServerInfo   = "io.modelcontextprotocol/serverInfo"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
)

// declaresVersion reports whether the request names its revision itself, which
// makes it a modern one.
func declaresVersion(m message) bool {
	meta, _ := m.params["_meta"].(object)
	_, ok := meta[metaVersion]
	return ok
}

// readMeta checks the fields that every modern request carries and takes them
// into the call. header is nil where there is none to compare with.
func (c *call) readMeta(m message, header http.Header) *rpcError {
	s := c.srv
	bad := func(message string) *rpcError {
		status := http.StatusBadRequest
		if s.broken("stateless.request-meta.http-400") {
			status = http.StatusOK
		}
		return refuse(status, codeInvalidParams, message)
	}
	if s.modern && m.method == "initialize" && !declaresVersion(m) {
		return s.refuseHandshake(c)
	}
	if m.badParams {
		return bad("params is not an object")
	}
	meta, ok := m.params["_meta"].(object)
	if !ok && s.broken("stateless.request-meta.missing-meta") {
		return nil
	}
	if !ok {
		return bad("_meta is missing or not an object")
	}
	c.meta = meta
	version, ok := meta[metaVersion].(string)
	if _, present := meta[metaVersion]; !present && s.broken("stateless.request-meta.missing-protocol-version") {
		version, ok = c.revision, true
	}
	if !ok {
		return bad(metaVersion + " is missing or not a string")
	}
	if header != nil {
		if err := s.checkVersionHeader(header, version); err != nil {
			return err
		}
	}
	if s.remembersRefusal(c) {
		return bad("the revision was refused before")
	}
	if !isModern(version) {
		s.rememberRefusal(c, version)
		return s.unsupported(version)
	}
	if c.caps, ok = meta[metaCapabilities].(object); !ok {
		if !s.missingCapabilitiesAccepted(c, meta) {
			return bad(metaCapabilities + " is missing or not an object")
		}
	}
	s.recallCapabilities(c)
	if info, present := meta[metaClientInfo]; present {
		if o, ok := info.(object); !ok || !isString(o["name"]) || !isString(o["version"]) {
			return bad(metaClientInfo + " is not an implementation with name and version")
		}
	} else if s.broken("stateless.request-meta.client-info-optional") {
		return bad(metaClientInfo + " is missing")
	}
	if s.belongsElsewhere(c) {
		return bad("the client was served on another connection")
	}
	if level, present := meta[metaLogLevel]; present {
		if c.level, _ = level.(string); !slices.Contains(levels, c.level) {
			return bad(metaLogLevel + " is not one of the eight levels of log messages")
		}
	}
	return nil
}

// missingCapabilitiesAccepted is false in a server that conforms.
func (s *Server) missingCapabilitiesAccepted(c *call, meta object) bool {
	_, present := meta[metaCapabilities]
	return !present && s.broken("stateless.request-meta.missing-client-capabilities") ||
		present && s.broken("stateless.request-meta.wrong-types") ||
		!present && s.broken("stateless.no-prior-context") && s.remembersCapabilities(c)
}

// modernOnlyFaults need a server that refuses initialize.
var modernOnlyFaults = []string{
	"version.modern-only.initialize-rejected", "version.modern-only.initialize-error-names-versions",
	"headers.version.missing-rejected",
	"compat.get-delete-405", "compat.session-id-ignored", "compat.last-event-id-ignored",
}

// refuseHandshake tells a client of an earlier revision what it would have to
// speak: its user may see nothing else.
func (s *Server) refuseHandshake(c *call) *rpcError {
	err := refuse(http.StatusBadRequest, codeHeaderMismatch, "initialize is not supported: this server speaks "+rev2026_07_28)
	if c.transport == overStdio {
		err.code = codeMethodNotFound
	}
	switch {
	case s.broken("version.modern-only.initialize-error-names-versions"):
		err.message = "initialize is not supported"
	case s.broken("version.modern-only.initialize-rejected") && c.transport == overStdio:
		return nil
	case s.broken("version.modern-only.initialize-rejected"):
		err.status = http.StatusOK
	}
	return err
}

// supported lists the revisions that the server speaks.
func (s *Server) supported() list {
	if s.modern {
		return list{rev2026_07_28}
	}
	all := list{}
	for _, r := range revisions {
		all = append(all, r)
	}
	return all
}

func (s *Server) unsupported(version string) *rpcError {
	supported := slices.DeleteFunc(s.supported(), func(r any) bool { return r == version })
	status := http.StatusBadRequest
	if s.broken("version.unsupported.http-400") {
		status = http.StatusOK
	}
	err := refuse(status, codeVersion, "unsupported protocol version")
	err.data = object{"supported": supported, "requested": version}
	return err
}

// newModernCall is a request that carries all its context itself. sess is nil
// over HTTP.
func (s *Server) newModernCall(parent context.Context, sess *session, m message, out sink, transport, peer string) *call {
	c := &call{
		srv: s, sess: sess, out: out, ending: s.closing,
		revision: rev2026_07_28, transport: transport, peer: peer,
		id: m.id, method: m.method, params: m.params, meta: object{}, caps: object{},
	}
	c.ctx, c.cancel = context.WithCancelCause(parent)
	return c
}

func discover(c *call) (object, *rpcError) {
	s := c.srv
	switch _, named := c.params["client"]; {
	case !named && s.broken("discover.no-extra-params"):
		return nil, invalidParams("client is missing")
	case s.broken("discover.method.implemented"):
		return nil, fail(codeInternal, "discovery is switched off")
	case s.busyWithAnother(c):
		return nil, fail(codeInternal, "busy with the conversation of another client")
	}
	return object{
		"supportedVersions": s.supported(),
		"capabilities":      capabilities(c.revision),
		"instructions":      instructions,
	}, nil
}

// cacheable names the methods whose complete results carry caching hints.
var cacheable = []string{"server/discover", "tools/list", "prompts/list", "resources/list",
	"resources/templates/list", "resources/read"}

// declares reports whether the client has the extension.
func (c *call) declares(extension string) bool {
	extensions, _ := c.caps["extensions"].(object)
	_, ok := extensions[extension]
	return ok
}

// complement adds what every result of the modern revision carries.
func complement(c *call, result object) {
	if _, ok := result["resultType"]; !ok {
		result["resultType"] = "complete"
	}
	meta, ok := result["_meta"].(object)
	if !ok {
		meta = object{}
		result["_meta"] = meta
	}
	if c.declares(extension) {
		meta[extension] = true
	}
	meta[metaServerInfo] = implementation(c.revision)
	if result["resultType"] == "complete" && slices.Contains(cacheable, c.method) {
		// Nothing depends on who asks. The lists and the watched resource can
		// change at any moment.
		result["ttlMs"], result["cacheScope"] = 1000, "public"
	}
}
