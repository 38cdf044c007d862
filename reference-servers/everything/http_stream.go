package everything

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"
)

// keepAlive is how often a comment is sent on a stream that is quiet, so that
// nothing on the way takes it for dead.
const keepAlive = 15 * time.Second

// get opens a stream for what belongs to no request, or resumes any stream of
// the session.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	if _, events := accepts(r); !events {
		s.deny(w, nil, refuse(http.StatusNotAcceptable, codeInvalidRequest, "Accept does not allow text/event-stream"))
		return
	}
	sess, err := s.findSession(r)
	if err != nil {
		s.deny(w, nil, err)
		return
	}
	if r.Header.Get("Last-Event-ID") == "" && s.broken("http.get.stream-or-405") {
		http.NotFound(w, r)
		return
	}
	st, after := sess.http.find(r.Header.Get("Last-Event-ID"))
	switch {
	case st == nil:
		s.takeOver(sess)
		st = newStream(s, sess.negotiated())
		st.get, after = true, 0
		sess.http.add(st)
		st.open()
		sess.hasten(st.send)
	case s.broken("resume.no-duplicates-before-id"):
		after = max(0, after-1)
	case s.broken("resume.via-get-any-origin") && !st.get:
		w.Header().Set("Allow", http.MethodPost)
		s.deny(w, nil, refuse(http.StatusMethodNotAllowed, codeInvalidRequest, "only a stream opened by GET is resumed"))
		return
	case s.broken("resume.replay-same-stream"):
		st.mix(sess.http.after(st))
	}
	s.writeEvents(w, r, st, after)
}

// delete ends a session.
func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	sess, err := s.findSession(r)
	if err != nil {
		s.deny(w, nil, err)
		return
	}
	if s.broken("session.terminated-404") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	sess.end()
	w.WriteHeader(http.StatusNoContent)
}

// writeAnswer answers a POST: with plain JSON when the response comes first,
// else with an event stream.
func (s *Server) writeAnswer(w http.ResponseWriter, r *http.Request, st *stream) {
	e, plain, ok := st.answered(r.Context().Done())
	if !ok {
		return // the client went away
	}
	if !plain {
		s.writeEvents(w, r, st, 0)
		return
	}
	contentType := typeJSON
	if s.broken("http.post.request-content-type") {
		contentType = "text/plain"
	}
	w.Header().Set("Content-Type", contentType)
	if e.status != 0 {
		w.WriteHeader(e.status)
	}
	w.Write(e.data)
	s.extra(w)
}

// writeEvents sends the events of a stream after the one given, until the
// stream ends, the client goes away or the server hangs up.
func (s *Server) writeEvents(w http.ResponseWriter, r *http.Request, st *stream, after int) {
	reader := st.attach()
	defer st.detach(reader)
	w.Header().Set("Content-Type", typeSSE)
	w.Header().Set("Cache-Control", "no-cache")
	if !s.broken("http.sse.x-accel-buffering") {
		w.Header().Set("X-Accel-Buffering", "no")
	}
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	flush()
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		events, over, more := st.next(after, reader)
		for _, e := range events {
			if r.Method == http.MethodPost && s.withheld(e, st) {
				return
			}
			st.write(w, e)
			after = e.number
			if e.hangUp && st.hangsUp(e) {
				flush()
				return
			}
		}
		if len(events) > 0 && flush() != nil {
			return
		}
		if over {
			s.linger(r, st)
			return
		}
		select {
		case <-more:
		case <-tick.C:
			io.WriteString(w, ": keep-alive\n\n")
			flush()
		case <-r.Context().Done():
			return
		}
	}
}

// withheld is false in a server that conforms: there, a stream does not end
// before its response.
func (s *Server) withheld(e event, st *stream) bool {
	if !e.final || st.number == 0 && !isModern(st.revision) {
		return false
	}
	return s.broken("http.sse.no-early-close") && st.revision <= rev2025_06_18 && !isModern(st.revision)
}

// linger returns at once in a server that conforms: there, a stream ends with
// its response.
func (s *Server) linger(r *http.Request, st *stream) {
	if s.broken("http.sse.close-after-response") && !st.get {
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
	}
}

func (st *stream) write(w io.Writer, e event) {
	var b bytes.Buffer
	if st.resumable() {
		fmt.Fprintf(&b, "id: %s\n", st.id(e))
	}
	if e.retry > 0 {
		fmt.Fprintf(&b, "retry: %d\n", e.retry.Milliseconds())
	}
	if st.srv.broken("http.sse.valid-stream") && len(e.data) > 0 {
		b.WriteString("event: rpc\n")
	}
	fmt.Fprintf(&b, "data: %s\n\n", e.data)
	w.Write(b.Bytes())
}
