//go:build containers

package docker

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// idle is a program that says that it is up, and waits to be told to end.
const idle = `package main

import ("fmt"; "os"; "os/signal"; "syscall")

func main() {
	fmt.Println("idle is up")
	fmt.Fprintln(os.Stderr, "and says so twice")
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
	fmt.Println("idle ends")
}
`

// importImage imports a static program as an image.
func importImage(t *testing.T, c *client.Client) string {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "idle")
	if err := os.WriteFile(source, []byte(idle), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "idle", Mode: 0o755, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	w.Close()
	name := "localhost/mcpcheck/idle:" + strings.ToLower(rand.Text()[:12])
	r, err := c.ImageImport(t.Context(), client.ImageImportSource{Source: &archive, SourceName: "-"}, name, client.ImageImportOptions{Changes: []string{`CMD ["/idle"]`, "EXPOSE 80"}})
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r)
	r.Close()
	t.Cleanup(func() {
		if _, err := c.ImageRemove(context.Background(), name, client.ImageRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	})
	return name
}

// TestRealEngine lists, starts, reads, restarts and stops a container of a real
// engine through MCP.
func TestRealEngine(t *testing.T) {
	host := cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost)
	engine, err := client.New(client.WithHost(host))
	if err != nil {
		t.Fatal(err)
	}
	image := importImage(t, engine)
	name := "mcpcheck-test-" + strings.ToLower(rand.Text()[:12])
	created, err := engine.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name:       name,
		Config:     &container.Config{Image: image, Labels: map[string]string{"mcpcheck.test": name}, Env: []string{"PASSWORD=hunter2"}},
		HostConfig: &container.HostConfig{NetworkMode: "none"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := engine.ContainerRemove(context.Background(), created.ID, client.ContainerRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	})
	real := func() string {
		r, err := engine.ContainerInspect(t.Context(), created.ID, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Container.State.Status)
	}
	c, stderr := serve(t, host, service.Config{})
	expect := func(what string, r reply, want ...string) {
		t.Helper()
		for _, w := range want {
			if r.failed() || !strings.Contains(r.String(), w) {
				t.Errorf("%s: want %s in %s", what, w, r)
			}
		}
	}
	one := object{"container": name}
	expect("list_containers", c.call("list_containers", object{"label": "mcpcheck.test=" + name}), created.ID, `"status":"created"`, `"image":"`+image)
	expect("resources/list", c.ask("resources/list", object{}), "docker://container/"+created.ID, name+" (created)")
	expect("start_container", c.call("start_container", one), `"before":"created"`, `"status":"running"`)
	if got := real(); got != "running" {
		t.Errorf("after start_container the engine says %s", got)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		r := c.call("container_logs", one)
		if strings.Contains(r.String(), "idle is up") && strings.Contains(r.String(), "says so twice") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log never holds what the program wrote: %s", r)
		}
	}
	expect("the log as a resource", c.ask("resources/read", object{"uri": scheme + name + "/logs"}), "idle is up")
	expect("the container as a resource", c.ask("resources/read", object{"uri": scheme + created.ID}), `\"status\":\"running\"`, `\"mcpcheck.test\"`)
	expect("restart_container", c.call("restart_container", object{"container": name, "timeout": 5}), `"before":"running"`, `"status":"running"`)
	expect("stop_container", c.call("stop_container", object{"container": name, "timeout": 5}), `"status":"exited"`)
	if got := real(); got != "exited" {
		t.Errorf("after stop_container the engine says %s", got)
	}
	expect("inspect_container", c.call("inspect_container", one), `"exitCode":0`, `"environment":["PASSWORD"`)
	expect("stop_container again", c.call("stop_container", one), `"before":"exited"`)
	expect("list_images", c.call("list_images", object{}), image)
	expect("diagnose_container", c.ask("prompts/get", object{"name": "diagnose_container", "arguments": one}), "idle ends")
	if text := stderr.String() + fmt.Sprint(c.call("inspect_container", one)); strings.Contains(text, "hunter2") {
		t.Error("a value of the environment is told")
	}
}
