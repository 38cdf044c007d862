package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A Finding is what probing a server brought to light.
type Finding struct {
	Endpoint wire.Endpoint   // with its transport settled
	Modern   []spec.Revision // stateless revisions that it serves, oldest first
	Legacy   spec.Revision   // the newest that it negotiates with initialize, or ""
	Notes    []string        // what the user should know
	Garbled  error           // why none is agreed on although the server speaks MCP; nil if one is
}

// assumed is what a server is judged against that speaks MCP and does not say in
// which revision.
const assumed = spec.R20251125

// Newest returns the newest revision of each era that the server serves.
func (f Finding) Newest() []spec.Revision {
	var list []spec.Revision
	if f.Legacy != "" {
		list = append(list, f.Legacy)
	}
	if n := len(f.Modern); n > 0 {
		list = append(list, f.Modern[n-1])
	}
	if f.Garbled != nil {
		list = append(list, assumed)
	}
	return list
}

// headStart is how much longer than initialize the modern probe may take: a
// server of the older revisions may stay silent to it.
const headStart = time.Second

// Probe finds out which transport and which revisions a server speaks, as the
// specification tells clients to: a modern request, an initialize, and where
// neither is understood a GET that should bring an endpoint event. The first two
// are sent on connections of their own, side by side. The error says in one line
// why there can be no conversation.
func Probe(ctx context.Context, e wire.Endpoint) (*Finding, error) {
	if e.Transport != "" {
		return probeEras(ctx, e)
	}
	if len(e.Command) > 0 || e.Launch != nil {
		e.Transport = spec.Stdio
		return probeEras(ctx, e)
	}
	e.Transport = spec.StreamableHTTP
	f, err := probeEras(ctx, e)
	var refused *refusal
	if err == nil || !errors.As(err, &refused) || !refused.old {
		return f, err
	}
	e.Transport = spec.SSE
	f, older := probeEras(ctx, e)
	if older != nil {
		return nil, err // what the newer transport says is the better hint
	}
	return f, nil
}

// A refusal is an HTTP answer that is no MCP.
type refusal struct {
	error
	old bool // a server of the older transport would answer like this
}

func probeEras(ctx context.Context, e wire.Endpoint) (*Finding, error) {
	f := &Finding{Endpoint: e}
	modern, stop := context.WithCancel(ctx)
	defer stop()
	discovered := make(chan struct{})
	go func() {
		defer close(discovered)
		f.discover(modern)
	}()
	x, s, err := hello(ctx, e, func(s *wire.Session) *wire.Exchange {
		return s.Initialize(ctx, spec.R20251125, nil)
	})
	if s != nil {
		defer func() { end(ctx, s, f.Legacy != "") }()
	}
	// The slower of the two probes gets a little time after the other one.
	timer := time.NewTimer(headStart)
	defer timer.Stop()
	if err == nil && negotiated(x) != "" {
		select {
		case <-discovered:
		case <-timer.C:
			stop()
		}
	}
	<-discovered
	if err == nil {
		f.Legacy = negotiated(x)
	}
	if m := answerTo(x); m != nil && e.Transport == spec.Stdio {
		f.Endpoint.StartUp = min(slowStart*m.At.Sub(x.Sent), slowestStart)
	}
	if f.Legacy != "" || len(f.Modern) > 0 {
		return f, nil
	}
	if err == nil {
		err = explain(x, s)
	}
	var g *garbled
	if errors.As(err, &g) {
		f.Garbled = g
		f.Notes = append(f.Notes, fmt.Sprintf("%v: judged against %s nevertheless", g, assumed))
		return f, nil
	}
	return nil, err
}

// A launched server may take so many times as long to start as it did here, where
// it had one other beside it, and not longer than slowestStart.
const (
	slowStart    = 8
	slowestStart = time.Minute
)

func answerTo(x *wire.Exchange) *wire.Message {
	if x == nil {
		return nil
	}
	return x.Response()
}

// garbled is an answer to initialize that is a result, but not a right one: the
// server can be judged.
type garbled struct{ error }

// hello opens a connection and says one thing.
func hello(ctx context.Context, e wire.Endpoint, say func(*wire.Session) *wire.Exchange) (*wire.Exchange, *wire.Session, error) {
	s, err := wire.Open(ctx, e)
	if err != nil {
		return nil, s, unreachable(e, err)
	}
	return say(s), s, nil
}

// haste is how long each step of ending a server may take that never spoke.
const haste = 500 * time.Millisecond

