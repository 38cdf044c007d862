package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var jsonrpcWords = []step{
	{when, "the client sends a batch of {names}", do1(names, (*World).sendBatch)},
	{when, "the client sends a harmless request in capital letters", do((*World).harmlessLoud)},
	{when, "the client sends a harmless request whose method is called Method", do((*World).harmlessOther)},
	{then, "a single error answers the batch", do((*World).batchRefused)},
	{then, "each request of the batch has one response", do((*World).batchAnswered)},
	{then, "no empty batch comes back", do((*World).noEmptyBatch)},
	{then, "no request of the batch has a result", do((*World).batchNotRun)},
	{then, "the answer has the id of the request to the last digit", do((*World).idEchoedInFull)},
	{then, "the answer is encoded as UTF-8", do((*World).answerIsUTF8)},
	{then, "the error has the id of the request", do((*World).errorIDEchoed)},
	{then, "the server does not take it for a request", do((*World).notTaken)},
	{then, "the server sends no response to the notification", do((*World).notificationUnanswered)},
}

var jsonrpcInvariants = []invariant{
	{"jsonrpc.batch.not-sent", eachMessage(notBatch)},
	{"jsonrpc.error.code-integer", eachMessage(codeInteger)},
	{"jsonrpc.error.fields", eachMessage(errorFields)},
	{"jsonrpc.error.message-concise", eachError(messageConcise)},
	{"jsonrpc.message.version-member", eachMessage(versionMember)},
	{"jsonrpc.message.well-formed", eachMessage(wellFormed)},
	{"jsonrpc.method.rpc-prefix-reserved", eachMessage(noReservedMethod)},
	{"jsonrpc.notification.no-id", eachMessage(notificationWithoutID)},
	{"jsonrpc.notification.shape", eachNotification("", notificationShaped)},
	{"jsonrpc.request.id-not-null", eachServerRequest(requestIDNotNull)},
	{"jsonrpc.request.id-type", eachServerRequest(requestIDTyped)},
	{"jsonrpc.request.id-unique-in-session", requestIDsUnique},
	{"jsonrpc.request.shape", eachServerRequest(requestShaped)},
	{"jsonrpc.response.not-both", eachMessage(resultOrErrorAlone)},
	{"jsonrpc.response.result-xor-error", eachMessage(resultOrError)},
	{"jsonrpc.result.object", eachMessage(resultIsObject)},
}

// harmlessLoud asks for a method that differs from a known one in case alone.
func (w *World) harmlessLoud(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: strings.ToUpper(w.subject.harmlessMethod())})
	return nil
}

