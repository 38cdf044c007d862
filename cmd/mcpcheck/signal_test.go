//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// TestInterrupt demands that a run that is interrupted still writes what was
// judged so far, and leaves no process behind.
func TestInterrupt(t *testing.T) {
	for _, tt := range []struct {
		sig    os.Signal
		reason string
	}{
		{syscall.SIGINT, "interrupt signal received"},
		{syscall.SIGTERM, "terminated signal received"},
	} {
		t.Run(fmt.Sprint(tt.sig), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			// The server writes down its process ids, and freezes in the middle.
			pids := filepath.Join(dir, "pids")
			script := fmt.Sprintf(`echo $$ >>%s; export %s="frozen 12"; exec "$0"`, pids, as)
			out := filepath.Join(dir, "report.json")
			c := exec.Command(os.Args[0], "--target", quoteAll([]string{"sh", "-c", script, os.Args[0]}),
				"--timeout", "30s", "--report", "json="+out)
			c.Env = append(os.Environ(), as+"=mcpcheck")
			var stdout, stderr bytes.Buffer
			c.Stdout, c.Stderr = &stdout, &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "three servers", func() bool { return len(processes(pids)) >= 3 })
			time.Sleep(300 * time.Millisecond) // and the run is in the middle of it
			started := time.Now()
			c.Process.Signal(tt.sig)
			c.Wait()
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("took %s to end", took)
			}
			if status := c.ProcessState.ExitCode(); status != unfinished {
				t.Errorf("exit %d, want %d\nstdout: %s\nstderr: %s", status, unfinished, stdout.String(), stderr.String())
			}
			for _, pid := range processes(pids) {
				waitFor(t, fmt.Sprintf("the end of process %d", pid), func() bool { return syscall.Kill(pid, 0) != nil })
			}
			f, err := os.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := reports.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Runs) != 1 || r.Runs[0].Incomplete != tt.reason {
				t.Errorf("got %d runs, the first because of %q; want one because of %q", len(r.Runs), r.Runs[0].Incomplete, tt.reason)
			}
			if count(r, reports.Inconclusive) == 0 || !strings.Contains(stdout.String(), tt.reason) {
				t.Errorf("the report does not tell what was left: %s", stdout.String())
			}
		})
	}
}

// processes reads the process ids in a file.
func processes(path string) (pids []int) {
	data, _ := os.ReadFile(path)
	for _, word := range strings.Fields(string(data)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(until) {
			t.Fatalf("%s: it does not come", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
