package steps

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var headersWords = []step{
	{given, "a {kind} to ask for by name", do1(kind, (*World).findNamed)},
	{given, "something to ask for by name", do((*World).findAnyNamed)},
	{given, "the server serves no client from before 2025-06-18", do((*World).noEarlyClients)},
	{when, "the client asks for it with {header} in Base64", do1(header, (*World).askEncoded)},
	{when, "the client asks for it with another {header}", do1(header, (*World).askWithAnother)},
	{when, "the client asks for it with another {header}, plain and in Base64", do1(header, (*World).askWithAnotherEncoded)},
	{when, "the client asks for it without {header}", do1(header, (*World).askWithout)},
	{when, "the client discovers with another Mcp-Method, and with its own in capitals", do((*World).discoverInCapitals)},
	{when, "the client discovers with another Mcp-Method, and with its own and a byte that is not ASCII", do((*World).discoverNotASCII)},
	{when, "the client discovers with spaces around the values of its headers", do((*World).discoverSpaced)},
	{when, "the client discovers with the header {header} {text}", do2(header, text, (*World).discoverHeader)},
	{when, "the client discovers without the header {header}", do1(header, (*World).discoverWithoutHeader)},
	{when, "the client sends a harmless request with the header {header} {text}", do2(header, text, (*World).harmlessWithHeader)},
	{when, "the client sends a harmless request without the header {header}", do1(header, (*World).harmlessWithoutHeader)},
	{when, "the client sends a harmless request with its header names in lower case", do((*World).harmlessLower)},
	{when, "the client sends a harmless request with its header names in upper case", do((*World).harmlessUpper)},
	{then, "the server refuses the request", do((*World).refusesRequest)},
	{then, "the server answers as it does to the proper request", do((*World).answersAlike)},
}

var headersInvariants = []invariant{
	{"headers.name.not-required-elsewhere", eachExchange(nameNotRequired)},
	{"headers.reject.error-code", eachExchange(misfitCode)},
	{"headers.reject.status-400", eachExchange(misfitStatus)},
}

// The header fields that mirror the body, besides those of tool parameters.
const (
	headerVersion = "MCP-Protocol-Version"
	headerMethod  = "Mcp-Method"
	headerName    = "Mcp-Name"
	headerSession = "Mcp-Session-Id"
)

func (w *World) findNamed(_ context.Context, kind string) (err error) {
	w.byName, w.named["proper"], err = w.subject.named(kind)
	return err
}

func (w *World) findAnyNamed(ctx context.Context) error {
	for _, kind := range []string{"resource", "prompt", "tool"} {
		if w.findNamed(ctx, kind) == nil {
			return nil
		}
	}
	return notApplicable("the server has no resource, prompt or safe tool to ask for")
}

// named makes a request that names a tool, a resource or a prompt. With it comes
// the answer that it had before, if it was sent before.
func (s *Subject) named(kind string) (wire.Call, *wire.Exchange, error) {
	var answered []*wire.Exchange
	var err error
	switch kind {
	case "tool":
		t, err := s.safeTool(noSafeTool, func(t *Tool) bool { return t.Arguments != nil })
		if err != nil {
			return wire.Call{}, nil, err
		}
		return toolCall(t.Name, t.Arguments), nil, nil
	case "resource":
		answered, err = s.readings()
	default:
		answered, err = s.promptings()
	}
	if err != nil {
		return wire.Call{}, nil, err
	}
	if len(answered) == 0 {
		return wire.Call{}, nil, notApplicable("the server lists no %s that can be asked for", kind)
	}
	for _, x := range answered {
		if _, err := resultOf(x); err == nil {
			return x.Call, x, nil
		}
	}
	return answered[0].Call, answered[0], nil
}

// nameOf is what the header Mcp-Name of a call has to say.
func nameOf(c wire.Call) string {
	params, _ := c.Params.(map[string]any)
	for _, member := range []string{"name", "uri"} {
		if name, ok := params[member].(string); ok {
			return name
		}
	}
	return ""
}

// noEarlyClients is about the revisions that had no MCP-Protocol-Version: where
// they are served, a request without the header may be one of theirs.
func (w *World) noEarlyClients(ctx context.Context) error {
	for _, r := range []spec.Revision{spec.R20250326, spec.R20241105} {
		x, err := w.subject.offer(ctx, string(r))
		if err != nil {
			return err
		}
		if v, err := negotiatedBy(x); err == nil && v == string(r) {
			return notApplicable("the server also serves revision %s, whose clients send no %s", r, headerVersion)
		}
	}
	return nil
}

// ask sends the request with another header. Before, it has to be sent as it has
// to be, so that the two answers can be compared.
func (w *World) ask(ctx context.Context, header string, values []string) error {
	if w.named["proper"] == nil {
		w.named["proper"] = w.do(ctx, w.byName)
	}
	c := w.byName
	c.Header = map[string][]string{header: values}
	w.do(ctx, c)
	return nil
}

func (w *World) askWithout(ctx context.Context, header string) error {
	return w.ask(ctx, header, nil)
}

const otherName = "x-mcpcheck-other"

func (w *World) askWithAnother(ctx context.Context, header string) error {
	return w.ask(ctx, header, []string{otherName})
}

func (w *World) askEncoded(ctx context.Context, header string) error {
	return w.ask(ctx, header, []string{sentinel(nameOf(w.byName))})
}

