package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var discoverWords = []step{
	{when, "the client requests server/discover at revision {revision}", do1(revision, (*World).discoverAt)},
	{when, "the client tries each revision that server/discover lists", do((*World).tryRevisions)},
	{when, "the client uses each capability that the server declares", do((*World).useCapabilities)},
	{then, "the server knows the method", do((*World).knowsMethod)},
	{then, "the server demands no further params", do((*World).demandsNothing)},
	{then, "the server does not fail for another reason", do((*World).failsNotElse)},
	{then, "each declared capability is implemented", do((*World).capabilitiesImplemented)},
	{then, "each listed revision is served", do((*World).revisionsServed)},
	{then, "the error lists the supported revisions", do((*World).errorListsRevisions)},
	{then, "the error repeats revision {revision}", do1(revision, (*World).errorRepeats)},
	{then, "the handshake settles on no stateless revision", do((*World).settlesOnLegacy)},
	{then, "the refusal of the revision has HTTP status 400", do((*World).refusedWith400)},
}

var discoverInvariants = []invariant{
	{"discover.cacheable-fields", eachResult("server/discover", cacheable)},
	{"discover.capabilities", eachResult("server/discover", capabilitiesTyped)},
	{"discover.instructions-type", eachResult("server/discover", instructionsTyped)},
	{"discover.result-type-complete", eachResult("server/discover", neverInterim)},
	{"discover.result.server-info", eachResult("server/discover", serverInfoPresent)},
	{"discover.result.shape", eachResult("server/discover", discoverShaped)},
	{"discover.result.supported-version-listed", eachResult("server/discover", servedListed)},
	{"discover.supported-versions", eachResult("server/discover", versionsTyped)},
	{"version.extension.id-format", eachResult("server/discover", extensionIDs)},
	{"version.extension.settings-object", eachResult("server/discover", extensionSettings)},
}

const metaPrefix = "io.modelcontextprotocol/"

// discoverAt declares a revision for one request, in _meta and in the header.
func (w *World) discoverAt(ctx context.Context, r spec.Revision) error {
	w.requestAt(ctx, "server/discover", r)
	return nil
}

func (w *World) requestAt(ctx context.Context, method string, r spec.Revision) *wire.Exchange {
	return w.do(ctx, wire.Call{
		Method: method,
		Meta:   map[string]any{metaPrefix + "protocolVersion": r},
		Header: map[string][]string{"MCP-Protocol-Version": {string(r)}},
	})
}

func (w *World) discoveryAndList() []string {
	if method, ok := w.listMethod(); ok {
		return []string{"server/discover", method}
	}
	return []string{"server/discover"}
}

// A server that does not answer server/discover shows it in one of three ways,
// each of which is a requirement: it does not know the method, it demands
// params, or it fails in another way.

func (w *World) knowsMethod(context.Context) error {
	if _, err := w.response(); err != nil {
		return err
	}
	if e, err := w.rpcError(); err == nil && e.Code == "-32601" {
		return unmetf("a result", "error %s (%s)", e.Code, brief(e.Message))
	}
	return nil
}

func (w *World) demandsNothing(context.Context) error {
	e, err := w.rpcError()
	if err == nil && e.Code == "-32602" {
		return unmetf("a result, as _meta has all that the server may ask for", "error %s (%s)", e.Code, brief(e.Message))
	}
	return w.discovered()
}

func (w *World) failsNotElse(context.Context) error {
	e, err := w.rpcError()
	if err == nil && e.Code != "-32601" && e.Code != "-32602" {
		return unmetf("a result", "error %s (%s)", e.Code, brief(e.Message))
	}
	return w.discovered()
}

// discovered leaves other failures to the requirements that they break.
func (w *World) discovered() error {
	if _, err := w.result(); err != nil {
		return rootCause{fmt.Errorf("%s: %w", w.x.Call.Method, err)}
	}
	return nil
}

// errorData returns the members of error.data.
func (w *World) errorData() (map[string]json.RawMessage, error) {
	e, err := w.rpcError()
	if err != nil {
		return nil, err
	}
	if len(e.Data) == 0 {
		return nil, unmetf("an error with data", "code %s without data", e.Code)
	}
	return object(e.Data)
}

