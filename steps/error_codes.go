package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var errorsWords = []step{
	{given, "the server leaves a capability out", do((*World).leavesOut)},
	{when, "the client sends params that do not fit their method", do((*World).misfits)},
	{when, "the client sends params nested {count} deep", do1(count, (*World).nested)},
	{when, "the client uses each capability that the server leaves out", do((*World).useUndeclared)},
	{then, "each of them is refused with error {code}, or at least refused", do1(code, (*World).eachRefused)},
	{then, "each method of them is unknown", do((*World).eachUnknown)},
	{then, "the server answers with error {code}, if at all", do1(code, (*World).answersCodeIfAny)},
}

var errorsInvariants = []invariant{
	{"errors.jsonrpc-reserved-range", eachCode(notReserved)},
	{"errors.legacy-range.avoid", eachCode(notLegacy)},
	{"errors.reserved-range.defined-only", eachCode(definedOnly)},
	{"errors.reserved-range.meaning", eachError(meantSo)},
	{"errors.retired-codes", eachError(notRetired)},
}

// The codes that JSON-RPC has for what is no good as a request.
const (
	codeParse          = "-32700"
	codeInvalidRequest = "-32600"
)

// nearInvalid are the codes by which servers call an invalid request that judge a
// message while they decode it, or member by member.
var nearInvalid = []string{codeParse, "-32601", "-32602"}

// livesOn leaves it to errors.parse-error.survive when a server meets what it
// cannot read neither with an answer nor with silence.
func (w *World) livesOn(ctx context.Context) error {
	if err := w.alive(ctx); err != nil {
		return notApplicable("the server does not answer, nor anything after it: see errors.parse-error.survive")
	}
	return nil
}

// answersCodeIfAny takes silence, and an HTTP status without an error, from a
// server that goes on answering: nothing obliges it to answer what it could not
// read.
func (w *World) answersCodeIfAny(ctx context.Context, want string) error {
	if err := w.noResult(ctx); err != nil {
		return err
	}
	if _, err := w.rpcError(); err == nil {
		err := w.answersCode(ctx, want)
		e, _ := w.rpcError()
		if want == codeInvalidRequest && slices.Contains(nearInvalid, e.Code.String()) {
			return advisory(err)
		}
		return err
	}
	if w.x.Status() >= 400 {
		return nil
	}
	if err := w.livesOn(ctx); err != nil {
		return err
	}
	if want == codeParse && w.x.Status() == 0 {
		return advisory(unmetf("error code "+want, "%s", silence(w.x)))
	}
	return nil
}

