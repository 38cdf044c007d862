package wire

import (
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

// running are the process groups to end when mcpcheck itself is stopped. It is
// locked while a server starts, so that none slips through.
var running struct {
	sync.Mutex
	groups  map[int]bool
	leaving bool
}

var errLeaving = errors.New("mcpcheck is about to end")

// KillAll ends every server that is still running, at once, and lets no other
// start. It is for a program that has to leave now.
func KillAll() {
	running.Lock()
	defer running.Unlock()
	running.leaving = true
	for pid := range running.groups {
		syscall.Kill(-pid, syscall.SIGKILL) //nolint:errcheck // it may have ended meanwhile
	}
}

// startGroup starts a command, whose process group is known from then on.
func startGroup(cmd *exec.Cmd) error {
	running.Lock()
	defer running.Unlock()
	if running.leaving {
		return errLeaving
	}
	started := make(chan error)
	children() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	if running.groups == nil {
		running.groups = map[int]bool{}
	}
	running.groups[cmd.Process.Pid] = true
	return nil
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
	if err := startGroup(cmd); err != nil {
		stdin.Close()  //nolint:errcheck // nothing was written
		stdout.Close() //nolint:errcheck // nothing was written
		out.Close()    //nolint:errcheck // nothing was written
		var missing *exec.Error
		if errors.As(err, &missing) {
			return nil, fmt.Errorf("cannot start %q: %w", e.Command[0], missing.Err)
		}
		return nil, fmt.Errorf("cannot start %q: %w", e.Command[0], err)
	}
	out.Close() //nolint:errcheck // the child has a copy
	c.PID = cmd.Process.Pid
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
