package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

const (
	eventStream = "text/event-stream"
	// maxPayload bounds the body of an answer that is no event stream.
	maxPayload = 64 << 20
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
		address = s.post
		x.Shared = true
	}
	req, err := http.NewRequestWithContext(life, verb, address, bytes.NewReader(x.Body))
	if err != nil {
		cut()
		x.fail(err)
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
	req.Close = x.Call.Fresh
	x.Asked = req.Header
	x.note("sent", "request", append([]string{verb + " " + s.redact.text(address)}, s.redact.header(req.Header)...), s.redact.text(string(x.Body)))
	if x.Shared && !x.Call.Notification {
		s.expect(x)
	}
	go func() {
		defer cut()
		resp, err := s.client.Do(req)
		if err != nil {
			s.broken(x, err)
			return
		}
		defer resp.Body.Close()
		x.head(resp)
		x.read(resp.Body)
	}()
}

// expect registers a request whose answer comes on the shared channel.
func (s *Session) expect(x *Exchange) {
	s.mu.Lock()
	s.pending = append(s.pending, x)
	s.mu.Unlock()
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
		if x.Shared && err == nil && x.Call.Verb == "" && x.ID != nil && x.status < 300 {
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
	if len(data) > 0 {
		x.note("received", "body", nil, x.Session.redact.result(x.Call.Method, data))
	}
	x.update(func() { x.payload = data })
	// Over HTTP+SSE the body of an accepted POST means nothing.
	if len(bytes.TrimSpace(data)) > 0 && (!x.Shared || x.Status() >= http.StatusMultipleChoices) {
		for _, m := range Parse(data) {
			if m.Err != nil && mediaType(x.Header()) != "application/json" {
				continue // a page for people, not a message
			}
			m.At = time.Now()
			x.receive(m)
		}
	}
	return err
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
		e.At = time.Now()
		x.note("received", "event", nil, eventText(e, x.Session.redact.result(x.Call.Method, e.Data)))
		x.update(func() { x.events = append(x.events, e) })
		x.dispatch(e)
	}
}

// dispatch files the messages of an event.
func (x *Exchange) dispatch(e *Event) {
	s := x.Session
	if len(bytes.TrimSpace(e.Data)) == 0 || x == s.stream && e.Type == "endpoint" {
		return
	}
	for _, m := range Parse(e.Data) {
		m.At, m.Event, m.Resumed = e.At, e, x.Call.LastID != ""
		if x == s.stream {
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

// maxResumptions bounds how often one stream is taken up again.
const maxResumptions = 5

// resume goes on with the stream of a request that the server broke off before
// the response, as a client may from 2025-03-26 to 2025-11-25.
func (s *Session) resume(ctx context.Context, x *Exchange) {
	r := s.Revision()
	from := x
	for range maxResumptions {
		if x.ID == nil || x.Call.NoResume || !from.Streams() || from.LastEventID() == "" || r < spec.R20250326 || r.Modern() {
			return
		}
		if !s.pause(ctx, from) {
			return
		}
		get := s.Start(ctx, Call{Verb: http.MethodGet, LastID: from.LastEventID()})
		x.update(func() { x.resumed = append(x.resumed, get) })
		m := get.WaitMessage(ctx, x.timeout(), func(m *Message) bool { return m.IsResponse() && sameID(m.ID, x.ID) })
		if m != nil {
			x.update(func() { x.err = nil; x.answeredBy(m) })
			return
		}
		if get.LastEventID() == "" {
			return
		}
		from = get
	}
}

// pause waits as long as the server asked for with retry, within reason.
func (s *Session) pause(ctx context.Context, x *Exchange) bool {
	wait := 100 * time.Millisecond
	for _, e := range x.Events() {
		if e.Retry >= 0 {
			wait = time.Duration(e.Retry) * time.Millisecond
		}
	}
	select {
	case <-time.After(min(wait, x.timeout())):
		return true
	case <-ctx.Done():
		return false
	}
}

// openStream opens the standing stream of HTTP+SSE and waits for the address
// that messages go to.
func (s *Session) openStream(ctx context.Context) error {
	s.stream = s.Start(ctx, Call{Verb: http.MethodGet})
	isEndpoint := func(e *Event) bool { return e.Type == "endpoint" }
	s.stream.await(ctx, s.Endpoint.timeout(), func() bool {
		return s.stream.ended || slices.ContainsFunc(s.stream.events, isEndpoint) ||
			s.stream.started && (s.stream.status != http.StatusOK || mediaType(s.stream.header) != eventStream)
	})
	events := s.stream.Events()
	i := slices.IndexFunc(events, isEndpoint)
	switch {
	case s.stream.Err() != nil:
		return s.stream.Err()
	case s.stream.Status() != http.StatusOK:
		return fmt.Errorf("GET is answered with status %d, want an event stream", s.stream.Status())
	case mediaType(s.stream.Header()) != eventStream:
		return fmt.Errorf("GET is answered with %q, want %q", s.stream.Header().Get("Content-Type"), eventStream)
	case i < 0:
		return errors.New("the event stream brings no endpoint event")
	}
	base, err := url.Parse(s.Endpoint.URL)
	if err != nil {
		return err
	}
	to, err := base.Parse(string(events[i].Data))
	if err != nil {
		return fmt.Errorf("the endpoint event holds %q, which is no URI: %w", events[i].Data, err)
	}
	if to.Scheme != base.Scheme || to.Host != base.Host {
		return fmt.Errorf("the endpoint event points to %q, which is another origin than %q", to, base)
	}
	s.post = to.String()
	go func() {
		s.stream.WaitEnd(s.life, 365*24*time.Hour)
		if !s.isClosing() {
			s.fall(errors.New("the server ended the event stream"))
		}
	}()
	return nil
}
