package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const patienceWithTool = 200 * time.Millisecond

// A hearing is a conversation with the recording server: what the client said,
// and what it made of the answers.
type hearing struct {
	transport spec.Transport
	revision  spec.Revision
	list      []said
	got       map[string]*Exchange // by the tool called, or the method
	session   *Session
	down      error // of the session, before it was closed
	log       string
}

func (h *hearing) http() bool { return h.transport == spec.StreamableHTTP }

// hold lets a client that is left alone say all that it has to say.
func hold(t *testing.T, transport spec.Transport, r spec.Revision) *hearing {
	t.Helper()
	rec := newRecorder(t, r)
	e := map[spec.Transport]func() Endpoint{spec.Stdio: rec.stdio, spec.StreamableHTTP: rec.http, spec.SSE: rec.sse}[transport]()
	e.Timeout = patience
	s, err := Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	h := &hearing{transport: transport, revision: r, got: map[string]*Exchange{}, session: s}
	ctx := t.Context()
	call := func(tool string, arguments any, timeout time.Duration) {
		h.got[tool] = s.Do(ctx, Call{Method: "tools/call", Timeout: timeout, Params: map[string]any{"name": tool, "arguments": arguments}})
	}
	if r.Modern() {
		s.SetRevision(r)
		h.got["server/discover"] = s.Request(ctx, "server/discover", nil)
	} else {
		h.got["initialize"] = s.Initialize(ctx, r, nil)
		s.Initialized(ctx)
	}
	if h.http() && !r.Modern() {
		s.Do(ctx, Call{Verb: "GET"})
	}
	h.got["tools/list"] = s.Request(ctx, "tools/list", nil)
	call("mirrored", map[string]any{
		"region": "us-west", "limit": json.Number("42.0"), "dry": false, "note": "Grüße", "null": nil,
		"inner": map[string]any{"deep": "=?base64?x?="},
	}, 0)
	call("asks", struct{}{}, 0)
	if !r.Modern() {
		rec.await("its answers to the server's requests", func(s said) bool {
			return s.Message != nil && s.IsResponse() && string(s.ID) == "9007199254740993"
		})
	}
	if r == spec.R20250326 {
		call("in a batch", struct{}{}, 0)
	}
	if h.http() && r == spec.R20251125 {
		call("polls", struct{}{}, 0)
	}
	call("never", struct{}{}, patienceWithTool)
	h.awaitCancellation(rec)
	h.got["resources/read"] = s.Request(ctx, "resources/read", map[string]any{"uri": "file:///naïve"})
	h.down = s.Down()
	if transport == spec.Stdio {
		s.Shutdown(ctx, 50*time.Millisecond)
	}
	s.Close()
	for _, x := range s.Exchanges() {
		h.log += fmt.Sprint(x.Transcript())
	}
	h.list = rec.all()
	return h
}

func (h *hearing) awaitCancellation(rec *recorder) {
	if h.http() && h.revision.Modern() {
		rec.await("that it is no longer interested, by closing the stream", func(s said) bool { return s.verb == "stream closed" })
		return
	}
	rec.await("notifications/cancelled", func(s said) bool { return s.Message != nil && s.Method == "notifications/cancelled" })
}

// messages are what the client said in messages.
func (h *hearing) messages(is func(said) bool) []said {
	return slices.DeleteFunc(slices.Clone(h.list), func(s said) bool { return s.Message == nil || !is(s) })
}

func isRequest(s said) bool  { return s.IsRequest() }
func isResponse(s said) bool { return s.IsResponse() }
func called(method string) func(said) bool {
	return func(s said) bool { return s.Method == method }
}

// An obligation is judged on a hearing. The number says how often it was seen
// to be kept: one that never came up was not tested.
type obligation func(h *hearing) (seen int, err error)

// every judges each message of a kind.
func every(is func(said) bool, judge func(*hearing, said) error) obligation {
	return func(h *hearing) (int, error) {
		list := h.messages(is)
		for _, s := range list {
			if err := judge(h, s); err != nil {
				return 0, fmt.Errorf("%w: %s", err, s.body)
			}
		}
		return len(list), nil
	}
}

// everyVerb judges each HTTP request of a method.
func everyVerb(verb string, judge func(*hearing, said) error) obligation {
	return func(h *hearing) (seen int, err error) {
		for _, s := range h.list {
			if s.verb != verb {
				continue
			}
			seen++
			if err := judge(h, s); err != nil {
				return 0, fmt.Errorf("%w: %s %s", err, verb, s.body)
			}
		}
		return seen, nil
	}
}

