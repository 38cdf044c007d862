package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// launch starts the server of a stdio session and reads what it says.
func (s *Session) launch() error {
	begin := s.Endpoint.Launch
	if begin == nil {
		begin = func() (*Child, error) { return start(s.Endpoint) }
	}
	child, err := begin()
	if err != nil {
		return err
	}
	s.child, s.born = child, time.Now()
	done := make(chan struct{})
	s.drained = done
	go func() {
		s.readLines()
		close(done)
	}()
	go func() {
		<-child.Exited
		// What the server wrote last is still to be read, but something that it
		// left behind may hold the pipe open for ever.
		select {
		case <-done:
		case <-time.After(drainLimit):
		}
		if out, ok := child.Stdout.(io.Closer); ok {
			out.Close()
		}
	}()
	return nil
}

// startingFor returns how long a launched server may still be silent because it
// is only starting: several at once on a busy machine take their time.
func (s *Session) startingFor() time.Duration {
	s.mu.Lock()
	spoke := len(s.lines) > 0
	s.mu.Unlock()
	if s.child == nil || spoke {
		return 0
	}
	return time.Until(s.born.Add(s.Endpoint.StartUp))
}

// drainLimit bounds how long the output of a server is read after its end, and
// how long the end of a server is awaited after its output ended.
const drainLimit = 2 * time.Second

// ended waits for the end of a server whose pipes have broken, and says why
// they have.
func (s *Session) ended() error {
	timer := time.NewTimer(drainLimit)
	defer timer.Stop()
	select {
	case <-s.child.Exited:
	case <-timer.C:
		return fmt.Errorf("%w: the server closed its stdin or stdout, and runs on", ErrClosed)
	case <-s.life.Done():
	}
	if s.isClosing() {
		return ErrClosed
	}
	return ErrExited
}

// A remnant is what was written after the last line feed.
type remnant struct {
	mu   sync.Mutex
	data []byte
}

// Write keeps what may be the beginning of a line, up to a limit.
func (r *remnant) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := p
	if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
		rest, r.data = p[i+1:], nil
	}
	r.data = append(r.data, rest[:min(len(rest), remnantKept-len(r.data))]...)
	return len(p), nil
}

// remnantKept is how much of a line without an end is kept, in bytes.
const remnantKept = 64 << 10

// Remnant is what a launched server has written so far without ending the line.
func (s *Session) Remnant() []byte {
	s.remnant.mu.Lock()
	defer s.remnant.mu.Unlock()
	return bytes.Clone(s.remnant.data)
}

// readLines files the lines of stdout until it ends.
func (s *Session) readLines() {
	lines := NewLineReader(io.TeeReader(s.child.Stdout, &s.remnant))
	var end error
	for end == nil {
		var text []byte
		text, end = lines.Read()
		if end != nil && len(text) == 0 {
			break
		}
		if s.divert(text) {
			continue
		}
		if s.hear(len(text)) != nil {
			return
		}
		text = bytes.TrimSuffix(text, []byte("\r"))
		l := Line{Text: text, At: time.Now(), Terminated: end == nil}
		if len(bytes.TrimSpace(text)) > 0 {
			l.Messages = Parse(text)
		}
		s.mu.Lock()
		s.lines = append(s.lines, l)
		s.mu.Unlock()
		for _, m := range l.Messages {
			m.At = l.At
			s.arrived(m)
		}
	}
	if errors.Is(end, ErrLineTooLong) {
		s.fall(end)
		return
	}
	s.fall(s.ended())
}

// pieceGap separates the pieces of a message that is written bit by bit.
const pieceGap = 30 * time.Millisecond