// end ends a conversation: in good order if it was one, else in haste.
func end(ctx context.Context, s *wire.Session, spoke bool) {
	if !spoke || ctx.Err() != nil {
		s.Shutdown(ctx, haste)
	}
	s.Close()
}

// discover asks for the stateless revisions. That a server answers
// server/discover is not enough: some do and then refuse everything else.
func (f *Finding) discover(ctx context.Context) {
	if f.Endpoint.Transport == spec.SSE {
		return // the older transport does not know them
	}
	x, s, err := hello(ctx, f.Endpoint, func(s *wire.Session) *wire.Exchange {
		s.SetRevision(spec.R20260728)
		return s.Request(ctx, "server/discover", nil)
	})
	if s != nil {
		defer func() { end(ctx, s, err == nil && x.Response() != nil) }()
	}
	if err != nil || x.Response() == nil {
		return // what is wrong shows in the other probe
	}
	if f.Modern = f.discovered(ctx, x, s); len(f.Modern) == 0 && f.Notes == nil && stateless(s.Request(ctx, "tools/list", nil)) {
		f.Notes = append(f.Notes, fmt.Sprintf("server/discover does not list it, but tools/list is answered in the manner of %s: judged against that as well", spec.R20260728))
		f.Modern = []spec.Revision{spec.R20260728}
	}
}

// stateless reports whether a request without a handshake was answered as only
// the stateless revisions answer: that it was answered at all proves nothing.
func stateless(x *wire.Exchange) bool {
	if x.Response() == nil {
		return false
	}
	var members map[string]json.RawMessage
	return json.Unmarshal(x.Response().Result(), &members) == nil && members["resultType"] != nil
}

// discovered returns the stateless revisions that the answer to server/discover
// claims, if it can be believed.
func (f *Finding) discovered(ctx context.Context, x *wire.Exchange, s *wire.Session) (list []spec.Revision) {
	var members map[string]json.RawMessage
	if json.Unmarshal(x.Response().Result(), &members) != nil {
		return nil
	}
	var result struct {
		Supported    []spec.Revision
		Capabilities map[string]json.RawMessage
	}
	json.Unmarshal(members["capabilities"], &result.Capabilities) //nolint:errcheck // ill-typed is for the checks to judge
	if json.Unmarshal(members["supportedVersions"], &result.Supported) != nil && (members["supportedVersions"] != nil || members["capabilities"] != nil) {
		f.Notes = append(f.Notes, fmt.Sprintf("server/discover does not say in supportedVersions what is served: judged against %s", spec.R20260728))
		result.Supported = []spec.Revision{spec.R20260728}
	}
	for _, method := range []string{"tools/list", "resources/list", "prompts/list"} {
		if _, ok := result.Capabilities[method[:strings.Index(method, "/")]]; !ok {
			continue
		}
		if e := rpcError(s.Request(ctx, method, nil)); e != nil && e.Code == "-32022" {
			f.Notes = append(f.Notes, fmt.Sprintf("server/discover lists %v, but %s is refused with -32022: the stateless revisions are not served", result.Supported, method))
			return nil
		}
		break
	}
	for _, r := range spec.Revisions {
		if r.Modern() && slices.Contains(result.Supported, r) {
			list = append(list, r)
		}
	}
	return list
}

func rpcError(x *wire.Exchange) *wire.RPCError {
	if m := x.Response(); m != nil {
		return m.Error()
	}
	return nil
}

// negotiated returns the revision of an initialize result, if it is one that we
// know; else "".
func negotiated(x *wire.Exchange) spec.Revision {
	m := x.Response()
	if m == nil {
		return ""
	}
	var result struct {
		ProtocolVersion spec.Revision `json:"protocolVersion"`
	}
	if json.Unmarshal(m.Result(), &result) != nil || result.ProtocolVersion.Modern() || !slices.Contains(spec.Revisions, result.ProtocolVersion) {
		return ""
	}
	return result.ProtocolVersion
}

// Negotiates returns the legacy revisions that the server agrees to, oldest
// first. It asks for each on a connection of its own.
func Negotiates(ctx context.Context, e wire.Endpoint) []spec.Revision {
	var list []spec.Revision
	for _, r := range spec.Revisions {
		if r.Modern() {
			continue
		}
		x, s, err := hello(ctx, e, func(s *wire.Session) *wire.Exchange { return s.Initialize(ctx, r, nil) })
		if err == nil && negotiated(x) == r {
			list = append(list, r)
		}
		if s != nil {
			s.Close()
		}
	}
	return list
}

