package wire

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Obligations that show in HTTP requests.
var httpObligations = map[string]obligation{
	"client.sse.post-to-endpoint": everyVerb(http.MethodPost, func(_ *hearing, s said) error {
		return demand(s.path == "/post?for="+recordedSession, "it posts to %s", s.path)
	}),
	"client.http.post-per-message": everyVerb(http.MethodPost, func(_ *hearing, s said) error {
		return demand(s.path == "/mcp" && s.Message != nil && s.Err == nil && s.header.Get("Content-Type") == "application/json",
			"not one message of type application/json")
	}),
	"client.http.accept-both": everyVerb(http.MethodPost, func(_ *hearing, s said) error {
		a := s.header.Get("Accept")
		return demand(strings.Contains(a, "application/json") && strings.Contains(a, "text/event-stream"), "Accept is %q", a)
	}),
	"client.http.accept-both-supported": func(h *hearing) (int, error) {
		list, call := h.got["tools/list"], h.got["asks"]
		return 1, demand(list.Response() != nil && !list.Streams() && call.Response() != nil && call.Streams(), "an answer as JSON or as a stream is not understood")
	},
	"client.http.ignore-sse-comments": func(h *hearing) (int, error) {
		return 1, demand(h.got["asks"].Response() != nil, "an answer between comments is not understood")
	},
	"client.headers.case-insensitive": func(h *hearing) (int, error) {
		return 1, demand(h.got["asks"].Streams() && h.got["tools/list"].Response() != nil, "a header field in odd case is not understood")
	},
	"client.http.get-accept": everyVerb(http.MethodGet, func(_ *hearing, s said) error {
		return demand(strings.Contains(s.header.Get("Accept"), "text/event-stream"), "Accept is %q", s.header.Get("Accept"))
	}),
	"client.http.retry-respected":    polled,
	"client.http.poll-after-close":   polled,
	"client.http.resume-by-get":      resumed,
	"client.http.new-id-after-break": func(h *hearing) (int, error) { return uniqueIDs(h) },

	"client.session.send-id": func(h *hearing) (seen int, err error) {
		for i, s := range h.list {
			if i == 0 || s.header == nil {
				continue
			}
			seen++
			if got := s.header.Get("Mcp-Session-Id"); got != recordedSession {
				return 0, fmt.Errorf("Mcp-Session-Id is %q with %s %s", got, s.verb, s.body)
			}
		}
		return seen, nil
	},
	"client.session.delete": everyVerb(http.MethodDelete, func(_ *hearing, s said) error {
		return demand(s.header.Get("Mcp-Session-Id") == recordedSession, "DELETE names no session")
	}),
	"client.session.secure-handling": func(h *hearing) (int, error) {
		return len(h.log), demand(!strings.Contains(h.log, recordedSession), "the transcript shows the session id")
	},
	"client.http.version-header-legacy": everyAfterInitialize(func(h *hearing, s said) error {
		return demand(s.header.Get("Mcp-Protocol-Version") != "", "no MCP-Protocol-Version")
	}),
	"client.http.version-header-negotiated": everyAfterInitialize(func(h *hearing, s said) error {
		got := s.header.Get("Mcp-Protocol-Version")
		return demand(got == string(h.revision), "MCP-Protocol-Version is %q", got)
	}),

	"client.headers.required": everyVerb(http.MethodPost, func(_ *hearing, s said) error {
		named := s.Method != "tools/call" && s.Method != "resources/read" || s.header.Get("Mcp-Name") != ""
		return demand(s.header.Get("Mcp-Protocol-Version") != "" && s.header.Get("Mcp-Method") == s.Method && named, "a required header field is missing or wrong")
	}),
	"client.headers.version-match": everyVerb(http.MethodPost, func(_ *hearing, s said) error {
		v, _ := text(metaOf(s)[metaPrefix+"protocolVersion"])
		return demand(v == s.header.Get("Mcp-Protocol-Version"), "_meta says %q", v)
	}),
	"client.headers.name-encoding": every(called("resources/read"), func(_ *hearing, s said) error {
		got := s.header.Get("Mcp-Name")
		return demand(got == "=?base64?ZmlsZTovLy9uYcOvdmU=?=", "Mcp-Name is %q", got)
	}),
	"client.headers.sentinel-collision": mirrored("Deep", "=?base64?PT9iYXNlNjQ/eD89?="),
	"client.xmcp.support":               mirrored("Region", "us-west"),
	"client.xmcp.client-steps":          mirrored("Deep", "=?base64?PT9iYXNlNjQ/eD89?="),
	"client.xmcp.omit-null":             mirrored("Null", ""),
	"client.xmcp.encode": func(h *hearing) (int, error) {
		for field, want := range map[string]string{"Limit": "42", "Dry": "false", "Note": "=?base64?R3LDvMOfZQ==?=", "Unset": "", "Big": ""} {
			if _, err := mirrored(field, want)(h); err != nil {
				return 0, err
			}
		}
		return 1, nil
	},
}