func (w *World) askWithAnotherEncoded(ctx context.Context, header string) error {
	if err := w.askWithAnother(ctx, header); err != nil {
		return err
	}
	w.named["first"] = w.x
	return w.ask(ctx, header, []string{sentinel(otherName)})
}

// sentinel encodes a value in Base64 even if it needs no encoding.
func sentinel(s string) string {
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}

func (w *World) discoverHeader(ctx context.Context, header, value string) error {
	w.do(ctx, wire.Call{Method: "server/discover", Header: map[string][]string{header: {value}}})
	return nil
}

func (w *World) discoverWithoutHeader(ctx context.Context, header string) error {
	w.do(ctx, wire.Call{Method: "server/discover", Header: map[string][]string{header: nil}})
	return nil
}

func (w *World) discoverInCapitals(ctx context.Context) error {
	return w.discoverOddly(ctx, "SERVER/DISCOVER")
}

func (w *World) discoverNotASCII(ctx context.Context) error {
	return w.discoverOddly(ctx, "server/discover\x80")
}

// discoverOddly first learns whether Mcp-Method is compared at all.
func (w *World) discoverOddly(ctx context.Context, method string) error {
	if err := w.discoverHeader(ctx, headerMethod, "tools/list"); err != nil {
		return err
	}
	w.named["first"] = w.x
	return w.discoverHeader(ctx, headerMethod, method)
}

func (w *World) discoverSpaced(ctx context.Context) error {
	w.do(ctx, wire.Call{Method: "server/discover", Raw11: w.session.RawHead(
		"Content-Type: application/json",
		"Accept: application/json, text/event-stream",
		headerVersion+":   "+string(w.subject.Revision)+"  ",
		headerMethod+": \t server/discover \t",
	)})
	return nil
}

func (w *World) harmlessWithHeader(ctx context.Context, header, value string) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Header: map[string][]string{header: {value}}})
	return nil
}

func (w *World) harmlessWithoutHeader(ctx context.Context, header string) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Header: map[string][]string{header: nil}})
	return nil
}

func (w *World) harmlessLower(ctx context.Context) error {
	return w.harmlessCased(ctx, strings.ToLower)
}
func (w *World) harmlessUpper(ctx context.Context) error {
	return w.harmlessCased(ctx, strings.ToUpper)
}

func (w *World) harmlessCased(ctx context.Context, spell func(string) string) error {
	method := w.subject.harmlessMethod()
	fields := map[string]string{headerSession: w.session.ID()}
	if w.subject.Revision >= spec.R20250618 {
		fields[headerVersion] = string(w.subject.Revision)
	}
	if w.subject.Revision.Modern() {
		fields[headerMethod] = method
	}
	spelt := map[string][]string{}
	for name, value := range fields {
		if value != "" {
			spelt[spell(name)] = []string{value}
		}
	}
	if len(spelt) == 0 {
		return notApplicable("the server assigns no session id, so that the client sends no header of the protocol")
	}
	w.do(ctx, wire.Call{Method: method, Header: spelt})
	return nil
}

// refusal returns nil if a request was refused, in whatever form: which status
// and which code it has are requirements of their own.
func refusal(x *wire.Exchange) error {
	m := x.Response()
	switch {
	case m != nil && m.Error() != nil, m == nil && x.Status() >= http.StatusBadRequest:
		return nil
	case m != nil:
		return unmetf("a refusal", "%s", brief(string(m.Raw)))
	}
	return unmetf("a refusal", "%s", silence(x))
}

// refusesRequest compares with the answer to the proper request, if that was
// sent: what is refused in any case shows nothing.
func (w *World) refusesRequest(context.Context) error {
	if w.x == nil {
		return &misspelt{fmt.Errorf("no request was sent before this step")}
	}
	if proper := w.named["proper"]; proper != nil {
		e, err := errorOf(proper)
		same, differs := errorOf(w.x)
		switch {
		case err == nil && e.Code == codeMismatch, proper.Response() == nil:
			return rootCause{fmt.Errorf("%s is refused although its headers fit: %s", proper.Call.Method, outcome(proper))}
		case err == nil && differs == nil && e.Code == same.Code:
			return inconclusivef("%s fails with error %s whatever its headers are", proper.Call.Method, e.Code)
		}
	}
	return refusal(w.x)
}

const codeMismatch = "-32020"

// outcome says in a few words how a request was answered.
func outcome(x *wire.Exchange) string {
	if e, err := errorOf(x); err == nil {
		return fmt.Sprintf("error %s (%s)", e.Code, brief(e.Message))
	}
	if x.Response() == nil {
		return silence(x)
	}
	return "a result"
}

func (w *World) answersAlike(ctx context.Context) error {
	proper := w.named["proper"]
	if proper == nil {
		return &misspelt{fmt.Errorf("no proper request was sent before this step")}
	}
	e, err := errorOf(proper)
	if err != nil {
		if _, err := resultOf(proper); err != nil {
			return rootCause{fmt.Errorf("%s: %w", proper.Call.Method, err)}
		}
		return w.answersResult(ctx)
	}
	if e.Code == codeMismatch {
		return rootCause{fmt.Errorf("%s is refused although its headers fit: %s", proper.Call.Method, outcome(proper))}
	}
	return w.answersCode(ctx, e.Code.String())
}
