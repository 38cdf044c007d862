package wire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// stderrKept is how much of what a server logs is kept, in bytes.
const stderrKept = 64 << 10

// A Child is a launched server.
type Child struct {
	Stdin  io.WriteCloser
	Stdout io.Reader
	Stderr *Tail
	Signal func(os.Signal) error // to the whole process group
	Exited chan struct{}         // closed when the process has ended and was reaped
	Status func() string         // how it ended, once Exited is closed
	PID    int
}

// A Tail keeps the end of what is written to it.
type Tail struct {
	mu   sync.Mutex
	data []byte
}

// Write keeps p and drops what is older than the limit.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if len(t.data) > stderrKept {
		t.data = append([]byte(nil), t.data[len(t.data)-stderrKept:]...)
	}
	return len(p), nil
}

// String returns what was kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}

// children starts processes from one thread that never ends: on Linux the
// signal that ends a child with its parent is bound to the parent's thread.
var children = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// running are the process groups to end when mcpcheck itself is stopped.
var running struct {
	sync.Mutex
	groups map[int]bool
}

// KillAll ends every server that is still running, at once. It is for a
// program that has to leave now.
func KillAll() {
	running.Lock()
	defer running.Unlock()
	for pid := range running.groups {
		syscall.Kill(-pid, syscall.SIGKILL) //nolint:errcheck // it may have ended meanwhile
	}
}

// start launches the command of an endpoint.
func start(e Endpoint) (*Child, error) {
	if len(e.Command) == 0 {
		return nil, errors.New("no command to launch")
	}
	cmd := exec.Command(e.Command[0], e.Command[1:]...) //nolint:noctx // it is ended by its stdin, then by signals
	cmd.Env = append(os.Environ(), e.Env...)
	cmd.Dir = e.Dir
	cmd.SysProcAttr = childAttributes()
	// The grandchildren of a launcher such as npx may hold stderr open.
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// A pipe of our own: Wait must not close it before everything was read.
	stdout, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = out
	c := &Child{Stdin: stdin, Stdout: stdout, Stderr: &Tail{}, Exited: make(chan struct{})}
	cmd.Stderr = c.Stderr
	started := make(chan error)
	children() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		stdout.Close()
		out.Close()
		var missing *exec.Error
		if errors.As(err, &missing) {
			return nil, fmt.Errorf("cannot start %q: %w", e.Command[0], missing.Err)
		}
		return nil, fmt.Errorf("cannot start %q: %w", e.Command[0], err)
	}
	out.Close()
	c.PID = cmd.Process.Pid
	running.Lock()
	if running.groups == nil {
		running.groups = map[int]bool{}
	}
	running.groups[c.PID] = true
	running.Unlock()
	c.Signal = func(sig os.Signal) error { return syscall.Kill(-c.PID, sig.(syscall.Signal)) }
	c.Status = func() string { return cmd.ProcessState.String() }
	go func() {
		cmd.Wait() //nolint:errcheck // the status is kept in ProcessState
		// What the server left behind in its group must not outlive it.
		syscall.Kill(-c.PID, syscall.SIGKILL) //nolint:errcheck // most leave nothing behind
		running.Lock()
		delete(running.groups, c.PID)
		running.Unlock()
		close(c.Exited)
	}()
	return c, nil
}

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
	s.child = child
	go s.readLines()
	return nil
}

// readLines files the lines of stdout until it ends.
func (s *Session) readLines() {
	lines := NewLineReader(s.child.Stdout)
	var end error
	for end == nil {
		var text []byte
		text, end = lines.Read()
		if end != nil && len(text) == 0 {
			break
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
	if s.isClosing() {
		s.fall(ErrClosed)
		return
	}
	if errors.Is(end, ErrLineTooLong) {
		s.fall(end)
		return
	}
	s.fall(ErrExited)
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
	if answered {
		s.expect(x)
	}
	s.mu.Lock()
	s.unwritten = append(s.unwritten, func() {
		for i, p := range pieces {
			if i > 0 {
				time.Sleep(pieceGap)
			}
			if _, err := s.child.Stdin.Write(p); err != nil {
				x.fail(cmp.Or(s.Down(), err))
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
// stdin, then, each after grace, by SIGTERM and by SIGKILL.
func (s *Session) Shutdown(ctx context.Context, grace time.Duration) Shutdown {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	defer s.kill()
	c := s.child
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
		timer := time.NewTimer(grace)
		select {
		case <-c.Exited:
			timer.Stop()
			return Shutdown{By: step.by, Took: time.Since(begun), Status: c.Status()}
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return Shutdown{By: "SIGKILL", Took: time.Since(begun), Status: "still running"}
}

// closeGrace is how long Close waits at each step.
const closeGrace = 5 * time.Second

// Close ends the conversation, and a launched server with it.
func (s *Session) Close() {
	s.mu.Lock()
	was := s.closing
	s.closing = true
	s.mu.Unlock()
	if s.child != nil && !was {
		s.Shutdown(context.Background(), closeGrace)
	}
	s.kill()
	s.fall(ErrClosed)
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
}
