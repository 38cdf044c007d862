package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// serving runs mcpcheck serve, and returns the URL that it listens at.
func serving(t *testing.T, args ...string) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	said, stderr := io.Pipe()
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, append([]string{"serve"}, args...), strings.NewReader(""), io.Discard, stderr)
		stderr.Close()
	}()
	t.Cleanup(func() {
		stop()
		if status := <-served; status != 0 {
			t.Errorf("serve %s ends with status %d", args[0], status)
		}
	})
	lines := bufio.NewScanner(said)
	for url == "" && lines.Scan() {
		_, url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	go io.Copy(io.Discard, said)
	if url == "" {
		t.Fatalf("serve %s does not listen", args[0])
	}
	return url
}

func registryFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "servers.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServeGateway judges the gateway before a server of ours and one that is built
// on mcp-go, in a revision of each era.
func TestServeGateway(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "")
	t.Setenv("GITHUB_TOKEN_FILE", "")
	servers, _ := json.Marshal(map[string]any{"servers": []map[string]any{
		{"name": "github", "endpoint": serving(t, "github", "--http", "127.0.0.1:0"), "health_check": "/ready"},
		{"name": "everything", "endpoint": serving(t, "everything", "--http", "127.0.0.1:0")},
	}})
	registry := registryFile(t, string(servers))
	url := serving(t, "gateway", "--registry", registry, "--http", "127.0.0.1:0")
	for name, target := range map[string][]string{
		"stdio": {"--target", self() + " serve gateway --registry " + registry, "--env", as + "=mcpcheck"},
		"http":  {"--target", url},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := call(t, append(target, "--revision", "2025-11-25,2026-07-28", "--strict", "--deadline", "5m", "--report", "text=-")...)
			if o.status != conforms || !strings.Contains(o.stdout, "Verdict: 2 of 2 runs conform") {
				t.Errorf("exit %d\n%s%s", o.status, o.stdout, o.stderr)
			}
		})
	}
}

// TestServeGatewayUsage: what is given wrongly is said in a line, without secrets.
func TestServeGatewayUsage(t *testing.T) {
	t.Setenv("MCP_REGISTRY", "")
	for _, tt := range []struct {
		reason string
		args   []string
		says   string
	}{
		{"no registry", nil, "serve gateway: no --registry is named"},
		{"no such file", []string{"--registry", "/no/such/file"}, "/no/such/file: no such file"},
		{"no servers", []string{"--registry", registryFile(t, `{}`)}, `"servers" is missing or empty`},
		{"no time", []string{"--registry", registryFile(t, `{}`), "--health-interval", "0s"}, "want a time longer than 0"},
		{"a password within the URL", []string{"--registry", registryFile(t, `{"servers": [{"name": "a", "endpoint": "http://me:hunter2@a/"}]}`)}, "belongs in headers"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, append([]string{"serve", "gateway"}, tt.args...)...)
			if o.status != misused || !strings.Contains(o.stderr, tt.says) || strings.Count(o.stderr, "\n") != 1 || strings.Contains(o.stderr, "hunter2") {
				t.Errorf("exit %d, %s; want %d, one line with %q", o.status, o.stderr, misused, tt.says)
			}
		})
	}
}