func (w *World) errorListsRevisions(context.Context) error {
	data, err := w.errorData()
	if err != nil {
		return err
	}
	var list []string
	if json.Unmarshal(data["supported"], &list) != nil || len(list) == 0 {
		return unmetf("data.supported, a list of revisions", "%s", brief(string(data["supported"])))
	}
	if !slices.Contains(list, string(w.subject.Revision)) {
		return unmetf("data.supported with "+string(w.subject.Revision), "%v", list)
	}
	if slices.Contains(list, "2099-01-01") {
		return unmetf("data.supported without the revision that was refused", "%v", list)
	}
	return nil
}

func (w *World) errorRepeats(_ context.Context, r spec.Revision) error {
	data, err := w.errorData()
	if err != nil {
		return err
	}
	if got := string(data["requested"]); got != fmt.Sprintf("%q", r) {
		return unmetf(fmt.Sprintf("data.requested %q", r), "%s", brief(got))
	}
	return nil
}

// refusedWith400 looks at the status alone: which code the refusal has is
// another requirement.
func (w *World) refusedWith400(context.Context) error {
	if m := w.x.Response(); m != nil && m.Result() != nil {
		return rootCause{fmt.Errorf("%s was to be refused and is answered with a result", w.x.Call.Method)}
	}
	return w.statusIs(context.Background(), 400)
}

func (w *World) settlesOnLegacy(context.Context) error {
	if _, refused := errorOf(w.x); refused == nil {
		return nil
	}
	v, err := negotiatedBy(w.x)
	if err != nil {
		return err
	}
	if spec.Revision(v).Modern() {
		return unmetf("a revision before 2026-07-28, or an error", "protocolVersion %q", v)
	}
	return nil
}

func (w *World) tryRevisions(ctx context.Context) error {
	result, err := resultOf(w.subject.conversation(w.session).Hello)
	if err != nil {
		return err
	}
	for _, v := range supportedVersions(result) {
		if !spec.Revision(v).Modern() {
			x, err := w.subject.offer(ctx, v)
			if err != nil {
				return err
			}
			w.named[v] = x
			w.exchanges = append(w.exchanges, x)
			continue
		}
		// Not discovery alone: a server may answer that and nothing else.
		for _, method := range w.discoveryAndList() {
			w.named[v+" "+method] = w.requestAt(ctx, method, spec.Revision(v))
		}
	}
	return nil
}

func (w *World) revisionsServed(context.Context) error {
	if len(w.named) == 0 {
		return rootCause{fmt.Errorf("server/discover lists no revisions")}
	}
	for _, v := range slices.Sorted(maps.Keys(w.named)) {
		w.x = w.named[v]
		if _, err := resultOf(w.x); err != nil {
			if e, none := errorOf(w.x); none == nil && e.Code != "-32022" && listMember[w.x.Call.Method] != "" {
				return rootCause{fmt.Errorf("%s: %w", w.x.Call.Method, err)} // the list fails, whatever the revision
			}
			return fmt.Errorf("revision %s is listed: %w", brief(v), err)
		}
		r, _, _ := strings.Cut(v, " ")
		if got, err := negotiatedBy(w.x); err == nil && got != r {
			return unmetf("the listed revision "+r+" to be agreed to", "protocolVersion %q", got)
		}
	}
	return nil
}

// probes are harmless uses of each capability.
var probes = map[string]wire.Call{
	"tools":       {Method: "tools/list"},
	"resources":   {Method: "resources/list"},
	"prompts":     {Method: "prompts/list"},
	"completions": {Method: "completion/complete", Params: map[string]any{"ref": map[string]any{"type": "ref/prompt", "name": "mcpcheck-no-such-prompt"}, "argument": map[string]any{"name": "x", "value": ""}}},
}

func (w *World) useCapabilities(ctx context.Context) error {
	f, err := w.subject.facts()
	if err != nil {
		return err
	}
	for name, call := range probes {
		if f.offers(name) {
			w.named[name] = w.do(ctx, call)
		}
	}
	return nil
}

func (w *World) capabilitiesImplemented(context.Context) error {
	for name, x := range w.named {
		if e, err := errorOf(x); err == nil && e.Code == "-32601" {
			w.x = x
			return unmetf("the declared capability "+name+" to be implemented", "error -32601 to %s", x.Call.Method)
		}
	}
	return nil
}

