//go:build field

package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
)

// officialPackage is the suite of the protocol's own project.
const officialPackage = "@modelcontextprotocol/conformance@0.2.0-alpha.12"

// TestOfficial demands that the official suite passes all scenarios that it
// scores on the everything server. It needs npm and its registry.
func TestOfficial(t *testing.T) {
	suite := officialSuite(t)
	for _, tt := range []struct {
		revision spec.Revision
		least    int // scenarios scored, so that an empty run does not pass
	}{
		{spec.R20251125, 30},
		{spec.R20260728, 37},
	} {
		t.Run(string(tt.revision), func(t *testing.T) {
			url := everythingURL(t)
			out, _ := suite(url, tt.revision) // its status also counts what it does not score
			scored, failed := tally(t, out)
			if scored < tt.least || len(failed) > 0 {
				t.Errorf("%d scenarios scored, want at least %d; failed: %s\n%s", scored, tt.least, strings.Join(failed, ", "), out)
			}
			t.Logf("%d scored scenarios pass", scored)
		})
	}
}

// officialSuite installs the suite and returns what runs it.
func officialSuite(tb testing.TB) func(url string, r spec.Revision) (string, time.Duration) {
	tb.Helper()
	dir := workshop(tb)
	installed := npmInstall(tb, dir, officialPackage)
	runtime, script := node(tb, dir), filepath.Join(installed, binOf(tb, installed))
	return func(url string, r spec.Revision) (string, time.Duration) {
		c := exec.CommandContext(tb.Context(), runtime, script,
			"server", "--url", url, "--requirements", string(r))
		started := time.Now()
		out, _ := c.CombinedOutput()
		return string(out), time.Since(started)
	}
}

func everythingURL(tb testing.TB) string {
	tb.Helper()
	server, err := everything.New(everything.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	h := httptest.NewServer(server.Handler())
	tb.Cleanup(h.Close)
	return h.URL + "/mcp"
}

// BenchmarkOfficial times a full run beside one of the official suite, on the
// same server in the same minute: on loopback, and through a proxy that holds
// each request back for 300 ms. The ratio is our time to theirs.
func BenchmarkOfficial(b *testing.B) {
	suite := officialSuite(b)
	for _, bb := range []struct {
		name  string
		delay time.Duration
	}{
		{"loopback", 0},
		{"300ms", 300 * time.Millisecond},
	} {
		for _, r := range []spec.Revision{spec.R20251125, spec.R20260728} {
			b.Run(bb.name+"/"+string(r), func(b *testing.B) {
				var ours, theirs time.Duration
				target := delayed(b, everythingURL(b), bb.delay)
				for b.Loop() {
					var stdout, stderr bytes.Buffer
					started := time.Now()
					status := run(b.Context(), []string{"--target", target, "--revision", string(r)}, strings.NewReader(""), &stdout, &stderr)
					ours += time.Since(started)
					if status != conforms {
						b.Fatalf("exit %d\n%s%s", status, stdout.String(), stderr.String())
					}
					_, took := suite(target, r)
					theirs += took
				}
				b.ReportMetric(ours.Seconds()/float64(b.N), "ours-s/op")
				b.ReportMetric(theirs.Seconds()/float64(b.N), "theirs-s/op")
				b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
			})
		}
	}
}

// delayed puts a proxy before a server, which holds each request back.
func delayed(tb testing.TB, target string, delay time.Duration) string {
	tb.Helper()
	if delay == 0 {
		return target
	}
	u, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	path := u.Path
	u.Path = ""
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.FlushInterval = -1
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // net/http hears of a client that leaves only after that
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-time.After(delay):
			proxy.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	tb.Cleanup(h.Close)
	return h.URL + path
}

var (
	summaryLine = regexp.MustCompile(`(?m)^([✓✗]) ([\w-]+): (\d+) passed, (\d+) failed`)
	notScored   = regexp.MustCompile(`(?m)^  [✓✗] ([\w-]+) \(`)
)

// tally reads the suite's summary: how many scenarios it scored, and which of
// them failed.
func tally(tb testing.TB, out string) (scored int, failed []string) {
	tb.Helper()
	free := map[string]bool{}
	for _, m := range notScored.FindAllStringSubmatch(out, -1) {
		free[m[1]] = true
	}
	for _, m := range summaryLine.FindAllStringSubmatch(out, -1) {
		if free[m[2]] {
			continue
		}
		scored++
		if n, err := strconv.Atoi(m[4]); err != nil || n > 0 || m[1] == "✗" {
			failed = append(failed, m[2])
		}
	}
	return scored, failed
}
