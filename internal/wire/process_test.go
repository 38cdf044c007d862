package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// patience bounds what should come at once, on a machine that has much to do.
const patience = 10 * time.Second

// launch opens a session with the test binary in a role.
func launch(t *testing.T, role string, env ...string) *Session {
	t.Helper()
	s, err := Open(t.Context(), Endpoint{
		Transport: spec.Stdio, Command: []string{os.Args[0]}, Timeout: patience,
		Env: append(env, roleVar+"="+role),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (s *Session) awaitReady(t *testing.T) {
	t.Helper()
	if s.Await(t.Context(), patience, func(m *Message) bool { return m.Method == "notifications/ready" }) == nil {
		t.Fatal("the server does not get ready")
	}
}

// A lifeline sees how long a process lives that connects to it.
type lifeline struct {
	net.Listener
	t *testing.T
}

func newLifeline(t *testing.T) *lifeline {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &lifeline{l, t}
}

func (l *lifeline) env() string { return lifeVar + "=" + l.Addr().String() }

func (l *lifeline) accept() net.Conn {
	l.t.Helper()
	l.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)) //nolint:errcheck // it is a TCP listener
	conn, err := l.Accept()
	if err != nil {
		l.t.Fatal("the process never came to life: ", err)
	}
	l.t.Cleanup(func() { conn.Close() })
	return conn
}

func (l *lifeline) demandDeath(conn net.Conn) {
	l.t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience)) //nolint:errcheck // it is a TCP connection
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		l.t.Error("the process lives on")
	}
}