// unreachable says in one line why a connection cannot be opened.
func unreachable(e wire.Endpoint, err error) error {
	var unknown *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s", host(e))
	case errors.As(err, &unknown):
		return fmt.Errorf("the host %q is not found", unknown.Name)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, wire.ErrTimeout), isTimeout(err):
		return fmt.Errorf("%s did not answer within %s", host(e), wireTimeout(e))
	}
	return err
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func wireTimeout(e wire.Endpoint) time.Duration {
	if e.Timeout > 0 {
		return e.Timeout
	}
	return wire.DefaultTimeout
}

// explain says in one line why an initialize request brought no result.
func explain(x *wire.Exchange, s *wire.Session) error {
	if x.Err() != nil && x.Status() == 0 {
		return noAnswer(x, s)
	}
	switch status := x.Status(); {
	case status == http.StatusUnauthorized:
		return errors.New("the server demands authorization (HTTP status 401): give a token with --token-env VAR or a header with --header-env NAME=VAR")
	case status == http.StatusForbidden:
		return errors.New("the server refuses this client (HTTP status 403): check the credentials and the Host that it accepts")
	case status >= 300 && status < 400:
		return fmt.Errorf("the server redirects (HTTP status %d) to %q: name that address", status, x.Header().Get("Location"))
	case status >= 400 && rpcError(x) == nil:
		return &refusal{fmt.Errorf("initialize is answered with HTTP status %d and no JSON-RPC message: is the path of the URL the MCP endpoint?", status),
			status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusMethodNotAllowed}
	}
	m := x.Response()
	switch {
	case m == nil && x.Err() != nil:
		return noAnswer(x, s)
	case m == nil && x.Status() != 0:
		return fmt.Errorf("initialize is answered with %q and no JSON-RPC message: is the path of the URL the MCP endpoint?", x.Header().Get("Content-Type"))
	case m == nil:
		return noAnswer(x, s)
	case m.Error() != nil:
		return &refusal{fmt.Errorf("initialize is refused with error %s: %s", m.Error().Code, brief(firstLine(m.Error().Message))),
			x.Status() == http.StatusBadRequest || x.Status() == http.StatusNotFound || x.Status() == http.StatusMethodNotAllowed}
	}
	var result struct {
		ProtocolVersion string `json:"protocolVersion"`
	}
	if json.Unmarshal(m.Result(), &result) == nil && result.ProtocolVersion != "" {
		return &garbled{fmt.Errorf("the server offers revision %q, which is not published", brief(result.ProtocolVersion))}
	}
	return &garbled{errors.New("initialize is answered with a result that has no protocolVersion")}
}

func noAnswer(x *wire.Exchange, s *wire.Session) error {
	if c := s.Child(); c != nil {
		logged := lastWords(s)
		select {
		case <-c.Exited:
			return fmt.Errorf("the command ended (%s) before it answered%s", c.Status(), logged)
		default:
		}
		if errors.Is(x.Err(), wire.ErrFlood) || errors.Is(x.Err(), wire.ErrLineTooLong) {
			return fmt.Errorf("the command did not answer initialize: %w%s", x.Err(), logged)
		}
		if x.TimedOut() {
			return fmt.Errorf("the command did not answer initialize within %s%s", wireTimeout(s.Endpoint), logged)
		}
		return fmt.Errorf("the command closed its output before it answered%s", logged)
	}
	if x.TimedOut() {
		return fmt.Errorf("%s did not answer initialize within %s", host(s.Endpoint), wireTimeout(s.Endpoint))
	}
	if errors.Is(x.Err(), wire.ErrFlood) {
		return fmt.Errorf("%s did not answer initialize: %w", host(s.Endpoint), x.Err())
	}
	err := unreachable(s.Endpoint, x.Err())
	if errors.Is(err, x.Err()) {
		err = fmt.Errorf("%s: the connection broke before an answer came: %w", host(s.Endpoint), err)
	}
	return err
}

// lastWords quotes what a launched server logged last, or wrote to stdout, as
// programs do that are no server.
func lastWords(s *wire.Session) string {
	if logged := lastLine(s.Child().Stderr.String()); logged != "" {
		return fmt.Sprintf(": its last words are %q", brief(logged))
	}
	for _, l := range s.Lines() {
		if len(l.Text) > 0 {
			return fmt.Sprintf(": its output begins with %q", brief(string(l.Text)))
		}
	}
	return ""
}

// brief cuts a text for a reader.
func brief(s string) string {
	const limit = 160
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndex(s, "\n")+1:]
}