// cacheable judges the hints that are there; caching.hints.discover asks for them.
func cacheable(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil || string(r["resultType"]) == `"input_required"` {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	ttl, scope := r["ttlMs"], r["cacheScope"]
	var number *float64
	if ttl != nil && (json.Unmarshal(ttl, &number) != nil || number == nil || *number < 0) {
		return true, unmetf("ttlMs, a number that is not negative", "%s", brief(string(ttl)))
	}
	if scope != nil {
		if _, err := scopeKnown(scope); err != nil {
			return true, err
		}
	}
	return ttl != nil || scope != nil, nil
}

// absent shows a member to a reader.
func absent(raw json.RawMessage) string {
	if raw == nil {
		return "no such member"
	}
	return brief(string(raw))
}

func capabilitiesTyped(c *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	if r["capabilities"] == nil {
		return false, nil // judged by discover.result.shape
	}
	capabilities, err := object(r["capabilities"])
	if err != nil {
		return true, unmetf("capabilities, an object", "%s", absent(r["capabilities"]))
	}
	delete(capabilities, "extensions") // judged by version.extension.*
	data, err := json.Marshal(capabilities)
	if err != nil {
		return false, err
	}
	return true, conformsTo(spec.R20260728, "ServerCapabilities", data)
}

func instructionsTyped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	raw, ok := r["instructions"]
	if ok && !isString(raw) {
		return true, unmetf("instructions, a string", "%s", absent(raw))
	}
	return true, nil
}

func isString(raw json.RawMessage) bool {
	var s *string
	return json.Unmarshal(raw, &s) == nil && s != nil
}

// neverInterim leaves it to result.result-type.* whether the member is there.
func neverInterim(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil || r["resultType"] == nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	if string(r["resultType"]) == `"input_required"` {
		return true, unmetf(`resultType "complete"`, `"input_required"`)
	}
	return true, nil
}

// discoverShaped asks for the members that have to be there; their types are
// requirements of their own.
func discoverShaped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	for _, member := range []string{"supportedVersions", "capabilities"} {
		if _, ok := r[member]; !ok {
			return true, unmetf("the member "+member, "members %s", strings.Join(keys(r), ", "))
		}
	}
	return true, nil
}

func versionsTyped(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil || r["supportedVersions"] == nil {
		return false, nil //nolint:nilerr // judged by discover.result.shape
	}
	if list := supportedVersions(result); len(list) == 0 {
		return true, unmetf("supportedVersions, a list of strings", "%s", brief(string(r["supportedVersions"])))
	}
	return true, nil
}

func servedListed(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	list := supportedVersions(result)
	if list == nil || x.Call.Meta != nil {
		return false, nil
	}
	if served := x.Session.Revision(); !slices.Contains(list, string(served)) {
		return true, unmetf("supportedVersions with the revision that was just served, "+string(served), "%v", list)
	}
	return true, nil
}

// supportedVersions returns the revisions that a discover result lists; nil if
// it lists none in good form.
func supportedVersions(result json.RawMessage) []string {
	var r struct {
		Supported []string `json:"supportedVersions"`
	}
	if json.Unmarshal(result, &r) != nil {
		return nil
	}
	return r.Supported
}

// extensions returns the extensions that a discover result declares.
func extensions(result json.RawMessage) map[string]json.RawMessage {
	var r struct {
		Capabilities struct {
			Extensions map[string]json.RawMessage `json:"extensions"`
		} `json:"capabilities"`
	}
	if json.Unmarshal(result, &r) != nil {
		return nil
	}
	return r.Capabilities.Extensions
}

func extensionIDs(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	found := extensions(result)
	for id := range found {
		if !prefixedKey(id) {
			return true, unmetf("an extension id of the form prefix/name", "%q", id)
		}
	}
	return len(found) > 0, nil
}

func extensionSettings(_ *Conversation, _ *wire.Exchange, result json.RawMessage) (bool, error) {
	found := extensions(result)
	for id, settings := range found {
		if _, err := object(settings); err != nil {
			return true, unmetf("the settings of extension "+id+", an object", "%s", brief(string(settings)))
		}
	}
	return len(found) > 0, nil
}
