package main

import (
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/refserver"
)

// TestNoEngine demands one clear line where there is no engine.
func TestNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	for _, name := range refserver.Names() {
		for _, args := range [][]string{{}, {"load", "--rate", "1/s"}, {"capacity", "--slo", "p99<1s"}} {
			o := call(t, append(args, "--reference", name)...)
			want := "mcpcheck: --reference " + name + `: no Docker engine answers at DOCKER_HOST "tcp://127.0.0.1:1": `
			if o.status != unfinished || !strings.HasPrefix(o.stderr, want) || strings.Count(o.stderr, "\n") != 1 || o.stdout != "" {
				t.Errorf("%s %v: exit %d, %s%s\twant one line that begins %q", name, args, o.status, o.stdout, o.stderr, want)
			}
		}
	}
}
