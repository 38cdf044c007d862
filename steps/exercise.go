package steps

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The bounds of what a run does on a server that offers much.
const (
	maxCalls   = 12 // tools called
	maxReads   = 20 // resources read
	maxPrompts = 10 // prompts fetched
)

// exercise uses what the server offers once, in a session of its own, so that
// the invariants have something to judge: every list, the safe tools, the
// listed resources and prompts.
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
	defer s.giveBack(session, false)
	wg.Go(func() { s.callTools(session) })
	wg.Go(func() { s.readResources(session) })
	wg.Go(func() { s.getPrompts(session) })
	wg.Wait()
}

func (s *Subject) callTools(session *wire.Session) {
	safe, err := s.safeTools()
	if err != nil {
		return
	}
	for i, t := range safe {
		if i >= maxCalls || s.stopped() != nil {
			return
		}
		if t.Arguments != nil {
			s.call(s.ctx, session, t)
		}
	}
}

// call calls a tool with its valid arguments. The progress token lets progress
// be told from that of other calls.
func (s *Subject) call(ctx context.Context, session *wire.Session, t *Tool) *wire.Exchange {
	return session.Do(ctx, toolCall(t.Name, t.Arguments))
}

func toolCall(name string, arguments json.RawMessage) wire.Call {
	params := map[string]any{"name": name}
	if arguments != nil {
		params["arguments"] = arguments
	}
	return wire.Call{Method: "tools/call", Params: params}
}

func (s *Subject) readResources(session *wire.Session) {
	for _, uri := range s.readable() {
		if s.stopped() != nil {
			return
		}
		session.Request(s.ctx, "resources/read", map[string]any{"uri": uri})
	}
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

func (s *Subject) getPrompts(session *wire.Session) {
	l, err := s.list("prompts/list")
	if err != nil {
		return
	}
	for i, item := range l.items {
		if i >= maxPrompts || s.stopped() != nil {
			return
		}
		session.Request(s.ctx, "prompts/get", map[string]any{"name": item.text("name"), "arguments": promptArguments(item)})
	}
}

// promptArguments gives each argument that a prompt requires some value.
func promptArguments(item Item) map[string]string {
	var list []struct {
		Name     string `json:"name"`
		Required bool   `json:"required"`
	}
	values := map[string]string{}
	if json.Unmarshal(item.Members["arguments"], &list) != nil {
		return values
	}
	for _, a := range list {
		if a.Required {
			values[a.Name] = "mcpcheck"
		}
	}
	return values
}