// Obligations that do not show here, and where they are kept.
var keptElsewhere = map[string]string{
	"client.base.support":                  "each revision and transport has a hearing of its own here",
	"client.init.latest-version":           "deviates on purpose: the revision under test is asked for",
	"client.init.disconnect-on-mismatch":   "steps: Subject.offer closes the connection after a version probe",
	"client.cancel.not-initialize":         "TestInitializeIsNotCancelled",
	"client.cancel.tasks":                  "no task-augmented request is sent",
	"client.cancel.tasks-no-notification":  "no task-augmented request is sent",
	"client.progress.token-type":           "steps: the scenarios of progress choose the tokens",
	"client.progress.token-unique":         "steps: the scenarios of progress choose the tokens",
	"client.progress.sender-rules":         "no progress is sent",
	"client.progress.rate-limit":           "no progress is sent",
	"client.meta.no-assumptions":           "values at reserved keys are not read, but by the checks about them",
	"client.meta.trace-format":             "no trace context is sent",
	"client.server-info.no-behaviour":      "serverInfo is read for the report only",
	"client.result-type.unknown-invalid":   "steps: result.result-type",
	"client.result-type.absent-complete":   "steps: resultType is asked of modern results only",
	"client.errors.no-legacy-meaning":      "steps: codes are compared with those of the revision",
	"client.errors.accept-32002":           "steps: resources.read.not-found by revision",
	"client.version.retry":                 "target: Probe reads data.supported",
	"client.version.era-cache":             "target: Probe runs once for a server",
	"client.version.probe-stdio":           "target: Probe",
	"client.version.fallback-any-error":    "target: Probe",
	"client.version.inspect-400":           "target: Probe",
	"client.extension.id-format":           "no extension is declared",
	"client.extension.fallback":            "no extension is declared",
	"client.session.restart-on-404":        "steps: a session that is lost leaves its scenario inconclusive, others get a new one",
	"client.stdio.correlate-subscriptions": "steps: the scenarios of subscriptions",
	"client.stdio.restart":                 "steps: Subject.exclusive opens a new process for the one that is gone",
	"client.xmcp.reject-invalid-tools":     "steps: a tool with an invalid annotation is not called",
	"client.xmcp.log-rejection":            "steps: the checks of xmcp name the tool",
	"client.xmcp.refresh-on-mismatch":      "steps: a HeaderMismatch is a finding, not a reason to try again",
	"client.subs.check-ack":                "steps: the scenarios of subscriptions",
	"client.subs.relisten":                 "no subscription outlives its scenario",
	"client.subs.relisten-after-restart":   "no subscription outlives its scenario",
	"client.mrtr.fulfil-inputs":            "steps: the scenarios of multi-round-trip requests",
	"client.mrtr.echo-state":               "steps: the scenarios of multi-round-trip requests",
	"client.mrtr.no-invented-state":        "steps: the scenarios of multi-round-trip requests",
	"client.mrtr.opaque-state":             "steps: the scenarios of multi-round-trip requests",
	"client.mrtr.new-id":                   "steps: the scenarios of multi-round-trip requests",
	"client.mrtr.no-cross-use":             "steps: the scenarios of multi-round-trip requests",
	"client.schema.support-2020-12":        "spec: CompileForeign",
	"client.schema.unsupported-dialect":    "spec: ErrDialect",
	"client.schema.no-ref-fetch":           "spec: the loader refuses everything",
	"client.schema.bounds":                 "spec: the bounds of CompileForeign",
	"client.schema.unresolved-rejected":    "spec: ErrReference",
	"client.schema.document":               "README",
	"client.icons.safety":                  "icons are never fetched",
	"client.icons.mime":                    "nothing is rendered",
	"client.icons.mime-extra":              "nothing is rendered",
	"client.annotations.untrusted":         "steps: only tools that the user allows, or that say they only read, are called",
	"client.oauth.iss-changelog":           "no token is asked for: the user gives it",
	"client.deprecated.not-adopted":        "deprecated features are used to test servers that offer them",
	"client.compat.sse-fallback":           "target: Probe",
	"client.compat.sse-fallback-modern":    "target: Probe",
}

func everyAfterInitialize(judge func(*hearing, said) error) obligation {
	return func(h *hearing) (seen int, err error) {
		for _, s := range h.list {
			if s.header == nil || s.Message != nil && s.Method == "initialize" {
				continue
			}
			seen++
			if err := judge(h, s); err != nil {
				return 0, fmt.Errorf("%w: %s %s", err, s.verb, s.body)
			}
		}
		return seen, nil
	}
}

// polled sees that a stream that the server ended early is asked for again, and
// not before the time that the server named.
func polled(h *hearing) (int, error) {
	x := h.got["polls"]
	if x.Response() == nil {
		return 0, fmt.Errorf("the request is not answered: %w", x.Err())
	}
	var asked time.Time
	for _, s := range h.list {
		if s.verb == http.MethodGet && s.header.Get("Last-Event-Id") == "e-1" {
			asked = s.at
		}
	}
	return 1, demand(asked.Sub(x.Sent) >= 60*time.Millisecond, "it asks again after %s, want 60 ms", asked.Sub(x.Sent))
}

func resumed(h *hearing) (int, error) {
	if h.got["polls"] == nil {
		return 1, nil // the recorder ends streams early in one revision only
	}
	var ids []string
	for _, s := range h.list {
		if id := s.header.Get("Last-Event-Id"); id != "" {
			ids = append(ids, s.verb+" "+id)
		}
	}
	want := []string{"GET e-1", "GET e-2"}
	return 1, demand(slices.Equal(ids, want), "it resumes with %q, want %q", ids, want)
}

// mirrored sees that an argument of the tool is repeated in a header field, or
// with "" that it is not.
func mirrored(field, want string) obligation {
	return func(h *hearing) (int, error) {
		for _, s := range h.messages(called("tools/call")) {
			if toolOf(s.Message) != "mirrored" {
				continue
			}
			_, sent := s.header["Mcp-Param-"+field]
			got := s.header.Get("Mcp-Param-" + field)
			return 1, demand(got == want && sent == (want != ""), "Mcp-Param-%s is %q, want %q", field, got, want)
		}
		return 0, nil
	}
}
