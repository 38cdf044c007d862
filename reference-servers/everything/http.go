package everything

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	bodyLimit     = 64 << 20
	sessionsKept  = 4096
	headerSession = "Mcp-Session-Id"
	headerVersion = "MCP-Protocol-Version"
	headerMethod  = "Mcp-Method"
	headerName    = "Mcp-Name"
	typeJSON      = "application/json"
	typeSSE       = "text/event-stream"
)

// Handler serves Streamable HTTP, of both eras, at every path.
func (s *Server) Handler() http.Handler {
	var handler http.Handler
	handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.expose(r, handler)
		if !s.enter() {
			http.Error(w, "the server is closed", http.StatusServiceUnavailable)
			return
		}
		defer s.work.Done()
		if !s.admit(w, r) || s.operate(w, r) {
			return
		}
		switch {
		case r.Method == http.MethodPost:
			s.post(w, r)
		case s.modern || isModern(r.Header.Get(headerVersion)):
			if s.replay(w, r) {
				return
			}
			w.Header().Set("Allow", http.MethodPost)
			s.deny(w, nil, refuse(s.status("compat.get-delete-405", http.StatusMethodNotAllowed, http.StatusNotFound), codeInvalidRequest, "only POST is supported"))
		case r.Method == http.MethodGet:
			s.get(w, r)
		case r.Method == http.MethodDelete:
			s.delete(w, r)
		default:
			w.Header().Set("Allow", "GET, POST, DELETE")
			s.deny(w, nil, refuse(http.StatusMethodNotAllowed, codeInvalidRequest, "method not allowed"))
		}
	})
	return handler
}

// admit refuses what a web page of somebody else may have sent. Where the
// server listens on loopback only, the Host has to be a loopback name too: a
// page whose name was rebound to this address has an Origin that equals Host.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	foreign := origin != "" && !sameOrigin(origin, r.Host) && !s.broken("http.origin.validated") ||
		origin == "" && s.wantsOrigin(r)
	if !foreign && (!localOnly(r) || loopbackName(r.Host)) {
		return true
	}
	status := http.StatusForbidden
	if s.broken("http.origin.invalid-403") {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	w.Write([]byte(`{"jsonrpc":"2.0","error":{"code":-32600,"message":"the Host or Origin header is not allowed"}}`))
	return false
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}

// localOnly reports whether the connection came in on a loopback address.
func localOnly(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func loopbackName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// deny answers with an error and an HTTP status, in a body that is a JSON-RPC
// error response.
func (s *Server) deny(w http.ResponseWriter, id json.RawMessage, err *rpcError) {
	status := err.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	w.Write(s.reject(id, err, "", overHTTP))
}

// accepts tells which of the two types of answer the client takes.
func accepts(r *http.Request) (plain, events bool) {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return true, true
	}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, _, _ := mime.ParseMediaType(part)
		plain = plain || slices.Contains([]string{typeJSON, "application/*", "*/*"}, name)
		events = events || slices.Contains([]string{typeSSE, "text/*", "*/*"}, name)
	}
	return plain, events
}

