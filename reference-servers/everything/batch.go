package everything

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// isArray reports whether the message is a batch, if it is anything at all.
func isArray(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) && json.Valid(data)
}

// batch gathers the responses to the members of a batch. What precedes a
// response goes out at once.
type batch struct {
	out     sink
	mu      sync.Mutex
	left    int
	answers [][]byte
}

func (b *batch) send(data []byte) { b.out.send(data) }

func (b *batch) twoWay() bool { return b.out.twoWay() }

func (b *batch) finish(data []byte, _ int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if data != nil {
		b.answers = append(b.answers, data)
	}
	b.left--
	if b.left > 0 {
		return
	}
	if len(b.answers) == 0 {
		b.out.finish(nil, 0)
		return
	}
	b.out.finish([]byte("["+string(bytes.Join(b.answers, []byte(",")))+"]"), 0)
}

// takeBatch handles a batch of a session that may send them. It returns false
// when nothing in it is answered.
func (s *Server) takeBatch(sess *session, data []byte, out sink, ending <-chan struct{}) (answered bool, err *rpcError) {
	if sess.negotiated() != rev2025_03_26 || s.broken("jsonrpc.batch.receive") {
		return false, fail(codeInvalidRequest, "invalid request: batches are part of revision 2025-03-26 only")
	}
	var members []json.RawMessage
	if json.Unmarshal(data, &members) != nil || len(members) == 0 {
		return false, fail(codeInvalidRequest, "invalid request: the batch is empty")
	}
	b := &batch{out: out}
	var calls []*call
	for _, raw := range members {
		m, err := s.parse(raw)
		switch {
		case err == nil && m.method == "initialize":
			err = fail(codeInvalidRequest, "invalid request: initialize is not allowed in a batch")
			fallthrough
		case err != nil:
			if !m.silent {
				b.answers = append(b.answers, s.reject(m.id, err, sess.negotiated(), sess.transport))
			}
		case m.id == nil || m.response:
			sess.take(m)
		default:
			c := sess.newCall(s.paramsOrEmpty(m), b, ending)
			calls = append(calls, c)
		}
	}
	if s.broken("jsonrpc.batch.response-per-request") {
		calls = slices.DeleteFunc(calls, func(c *call) bool { return !s.known(c.method, c.revision) })
	}
	if len(calls) == 0 && len(b.answers) == 0 {
		return false, nil
	}
	b.left = len(calls)
	if len(calls) == 0 {
		b.left = 1
		b.finish(nil, 0)
	}
	for _, c := range calls {
		s.spawn(c)
	}
	return true, nil
}

func (s *Server) postBatch(w http.ResponseWriter, r *http.Request, data []byte) {
	if isModern(r.Header.Get(headerVersion)) || r.Header.Get(headerMethod) != "" {
		s.deny(w, nil, fail(codeInvalidRequest, "invalid request: the body is an array"))
		return
	}
	sess, err := s.findSession(r)
	if err != nil {
		s.deny(w, nil, err)
		return
	}
	st := s.answerStream(r, sess.negotiated())
	sess.http.add(st)
	answered, err := s.takeBatch(sess, data, st, s.closing)
	switch {
	case err != nil && s.broken("jsonrpc.batch.invalid-single-error"):
		st.end()
		w.Header().Set("Content-Type", typeJSON)
		w.Write([]byte("[" + string(s.reject(nil, err, sess.negotiated(), overHTTP)) + "]"))
	case err != nil:
		st.end()
		s.deny(w, nil, err)
	case answered:
		s.writeAnswer(w, r, st)
	case s.broken("jsonrpc.batch.no-empty-response-array"):
		w.Header().Set("Content-Type", typeJSON)
		w.Write([]byte("[]"))
	default:
		st.end()
		w.WriteHeader(http.StatusAccepted)
	}
}