// nested asks an unknown method for something that takes a deep stack to read.
func (w *World) nested(ctx context.Context, depth int) error {
	params := w.substitute("$params")
	more := "{"
	if params != "{}" {
		more = strings.TrimSuffix(params, "}") + ","
	}
	more += `"deep":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}"
	w.sendRaw(ctx, wire.Call{
		Raw: fmt.Appendf(nil, `{"jsonrpc":"2.0","id":"mcpcheck-deep","method":"x-conformance/deep","params":%s}`, more),
		ID:  "mcpcheck-deep",
	})
	return nil
}

// misfits are requests whose params break the schema of their method: before
// 2026-07-28 of initialize, then of the one method that all servers have and that
// requires something.
func (w *World) misfits(ctx context.Context) error {
	calls := []wire.Call{
		{Method: "initialize"},
		{Method: "initialize", Params: map[string]any{"protocolVersion": w.subject.Revision}},
	}
	if w.subject.Revision.Modern() {
		calls = []wire.Call{
			{Method: "subscriptions/listen", Timeout: w.subject.patience()},
			{Method: "subscriptions/listen", Params: map[string]any{"notifications": "all"}, Timeout: w.subject.patience()},
		}
	}
	for _, c := range calls {
		w.xs = append(w.xs, w.do(ctx, c))
	}
	return nil
}

// eachRefused fails a server for its silence only. Another code, a bare HTTP
// status and even a result are advisories: the code is JSON-RPC's, which the
// specification repeats, and no sentence obliges a server to look at params that
// it does not need.
func (w *World) eachRefused(ctx context.Context, want string) error {
	var lenient error
	for _, x := range w.xs {
		w.x = x
		e, err := w.rpcError()
		switch {
		case acknowledged(x):
			err = unmetf("a refusal of params without notifications", "an open subscription")
		case err == nil && e.Code == "-32601" && x.Call.Method == "subscriptions/listen":
			return notApplicable("the server has no subscriptions/listen")
		case err == nil:
			err = w.answersCode(ctx, want)
		case x.Response() != nil:
			err = unmetf("a refusal of "+x.Call.Method+" whose params do not fit", "%s", brief(string(x.Response().Raw)))
		case x.Status() < 400:
			return unmetf("a refusal of "+x.Call.Method+" whose params do not fit", "%s", silence(x))
		}
		lenient = cmpErr(lenient, err)
	}
	return advisory(lenient)
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func acknowledged(x *wire.Exchange) bool {
	return slices.ContainsFunc(x.Session.Messages(), func(m *wire.Message) bool {
		return m.Method == "notifications/subscriptions/acknowledged" && !m.At.Before(x.Sent)
	})
}

func (w *World) leavesOut(context.Context) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	for name := range probes {
		if !f.offers(name) {
			return nil
		}
	}
	return notApplicable("the server declares every capability that gates a method")
}

func (w *World) useUndeclared(ctx context.Context) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(probes)) {
		if !f.offers(name) {
			w.xs = append(w.xs, w.do(ctx, probes[name]))
		}
	}
	return nil
}

func (w *World) eachUnknown(ctx context.Context) error {
	for _, x := range w.xs {
		w.x = x
		if m := x.Response(); m != nil && len(itemsOf(x, m.Result(), listMember[x.Call.Method])) > 0 {
			return rootCause{fmt.Errorf("%s lists what is not declared", x.Call.Method)} // required of each feature
		}
		if err := w.answersCode(ctx, "-32601"); err != nil {
			return fmt.Errorf("%s, whose capability is not declared: %w", x.Call.Method, err)
		}
	}
	return nil
}

// eachCode judges the code of every error that has an integer for one.
func eachCode(f func(code int) error) func(*Conversation, *tally) {
	return eachError(func(_ *Conversation, _ *wire.Message, e *wire.RPCError) (bool, error) {
		n, err := strconv.Atoi(e.Code.String())
		if err != nil {
			return false, nil //nolint:nilerr // judged by jsonrpc.error.code-integer
		}
		return true, f(n)
	})
}

func notReserved(n int) error {
	if n >= -32768 && n <= -32100 && n != -32700 && (n > -32600 || n < -32603) {
		return unmetf("no code that JSON-RPC reserves for itself", "code %d", n)
	}
	return nil
}

func notLegacy(n int) error {
	if n >= -32019 && n <= -32000 && n != -32002 { // judged by errors.retired-codes
		return unmetf("no code from -32019 to -32000, which are of the past", "code %d", n)
	}
	return nil
}

// notRetired leaves resources/read to resources.read.not-found-not-32002.
func notRetired(_ *Conversation, m *wire.Message, e *wire.RPCError) (bool, error) {
	reads := m.Answers != nil && m.Answers.Call.Method == "resources/read"
	if e.Code == "-32042" || e.Code == retiredCode && !reads {
		return true, unmetf("no code of an earlier revision", "code %s", e.Code)
	}
	return true, nil
}

func definedOnly(n int) error {
	if n >= -32099 && n <= -32023 && n != -32042 { // judged by errors.retired-codes
		return unmetf("from -32099 to -32020 only codes that the specification defines: -32020, -32021, -32022", "code %d", n)
	}
	return nil
}

// bearsName are the methods with an Mcp-Name, which a request of theirs may lack.
var bearsName = map[string]bool{"tools/call": true, "resources/read": true, "prompts/get": true}

// meantSo looks at the codes of the specification where it is certain that they
// do not fit.
func meantSo(c *Conversation, m *wire.Message, e *wire.RPCError) (bool, error) {
	x := m.Answers
	switch {
	case e.Code == "-32020" && c.Endpoint.Transport == spec.Stdio:
		return true, unmetf("-32020 (HeaderMismatch) over HTTP only", "it over stdio")
	case x == nil || x.Call.Header != nil || x.Call.Raw11 != nil || !ordinaryMeta(c, x):
		return false, nil
	case e.Code == "-32020" && nameless[x.Call.Method]:
		return false, nil // judged by headers.name.not-required-elsewhere
	case e.Code == "-32020" && !bearsName[x.Call.Method]: // a name can be odd or missing, and parameters be mirrored
		return true, unmetf("-32020 (HeaderMismatch) for headers that differ from the body", "it for headers that equal the body")
	case e.Code == "-32022" && c.Hello != nil && c.Hello.Response() != nil && c.Hello.Response().Result() != nil:
		return true, unmetf("-32022 (UnsupportedProtocolVersion) for revisions that are not served", "it for %s, which is", c.Revision())
	case e.Code == "-32021":
		return true, lacksSomething(x, e)
	}
	return false, nil
}

// ordinaryMeta reports whether the request declares its revision as it is.
func ordinaryMeta(c *Conversation, x *wire.Exchange) bool {
	sent := wire.Parse(x.Body)[0]
	params, err := object(sent.Params())
	if err != nil || sent.Method == "" {
		return false
	}
	meta, err := object(params["_meta"])
	return err == nil && string(meta[metaPrefix+"protocolVersion"]) == fmt.Sprintf("%q", c.Revision())
}

// lacksSomething wants a capability among the required ones that the request did
// not declare. What a capability has below it is left out of account.
func lacksSomething(x *wire.Exchange, e *wire.RPCError) error {
	var data struct {
		Required map[string]map[string]json.RawMessage `json:"requiredCapabilities"`
	}
	var sent struct {
		Params struct {
			Meta struct {
				Declared map[string]json.RawMessage `json:"io.modelcontextprotocol/clientCapabilities"`
			} `json:"_meta"`
		} `json:"params"`
	}
	if json.Unmarshal(e.Data, &data) != nil || len(data.Required) == 0 || json.Unmarshal(x.Body, &sent) != nil {
		return nil //nolint:nilerr // judged by stateless.capability.missing-error
	}
	for name, below := range data.Required {
		if _, declared := sent.Params.Meta.Declared[name]; !declared || len(below) > 0 {
			return nil
		}
	}
	return unmetf("-32021 (MissingRequiredClientCapability) for what the request does not declare", "it for %s, which it declares", e.Data)
}
