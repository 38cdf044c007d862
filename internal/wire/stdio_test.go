package wire

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// TestStartUp demands that a server which is slow to start is not one that leaves
// a request unanswered, and that this holds for its start alone.
func TestStartUp(t *testing.T) {
	for _, c := range []struct {
		why            string
		start, startUp time.Duration
		answers        []bool // to requests one after the other
	}{
		{"it starts in time", time.Second, 0, []bool{true, true}},
		{"it starts late, and nobody said that it may", 5 * time.Second, 0, []bool{false}},
		{"it starts late, as it may", 5 * time.Second, 8 * time.Second, []bool{true, true}},
		{"it starts later than it may", 9 * time.Second, 8 * time.Second, []bool{false}},
		{"it is silent later on", 0, 8 * time.Second, []bool{true, true, false}},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Open(t.Context(), Endpoint{
					Transport: spec.Stdio, Timeout: 2 * time.Second, StartUp: c.startUp,
					Launch: func() (*Child, error) { return sleeper(c.start, 2), nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				for i, want := range c.answers {
					began := time.Now()
					x := s.Request(t.Context(), "ping", nil)
					if got := x.Response() != nil; got != want {
						t.Errorf("request %d: answered is %v after %s, want %v", i+1, got, time.Since(began), want)
					}
					if took := time.Since(began); !want && i > 0 && took != 2*time.Second {
						t.Errorf("request %d was awaited for %s, want 2s", i+1, took)
					}
				}
			})
		})
	}
}

// sleeper is a server that reads nothing before it has started, and answers a
// number of requests.
func sleeper(start time.Duration, answers int) *Child {
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		defer out.Close()
		time.Sleep(start)
		lines := bufio.NewScanner(in)
		for n := 1; lines.Scan(); n++ {
			if n <= answers {
				fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%d,"result":{}}`+"\n", n)
			}
		}
	}()
	return &Child{
		Stdin: stdin, Stdout: stdout, Exited: exited,
		Signal: func(os.Signal) error { return in.Close() }, Status: func() string { return "exit status 0" },
	}
}

// TestShutdownReadsToTheEnd demands that what a server wrote before it ended is
// there when Shutdown returns, even if it was still in the pipe.
func TestShutdownReadsToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, stdin := io.Pipe()
		stdout, out := io.Pipe()
		exited := make(chan struct{})
		go func() {
			io.Copy(io.Discard, in)
			close(exited)
			time.Sleep(time.Second) // the reader is late
			fmt.Fprintln(out, `{"jsonrpc":"2.0","id":1,"result":{}}`)
			out.Close()
		}()
		s, err := Open(t.Context(), Endpoint{Transport: spec.Stdio, Launch: func() (*Child, error) {
			return &Child{Stdin: stdin, Stdout: stdout, Exited: exited, Signal: func(os.Signal) error { return nil }, Status: func() string { return "exit status 0" }}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		x := s.Start(t.Context(), Call{Method: "ping"})
		if end := s.Shutdown(t.Context(), 5*time.Second); end.By != "stdin closed" || x.Response() == nil {
			t.Errorf("ended by %s; the answer is %v", end.By, x.Response())
		}
	})
}