// write puts a call on the child's stdin.
func (s *Session) write(x *Exchange) {
	x.Shared = true
	pieces := x.Call.Pieces
	if pieces == nil {
		pieces = [][]byte{append(bytes.Clone(x.Body), '\n')}
	}
	x.note("sent", "line", nil, s.redact.text(string(x.Body)))
	answered := !x.Call.Notification
	if answered && !s.expect(x) {
		return
	}
	s.mu.Lock()
	s.unwritten = append(s.unwritten, func() {
		for i, p := range pieces {
			if i > 0 {
				time.Sleep(pieceGap) //nolint:forbidigo // the gap is what was asked for
			}
			if s.deaf != nil {
				x.fail(s.deaf)
				return
			}
			if _, err := s.child.Stdin.Write(p); err != nil {
				s.deaf = s.ended()
				x.fail(s.deaf)
				return
			}
		}
		if !answered {
			x.update(x.end)
		}
	})
	idle := !s.writing
	s.writing = true
	s.mu.Unlock()
	if idle {
		go s.writeOut()
	}
}

// writeOut writes what waits for stdin, in the order of the calls, so that a
// server that does not read blocks nobody but this.
func (s *Session) writeOut() {
	for {
		s.mu.Lock()
		if len(s.unwritten) == 0 {
			s.writing = false
			s.mu.Unlock()
			return
		}
		next := s.unwritten[0]
		s.unwritten = s.unwritten[1:]
		s.mu.Unlock()
		next()
	}
}

// A Shutdown says how a launched server came to its end.
type Shutdown struct {
	By     string        // "stdin closed", "SIGTERM" or "SIGKILL": what it took
	Took   time.Duration // since that step
	Status string
}

// Shutdown ends a launched server as the specification asks: by closing its
// stdin, then, each after grace, by SIGTERM and by SIGKILL. When it returns, what
// the server wrote before was read.
func (s *Session) Shutdown(ctx context.Context, grace time.Duration) Shutdown {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	defer s.kill()
	c := s.child
	if c == nil {
		return Shutdown{}
	}
	begun := time.Now()
	c.Stdin.Close()
	steps := []struct {
		by  string
		sig os.Signal
	}{{"stdin closed", nil}, {"SIGTERM", syscall.SIGTERM}, {"SIGKILL", syscall.SIGKILL}}
	for _, step := range steps {
		if step.sig != nil {
			begun = time.Now()
			c.Signal(step.sig) //nolint:errcheck // it may have ended meanwhile
		}
		limit, hurry := grace, ctx.Done()
		if step.sig == syscall.SIGKILL {
			limit, hurry = max(grace, drainLimit), nil // nothing is left to hurry to
		}
		timer := time.NewTimer(limit)
		select {
		case <-c.Exited:
			timer.Stop()
			ended := Shutdown{By: step.by, Took: time.Since(begun), Status: c.Status()}
			s.drain(drainLimit) // what it said last counts
			return ended
		case <-timer.C:
		case <-hurry:
			timer.Stop()
		}
	}
	return Shutdown{By: "SIGKILL", Took: time.Since(begun), Status: "still running"}
}

// leaveGrace bounds the wait for the answer to the DELETE that ends a session.
const leaveGrace = time.Second

// leave ends the session of Streamable HTTP, if there is one and no DELETE did.
func (s *Session) leave() {
	if s.Endpoint.Transport != spec.StreamableHTTP || s.ID() == "" || s.Revision().Modern() {
		return
	}
	for _, x := range s.Exchanges() {
		if x.Call.Verb == http.MethodDelete && x.Status() > 0 {
			return
		}
	}
	s.Do(s.life, Call{Verb: http.MethodDelete, Timeout: leaveGrace})
}

// closeGrace is how long Close waits at each step.
const closeGrace = 5 * time.Second

// closeLimit is how long the end of a server can take that somebody else is
// already ending, and the reading of its last words.
const closeLimit = 2*closeGrace + 3*drainLimit

// drain waits until all was read that a launched server wrote, for limit at most.
func (s *Session) drain(limit time.Duration) {
	if s.drained == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.drained:
	case <-timer.C:
	}
}

// Close ends the conversation, and a launched server with it. When it returns,
// the server has ended and all that it wrote was read.
func (s *Session) Close() {
	s.mu.Lock()
	was := s.closing
	s.closing = true
	s.mu.Unlock()
	if s.child != nil && !was {
		s.Shutdown(context.Background(), closeGrace)
	}
	s.drain(closeLimit)
	if !was {
		s.leave()
	}
	s.kill()
	s.fall(ErrClosed)
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
}