func anything(said) bool { return true }

func demand(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

var metaKey = regexp.MustCompile(`^([a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?/[a-zA-Z0-9]([\w.-]*[a-zA-Z0-9])?$`)

func metaOf(s said) map[string]json.RawMessage { return members(members(s.Params())["_meta"]) }

// Obligations that show in what a client says.
var obligations = map[string]obligation{
	"client.jsonrpc.valid": every(anything, func(_ *hearing, s said) error {
		return demand(s.Err == nil && string(s.Members["jsonrpc"]) == `"2.0"`, "no message of JSON-RPC 2.0")
	}),
	"client.utf8": every(anything, func(_ *hearing, s said) error {
		return demand(utf8.ValidString(s.body) && !strings.HasPrefix(s.body, "\ufeff"), "not UTF-8, or with a BOM")
	}),
	"client.request.id-type": every(isRequest, func(_ *hearing, s said) error {
		return demand(regexp.MustCompile(`^(-?\d+|".*")$`).Match(s.ID), "id is %s", s.ID)
	}),
	"client.request.id-not-null":     every(isRequest, func(_ *hearing, s said) error { return demand(string(s.ID) != "null", "id is null") }),
	"client.request.id-never-reused": uniqueIDs,
	"client.request.id-not-inflight": uniqueIDs,
	"client.response.id-echo": every(isResponse, func(_ *hearing, s said) error {
		return demand(string(s.ID) == `"s-<1>"` || string(s.ID) == "9007199254740993", "id is %s", s.ID)
	}),
	"client.response.result-xor-error": every(isResponse, func(_ *hearing, s said) error {
		return demand(s.Has("result") != s.Has("error"), "it has both or neither of result and error")
	}),
	"client.response.not-both": every(isResponse, func(_ *hearing, s said) error {
		return demand(!s.Has("result") || !s.Has("error"), "it has both result and error")
	}),
	"client.error.code-integer": every(func(s said) bool { return s.IsResponse() && s.Has("error") }, func(_ *hearing, s said) error {
		_, err := s.Error().Code.Int64()
		return demand(err == nil && s.Error().Message != "", "no integer code with a message")
	}),
	"client.notification.no-id": func(h *hearing) (int, error) {
		for _, s := range h.messages(anything) {
			if strings.HasPrefix(s.Method, "notifications/") && s.Has("id") {
				return 0, fmt.Errorf("it has an id: %s", s.body)
			}
		}
		return 1, nil // over modern HTTP a client has nothing to notify of
	},
	"client.notification.no-response": func(h *hearing) (int, error) {
		return 1, demand(len(h.messages(isResponse)) <= len(serverRequests), "it answers more than the server's requests")
	},
	"client.batch.receive": func(h *hearing) (int, error) {
		return 1, demand(h.got["in a batch"].Response() != nil, "the answer in a batch is not understood")
	},
	"client.batch.not-sent":      every(anything, noArray),
	"client.batch.body-forms":    every(anything, noArray),
	"client.batch.no-initialize": every(called("initialize"), noArray),
	"client.http.body-single":    every(anything, noArray),

	"client.init.first": func(h *hearing) (int, error) {
		return 1, demand(h.messages(anything)[0].Method == "initialize", "it begins with %s", h.messages(anything)[0].Method)
	},
	"client.init.send-initialize": every(called("initialize"), func(_ *hearing, s said) error {
		p := members(s.Params())
		info := members(p["clientInfo"])
		return demand(p["protocolVersion"] != nil && members(p["capabilities"]) != nil && info["name"] != nil && info["version"] != nil, "a member is missing")
	}),
	"client.init.supported-version": every(called("initialize"), func(h *hearing, s said) error {
		v, _ := text(members(s.Params())["protocolVersion"])
		return demand(slices.Contains(spec.Revisions, spec.Revision(v)), "protocolVersion is %q", v)
	}),
	"client.init.send-initialized": func(h *hearing) (int, error) {
		list := h.messages(anything)
		return 1, demand(len(h.messages(called("notifications/initialized"))) == 1 && list[1].Method == "notifications/initialized",
			"notifications/initialized is not its second message")
	},
	"client.init.no-early-requests": func(h *hearing) (int, error) {
		answered := h.got["initialize"].Response().At
		for _, s := range h.messages(isRequest)[1:] {
			if s.at.Before(answered) {
				return 0, fmt.Errorf("%s comes before the answer to initialize", s.Method)
			}
		}
		return 1, nil
	},
	"client.operation.respect-version-should": respectsVersion,
	"client.operation.respect-version-must":   respectsVersion,

	"client.shutdown.stdio-sequence":        shutdownSequence,
	"client.shutdown.stdio-sequence-modern": shutdownSequence,

	"client.timeouts.established":  timedOut,
	"client.timeouts.configurable": timedOut,
	"client.timeouts.maximum":      timedOut, // the server reports progress all the while
	"client.timeouts.cancel": func(h *hearing) (int, error) {
		if h.http() && h.revision.Modern() {
			return 1, demand(slices.ContainsFunc(h.list, func(s said) bool { return s.verb == "stream closed" }), "it keeps the stream open")
		}
		return 1, demand(len(h.messages(called("notifications/cancelled"))) == 1, "it does not cancel")
	},
	"client.cancel.own-inflight": func(h *hearing) (int, error) {
		for _, s := range h.messages(called("notifications/cancelled")) {
			id := members(s.Params())["requestId"]
			if !bytes.Equal(id, h.got["never"].ID) {
				return 0, fmt.Errorf("it cancels %s", id)
			}
		}
		return 1, nil
	},
	"client.cancel.ignore-late":        lateIgnored,
	"client.cancel.race":               lateIgnored,
	"client.cancel.stdio-notification": every(called("notifications/cancelled"), func(*hearing, said) error { return nil }),
	"client.cancel.notify": func(h *hearing) (int, error) {
		if h.http() {
			return 1, demand(len(h.messages(called("notifications/cancelled"))) == 0, "over HTTP it sends notifications/cancelled")
		}
		return len(h.messages(called("notifications/cancelled"))), nil
	},
	"client.http.cancel-explicit": every(called("notifications/cancelled"), func(*hearing, said) error { return nil }),

	"client.stdio.valid-only": every(anything, func(_ *hearing, s said) error { return demand(s.Err == nil, "no message") }),
	"client.stdio.no-newline": func(h *hearing) (seen int, err error) {
		for _, s := range h.list {
			if s.verb == "line" {
				seen++
				err = errors.Join(err, demand(s.body != "" && json.Valid([]byte(s.body)), "the line %q is part of a message", s.body))
			}
		}
		return seen, err
	},
	"client.stdio.stderr-neutral": func(h *hearing) (int, error) {
		return 1, demand(h.down == nil && h.got["tools/list"].Response() != nil, "stderr ends the session: %v", h.down)
	},
	"client.stdio.support":      func(h *hearing) (int, error) { return len(h.list), nil },
	"client.stdio.no-responses": noResponses,
	"client.http.no-responses":  noResponses,
	"client.stdio.process-lifetime": func(h *hearing) (int, error) {
		return len(h.messages(isRequest)), demand(h.down == nil, "the process ended before the session: %v", h.down)
	},

	"client.ping.answer": func(h *hearing) (int, error) {
		for _, s := range h.messages(isResponse) {
			if string(s.ID) == `"s-<1>"` {
				return 1, demand(string(s.Result()) == "{}", "ping is answered with %s", s.body)
			}
		}
		return 0, errors.New("ping is not answered")
	},
	"client.ping.moderate": func(h *hearing) (int, error) {
		return 1, demand(len(h.messages(called("ping"))) == 0, "it pings unasked")
	},

	"client.meta.key-format":  metaKeys,
	"client.meta.reverse-dns": metaKeys,
	"client.meta.required-fields": every(isRequest, func(h *hearing, s said) error {
		m := metaOf(s)
		v, _ := text(m[metaPrefix+"protocolVersion"])
		return demand(v == string(h.revision) && members(m[metaPrefix+"clientCapabilities"]) != nil, "_meta lacks a required member")
	}),
	"client.meta.client-info": every(isRequest, func(_ *hearing, s said) error {
		return demand(members(metaOf(s)[metaPrefix+"clientInfo"])["name"] != nil, "_meta has no clientInfo")
	}),
}

func noArray(_ *hearing, s said) error {
	return demand(!strings.HasPrefix(strings.TrimSpace(s.body), "["), "it is a batch")
}

func uniqueIDs(h *hearing) (int, error) {
	used := map[string]bool{}
	for _, s := range h.messages(isRequest) {
		if used[string(s.ID)] {
			return 0, fmt.Errorf("id %s is used twice", s.ID)
		}
		used[string(s.ID)] = true
	}
	return len(used), nil
}

// respectsVersion sees that nothing of another era is sent.
func respectsVersion(h *hearing) (int, error) {
	for _, s := range h.messages(anything) {
		if s.Method == "server/discover" || metaOf(s)[metaPrefix+"protocolVersion"] != nil {
			return 0, fmt.Errorf("it sends what the revision does not have: %s", s.body)
		}
	}
	return 1, nil
}

func shutdownSequence(h *hearing) (int, error) {
	var acts []string
	for _, s := range h.list {
		if s.verb != "line" {
			acts = append(acts, s.verb)
		}
	}
	want := []string{"stdin closed", "terminated", "killed"}
	return 1, demand(len(acts) >= 3 && slices.Equal(acts[:3], want), "it does %q, want %q", acts, want)
}

func timedOut(h *hearing) (int, error) {
	x := h.got["never"]
	_, end := x.Ended()
	took := end.Sub(x.Sent)
	return 1, demand(errors.Is(x.Err(), ErrTimeout) && took < patience/2, "it ends with %v after %s, want %v after %s", x.Err(), took, ErrTimeout, patienceWithTool)
}

// lateIgnored sees that the answer to a cancelled request changes nothing.
func lateIgnored(h *hearing) (int, error) {
	return 1, demand(errors.Is(h.got["never"].Err(), ErrTimeout) && h.got["resources/read"].Response() != nil,
		"after a late answer, the request says %v and the next one is answered with %v", h.got["never"].Err(), h.got["resources/read"].Response())
}

func noResponses(h *hearing) (int, error) {
	return 1, demand(len(h.messages(isResponse)) == 0, "it answers a request, which the revision does not allow a server")
}

func metaKeys(h *hearing) (seen int, err error) {
	for _, s := range h.messages(anything) {
		for key := range metaOf(s) {
			seen++
			if !metaKey.MatchString(key) && key != "progressToken" {
				return 0, fmt.Errorf("_meta has the key %q", key)
			}
		}
	}
	return seen + 1, nil
}

func loadObligations(t *testing.T) map[string]struct {
	Versions   []spec.Revision
	Transports []string
} {
	t.Helper()
	data, err := os.ReadFile("client-obligations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		ID         string          `yaml:"id"`
		Versions   []spec.Revision `yaml:"versions"`
		Transports []string        `yaml:"transports"`
	}
	if err := yaml.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	all := map[string]struct {
		Versions   []spec.Revision
		Transports []string
	}{}
	for _, r := range rows {
		all[r.ID] = struct {
			Versions   []spec.Revision
			Transports []string
		}{r.Versions, r.Transports}
	}
	return all
}

// TestObligations lets a client that is left alone talk to a recording server,
// over each transport and in each revision, and demands that it keeps what
// client-obligations.yaml asks of it.
func TestObligations(t *testing.T) {
	rows := loadObligations(t)
	for id := range rows {
		if (obligations[id] == nil && httpObligations[id] == nil) == (keptElsewhere[id] == "") {
			t.Errorf("%s is neither judged nor said to be kept elsewhere, or both", id)
		}
	}
	for _, transport := range spec.Transports {
		for _, r := range spec.Revisions {
			if transport == spec.SSE && r.Modern() || transport == spec.StreamableHTTP && r == spec.R20241105 {
				continue
			}
			t.Run(string(transport)+"/"+string(r), func(t *testing.T) {
				t.Parallel()
				h := hold(t, transport, r)
				for _, table := range []map[string]obligation{obligations, httpObligations} {
					for id, judge := range table {
						row, ok := rows[id]
						if !ok {
							t.Errorf("%s is no obligation", id)
						}
						if !slices.Contains(row.Versions, r) || !slices.Contains(row.Transports, "any") && !slices.Contains(row.Transports, string(transport)) {
							continue
						}
						seen, err := judge(h)
						if err != nil {
							t.Errorf("%s: %v", id, err)
						} else if seen == 0 {
							t.Errorf("%s never came up", id)
						}
					}
				}
			})
		}
	}
}

// TestInitializeIsNotCancelled: a client that gets no answer to initialize
// disconnects, and does not cancel.
func TestInitializeIsNotCancelled(t *testing.T) {
	rec := newRecorder(t, spec.R20251125)
	e := rec.stdio()
	e.Timeout = 50 * time.Millisecond
	s, err := Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	x := s.Initialize(t.Context(), "unanswered", nil)
	if !errors.Is(x.Err(), ErrTimeout) {
		t.Errorf("initialize ends with %v, want %v", x.Err(), ErrTimeout)
	}
	s.Shutdown(t.Context(), 10*time.Millisecond)
	s.Close()
	for _, s := range rec.all() {
		if s.Message != nil && s.Method == "notifications/cancelled" {
			t.Errorf("the client cancels: %s", s.body)
		}
	}
}
