//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestTerminatedUnderLoad demands that a served process which is told to end while
// its backend works on many calls goes out of readiness, and answers each of them.
func TestTerminatedUnderLoad(t *testing.T) {
	const calls = 40
	arrived, release := make(chan bool, calls), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/issues") {
			arrived <- true
			<-release
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "[]")
	}))
	defer backend.Close()
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()

	c := exec.Command(os.Args[0], "serve", "github", "--http", "127.0.0.1:0", "--api-url", backend.URL, "--drain-delay", "30s", "--shutdown-timeout", "30s")
	c.Env = append(os.Environ(), as+"=mcpcheck", "GITHUB_TOKEN=ghp_"+strings.Repeat("a", 36))
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	url := ""
	lines := bufio.NewScanner(said)
	for url == "" && lines.Scan() {
		_, url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	go io.Copy(io.Discard, said)
	if url == "" {
		t.Fatal("the server does not say where it listens")
	}

	client := &http.Client{Transport: &http.Transport{}}
	answers := make(chan error, calls)
	for n := range calls {
		go func() { answers <- listIssues(client, url, n) }()
	}
	for range calls {
		<-arrived
	}
	c.Process.Signal(syscall.SIGTERM)
	waitFor(t, "the end of readiness", func() bool {
		r, err := client.Get(strings.TrimSuffix(url, "/mcp") + "/ready")
		if err != nil {
			return true // it listens no more
		}
		r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	})
	letGo()
	for range calls {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	client.CloseIdleConnections() // which it would wait for
	if err := c.Wait(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
}

func listIssues(client *http.Client, url string, id int) error {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"list_issues","arguments":{"owner":"octocat","repo":"hello-world"},`+
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, id)
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "list_issues",
	} {
		r.Header.Set(name, value)
	}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("call %d is lost: %w", id, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("call %d is cut off: %w", id, err)
	}
	_, event, stream := bytes.Cut(data, []byte("data: "))
	if !stream {
		event = data
	}
	var m struct {
		ID     int
		Result *struct{ IsError bool }
	}
	if json.Unmarshal(bytes.TrimSpace(event), &m) != nil || m.ID != id || m.Result == nil || m.Result.IsError {
		return fmt.Errorf("call %d is answered with status %d: %s", id, answer.StatusCode, data)
	}
	return nil
}
