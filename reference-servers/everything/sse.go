package everything

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// channel is one client of HTTP+SSE: what it sends arrives by POST, what it
// receives goes out on its event stream.
type channel struct {
	sess *session
	out  *queue
}

// SSEHandler serves HTTP+SSE as revision 2024-11-05 describes it: GET /sse
// opens the event stream, which announces where to POST messages. Any legacy
// revision can be negotiated over it.
func (s *Server) SSEHandler() http.Handler {
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
		case r.URL.Path == "/sse" && r.Method == http.MethodGet:
			s.openChannel(w, r)
		case r.URL.Path == "/message" && r.Method == http.MethodPost:
			s.postToChannel(w, r)
		case r.URL.Path == "/sse":
			w.Header().Set("Allow", http.MethodGet)
			http.Error(w, "only GET is supported", http.StatusMethodNotAllowed)
		case r.URL.Path == "/message":
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "only POST is supported", http.StatusMethodNotAllowed)
		default:
			http.NotFound(w, r)
		}
	})
	return handler
}

func (s *Server) openChannel(w http.ResponseWriter, r *http.Request) {
	if _, events := accepts(r); !events {
		http.Error(w, "Accept does not allow text/event-stream", http.StatusNotAcceptable)
		return
	}
	ch := &channel{sess: s.newSession(overSSE), out: newQueue()}
	ch.sess.id = s.sessionID()
	ch.sess.deliver = ch.out.push
	s.mu.Lock()
	s.channels[ch.sess.id] = ch
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.channels, ch.sess.id)
		s.mu.Unlock()
		ch.sess.end()
		ch.out.close()
	}()
	w.Header().Set("Content-Type", typeSSE)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s.announce(w, "/message?sessionId="+ch.sess.id)
	ch.sess.greet()
	ch.write(w, r)
}

// announce sends the endpoint event.
func (s *Server) announce(w io.Writer, endpoint string) {
	switch {
	case s.broken("sse.endpoint-event"):
		endpoint = string(encode(object{"uri": endpoint}))
	case s.broken("sse.endpoint-event.first"):
		io.WriteString(w, "event: message\ndata: "+string(encode(object{"jsonrpc": "2.0", "id": "early", "method": "ping"}))+"\n\n")
	}
	io.WriteString(w, "event: endpoint\ndata: "+endpoint+"\n\n")
}

// write sends messages until the client or the server goes away.
func (ch *channel) write(w http.ResponseWriter, r *http.Request) {
	s := ch.sess.srv
	flush := http.NewResponseController(w).Flush
	name := "message"
	if s.broken("sse.message-events") {
		name = "rpc"
	}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		items, _ := ch.out.take()
		for _, data := range items {
			io.WriteString(w, "event: "+name+"\ndata: "+string(data)+"\n\n")
		}
		if flush() != nil {
			return
		}
		select {
		case <-ch.out.wake:
		case <-tick.C:
			io.WriteString(w, ": keep-alive\n\n")
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}

func (s *Server) postToChannel(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("sessionId")
	s.mu.Lock()
	ch := s.channels[id]
	s.mu.Unlock()
	switch {
	case id == "":
		http.Error(w, "sessionId is missing", http.StatusBadRequest)
		return
	case ch == nil:
		http.Error(w, "there is no such session", http.StatusNotFound)
		return
	}
	if version := r.Header.Get(headerVersion); version != "" && !isLegacy(version) {
		s.deny(w, nil, refuse(http.StatusBadRequest, codeInvalidRequest, "MCP-Protocol-Version is not a supported revision"))
		return
	}
	body, err := s.readBody(w, r)
	if s.wedge(r, body) {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	if s.broken("sse.endpoints.two") && bytes.Contains(body, []byte(`"posted"`)) {
		http.Error(w, "requests with such an id are not taken here", http.StatusNotFound)
		return
	}
	if err == nil {
		err = ch.take(body)
	}
	if err != nil {
		s.deny(w, nil, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// take handles one message. What it returns could not be tied to a request;
// all other errors go to the event stream, where the client waits for them.
func (ch *channel) take(data []byte) *rpcError {
	s, sess := ch.sess.srv, ch.sess
	data = s.unwrap(data)
	if isArray(data) {
		answered, err := s.takeBatch(sess, data, ch, s.closing)
		switch {
		case err != nil && s.broken("jsonrpc.batch.invalid-single-error"):
			ch.out.push([]byte("[" + string(s.reject(nil, err, sess.negotiated(), overSSE)) + "]"))
			return nil
		case !answered && s.broken("jsonrpc.batch.no-empty-response-array"):
			ch.out.push([]byte("[]"))
		}
		return err
	}
	m, err := s.parse(data)
	if err == nil && m.id != nil && !m.response {
		switch {
		case m.badParams:
			err = invalidParams("params is not an object")
		case sess.negotiated() == "" && m.method != "initialize" && m.method != "ping":
			err = fail(codeInvalidRequest, "the connection is not initialized")
		}
	}
	switch {
	case err != nil && m.id == nil:
		return err
	case err != nil:
		ch.out.push(s.reject(m.id, err, sess.negotiated(), overSSE))
	case m.id == nil || m.response:
		sess.take(m)
		if err := s.objection(m); err != nil {
			ch.out.push(s.reject(noID, err, sess.negotiated(), overSSE))
		}
	case waits(m.method):
		s.spawn(sess.newCall(s.paramsOrEmpty(m), ch, s.closing))
	default:
		s.run(sess.newCall(s.paramsOrEmpty(m), ch, s.closing))
	}
	return nil
}

func (ch *channel) send(data []byte) { ch.out.push(data) }

func (ch *channel) twoWay() bool { return true }

// finish sends the response on the stream of the client.
func (ch *channel) finish(data []byte, _ int) {
	if ch.sess.srv.broken("sse.responses-on-stream") && bytes.Contains(data, []byte(`"on-the-stream"`)) {
		return
	}
	ch.out.push(data)
}
