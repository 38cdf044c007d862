package service

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func flagsOf(t *testing.T, args ...string) (c Config, usage string) {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, fs.FlagUsages()
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"MCP_TRANSPORT": "http", "MCP_ADDRESS": "0.0.0.0:9", "AUTH_ENABLED": "true", "AUTH_TOKEN": "hunter2", "RATE_LIMIT": "5/m",
		"MCP_REQUEST_TIMEOUT": "3s", "MCP_ALLOWED_TOOLS": "a, b*", "MCP_MAX_BODY": "77",
	} {
		t.Setenv(name, value)
	}
	c, usage := flagsOf(t, "--max-body", "78")
	if c.Transport != "http" || c.Address != "0.0.0.0:9" || !c.Auth || c.AuthToken != "hunter2" || c.RateLimit != "5/m" || c.Timeout != 3*time.Second || !slices.Equal(c.AllowedTools, []string{"a", "b*"}) {
		t.Errorf("the environment makes %+v", c)
	}
	if c.MaxBody != 78 {
		t.Errorf("a flag counts less than the environment: %d", c.MaxBody)
	}
	if strings.Contains(usage, "hunter2") {
		t.Errorf("the help shows the token: %s", usage)
	}
	for line := range strings.Lines(usage) {
		if !strings.Contains(line, "_") && !strings.Contains(line, "--stdio") && !strings.Contains(line, "--http") && !strings.Contains(line, "--sse") {
			t.Errorf("the help names no variable: %s", line)
		}
	}
}

func TestBadEnvironment(t *testing.T) {
	t.Setenv("MCP_REQUEST_TIMEOUT", "soon")
	c, _ := flagsOf(t)
	if _, err := New("echo", "1", c); err == nil || !strings.Contains(err.Error(), "MCP_REQUEST_TIMEOUT") {
		t.Errorf("got %v, want the name of the variable", err)
	}
}

func TestShortFlags(t *testing.T) {
	if c, _ := flagsOf(t, "--sse", "127.0.0.1:1"); c.Transport != "sse" || c.Address != "127.0.0.1:1" {
		t.Errorf("--sse makes %+v", c)
	}
	if c, _ := flagsOf(t); c.Transport != "stdio" || !c.Audit {
		t.Errorf("the defaults are %+v", c)
	}
}