func (w *World) harmlessOther(ctx context.Context) error {
	id := json.RawMessage(fmt.Sprint(w.session.NextID()))
	raw, err := w.fill(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"Method":"$method","params":$params}`, id))
	if err == nil {
		w.sendRaw(ctx, wire.Call{Raw: raw, ID: id, Header: w.harmlessHeader()})
	}
	return err
}

// idEchoedInFull is an advisory: integers beyond 2^53 are legal, but JSON by
// itself does not promise that they survive (RFC 8259, section 6).
func (w *World) idEchoedInFull(context.Context) error { return advisory(idEchoed(w.x)) }

// errorIDEchoed leaves a server that answers with no error at all to
// errors.method-not-found.code.
func (w *World) errorIDEchoed(context.Context) error {
	if _, err := w.rpcError(); err != nil {
		return rootCause{fmt.Errorf("an unknown method is not met with an error: %w", err)}
	}
	return idEchoed(w.x)
}

func (w *World) answerIsUTF8(context.Context) error {
	m, err := w.response()
	if err != nil {
		return err
	}
	if !utf8.Valid(m.Raw) {
		return unmetf("an answer in UTF-8", "%q", brief(string(m.Raw)))
	}
	return idEchoed(w.x)
}

// notTaken takes any refusal. Silence counts as one from a server that goes on
// answering.
func (w *World) notTaken(ctx context.Context) error {
	if err := w.noResult(ctx); err != nil {
		return err
	}
	if w.x.Response() != nil || w.x.Status() >= 400 {
		return nil
	}
	return w.livesOn(ctx)
}

// notificationUnanswered proves first that the server got so far. Over HTTP an
// error status may have a JSON-RPC error without an id as its body.
func (w *World) notificationUnanswered(ctx context.Context) error {
	told := w.x
	alive := w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	w.x = told
	w.await(ctx, w.subject.grace(), func(m *wire.Message) bool { return answersNotification(m, told, alive) })
	for _, m := range w.heard() {
		if answersNotification(m, told, alive) {
			return unmetf("no response to a notification", "%s", brief(string(m.Raw)))
		}
	}
	if _, err := responseTo(alive); err != nil {
		w.spoilt = true
		return inconclusivef("the server answers nothing any more: %w", err)
	}
	return nil
}

func answersNotification(m *wire.Message, told, alive *wire.Exchange) bool {
	if !m.IsResponse() || m.At.Before(told.Sent) || wire.SameID(m.ID, alive.ID) {
		return false
	}
	if m.Exchange == told && !told.Shared {
		return told.Status() < 400 || m.ID != nil && string(m.ID) != "null"
	}
	return m.Answers == nil || m.Answers == alive
}

// shape describes what a message is by its members.
func shape(m *wire.Message) string {
	return fmt.Sprintf("an object with the members %s", strings.Join(keys(m.Members), ", "))
}

// wellFormed leaves what is no message at all on stdout to stdio.stdout.only-mcp,
// and one that is but for a single member to the requirement of that member.
func wellFormed(c *Conversation, m *wire.Message) (bool, error) {
	const want = "a JSON-RPC request, notification or response"
	switch {
	case c.Child() != nil && (m.Err != nil || !isMessage(m.Raw)), string(m.Raw) == "[]":
		return false, nil
	case m.Err != nil:
		return true, unmetf(want, "%s", brief(string(m.Raw)))
	case !m.Has("method") && !m.IsResponse():
		return true, unmetf(want, "%s", shape(m))
	case m.Has("method") && (m.Has("result") || m.Has("error")):
		return true, unmetf(want, "%s", shape(m))
	}
	return true, nil
}

func versionMember(_ *Conversation, m *wire.Message) (bool, error) {
	if m.Err != nil {
		return false, nil // judged by jsonrpc.message.well-formed
	}
	if got := m.Members["jsonrpc"]; string(got) != `"2.0"` {
		return true, unmetf(`jsonrpc "2.0"`, "%s", absent(got))
	}
	return true, nil
}

// notBatch is about HTTP: on stdout, stdio.messages.individual says the same.
func notBatch(c *Conversation, m *wire.Message) (bool, error) {
	if c.Child() != nil {
		return false, nil
	}
	if m.Batch || string(m.Raw) == "[]" {
		return true, unmetf("a single message: batches exist in 2025-03-26 only", "an array with %s", brief(string(m.Raw)))
	}
	return true, nil
}

func noReservedMethod(_ *Conversation, m *wire.Message) (bool, error) {
	if m.Method == "" {
		return false, nil
	}
	if strings.HasPrefix(m.Method, "rpc.") {
		return true, unmetf("a method that does not begin with rpc., which JSON-RPC reserves", "%q", m.Method)
	}
	return true, nil
}

func resultOrError(_ *Conversation, m *wire.Message) (bool, error) {
	if !m.IsResponse() {
		return false, nil
	}
	if !m.Has("result") && !m.Has("error") {
		return true, unmetf("a response with result or error", "%s", shape(m))
	}
	return true, nil
}

func resultOrErrorAlone(_ *Conversation, m *wire.Message) (bool, error) {
	if !m.IsResponse() {
		return false, nil
	}
	if m.Has("result") && m.Has("error") {
		return true, unmetf("a response with either result or error", "both, error being %s", brief(string(m.Members["error"])))
	}
	return true, nil
}

func resultIsObject(_ *Conversation, m *wire.Message) (bool, error) {
	if !m.IsResponse() || !m.Has("result") {
		return false, nil
	}
	if _, err := object(m.Result()); err != nil {
		return true, unmetf("result, an object", "%s", brief(string(m.Result())))
	}
	return true, nil
}

// errorMembers returns the error of a response that has nothing but one.
func errorMembers(m *wire.Message) (map[string]json.RawMessage, bool, error) {
	if !m.IsResponse() || !m.Has("error") || m.Has("result") {
		return nil, false, nil
	}
	members, err := object(m.Members["error"])
	return members, true, err
}

func errorFields(_ *Conversation, m *wire.Message) (bool, error) {
	e, ok, err := errorMembers(m)
	switch {
	case !ok:
		return false, nil
	case err != nil:
		return true, unmetf("error, an object", "%s", brief(string(m.Members["error"])))
	case e["code"] == nil:
		return true, unmetf("error.code", "an error with the members %s", strings.Join(keys(e), ", "))
	case !isString(e["message"]):
		return true, unmetf("error.message, a string", "%s", absent(e["message"]))
	}
	return true, nil
}

func codeInteger(_ *Conversation, m *wire.Message) (bool, error) {
	e, _, _ := errorMembers(m)
	if e["code"] == nil {
		return false, nil // judged by jsonrpc.error.fields
	}
	if !isInteger(e["code"]) {
		return true, unmetf("error.code, an integer", "%s", brief(string(e["code"])))
	}
	return true, nil
}

// The longest message that still passes for one short sentence.
const conciseMessage = 300

func messageConcise(_ *Conversation, _ *wire.Message, e *wire.RPCError) (bool, error) {
	const want = "error.message, one short sentence"
	switch {
	case strings.ContainsAny(strings.TrimSpace(e.Message), "\r\n"):
		return true, advisory(unmetf(want, "several lines: %q", brief(e.Message)))
	case len([]rune(e.Message)) > conciseMessage:
		return true, advisory(unmetf(want, "%d characters: %q", len([]rune(e.Message)), brief(e.Message)))
	}
	return true, nil
}