func TestShutdown(t *testing.T) {
	for _, c := range []struct {
		role, by string
		grace    time.Duration
		steps    int // that run into the grace
		status   string
	}{
		{"answers", "stdin closed", patience, 0, "exit status 0"},
		{"needs SIGTERM", "SIGTERM", 300 * time.Millisecond, 1, "signal: terminated"},
		{"needs SIGKILL", "SIGKILL", 300 * time.Millisecond, 2, "signal: killed"},
	} {
		t.Run(c.role, func(t *testing.T) {
			t.Parallel()
			s := launch(t, c.role)
			if c.role != "answers" {
				s.awaitReady(t)
			}
			begun := time.Now()
			got := s.Shutdown(t.Context(), c.grace)
			if got.By != c.by || got.Status != c.status {
				t.Errorf("it took %s, which gave %q; want %s and %q", got.By, got.Status, c.by, c.status)
			}
			least := time.Duration(c.steps) * c.grace
			if all := time.Since(begun); got.Took <= 0 || all < least || got.Took > all-least {
				t.Errorf("the last step took %s of %s, want at most what %d graces of %s leave", got.Took, all, c.steps, c.grace)
			}
			if x := s.Request(t.Context(), "ping", nil); x.Err() != ErrClosed {
				t.Errorf("a request after it: %v, want %v", x.Err(), ErrClosed)
			}
		})
	}
	t.Run("at once when the context has ended", func(t *testing.T) {
		t.Parallel()
		s := launch(t, "needs SIGKILL")
		s.awaitReady(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := s.Shutdown(ctx, time.Hour); got.Status != "signal: killed" && got.Status != "signal: terminated" {
			t.Errorf("it is %q, want that it was killed", got.Status)
		}
	})
	t.Run("nothing was launched", func(t *testing.T) {
		s, err := Open(t.Context(), Endpoint{Transport: spec.StreamableHTTP, URL: "http://127.0.0.1:1"})
		if got := s.Shutdown(t.Context(), time.Hour); err != nil || got != (Shutdown{}) {
			t.Errorf("%+v (%v), want nothing", got, err)
		}
		s.Close()
	})
}

func TestChildRequests(t *testing.T) {
	for _, c := range []struct {
		role     string
		lines    int
		err      error
		answered bool
	}{
		{"answers", 1, nil, true},
		{"banners and answers", 4, nil, true},
		{"answers with 10 MB", 1, nil, true},
		{"answers with CRLF", 1, nil, true},
		{"answers without LF and ends", 1, nil, true},
		{"ends at once", 0, ErrExited, false},
		{"ends when asked", 0, ErrExited, false},
		{"closes its output", 0, ErrClosed, false},
	} {
		t.Run(c.role, func(t *testing.T) {
			t.Parallel()
			s := launch(t, c.role)
			s.Endpoint.Timeout = time.Minute // only what it does may end the wait
			x := s.Request(t.Context(), "ping", nil)
			if (x.Response() != nil) != c.answered || !errors.Is(x.Err(), c.err) {
				t.Errorf("response is %v (%v), want %v (%v)", x.Response() != nil, x.Err(), c.answered, c.err)
			}
			if n := len(s.Lines()); n != c.lines {
				t.Errorf("%d lines, want %d", n, c.lines)
			}
			if took := time.Since(x.Sent); took > patience {
				t.Errorf("it took %s", took)
			}
			if c.err == ErrExited {
				<-s.Child().Exited
				if x := s.Request(t.Context(), "ping", nil); x.Err() != ErrExited {
					t.Errorf("the next request: %v, want %v", x.Err(), ErrExited)
				}
			}
		})
	}
}

func TestLinesAsTheyCame(t *testing.T) {
	t.Parallel()
	s := launch(t, "banners and answers")
	s.Request(t.Context(), "ping", nil)
	lines := s.Lines()
	if l := lines[0]; !strings.Contains(string(l.Text), "Welcome!") || !l.Terminated || l.Messages[0].Err == nil {
		t.Errorf("the banner is %q (%v)", l.Text, l.Messages)
	}
	if l := lines[1]; len(l.Text) > 0 || l.Messages != nil {
		t.Errorf("the blank line is %q with %d messages, want none", l.Text, len(l.Messages))
	}
	s = launch(t, "answers without LF and ends")
	s.Request(t.Context(), "ping", nil)
	if s.Lines()[0].Terminated {
		t.Error("the unterminated line counts as terminated")
	}
}

// What a server writes while it ends is read as well, whoever ends it.
func TestLastWords(t *testing.T) {
	t.Parallel()
	s := launch(t, "says goodbye")
	s.Request(t.Context(), "ping", nil)
	go s.Close()
	s.Close()
	if lines := s.Lines(); string(lines[len(lines)-1].Text) != "goodbye" {
		t.Errorf("the last of %d lines is %.40q, want the last words", len(lines), lines[len(lines)-1].Text)
	}
}

func TestStderr(t *testing.T) {
	t.Parallel()
	s := launch(t, "logs and answers")
	s.awaitReady(t)
	s.Shutdown(t.Context(), patience)
	got := s.Child().Stderr.String()
	if len(got) != stderrKept || !strings.HasSuffix(got, "noise\nlast words\n") || strings.Contains(got, "first") {
		t.Errorf("%d bytes are kept, ending in %.40q; want the last %d", len(got), got[max(0, len(got)-40):], stderrKept)
	}
}

func TestTail(t *testing.T) {
	var tail Tail
	var all bytes.Buffer
	for i := range 3000 {
		p := bytes.Repeat([]byte{byte('a' + i%26)}, i%97)
		tail.Write(p) //nolint:errcheck // it never fails
		all.Write(p)
	}
	tail.Write(bytes.Repeat([]byte("."), 2*stderrKept)) //nolint:errcheck // it never fails
	all.WriteString(strings.Repeat(".", 2*stderrKept))
	if want := all.String()[all.Len()-stderrKept:]; tail.String() != want {
		t.Error("the end of what was written is not what is kept")
	}
}

// A server that reads nothing fills its pipe; that must stop nobody but it.
func TestServerThatNeverReads(t *testing.T) {
	t.Parallel()
	s := launch(t, "needs SIGTERM")
	s.awaitReady(t)
	begun := time.Now()
	params := map[string]any{"text": strings.Repeat("x", 300<<10)}
	var list []*Exchange
	for range 10 {
		list = append(list, s.Start(t.Context(), Call{Method: "tools/call", Params: params, Timeout: 100 * time.Millisecond}))
	}
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("Start waits: %s", took)
	}
	s.Finish(t.Context(), list[0])
	if !list[0].TimedOut() {
		t.Errorf("error is %v, want %v", list[0].Err(), ErrTimeout)
	}
	if got := s.Shutdown(t.Context(), 200*time.Millisecond); got.By != "SIGTERM" {
		t.Errorf("it took %s, want SIGTERM", got.By)
	}
	for _, x := range list[1:] {
		if !x.WaitEnd(t.Context(), patience) || x.Err() != ErrClosed {
			t.Errorf("error is %v, want %v", x.Err(), ErrClosed)
		}
	}
}

