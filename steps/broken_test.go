package steps_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A brokenServer breaks half way.
type brokenServer struct {
	name    string
	on      []string // transport/revision
	twist   func() twist
	timeout time.Duration // of a request; 0 stands for the usual
	fails   []string      // each where it holds, and nothing else
	advised []string      // may fail as advisories
	atOnce  int           // scenarios; 0 for as many as usual
	alone   bool          // nothing is inconclusive but for a root cause
}

var brokenServers = []brokenServer{
	{
		name:  "lists no resources",
		on:    []string{"streamable-http/2025-11-25", "stdio/2026-07-28"},
		fails: []string{"resources.list.answered"},
		alone: true,
		twist: refusing(-32603, "resources/list"),
	},
	{
		name:    "lists no prompts in time",
		on:      []string{"stdio/2025-11-25", "streamable-http/2026-07-28"},
		fails:   []string{"prompts.list.answered"},
		alone:   true,
		timeout: time.Second,
		twist:   ignoring("prompts/list"),
	},
	{
		name:  "lists no tools",
		on:    []string{"streamable-http/2026-07-28", "stdio/2025-11-25"},
		fails: []string{"tools.list.answered"},
		alone: true,
		twist: refusing(-32603, "tools/list"),
	},
	{
		name:    "fails in all tools",
		on:      []string{"streamable-http/2025-11-25", "stdio/2026-07-28"},
		fails:   []string{"tools.call.execution-error-in-result", "stateless.capability.missing-error"},
		advised: []string{"tools.call.input-validation-error", "tools.call.malformed-request", "tools.call.unknown-tool-code"},
		twist:   refusing(-32603, "tools/call"),
	},
	{
		name:  "gives no prompts",
		on:    []string{"stdio/2025-11-25"},
		fails: []string{"prompts.get.missing-required-argument", "prompts.get.substitution", "prompts.get.unknown-name"},
		alone: true,
		twist: refusing(-32603, "prompts/get"),
	},
	{
		name:    "reads no resources",
		on:      []string{"stdio/2026-07-28"},
		fails:   []string{"resources.item.readable", "resources.read.missing-uri", "resources.read.not-found-code", "resources.template.expansion-readable"},
		advised: []string{"resources.read.not-found-data-uri"},
		twist:   refusing(-32603, "resources/read"),
	},
	{
		name:    "refuses initialize",
		on:      []string{"stdio/2025-11-25", "streamable-http/2025-11-25"},
		fails:   []string{"lifecycle.initialize.responds"},
		advised: []string{"errors.invalid-params.code"},
		alone:   true,
		twist:   refusing(-32603, "initialize"),
	},
	{
		name:    "does not answer initialize",
		on:      []string{"stdio/2025-11-25", "streamable-http/2025-11-25"},
		alone:   true,
		timeout: 300 * time.Millisecond,
		twist:   ignoring("initialize"),
	},
	{
		name:  "refuses server/discover",
		on:    []string{"stdio/2026-07-28", "streamable-http/2026-07-28"},
		fails: []string{"discover.method.implemented"},
		alone: true,
		twist: refusing(-32603, "server/discover"),
	},
	{
		name:   "forgets its sessions",
		on:     []string{"streamable-http/2025-11-25"},
		alone:  true,
		atOnce: 1, // so that the same requests come too late in each run
		twist: func() twist {
			var asked atomic.Int32
			return twist{web: func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if asked.Add(1) > 40 && r.Header.Get("Mcp-Session-Id") != "" {
						http.Error(w, "no such session", http.StatusNotFound)
						return
					}
					h.ServeHTTP(w, r)
				})
			}}
		},
	},
	{
		name:   "is out of order after a while",
		on:     []string{"streamable-http/2025-11-25", "streamable-http/2026-07-28"},
		alone:  true,
		atOnce: 1, // so that the same requests come too late in each run
		twist: func() twist {
			var asked atomic.Int32
			return twist{web: func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if asked.Add(1) > 40 {
						http.Error(w, "out of order", http.StatusServiceUnavailable)
						return
					}
					h.ServeHTTP(w, r)
				})
			}}
		},
	},
}

func refusing(code int, method string) func() twist {
	return func() twist {
		return twist{ask: func(m note) (note, bool) {
			if m["method"] == method {
				return refusal(m, code, "out of order"), true
			}
			return nil, false
		}}
	}
}

func ignoring(method string) func() twist {
	return func() twist {
		return twist{ask: func(m note) (note, bool) { return nil, m["method"] == method }}
	}
}

// TestBrokenServers demands that one cause is one failure, that what it hides is
// inconclusive for that reason, and that nothing is our own error.
func TestBrokenServers(t *testing.T) {
	for _, b := range brokenServers {
		for _, on := range b.on {
			t.Run(b.name+"/"+on, func(t *testing.T) {
				t.Parallel()
				transport, revision, _ := strings.Cut(on, "/")
				e := serveWith(t, spec.Transport(transport), everything.Options{}, b.twist())
				e.Timeout = cmp.Or(b.timeout, e.Timeout)
				b.judge(t, judgeAtOnce(t, b.atOnce, e, spec.Revision(revision)))
			})
		}
	}
}

func (b brokenServer) judge(t *testing.T, run *reports.Run) {
	t.Helper()
	all, failed := catalogue(t), map[string]bool{}
	for _, r := range run.Results {
		switch {
		case r.Verdict == reports.Error:
			t.Errorf("%s: our own error: %s", r.ID, r.Reason)
		case r.Verdict == reports.Fail && r.Advisory && slices.Contains(b.advised, r.ID):
		case r.Verdict == reports.Fail && !slices.Contains(b.fails, r.ID):
			t.Errorf("%s fails as well: %s", r.ID, r.Reason)
		case r.Verdict == reports.Fail:
			failed[r.ID] = true
		case r.Verdict == reports.Pass && slices.Contains(b.fails, r.ID):
			t.Errorf("%s passes", r.ID)
		case r.Verdict == reports.Inconclusive && (r.Reason == "" || b.alone && r.Cause == ""):
			t.Errorf("%s: inconclusive without a root cause: %s", r.ID, r.Reason)
		}
	}
	for _, id := range b.fails {
		if !failed[id] && all[id].In(run.Revision) {
			t.Errorf("%s does not fail: %s", id, verdictOf(run, id))
		}
	}
}
