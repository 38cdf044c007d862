package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const (
	eventStream = "text/event-stream"
	// maxPayload bounds the body of an answer that is no event stream.
	maxPayload = 16 << 20
	// connectLimit bounds the time to connect.
	connectLimit = 5 * time.Second
)

// newClient returns an HTTP client of its own for each session, so that
// sessions share no connection. It follows no redirect and inflates nothing:
// both are observations.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: connectLimit}).DialContext,
			TLSHandshakeTimeout: connectLimit,
			DisableCompression:  true,
			MaxIdleConnsPerHost: 16,
			ForceAttemptHTTP2:   true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return h.Get("Content-Type")
	}
	return t
}

// send carries a call over HTTP and reads the answer in the background.
func (s *Session) send(x *Exchange) {
	life, cut := context.WithCancel(s.life)
	x.mu.Lock()
	x.cut = cut
	x.mu.Unlock()
	verb, address := x.Call.Verb, s.Endpoint.URL
	if verb == "" {
		verb = http.MethodPost
	}
	if s.Endpoint.Transport == spec.SSE && verb == http.MethodPost {
		address = s.postAddress()
		x.Shared = true
	}
	req, err := http.NewRequestWithContext(life, verb, address, bytes.NewReader(x.Body))
	if err != nil {
		cut()
		s.broken(x, err)
		return
	}
	if len(x.Body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header = x.headers()
	if host := x.Call.Header["Host"]; len(host) == 1 {
		req.Host = host[0]
		delete(req.Header, "Host")
	}
	client := s.client
	if x.Call.Fresh {
		// Of its own: a request that merely asks to close may still take an idle one.
		client = newClient()
		client.Transport.(*http.Transport).DisableKeepAlives = true
	}
	x.Asked = req.Header
	x.note("sent", "request", append([]string{verb + " " + s.redact.address(req.URL)}, s.redact.header(req.Header)...), s.redact.text(string(x.Body)))
	if x.Shared && !x.Call.Notification && !s.expect(x) {
		cut()
		return
	}
	go func() {
		defer cut()
		resp, err := client.Do(req)
		if err != nil {
			s.broken(x, err)
			return
		}
		defer resp.Body.Close()
		x.head(resp)
		x.read(resp.Body)
	}()
}

// expect registers a request whose answer comes on the shared channel; false if
// that has ended meanwhile.
func (s *Session) expect(x *Exchange) bool {
	s.mu.Lock()
	down := s.down
	if down == nil {
		s.pending = append(s.pending, x)
	}
	s.mu.Unlock()
	if down != nil {
		x.fail(down)
	}
	return down == nil
}

// broken files a failure of the network.
func (s *Session) broken(x *Exchange, err error) {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if s.isClosing() {
		err = ErrClosed
	}
	x.note("note", "status", nil, s.redact.text(err.Error()))
	x.fail(err)
}

func (s *Session) isClosing() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.closing }

// head files the status line and the header of an answer.
func (x *Exchange) head(resp *http.Response) {
	x.Session.redact.learn(resp.Header.Get("Mcp-Session-Id"))
	x.note("received", "status", x.Session.redact.header(resp.Header), resp.Proto+" "+resp.Status)
	x.update(func() {
		x.status, x.header, x.started = resp.StatusCode, resp.Header, true
	})
}

// read files the body of an answer.
func (x *Exchange) read(body io.Reader) {
	var err error
	if mediaType(x.Header()) == eventStream {
		err = x.readEvents(body)
	} else {
		err = x.readPayload(body)
	}
	x.update(func() {
		if err != nil && x.err == nil && x.response == nil {
			x.err = err
		}
		x.byServer = err == nil
		if x.Shared && err == nil && x.Call.Verb == "" && !x.Call.Notification && x.status < 300 {
			return // the POST was taken; the answer comes on the stream
		}
		x.end()
	})
}

func (x *Exchange) readPayload(body io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(body, maxPayload+1))
	if len(data) > maxPayload {
		err = fmt.Errorf("the body is longer than %d MiB", maxPayload>>20)
	}
	if flood := x.Session.hear(len(data)); flood != nil {
		return flood
	}
	if len(data) > 0 {
		x.note("received", "body", nil, x.Session.redact.result(data))
	}
	x.update(func() { x.payload = data })
	// Over HTTP+SSE the body of an accepted POST means nothing.
	if len(bytes.TrimSpace(data)) > 0 && (!x.Shared || x.Status() >= http.StatusMultipleChoices) {
		for _, m := range Parse(firstValue(data)) {
			if m.Err != nil && mediaType(x.Header()) != "application/json" {
				continue // a page for people, not a message
			}
			m.At = time.Now()
			x.receive(m)
		}
	}
	return err
}

// firstValue returns the JSON value that a body begins with, where more follows
// it: what follows is no message, but hides none either.
func firstValue(data []byte) []byte {
	var first json.RawMessage
	if json.Valid(data) || json.NewDecoder(bytes.NewReader(data)).Decode(&first) != nil {
		return data
	}
	return first
}

func (x *Exchange) readEvents(body io.Reader) error {
	events := NewEventReader(body)
	for {
		e, err := events.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if x.Call.standing && e.Type != "endpoint" && x.Session.divert(e.Data) {
			continue
		}
		if err := x.Session.hear(len(e.Data)); err != nil {
			return err
		}
		e.At = time.Now()
		if x.Call.standing && e.Type == "endpoint" {
			x.Session.setPost(string(e.Data))
		}
		x.note("received", "event", nil, eventText(e, x.Session.redact.result(e.Data)))
		x.update(func() { x.events = append(x.events, e) })
		x.dispatch(e)
	}
}

// dispatch files the messages of an event.
func (x *Exchange) dispatch(e *Event) {
	s := x.Session
	if len(bytes.TrimSpace(e.Data)) == 0 || s.Endpoint.Transport == spec.SSE && e.Type == "endpoint" {
		return
	}
	for _, m := range Parse(e.Data) {
		m.At, m.Event, m.Resumed = e.At, e, x.Call.LastID != ""
		if x.Call.standing {
			m.Exchange = x
			x.update(func() { x.messages = append(x.messages, m) })
			s.arrived(m)
			continue
		}
		x.receive(m)
	}
}

func eventText(e *Event, data string) string {
	var b bytes.Buffer
	if e.HasID {
		fmt.Fprintf(&b, "id: %s\n", e.ID)
	}
	if e.Type != "" {
		fmt.Fprintf(&b, "event: %s\n", e.Type)
	}
	if e.Retry >= 0 {
		fmt.Fprintf(&b, "retry: %d\n", e.Retry)
	}
	if e.HasData {
		fmt.Fprintf(&b, "data: %s", data)
	}
	return b.String()
}
