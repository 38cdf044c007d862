package steps

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The bounds of what a run does on a server that offers much.
const (
	maxCalls   = 16 // tools called
	maxReads   = 20 // resources read
	maxPrompts = 10 // prompts fetched

	callsAtOnce       = 3
	patienceWithTools = 5 * time.Second
)

// exercise uses what the server offers once, in a session of its own, so that
// the invariants have something to judge: every list, the safe tools, the
// listed resources and prompts, and a method that no server has.
func (s *Subject) exercise() {
	if _, err := s.session(); err != nil {
		return
	}
	var wg sync.WaitGroup
	for _, method := range listMethods {
		wg.Go(func() { s.list(method) }) //nolint:errcheck // whoever needs the list judges it
	}
	wg.Wait()
	session, err := s.exclusive(s.ctx)
	if err != nil {
		return
	}
	streams := s.standingStream(session)
	wg.Go(func() { s.callTools(session) })
	wg.Go(func() { s.readings() })   //nolint:errcheck // as with the lists
	wg.Go(func() { s.promptings() }) //nolint:errcheck
	wg.Go(func() { session.Request(s.ctx, "x-mcpcheck/no-such-method", nil) })
	wg.Wait()
	if streams == nil {
		s.giveBack(session, false)
		return
	}
	// The session is left alone until the end of the run: its streams may last.
	streams.Cut()
}

// standingStream opens the stream for what belongs to no request, beside those
// that requests have: only then shows what travels where. Over HTTP it is a GET,
// or in the stateless revisions a subscription; nil if there is none.
func (s *Subject) standingStream(session *wire.Session) *wire.Exchange {
	if s.Endpoint.Transport != spec.StreamableHTTP {
		return nil
	}
	if !s.Revision.Modern() {
		return session.Do(s.ctx, wire.Call{Verb: http.MethodGet})
	}
	f, err := s.facts()
	if err != nil {
		return nil
	}
	for _, feature := range []string{"tools", "prompts", "resources"} {
		if !f.offers(feature + ".listChanged") {
			continue
		}
		x := session.Start(s.ctx, wire.Call{Method: listenMethod, Params: map[string]any{
			"notifications": map[string]any{feature + "ListChanged": true}}})
		x.WaitEvents(s.ctx, s.patience(), 1)
		return x
	}
	return nil
}

func (s *Subject) callTools(session *wire.Session) {
	safe, err := s.safeTools()
	if err != nil {
		return
	}
	// One that takes its time holds up neither the others nor the run.
	gate := make(chan struct{}, callsAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, t := range safe {
		if i >= maxCalls || s.stopped() != nil {
			return
		}
		if t.Arguments == nil {
			continue
		}
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			s.call(s.ctx, session, t)
		})
	}
}

// call calls a tool with its valid arguments. The progress token lets progress
// be told from that of other calls.
func (s *Subject) call(ctx context.Context, session *wire.Session, t *Tool) *wire.Exchange {
	c := progressing(toolCall(t.Name, t.Arguments))
	c.Timeout = min(patienceWithTools, s.timeout())
	return session.Do(ctx, c)
}

func toolCall(name string, arguments json.RawMessage) wire.Call {
	params := map[string]any{"name": name}
	if arguments != nil {
		params["arguments"] = arguments
	}
	return wire.Call{Method: "tools/call", Params: params}
}

// readings are the answers to resources/read of the listed resources, once for
// all. A read that failed is tried again, in case the failure was passing.
func (s *Subject) readings() ([]*wire.Exchange, error) {
	return s.reads.get(func() ([]*wire.Exchange, error) {
		if _, err := s.list("resources/list"); err != nil {
			return nil, err
		}
		session, err := s.session()
		if err != nil {
			return nil, err
		}
		var list []*wire.Exchange
		for _, uri := range s.readable() {
			x := session.Do(s.ctx, read(uri))
			if _, refused := errorOf(x); refused == nil && s.stopped() == nil {
				x = session.Do(s.ctx, read(uri))
			}
			list = append(list, x)
			if s.stopped() != nil {
				return nil, rootCause{s.stopped()}
			}
		}
		return list, nil
	})
}

func read(uri string) wire.Call {
	return wire.Call{Method: "resources/read", Params: map[string]any{"uri": uri}}
}

// readable returns the listed resources that may be read. Those on the web are
// meant to be fetched by the client itself.
func (s *Subject) readable() []string {
	l, err := s.list("resources/list")
	if err != nil {
		return nil
	}
	var uris []string
	for _, item := range l.items {
		uri := item.text("uri")
		if uri != "" && !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") && len(uris) < maxReads {
			uris = append(uris, uri)
		}
	}
	return uris
}

// promptings are the answers to prompts/get of the listed prompts, once for all.
func (s *Subject) promptings() ([]*wire.Exchange, error) {
	return s.gets.get(func() ([]*wire.Exchange, error) {
		l, err := s.list("prompts/list")
		if err != nil {
			return nil, err
		}
		session, err := s.session()
		if err != nil {
			return nil, err
		}
		var list []*wire.Exchange
		for _, item := range l.items {
			if len(list) >= maxPrompts || s.stopped() != nil {
				break
			}
			if item.text("name") != "" {
				list = append(list, session.Do(s.ctx, get(item.text("name"), s.promptArguments(item))))
			}
		}
		return list, nil
	})
}

func get(name string, arguments map[string]string) wire.Call {
	return wire.Call{Method: "prompts/get", Params: map[string]any{"name": name, "arguments": arguments}}
}

// promptArguments gives each argument that a prompt requires some value. Only
// the name of an argument says what is meant: one that seems to want a URI gets
// one that the server knows.
func (s *Subject) promptArguments(item Item) map[string]string {
	values := map[string]string{}
	for _, a := range argumentsOf(item) {
		switch name := strings.ToLower(a.Name); {
		case !a.Required:
		case strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "url"):
			values[a.Name] = s.someURI()
		default:
			values[a.Name] = "mcpcheck"
		}
	}
	return values
}

func (s *Subject) someURI() string {
	if uris := s.readable(); len(uris) > 0 {
		return uris[0]
	}
	return "https://example.com/"
}