func TestGrandchildren(t *testing.T) {
	t.Run("die with a server that was shut down", func(t *testing.T) {
		t.Parallel()
		l := newLifeline(t)
		s := launch(t, "has a child", l.env())
		conn := l.accept()
		if got := s.Shutdown(t.Context(), patience); got.By != "stdin closed" {
			t.Errorf("it took %s, want that stdin was closed", got.By)
		}
		l.demandDeath(conn)
	})
	t.Run("die with a server that ended by itself", func(t *testing.T) {
		t.Parallel()
		l := newLifeline(t)
		s := launch(t, "has a child that holds all pipes", l.env())
		conn := l.accept()
		if x := s.Request(t.Context(), "ping", nil); x.Err() != ErrExited {
			t.Errorf("error is %v, want %v", x.Err(), ErrExited)
		}
		l.demandDeath(conn)
	})
	t.Run("that left the group and hold stdout keep nobody waiting", func(t *testing.T) {
		t.Parallel()
		l := newLifeline(t)
		s := launch(t, "has a child in a group of its own that holds stdout", l.env())
		conn := l.accept()
		if x := s.Request(t.Context(), "ping", nil); x.Err() != ErrExited {
			t.Errorf("error is %v, want %v", x.Err(), ErrExited)
		}
		conn.Close() // ends it
	})
}

// Whatever ends mcpcheck, even without a chance to clean up, ends its servers.
func TestNoOrphans(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux binds the life of a child to its parent's")
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			l := newLifeline(t)
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), roleVar+"=is mcpcheck", l.env())
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			conn := l.accept()
			if err := parent.Process.Signal(sig); err != nil {
				t.Error(err)
			}
			parent.Wait() //nolint:errcheck // it was killed
			l.demandDeath(conn)
		})
	}
}

// A program that calls KillAll leaves nothing behind: no server, nothing that a
// server started, and none that was about to start. Linux helps only with the
// servers themselves.
func TestKillAll(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			l := newLifeline(t)
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), roleVar+"=is mcpcheck and cleans up", l.env())
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			var conns []net.Conn
			for range servers {
				conns = append(conns, l.accept())
			}
			if err := parent.Process.Signal(sig); err != nil {
				t.Error(err)
			}
			parent.Wait() //nolint:errcheck // the status is looked at
			if got := parent.ProcessState.ExitCode(); got != 130 {
				t.Errorf("exit status %d, want 130", got)
			}
			for _, conn := range conns {
				l.demandDeath(conn)
			}
			l.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond)) //nolint:errcheck // it is a TCP listener
			if conn, err := l.Accept(); err == nil {                                         // the one that was just in time
				l.demandDeath(conn)
			}
		})
	}
}

func TestRemnant(t *testing.T) {
	t.Parallel()
	s := launch(t, "answers without LF")
	s.Start(t.Context(), Call{Method: "ping", ID: 7})
	want := `{"jsonrpc":"2.0","id":7,"result":{}}`
	for end := time.Now().Add(patience); string(s.Remnant()) != want; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("the remnant is %q, want %q", s.Remnant(), want)
		}
	}
	var r remnant
	for _, c := range []struct{ write, want string }{{"a", "a"}, {"b", "ab"}, {"c\nd", "d"}, {"\n", ""}, {"e\nf\n", ""}} {
		r.Write([]byte(c.write)) //nolint:errcheck // it never fails
		if string(r.data) != c.want {
			t.Errorf("after %q it is %q, want %q", c.write, r.data, c.want)
		}
	}
	r.Write(bytes.Repeat([]byte("x"), 3*remnantKept)) //nolint:errcheck // it never fails
	r.Write([]byte("y"))                              //nolint:errcheck // it never fails
	if len(r.data) != remnantKept {
		t.Errorf("%d bytes are kept, want %d", len(r.data), remnantKept)
	}
}

func TestStartFailures(t *testing.T) {
	for _, c := range []struct {
		why  string
		e    Endpoint
		want string
	}{
		{"a command that does not exist", Endpoint{Command: []string{"no-such-command-here"}}, `cannot start "no-such-command-here": executable file not found`},
		{"a directory that does not exist", Endpoint{Command: []string{os.Args[0]}, Dir: "/no/such/directory"}, "no such file or directory"},
		{"a file that cannot be run", Endpoint{Command: []string{"/etc/passwd"}}, "permission denied"},
		{"no command", Endpoint{}, "no command to launch"},
		{"a launcher that fails", Endpoint{Launch: func() (*Child, error) { return nil, io.ErrNoProgress }}, io.ErrNoProgress.Error()},
	} {
		t.Run(c.why, func(t *testing.T) {
			c.e.Transport = spec.Stdio
			s, err := Open(t.Context(), c.e)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want %q", err, c.want)
			}
			if x := s.Request(t.Context(), "ping", nil); x.Err() != ErrClosed {
				t.Errorf("a request on it: %v, want %v", x.Err(), ErrClosed)
			}
		})
	}
	if _, err := Open(t.Context(), Endpoint{Transport: "pigeon"}); err == nil || !strings.Contains(err.Error(), `transport is "pigeon"`) {
		t.Errorf("error is %v, want that the transport is unknown", err)
	}
}
