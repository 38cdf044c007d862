package steps_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// beacons are the addresses that servers were given, by URL: an endpoint of the
// test names its own as its environment.
var beacons sync.Map

// backends say whether the backends of servers are down, by the same URL.
var backends sync.Map

// serve starts the everything server within the test, broken as fault says.
func serve(tb testing.TB, transport spec.Transport, fault string) wire.Endpoint {
	tb.Helper()
	return serveWith(tb, transport, everything.Options{Fault: fault})
}

// serveWith starts it with options, and with a twist if there is one.
func serveWith(tb testing.TB, transport spec.Transport, o everything.Options, twists ...twist) wire.Endpoint {
	tb.Helper()
	stderr := &wire.Tail{}
	o.Stderr = stderr
	beacon, err := steps.NewBeacon()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(beacon.Close)
	beacons.Store(beacon.URL, beacon)
	o.RefURL = beacon.URL
	down := &atomic.Bool{}
	backends.Store(beacon.URL, down)
	o.Backend = func() bool { return !down.Load() }
	server, err := everything.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	e := wire.Endpoint{Transport: transport, Timeout: slack * 2 * time.Second, Env: []string{beacon.URL}}
	switch transport {
	case spec.Stdio:
		e.Launch = func() (*wire.Child, error) {
			c := launch(server, stderr)
			for _, t := range twists {
				c = t.between(c)
			}
			return c, nil
		}
	case spec.StreamableHTTP:
		h := httptest.NewUnstartedServer(twisted(server.Handler(), twists))
		h.Listener = server.Listener(h.Listener)
		h.Start()
		tb.Cleanup(h.Close)
		e.URL = h.URL + "/mcp"
	case spec.SSE:
		h := httptest.NewServer(twisted(server.SSEHandler(), twists))
		tb.Cleanup(h.Close)
		e.URL = h.URL + "/sse"
	}
	return e
}

func twisted(h http.Handler, twists []twist) http.Handler {
	for _, t := range twists {
		h = t.over(h)
	}
	return h
}

// launch runs the server over pipes, as if it were a process.
func launch(server *everything.Server, stderr *wire.Tail) *wire.Child {
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	exited := make(chan struct{})
	exit := sync.OnceFunc(func() {
		stop()
		in.Close()
		out.Close()
		close(exited)
	})
	go func() {
		defer exit()
		server.ServeStdio(ctx, in, out) //nolint:errcheck // the end of the input
	}()
	return &wire.Child{
		Stdin: stdin, Stdout: stdout, Stderr: stderr, Exited: exited,
		Signal: func(sig os.Signal) error {
			stop()
			if sig == syscall.SIGKILL {
				exit()
			}
			return nil
		},
		Status: func() string { return "exit status 0" },
	}
}

func catalogue(tb testing.TB) spec.Catalogue {
	tb.Helper()
	files, err := fs.Sub(features.Requirements, "requirements")
	if err != nil {
		tb.Fatal(err)
	}
	c, err := spec.LoadCatalogue(files)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// judge runs the built-in checks. The times to wait are short: the server is in
// the same process.
func judge(tb testing.TB, e wire.Endpoint, r spec.Revision, only ...string) *reports.Run {
	tb.Helper()
	return judgeAtOnce(tb, 0, e, r, only...)
}

// judgeAtOnce does so with a number of scenarios at once.
func judgeAtOnce(tb testing.TB, parallel int, e wire.Endpoint, r spec.Revision, only ...string) *reports.Run {
	tb.Helper()
	return judgeAs(tb, steps.Config{Parallel: parallel, Only: only}, e, r)
}

// judgeInProduction adds what is asked of a server in production.
func judgeInProduction(tb testing.TB, e wire.Endpoint, r spec.Revision, only ...string) *reports.Run {
	tb.Helper()
	backend, _ := backends.Load(e.Env[0])
	down := backend.(*atomic.Bool)
	turn := func(off bool) func(context.Context) error {
		return func(context.Context) error { down.Store(off); return nil }
	}
	return judgeAs(tb, steps.Config{Only: only, Operations: &steps.Operations{Denied: []string{"test://denied/resource"}, Down: turn(true), Up: turn(false), Recovery: slack * time.Second}}, e, r)
}

func judgeAs(tb testing.TB, c steps.Config, e wire.Endpoint, r spec.Revision) *reports.Run {
	tb.Helper()
	var beacon *steps.Beacon
	if len(e.Env) > 0 {
		found, _ := beacons.Load(e.Env[0])
		beacon, _ = found.(*steps.Beacon)
	}
	c.Target, c.Endpoint, c.Beacon, c.Revision, c.Features, c.Catalogue = "everything", e, beacon, r, features.Scenarios, catalogue(tb)
	c.AllowTools, c.Silence, c.Patience, c.Deadline = everything.ToolNames(), slack*150*time.Millisecond, slack*time.Second, slack*time.Minute
	if c.Operations != nil {
		c.AllowTools = append(c.AllowTools, "test_report", "test_read_file")
	}
	run, err := steps.Run(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

// served lists the combinations that the everything server speaks.
func served() (list []struct {
	spec.Transport
	spec.Revision
}) {
	for _, t := range spec.Transports {
		for _, r := range spec.Revisions {
			if t == spec.SSE && r.Modern() {
				continue // the older transport does not carry the stateless revisions
			}
			list = append(list, struct {
				spec.Transport
				spec.Revision
			}{t, r})
		}
	}
	return list
}
