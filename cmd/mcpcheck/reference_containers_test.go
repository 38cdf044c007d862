//go:build containers

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/refserver"
	"github.com/mcpcheck/mcpcheck/reports"
)

// program is mcpcheck as a static program, which the image is built from.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mcpcheck")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mcpcheck")
	c := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// start runs the program.
func start(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	c = exec.Command(path, args...)
	c.Stdout, c.Stderr = stdout, stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, stdout, stderr
}

// belongings lists the containers and networks of a process.
func belongings(t *testing.T, pid int) (list []string) {
	t.Helper()
	for _, what := range [][]string{{"ps", "-a"}, {"network", "ls"}} {
		args := append(what, "--filter", "label=mcpcheck.owner", "--format", `{{.ID}} {{.Label "mcpcheck.owner"}}`)
		out, err := exec.Command("docker", args...).Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, fmt.Sprintf("/%d/", pid)) {
				list = append(list, what[0]+" "+strings.TrimSpace(line))
			}
		}
	}
	return list
}

func TestReferences(t *testing.T) {
	for _, name := range refserver.Names() {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "report.json")
			c, stdout, stderr := start(t, "--reference", name, "--report", "json="+out, "--report", "text=-")
			c.Wait()
			if left := belongings(t, c.Process.Pid); left != nil {
				t.Errorf("it left behind %q", left)
			}
			f, err := os.Open(out)
			if err != nil {
				t.Fatalf("no report: %s", stderr)
			}
			defer f.Close()
			report, err := reports.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Runs) < 2 {
				t.Errorf("%d runs, want one for each era", len(report.Runs))
			}
			for _, r := range report.Runs {
				if r.Unreachable || r.Incomplete != "" || !strings.Contains(r.Server.Name, name) {
					t.Errorf("%s: server %q is not judged to the end: %q", r.Revision, r.Server.Name, r.Incomplete)
				}
			}
			if status := c.ProcessState.ExitCode(); status != conforms && status != conformsNo || count(report, reports.Pass) < 100 {
				t.Errorf("exit %d, %d passes: %s%s", status, count(report, reports.Pass), stdout, stderr)
			}
		})
	}
}

// TestInterruptContainers demands that an interrupted run leaves nothing behind,
// whether its containers are there or still being made.
func TestInterruptContainers(t *testing.T) {
	for _, tt := range []struct {
		when   string
		signal os.Signal
		things int
	}{
		{"when the network is there", os.Interrupt, 1},
		{"when the first container is there", syscall.SIGTERM, 2},
		{"when all is there", os.Interrupt, 3},
	} {
		t.Run(tt.when, func(t *testing.T) {
			c, stdout, stderr := start(t, "--reference", "docker")
			waitFor(t, tt.when, func() bool { return len(belongings(t, c.Process.Pid)) >= tt.things })
			c.Process.Signal(tt.signal)
			c.Wait()
			if status := c.ProcessState.ExitCode(); status != unfinished {
				t.Errorf("exit %d, want %d: %s%s", status, unfinished, stdout, stderr)
			}
			if left := belongings(t, c.Process.Pid); left != nil {
				t.Errorf("it left behind %q", left)
			}
		})
	}
}

// TestKilledContainers demands that the next run clears away what one that was
// killed has left behind.
func TestKilledContainers(t *testing.T) {
	c, _, _ := start(t, "--reference", "docker")
	waitFor(t, "the containers", func() bool { return len(belongings(t, c.Process.Pid)) >= 3 })
	c.Process.Kill()
	c.Wait()
	if left := belongings(t, c.Process.Pid); len(left) != 3 {
		t.Fatalf("the killed run left %q, want a network and two containers", left)
	}
	next, _, stderr := start(t, "--reference", "docker", "--only", "ping.")
	if err := next.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
	if !strings.Contains(stderr.String(), "cleared away 3 containers and networks") {
		t.Errorf("it does not tell what it cleared away: %s", stderr)
	}
	if left := belongings(t, c.Process.Pid); left != nil {
		t.Errorf("there is still %q", left)
	}
}

// TestImageMissing demands one clear line for an image that is nowhere.
func TestImageMissing(t *testing.T) {
	t.Setenv("MCPCHECK_SERVER_IMAGE", "127.0.0.1:1/none:1")
	c, stdout, stderr := start(t, "--reference", "docker")
	c.Wait()
	if c.ProcessState.ExitCode() != unfinished || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 ||
		!strings.Contains(stderr.String(), "127.0.0.1:1/none:1") || !strings.Contains(stderr.String(), "MCPCHECK_SERVER_IMAGE") {
		t.Errorf("exit %d, %s%s; want one line", c.ProcessState.ExitCode(), stdout, stderr)
	}
	if left := belongings(t, c.Process.Pid); left != nil {
		t.Errorf("it left behind %q", left)
	}
}
