package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
)

// TestServeGithub judges the server as its user would, over stdio and HTTP, in a
// revision of each era; the other revisions are judged with make test-containers.
func TestServeGithub(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "")
	t.Setenv("GITHUB_TOKEN_FILE", "")
	ctx, stop := context.WithCancel(context.Background())
	said, stderr := io.Pipe()
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, []string{"serve", "github", "--http", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, stderr)
		stderr.Close()
	}()
	t.Cleanup(func() { // not deferred, for what runs in parallel comes later
		stop()
		if status := <-served; status != 0 {
			t.Errorf("serve github ends with status %d", status)
		}
	})
	url, standin := "", false
	lines := bufio.NewScanner(said)
	for url == "" && lines.Scan() {
		standin = standin || strings.HasPrefix(lines.Text(), "no GITHUB_TOKEN is set: this is a stand-in")
		_, url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	go io.Copy(io.Discard, said)
	if url == "" || !standin {
		t.Fatalf("serve github says that it listens at %q, and that it is a stand-in: %v", url, standin)
	}
	for name, target := range map[string][]string{
		"stdio": {"--target", self() + " serve github", "--env", as + "=mcpcheck"},
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

// TestServeGithubUsage: what is given wrongly is said in a line, without secrets.
func TestServeGithubUsage(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "ghp_S3cret")
	for _, tt := range []struct {
		reason string
		args   []string
		status int
		says   string
	}{
		{"no URL", []string{"--api-url", "github.example.com"}, misused, "mcpcheck: serve github: api-url is \"github.example.com\", want one such as https://"},
		{"a password within the URL", []string{"--api-url", "https://me:hunter2@github.example.com"}, misused, "must hold no credentials"},
		{"no repository", []string{"--repository", "hello-world"}, misused, "want OWNER/NAME"},
		{"no such file", []string{"--token-file", "/no/such/file"}, unfinished, "mcpcheck: serve github: token-file: "},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, append([]string{"serve", "github"}, tt.args...)...)
			if o.status != tt.status || !strings.Contains(o.stderr, tt.says) || strings.Count(o.stderr, "\n") != 1 {
				t.Errorf("exit %d, %s; want %d, one line with %q", o.status, o.stderr, tt.status, tt.says)
			}
			if strings.Contains(o.stderr, "ghp_S3cret") || strings.Contains(o.stderr, "hunter2") {
				t.Errorf("a secret is told: %s", o.stderr)
			}
		})
	}
	if o := call(t, "serve", "github", "--help"); strings.Contains(o.stdout, "ghp_S3cret") || !strings.Contains(o.stdout, "GITHUB_API_URL") {
		t.Errorf("help says %s", o.stdout)
	}
}
