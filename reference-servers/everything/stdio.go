package everything

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	lineLimit = 64 << 20
	// lastWords is how long calls may go on after the client has closed the
	// channel, and how long the client may take to read what is left.
	lastWords = time.Second
)

// ServeStdio serves one client over a pair of streams, one message a line. It
// returns at the end of the input, after the calls in progress were answered
// or abandoned, or when the context ends.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	if !s.enter() {
		return errors.New("the server is closed")
	}
	defer s.work.Done()
	conn := &stdioConn{srv: s, sess: s.newSession(overStdio), out: newQueue(), ending: make(chan struct{})}
	conn.sess.deliver = conn.out.push
	defer conn.sess.end()
	written := make(chan error, 1)
	go func() { written <- conn.write(out) }()
	if s.broken("stdio.stdout.only-mcp") {
		conn.out.push([]byte("everything: ready"))
	}
	conn.sess.greet()
	if s.broken("stdio.shutdown.exit-on-sigterm") {
		ctx = context.WithoutCancel(ctx)
	}
	lines := make(chan line)
	stop := make(chan struct{})
	defer close(stop)
	go readLines(in, lines, stop)
	err := conn.serve(ctx, lines)
	if closer, ok := in.(io.Closer); ok && !errors.Is(err, io.EOF) {
		closer.Close() // ends the reader
	}
	if s.broken("stdio.shutdown.exit-on-eof") && errors.Is(err, io.EOF) {
		<-ctx.Done()
	}
	conn.finish(written)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

type stdioConn struct {
	srv    *Server
	sess   *session
	out    *queue
	ending chan struct{}
	asked  bool // a modern request came
}

type line struct {
	data    []byte
	tooLong bool
	err     error
}

// serve takes lines until there are no more.
func (conn *stdioConn) serve(ctx context.Context, lines <-chan line) error {
	for {
		select {
		case l := <-lines:
			switch {
			case l.tooLong:
				conn.reject(message{}, fail(codeInvalidRequest, "invalid request: the line is too long"))
			case conn.srv.gone(l.data):
				return io.EOF
			case len(bytes.TrimSpace(l.data)) > 0:
				conn.take(l.data)
			}
			if l.err != nil {
				return l.err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-conn.srv.closing:
			return nil
		}
	}
}

// finish lets calls end, then stops the writer.
func (conn *stdioConn) finish(written <-chan error) {
	close(conn.ending)
	idle := make(chan struct{})
	go func() {
		conn.sess.idle()
		close(idle)
	}()
	t := time.NewTimer(lastWords)
	defer t.Stop()
	select {
	case <-idle:
	case <-t.C:
		conn.sess.cancel()
		<-idle
	}
	conn.out.close()
	t.Reset(lastWords)
	select {
	case <-written:
	case <-t.C: // the client does not read
	}
}

func (conn *stdioConn) write(out io.Writer) error {
	for {
		<-conn.out.wake
		items, over := conn.out.take()
		for _, data := range items {
			if conn.srv.astray(data) {
				conn.srv.stderr.Write(conn.frame(data))
				continue
			}
			if _, err := out.Write(conn.frame(data)); err != nil {
				conn.out.close()
				return err
			}
		}
		if over {
			return nil
		}
	}
}

// frame makes a line of a message.
func (conn *stdioConn) frame(data []byte) []byte {
	s := conn.srv
	switch {
	case s.broken("stdio.framing.no-embedded-newline") && bytes.HasPrefix(data, []byte("{")):
		return indent(data)
	case s.broken("stdio.framing.newline-terminated"):
		return append([]byte("Content-Length: "+itoa(len(data))+"\r\n\r\n"), data...)
	case s.broken("stdio.messages.individual") && conn.sess.negotiated() != rev2025_03_26:
		return append(append([]byte("["), data...), "]\n"...)
	}
	return append(data[:len(data):len(data)], '\n')
}

// take handles one line.
func (conn *stdioConn) take(data []byte) {
	s, sess := conn.srv, conn.sess
	if s.broken("stdio.framing.reads-lines") && bytes.HasSuffix(data, []byte("\r\n")) {
		conn.reject(message{}, fail(codeParse, "parse error: there is a control character behind the message"))
		return
	}
	data = s.unwrap(data)
	if isArray(data) {
		answered, err := s.takeBatch(sess, data, conn.out, conn.ending)
		switch {
		case err != nil && s.broken("jsonrpc.batch.invalid-single-error"):
			conn.out.push([]byte("[" + string(s.reject(nil, err, sess.negotiated(), overStdio)) + "]"))
		case err != nil:
			conn.reject(message{}, err)
		case !answered && s.broken("jsonrpc.batch.no-empty-response-array"):
			conn.out.push([]byte("[]"))
		}
		return
	}
	m, err := s.parse(data)
	modern := s.modern || declaresVersion(m) || sess.negotiated() == "" && m.method != "initialize" && m.method != "ping"
	switch {
	case err != nil:
		conn.reject(m, err)
	case m.id == nil || m.response:
		sess.take(m)
		if err := s.objection(m); err != nil {
			conn.out.push(s.reject(noID, err, sess.negotiated(), overStdio))
		}
	case modern:
		c := s.newModernCall(sess.ctx, sess, m, conn.out, overStdio, fmt.Sprintf("%p", sess))
		c.ending = conn.ending
		if err := c.readMeta(m, nil); err != nil {
			c.cancel(nil)
			conn.out.push(s.seal(errorMessage(m.id, err), c.origin()))
			return
		}
		if conn.early(c) {
			c.cancel(nil)
			conn.reject(m, fail(codeInvalidRequest, "the server does not know the client yet"))
			return
		}
		conn.start(c)
	case s.broken("version.dual-era.selection") && sess.negotiated() != "":
		conn.reject(m, invalidParams("_meta is missing"))
	case m.badParams:
		conn.reject(m, invalidParams("params is not an object"))
	default:
		conn.start(sess.newCall(s.paramsOrEmpty(m), conn.out, conn.ending))
	}
}

// early reports whether a call is refused for being the first.
func (conn *stdioConn) early(c *call) bool {
	first := !conn.asked
	conn.asked = true
	return first && c.method == "tools/call" && conn.srv.broken("stdio.restart.no-state-needed")
}

// start runs a call, here if it is quick: then those behind it are answered in
// order.
func (conn *stdioConn) start(c *call) {
	if waits(c.method) {
		conn.srv.spawn(c)
		return
	}
	conn.srv.run(c)
}

func (conn *stdioConn) reject(m message, err *rpcError) {
	if !m.silent {
		conn.out.push(conn.srv.reject(m.id, err, conn.sess.negotiated(), overStdio))
	}
}

// readLines reads lines of any length up to the limit. The last line may lack
// its end.
func readLines(in io.Reader, lines chan<- line, stop <-chan struct{}) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		var l line
		for {
			part, err := r.ReadSlice('\n')
			if len(l.data)+len(part) > lineLimit {
				l.data, l.tooLong = nil, true
			}
			if !l.tooLong {
				l.data = append(l.data, part...)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				l.err = err
				break
			}
		}
		select {
		case lines <- l:
		case <-stop:
			return
		}
		if l.err != nil {
			return
		}
	}
}
