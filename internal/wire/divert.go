package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// A Template is a call that is to be sent many times: all of it but the id.
type Template struct {
	Prefix, Suffix []byte // of the body, around the id
	Header         http.Header
	URL            string // "" over stdio
}

// Template encodes a call as the session would send it now.
func (s *Session) Template(c Call) (Template, error) {
	const before = `{"jsonrpc":"2.0","id":`
	c.ID = json.RawMessage("0")
	x := newExchange(s, c)
	if err := x.encode(); err != nil {
		return Template{}, err
	}
	after, ok := bytes.CutPrefix(x.Body, []byte(before+"0"))
	if !ok {
		return Template{}, fmt.Errorf("%s has no id to put in", c.Method)
	}
	t := Template{Prefix: []byte(before), Suffix: after, Header: x.headers()}
	switch s.Endpoint.Transport {
	case spec.StreamableHTTP:
		t.URL = s.Endpoint.URL
	case spec.SSE:
		t.URL = s.postAddress()
	}
	return t, nil
}

// Divert hands everything that comes from now on over a shared channel, a line
// of stdout or the data of an event, to sink, which reports whether it took it.
// What it takes is neither recorded nor answered, so that a conversation can go
// on for millions of messages. The data is sink's to keep.
func (s *Session) Divert(sink func(data []byte) bool) { s.diverted.Store(&sink) }

// divert reports whether the data was taken.
func (s *Session) divert(data []byte) bool {
	sink := s.diverted.Load()
	return sink != nil && (*sink)(data)
}

// WriteLine writes one message, its line feed included, to the stdin of a
// launched server. It is neither recorded nor expected to be answered.
func (s *Session) WriteLine(line []byte) error {
	if err := s.Down(); err != nil {
		return err
	}
	if _, err := s.child.Stdin.Write(line); err != nil {
		return s.ended()
	}
	return nil
}

// Fallen is closed when nothing more can be sent or received; Down says why.
func (s *Session) Fallen() <-chan struct{} { return s.fallen }
