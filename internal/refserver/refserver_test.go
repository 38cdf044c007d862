package refserver

import (
	"archive/tar"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLeft(t *testing.T) {
	me := self()
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Start(); err != nil {
		t.Fatal(err)
	}
	gone := owner{me.boot, me.namespace, ended.Process.Pid, started(ended.Process.Pid)}
	if runtime.GOOS == "linux" && gone.left(me, 0) {
		t.Error("what a process that runs has made is taken for left behind")
	}
	ended.Wait()
	for _, tt := range []struct {
		reason string
		owner  owner
		age    time.Duration
		want   bool
	}{
		{"our own", me, 48 * time.Hour, false},
		{"our parent's", owner{me.boot, me.namespace, os.Getppid(), started(os.Getppid())}, 48 * time.Hour, false},
		{"of a process that ended", gone, 0, true},
		{"of a process whose id is now ours", owner{me.boot, me.namespace, me.pid, "1"}, 0, true},
		{"of a process whose id is now another's", owner{me.boot, me.namespace, os.Getppid(), "1"}, 0, true},
		{"from before the machine was started anew", owner{"another", me.namespace, me.pid, me.started}, 0, true},
		{"of a container that may run", owner{me.boot, "pid:[1]", me.pid, me.started}, time.Hour, false},
		{"of a container, from long ago", owner{me.boot, "pid:[1]", me.pid, me.started}, 48 * time.Hour, true},
	} {
		if runtime.GOOS != "linux" && tt.owner != me && tt.owner != gone {
			continue // other systems tell less
		}
		if got := tt.owner.left(me, tt.age); got != tt.want {
			t.Errorf("%s: left behind is %v, want %v", tt.reason, got, tt.want)
		}
		if back, ok := parseOwner(tt.owner.String()); !ok || back != tt.owner {
			t.Errorf("%s: %q is read as %+v, %v", tt.reason, tt.owner, back, ok)
		}
	}
	for _, s := range []string{"", "a/b/c", "a/b/-1/d", "a/b/c/d", "a/b/1/d/e"} {
		if o, ok := parseOwner(s); ok {
			t.Errorf("%q is read as %+v", s, o)
		}
	}
}

func TestLocal(t *testing.T) {
	for host, says := range map[string]string{
		"unix:///var/run/docker.sock":    "",
		"npipe:////./pipe/docker_engine": "",
		"tcp://127.0.0.1:2375":           "",
		"tcp://[::1]:2375":               "",
		"tcp://localhost:2375":           "",
		"tcp://10.0.0.1:2375":            "on another machine",
		"tcp://docker:2375":              "on another machine",
		"ssh://somebody@somewhere":       "on another machine",
		"/var/run/docker.sock":           "want such as unix://",
	} {
		err := local(host)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", host, err, says)
		}
	}
}

// TestBadHost demands that an engine that was named is the one that is asked.
func TestBadHost(t *testing.T) {
	for host, says := range map[string]string{
		"tcp://127.0.0.1:1": `no Docker engine answers at DOCKER_HOST "tcp://127.0.0.1:1"`,
		"unix://" + filepath.Join(t.TempDir(), "none.sock"): "no such file",
	} {
		t.Setenv("DOCKER_HOST", host)
		_, err := Start(t.Context(), "docker", Options{})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", host, err, says)
		}
	}
}

func TestProgram(t *testing.T) {
	static := filepath.Join(t.TempDir(), "static")
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", static, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range []struct {
		reason, program, architecture, says string
	}{
		{"it fits", static, runtime.GOARCH, ""},
		{"it is for another processor", static, "mips", "the engine runs mips"},
		{"it is no program", source, "aarch64", "needs a static Linux program"},
		{"it is not there", static + "-none", "aarch64", "needs a static Linux program"},
	} {
		err := (&engine{architecture: tt.architecture}).runs(tt.program)
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "CGO_ENABLED=0")) {
			t.Errorf("%s: %v, want %q", tt.reason, err, tt.says)
		}
	}
}

func TestBuildContext(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	names := map[string]bool{}
	for _, content := range []string{"one", "two", "one"} {
		if err := os.WriteFile(program, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		archive, sum, err := buildContext(program)
		if err != nil {
			t.Fatal(err)
		}
		names[sum] = true
		found := map[string]string{}
		for r := tar.NewReader(archive); ; {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, _ := io.ReadAll(r)
			found[h.Name] = string(data)
			if h.Name == "mcpcheck" && h.Mode != 0o755 {
				t.Errorf("the program's mode is %o", h.Mode)
			}
		}
		if found["mcpcheck"] != content || found["Dockerfile"] != dockerfile {
			t.Errorf("the archive holds %q", found)
		}
		if _, ok := found["ca-certificates.crt"]; !ok {
			t.Error("the archive holds no authorities")
		}
	}
	if len(names) != 2 {
		t.Errorf("two programs have %d names", len(names))
	}
}