// readBody returns the body of a POST, after it was found to be one that can be
// answered.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *rpcError) {
	if name, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); name != typeJSON {
		return nil, refuse(http.StatusUnsupportedMediaType, codeInvalidRequest, "Content-Type is not application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, codeInvalidRequest, "the message is too large")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, codeParse, "parse error: the body cannot be read")
	}
	return body, s.limit(w, body)
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	plain, events := accepts(r)
	if !plain && !events {
		s.deny(w, nil, refuse(http.StatusNotAcceptable, codeInvalidRequest,
			"Accept allows neither application/json nor text/event-stream"))
		return
	}
	body, err := s.readBody(w, r)
	if err != nil {
		s.deny(w, nil, err)
		return
	}
	if s.wedge(r, body) {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	body = s.unwrap(body)
	if isArray(body) {
		s.postBatch(w, r, body)
		return
	}
	m, err := s.parse(body)
	switch {
	case err != nil:
		s.deny(w, m.id, err)
	case s.modernRequest(r, m):
		s.postModern(w, r, m)
	case m.method == "initialize" && m.id != nil && r.Header.Get(headerSession) == "":
		s.postInitialize(w, r, m)
	default:
		s.postLegacy(w, r, m)
	}
}

// modernRequest tells the era of a message: a modern one says so in its _meta,
// or at least in its headers, which a client may send to a server of any era. A
// handshake is legacy unless its _meta says otherwise, which makes it an unknown
// method.
func (s *Server) modernRequest(r *http.Request, m message) bool {
	if s.modern || declaresVersion(m) {
		return true
	}
	version := r.Header.Get(headerVersion)
	return m.method != "initialize" && !isLegacy(version) && (isModern(version) || r.Header.Get(headerMethod) != "")
}

// postInitialize starts a session.
func (s *Server) postInitialize(w http.ResponseWriter, r *http.Request, m message) {
	sess := s.newSession(overHTTP)
	sess.id = s.sessionID()
	sess.deliver = func(data []byte) {
		for _, st := range sess.http.listening(s.broken("http.multi.no-broadcast")) {
			st.send(data)
		}
	}
	st := s.answerStream(r, newestLegacy)
	s.run(sess.newCall(s.paramsOrEmpty(m), st, s.closing))
	if sess.negotiated() == "" {
		sess.end()
		s.writeAnswer(w, r, st)
		return
	}
	s.changed("session " + sess.id)
	s.mu.Lock()
	s.sessions[sess.id] = sess
	s.order = append(s.order, sess.id)
	var oldest *session
	if len(s.order) > sessionsKept {
		oldest = s.sessions[s.order[0]]
		s.order = s.order[1:]
	}
	closed := s.closed
	s.mu.Unlock()
	if oldest != nil {
		oldest.end()
	}
	if closed {
		sess.end()
	}
	w.Header().Set(headerSession, sess.id)
	st.revision = sess.negotiated()
	s.writeAnswer(w, r, st)
}

// paramsOrEmpty lets a method find its parameters missing instead of null.
func (s *Server) paramsOrEmpty(m message) message {
	if m.params == nil {
		m.params = object{}
		if s.broken("pagination.request.params-optional") && strings.HasSuffix(m.method, "/list") {
			m.params["cursor"] = nil
		}
	}
	return m
}

func (s *Server) sessionID() string {
	if s.broken("session.id.unique-secure") {
		return fmt.Sprintf("session-of-everything-%08d", s.number())
	}
	id := make([]byte, 16)
	rand.Read(id)
	if s.broken("session.id.visible-ascii") {
		return hex.EncodeToString(id[:8]) + " " + hex.EncodeToString(id[8:])
	}
	return hex.EncodeToString(id)
}

// findSession returns the session that a legacy request belongs to.
func (s *Server) findSession(r *http.Request) (*session, *rpcError) {
	id := r.Header.Get(headerSession)
	if id == "" {
		return nil, refuse(s.status("session.id.required-400", http.StatusBadRequest, http.StatusForbidden),
			codeInvalidRequest, "the Mcp-Session-Id header is missing")
	}
	s.mu.Lock()
	sess := s.sessions[id]
	s.mu.Unlock()
	if sess == nil && s.broken("session.unknown-404") && s.changeCount("session "+id) == 0 {
		return nil, refuse(http.StatusBadRequest, codeInvalidRequest, "no session was ever given that id")
	}
	if sess == nil || s.broken("session.id.accepted") && r.Close {
		return nil, refuse(http.StatusNotFound, codeInvalidRequest, "there is no such session")
	}
	if r.Header.Get(headerVersion) == "" && sess.negotiated() >= rev2025_06_18 && s.broken("headers.version.legacy-default") {
		return nil, refuse(http.StatusBadRequest, codeInvalidRequest, "MCP-Protocol-Version is missing")
	}
	if version := r.Header.Get(headerVersion); version != "" && !isLegacy(version) &&
		!s.broken("headers.version.legacy-invalid-400") {
		return nil, refuse(http.StatusBadRequest, codeInvalidRequest, "MCP-Protocol-Version is not a supported revision")
	}
	return sess, nil
}

// status returns the first status, or the other when the requirement is broken.
func (s *Server) status(requirement string, right, wrong int) int {
	if s.broken(requirement) {
		return wrong
	}
	return right
}

func (s *Server) postLegacy(w http.ResponseWriter, r *http.Request, m message) {
	sess, err := s.findSession(r)
	if err != nil {
		if m.id == nil {
			err.status = s.status("http.post.notification-rejected-status", err.status, http.StatusOK)
		}
		s.deny(w, m.id, err)
		return
	}
	if m.id == nil || m.response {
		sess.take(m)
		s.accepted(w, m)
		return
	}
	if s.broken("version.dual-era.selection") {
		s.deny(w, m.id, refuse(http.StatusBadRequest, codeInvalidParams, "_meta is missing"))
		return
	}
	if m.badParams {
		s.deny(w, m.id, refuse(http.StatusOK, codeInvalidParams, "params is not an object"))
		return
	}
	st := s.answerStream(r, sess.negotiated())
	sess.http.add(st)
	c := sess.newCall(s.paramsOrEmpty(m), st, s.closing)
	s.spawn(c)
	if s.broken("http.sse.disconnect-not-cancel") && m.params["name"] == "test_slow" {
		defer context.AfterFunc(r.Context(), func() { c.cancel(errCancelled) })()
	}
	s.writeAnswer(w, r, st)
}

// accepted acknowledges a message that has no response.
func (s *Server) accepted(w http.ResponseWriter, m message) {
	if s.redirect(w, m) {
		return
	}
	if err := s.objection(m); err != nil {
		s.deny(w, noID, err)
		return
	}
	if m.response && s.broken("http.post.client-response-202") || !m.response && s.broken("http.post.notification-202") {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// spawn runs the call beside the connection that brought it.
func (s *Server) spawn(c *call) {
	if !s.enter() {
		c.cancel(nil)
		c.out.finish(nil, 0)
		return
	}
	s.meet(c)
	if c.sess != nil {
		c.sess.started(c)
		c.sess.calls.Add(1)
	}
	go func() {
		defer s.work.Done()
		s.run(c)
		if c.sess != nil {
			c.sess.calls.Done()
		}
	}()
}

// answerStream is the stream of a POST.
func (s *Server) answerStream(r *http.Request, revision string) *stream {
	st := newStream(s, revision)
	plain, events := accepts(r)
	st.jsonOnly, st.sseOnly = !events, !plain
	return st
}

func (s *Server) postModern(w http.ResponseWriter, r *http.Request, m message) {
	if m.response && !s.broken("compat.client-responses-not-processed") {
		s.deny(w, nil, refuse(http.StatusBadRequest, codeInvalidRequest, "responses are not accepted"))
		return
	}
	if version := r.Header.Get(headerVersion); !isModern(version) && m.id == nil {
		err := s.unsupported(version)
		err.status = s.status("http.post.notification-rejected-status", http.StatusBadRequest, http.StatusOK)
		s.deny(w, nil, err)
		return
	}
	if !s.remembersClient(w, r) {
		return
	}
	if m.response || m.id == nil {
		s.accepted(w, m)
		return
	}
	// A client that goes away has cancelled; so has the end of the server.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if s.broken("http.cancel.disconnect-is-cancel") {
		ctx = context.WithoutCancel(ctx)
	}
	defer context.AfterFunc(s.ctx, cancel)()
	st := s.answerStream(r, rev2026_07_28)
	if s.broken("http.sse.no-resumability") && m.method == "tools/call" {
		s.replays.add(st)
	}
	c := s.newModernCall(ctx, nil, m, st, overHTTP, r.RemoteAddr)
	err := c.readMeta(m, r.Header)
	if err == nil {
		err = s.checkHeaders(c, r.Header)
	}
	if err != nil {
		c.cancel(nil)
		w.Header().Set("Content-Type", typeJSON)
		w.WriteHeader(err.status)
		w.Write(s.seal(errorMessage(m.id, err), c.origin()))
		return
	}
	s.spawn(c)
	s.writeAnswer(w, r, st)
}
