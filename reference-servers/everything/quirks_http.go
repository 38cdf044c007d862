package everything

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What faults of Streamable HTTP need. In a server that conforms none of it has
// an effect.

// meet makes fellows of two calls that run at the same time and whose progress
// tokens differ only behind a dot: faults confuse them.
func (s *Server) meet(c *call) {
	switch s.fault {
	case "http.multi.concurrent-posts", "http.sse.related-messages", "http.sse.related-notifications",
		"http.sse.response-included", "http.sse.response-included-multi":
	default:
		return
	}
	if c.transport != overHTTP || c.pair() == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.met {
		if other.sess == c.sess && other.pair() == c.pair() {
			c.fellow = other
		}
	}
	s.met = append(s.met, c)
}

// pair is what the progress tokens of two fellows have in common.
func (c *call) pair() string {
	meta, _ := c.params["_meta"].(object)
	token, _ := meta["progressToken"].(string)
	common, _, ok := strings.Cut(token, ".")
	if !ok {
		return ""
	}
	return common
}

// part forgets a call that is about to end.
func (s *Server) part(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met = slices.DeleteFunc(s.met, func(other *call) bool { return other == c })
}

// busy reports whether a call that others met still goes on.
func (s *Server) busy(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.met, c)
}

// path is where a notification of a call goes: to the stream of its request. What
// is to go astray does so after the first one, so that there is a stream.
func (s *Server) path(c *call, method string) sink {
	if c.transport != overHTTP || method != "notifications/progress" {
		return c.out
	}
	switch {
	case s.broken("http.sse.related-messages") || s.broken("http.sse.related-notifications"):
		if c.told && c.fellow != nil && s.busy(c.fellow) {
			return c.fellow.out
		}
		c.told = true
	case s.broken("http.get.unrelated-messages") && c.sess != nil:
		if all := c.sess.http.listening(false); len(all) > 0 && all[0].readBy() {
			return all[0]
		}
	}
	return c.out
}

// duplicate sends a message of a call where it does not belong.
func (s *Server) duplicate(c *call, method string, data []byte) {
	switch {
	case c.transport != overHTTP:
	case method == "notifications/progress" && s.broken("http.sse.listen-not-for-request-notifications"):
		for _, l := range s.everyListener() {
			l.call.out.send(data)
		}
	case c.sess == nil:
	case data == nil:
	case method == "" && s.broken("http.get.no-responses"), method != "" && !strings.HasPrefix(method, "notifications/") && s.broken("http.multi.single-delivery"):
		for _, st := range c.sess.http.listening(false) {
			st.send(data)
		}
	}
}

// conclude sends the response of a call.
func (s *Server) conclude(c *call, data []byte, status int) {
	s.part(c)
	data = s.confuse(c, data)
	s.duplicate(c, "", data)
	var other object
	switch {
	case c.fellow == nil:
	case s.broken("http.multi.concurrent-posts") && decode(data, &other) == nil:
		other["id"] = c.fellow.id
		c.out.send(encode(other))
	case s.broken("http.sse.response-included") || s.broken("http.sse.response-included-multi"):
		return
	}
	c.out.finish(data, status)
}

// readBy reports whether a connection is there to take the messages.
func (st *stream) readBy() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.reading
}

// wantsOrigin refuses to be listened to by clients that are no web page.
func (s *Server) wantsOrigin(r *http.Request) bool {
	if !s.broken("http.origin.absent-accepted") || r.Method != http.MethodGet || r.Header.Get("Last-Event-ID") != "" {
		return false
	}
	if isModern(r.Header.Get(headerVersion)) {
		return true
	}
	_, err := s.findSession(r)
	return err == nil
}

// takeOver closes the streams that a new one replaces.
func (s *Server) takeOver(sess *session) {
	if s.broken("http.get.retry-before-close") {
		for _, st := range sess.http.listening(true) {
			st.hangUp(0)
			st.mu.Lock()
			st.get = false // nothing new goes there
			st.mu.Unlock()
		}
	}
}

// redirect sends a notification elsewhere.
func (s *Server) redirect(w http.ResponseWriter, m message) bool {
	if !s.broken("http.endpoint.single-path") || m.response || m.method == "notifications/initialized" {
		return false
	}
	w.Header().Set("Location", "/messages")
	w.WriteHeader(http.StatusTemporaryRedirect)
	return true
}

// expose listens at the other addresses of the machine, from the first request
// on until the server closes.
func (s *Server) expose(r *http.Request, h http.Handler) {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !s.broken("http.bind.localhost") || !ok {
		return
	}
	s.exposed.Do(func() {
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return
		}
		for _, a := range addrs {
			p, ok := a.(*net.IPNet)
			if !ok || !p.IP.IsGlobalUnicast() {
				continue
			}
			l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", net.JoinHostPort(p.IP.String(), strconv.Itoa(local.Port)))
			if err != nil {
				continue
			}
			server := &http.Server{Handler: h}
			go server.Serve(l)
			go func() { <-s.ctx.Done(); server.Close() }()
		}
	})
}

// replay repeats what a modern stream brought.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) bool {
	if !s.broken("http.sse.no-resumability") || r.Method != http.MethodGet {
		return false
	}
	st, after := s.replays.find(r.Header.Get("Last-Event-ID"))
	if st == nil {
		return false
	}
	s.writeEvents(w, r, st, after)
	return true
}

// remembersClient treats what earlier revisions had in the header as they did.
func (s *Server) remembersClient(w http.ResponseWriter, r *http.Request) bool {
	id := r.Header.Get(headerSession)
	switch {
	case id != "" && s.broken("compat.session-id-ignored"):
		w.Header().Set(headerSession, id)
	case r.Header.Get("Last-Event-ID") != "" && s.broken("compat.last-event-id-ignored"):
		s.deny(w, nil, refuse(http.StatusBadRequest, codeInvalidRequest, "there is no such event"))
		return false
	}
	return true
}

// intrude sends a request where the revision has none.
func (c *call) intrude(q question) {
	if c.modern() && c.srv.broken("http.sse.no-independent-requests") {
		c.out.send(encode(object{"jsonrpc": "2.0", "id": c.srv.number(), "method": q.method, "params": q.params}))
	}
}

// extra is what follows a response.
func (s *Server) extra(w io.Writer) {
	if s.broken("http.post.json-single-object") {
		io.WriteString(w, "\n{}")
	}
}
