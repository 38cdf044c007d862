package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// A streamable is the endpoint of Streamable HTTP: mcp-go's, behind what mcp-go
// does not do itself.
type streamable struct {
	*Guard
	inner http.Handler
}

func (g *Guard) streamable(s *server.MCPServer) *streamable {
	options := []server.StreamableHTTPOption{
		server.WithDisableLocalhostProtection(true), // guardWeb knows which hosts are allowed
		server.WithStreamableHTTPLogger(g.audit),
	}
	if g.Stateless {
		options = append(options, server.WithStateLess(true))
	} else {
		options = append(options, server.WithSessionIdManagerResolver(g.sessions), server.WithSessionIdleTTL(g.SessionTTL))
	}
	return &streamable{g, server.NewStreamableHTTPServer(s, options...)}
}

func (s *streamable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
	switch {
	case r.Method == http.MethodPost:
		if data, ok := s.body(w, r); ok {
			s.post(w, r, data)
		}
	case (r.Method == http.MethodGet || r.Method == http.MethodDelete) && !modern && !s.Stateless:
		if !s.session(w, r, nil) {
			return
		}
		if r.Method == http.MethodGet {
			ctx, done := s.streams.add(r.Context(), "get")
			defer done()
			r = r.WithContext(ctx)
		}
		s.inner.ServeHTTP(&answerWriter{ResponseWriter: w}, r)
	default:
		allow := "POST"
		if !s.Stateless {
			allow = "GET, POST, DELETE"
		}
		w.Header().Set("Allow", allow)
		writeJSON(w, http.StatusMethodNotAllowed, (&refusal{code: mcp.INVALID_REQUEST, text: r.Method + " is not allowed here"}).json())
	}
}

// session says whether a request names a session of its client, or answers that it
// does not.
func (s *streamable) session(w http.ResponseWriter, r *http.Request, id json.RawMessage) bool {
	switch session := r.Header.Get(server.HeaderKeySessionID); {
	case session == "":
		writeJSON(w, http.StatusBadRequest, (&refusal{id: id, code: mcp.INVALID_REQUEST, text: "the header Mcp-Session-Id is missing"}).json())
		return false
	case !s.sessions.known(session, clientOf(r.Context())):
		writeJSON(w, http.StatusNotFound, (&refusal{id: id, code: mcp.INVALID_REQUEST, text: errNoSession.Error()}).json())
		return false
	}
	return true
}

func (s *streamable) post(w http.ResponseWriter, r *http.Request, data []byte) {
	version := r.Header.Get(mcp.HeaderProtocolVersion)
	if list, ok := batch(data, version); ok {
		s.batch(w, r, list)
		return
	}
	m, wrong := s.parse(data)
	if wrong != nil {
		status := http.StatusBadRequest
		if wrong.code == mcp.INVALID_PARAMS && !mcp.IsModernProtocol(version) {
			status = http.StatusOK
		}
		s.rejected("message", r.Header.Get(server.HeaderKeySessionID), wrong)
		writeJSON(w, status, wrong.json())
		return
	}
	modern := m.modern != "" || mcp.IsModernProtocol(version)
	switch {
	case m.method == "" && modern:
		writeJSON(w, http.StatusBadRequest, (&refusal{id: m.id, code: mcp.INVALID_REQUEST, text: "this revision has no responses of clients"}).json())
		return
	case !modern && !s.Stateless && m.method != string(mcp.MethodInitialize) && !s.session(w, r, m.id):
		return
	case !modern && !s.Stateless && m.method == string(mcp.MethodInitialize) && s.sessions.full():
		w.Header().Set("Retry-After", "60")
		s.refuse(w, http.StatusServiceUnavailable, "sessions", &refusal{id: m.id, code: rateLimited, text: "too many sessions are open"})
		return
	case m.method == string(mcp.MethodNotificationCancelled) && (modern || s.Stateless):
		w.WriteHeader(http.StatusAccepted) // without a session, the id may be another client's
		return
	case m.id != nil && m.method != "" && !s.limitWeb(w, r, m.id):
		return
	}
	s.pass(w, r, m, modern)
}

// pass hands a message to mcp-go.
func (s *streamable) pass(w http.ResponseWriter, r *http.Request, m *message, modern bool) {
	ctx := withMessage(r.Context(), m)
	a := &answerWriter{ResponseWriter: w, guard: s.Guard, message: m, modern: modern}
	if modern && m.method == string(mcp.MethodSubscriptionsListen) {
		stream, done := s.streams.add(ctx, "listen")
		defer done()
		client := r.Context()
		defer func() {
			if stream.Err() != nil && client.Err() == nil {
				a.endStream() // mcp-go falls silent when its context ends
			}
		}()
		ctx = stream
	}
	r = r.WithContext(ctx)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(m.raw)), int64(len(m.raw))
	s.inner.ServeHTTP(a, r)
	a.finish()
}

// batch answers an array of messages with the array of their answers.
func (s *streamable) batch(w http.ResponseWriter, r *http.Request, list []json.RawMessage) {
	answers := make([][]byte, 0, len(list))
	for _, data := range list {
		var head struct{ Method string }
		json.Unmarshal(data, &head)
		if head.Method == string(mcp.MethodInitialize) {
			answers = append(answers, (&refusal{code: mcp.INVALID_REQUEST, text: "initialize cannot be part of a batch"}).json())
			continue
		}
		one := &recorder{header: http.Header{}}
		s.post(one, r, data)
		if one.status == http.StatusNotFound || one.status == http.StatusTooManyRequests {
			copyHeader(w.Header(), one.header)
			writeJSON(w, one.status, one.body.Bytes())
			return
		}
		if one.body.Len() > 0 {
			answers = append(answers, one.body.Bytes())
		}
	}
	if body := joined(answers); body != nil {
		writeJSON(w, http.StatusOK, body)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = slices.Clone(values)
	}
}

// A recorder keeps an answer that becomes a part of another. It cannot stream.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// An answerWriter passes mcp-go's answer on as answer makes it.
type answerWriter struct {
	http.ResponseWriter
	guard   *Guard
	message *message
	modern  bool
	status  int
	json    *bytes.Buffer // the answer, when it is no stream
	stream  bool
}

func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answerWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	switch w.Header().Get("Content-Type") {
	case "text/event-stream":
		w.stream = true
		w.Header().Set("X-Accel-Buffering", "no")
	case "application/json":
		if w.message != nil {
			w.json = &bytes.Buffer{} // sent by finish
			return
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.json != nil {
		return w.json.Write(p)
	}
	if prefix := []byte("event: message\ndata: "); w.stream && w.message != nil && bytes.HasPrefix(p, prefix) {
		body := w.guard.answer(w.message, bytes.TrimSpace(p[len(prefix):]))
		if _, err := w.ResponseWriter.Write(slices.Concat(prefix, body, []byte("\n\n"))); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Flush sends what is there of a stream; the rest is sent when it is complete.
func (w *answerWriter) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok && w.stream {
		f.Flush()
	}
}

// finish sends an answer that is no stream.
func (w *answerWriter) finish() {
	if w.json == nil {
		return
	}
	body := w.guard.answer(w.message, bytes.TrimSpace(w.json.Bytes()))
	var e struct{ Error *struct{ Code int } }
	if w.modern && json.Unmarshal(body, &e) == nil && e.Error != nil && e.Error.Code == mcp.INVALID_PARAMS {
		w.status = http.StatusBadRequest
	}
	writeJSON(w.ResponseWriter, w.status, body)
}

// endStream sends the response that says that a subscription has ended.
func (w *answerWriter) endStream() {
	if !w.stream {
		return
	}
	fmt.Fprintf(w.ResponseWriter, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"resultType\":\"complete\",\"_meta\":{%q:%s}}}\n\n",
		w.message.id, mcp.MetaKeySubscriptionID, w.message.id)
	w.Flush()
}
