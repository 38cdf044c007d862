package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A hit is one request of an attack and what came of it. There are as many as
// there can be requests in progress; each is used again when its result has
// been recorded.
type hit struct {
	carrier string      // the URL by which vegeta passes the hit on
	header  http.Header // of the response, by which it comes back

	operation, client int
	id, canary        string

	outcome
	status     int           // of HTTP; 0 without one
	first      time.Duration // until the first event of a stream; 0 without one
	sent, got  int           // bytes
	retryAfter string
}

// The URL and the header field that carry the number of a hit through vegeta.
const (
	carrierURL = "http://hit/"
	hitField   = "Mcpcheck-Hit"
)

func newHits(n int) ([]*hit, chan *hit) {
	hits, free := make([]*hit, n), make(chan *hit, n)
	for i := range hits {
		number := strconv.Itoa(i)
		hits[i] = &hit{carrier: carrierURL + number, header: http.Header{hitField: {number}}}
		free <- hits[i]
	}
	return hits, free
}

// A roundTripper plays the server to vegeta: it takes the number of a hit, sends
// the request that the hit stands for, and gives back how that ended.
type roundTripper struct {
	ctx     context.Context // ends the requests in progress
	plan    Plan
	clients []*client
	hits    []*hit
	next    http.RoundTripper
	inspect *inspector // nil if no answer is looked at closely
	bodies  sync.Pool
}

var errNoHit = errors.New("the request stands for no hit")

// RoundTrip never fails: a failure is an outcome too, and a result with an error
// loses its header.
func (rt *roundTripper) RoundTrip(carrier *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(carrier.URL.Path[1:])
	if err != nil || n >= len(rt.hits) {
		return nil, errNoHit
	}
	h := rt.hits[n]
	ctx, cancel := context.WithTimeout(rt.ctx, rt.plan.timeout())
	switch {
	case rt.plan.Fresh:
		rt.fresh(ctx, h)
		cancel()
	case rt.clients[h.client].url == nil:
		rt.line(ctx, h)
		cancel()
	default:
		rt.post(ctx, cancel, h)
	}
	code := h.code(h.status)
	return &http.Response{
		StatusCode: code, Status: strconv.Itoa(code) + " " + h.outcome.String(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h.header, Body: http.NoBody, Request: carrier,
	}, nil
}

// body writes the message of a hit.
func (rt *roundTripper) body(h *hit, t wire.Template) []byte {
	b := make([]byte, 0, len(t.Prefix)+len(h.id)+len(t.Suffix)+32)
	b = append(b, t.Prefix...)
	b = append(b, h.id...)
	if h.canary == "" {
		b = append(b, t.Suffix...)
	} else {
		b = append(b, bytes.ReplaceAll(t.Suffix, []byte(Canary), []byte(h.canary))...)
	}
	return b
}

// file judges the answer of a hit, and lets it be looked at closely if it passes.
func (rt *roundTripper) file(h *hit, data []byte, a answer) {
	h.judge(data, a)
	if h.kind == ok {
		rt.inspect.offer(h.operation, data)
	}
}

// line sends a hit to the stdin of a launched server.
func (rt *roundTripper) line(ctx context.Context, h *hit) {
	c := rt.clients[h.client]
	line := append(rt.body(h, c.templates[h.operation]), '\n')
	h.sent = len(line)
	waits := c.pipe.expect(h.id)
	written := make(chan error, 1) // a server that does not read blocks the write, and only that
	go func() { written <- c.session.WriteLine(line) }()
	var err error
	select {
	case err = <-written:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.pipe.forget(h.id)
		h.outcome = judgeFailure(err)
		return
	}
	rt.awaitReply(ctx, h, waits)
}

func (rt *roundTripper) awaitReply(ctx context.Context, h *hit, waits <-chan reply) {
	r, err := rt.clients[h.client].pipe.await(ctx, h.id, waits)
	if err != nil {
		h.outcome = judgeFailure(err)
		return
	}
	rt.file(h, r.data, r.answer)
}

// post sends a hit over HTTP. The context is cancelled when the answer has been
// read to its end, which for a stream may be later than the answer itself.
func (rt *roundTripper) post(ctx context.Context, cancel func(), h *hit) {
	c := rt.clients[h.client]
	t := c.templates[h.operation]
	body := rt.body(h, t)
	h.sent = len(body)
	req := (&http.Request{
		Method: http.MethodPost, URL: c.url, Host: c.url.Host, Header: rt.headers(h, t),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}).WithContext(ctx)
	var waits <-chan reply
	if c.pipe != nil {
		waits = c.pipe.expect(h.id)
	}
	sent := time.Now()
	resp, err := rt.next.RoundTrip(req)
	if err != nil {
		cancel()
		h.outcome = judgeFailure(err)
		if waits != nil {
			c.pipe.forget(h.id)
		}
		return
	}
	h.status = resp.StatusCode
	h.retryAfter = resp.Header.Get("Retry-After")
	switch {
	case waits != nil && resp.StatusCode < 300:
		defer cancel()
		discard(resp.Body)
		rt.awaitReply(ctx, h, waits)
	case isStream(resp.Header):
		rt.readStream(h, resp.Body, sent, cancel)
	default:
		defer cancel()
		if waits != nil {
			c.pipe.forget(h.id)
		}
		rt.readBody(h, resp)
	}
}

// headers are those of the template, which all requests share, unless one of
// them repeats an argument that differs.
func (rt *roundTripper) headers(h *hit, t wire.Template) http.Header {
	if h.canary == "" {
		return t.Header
	}
	own := t.Header.Clone()
	for name, values := range own {
		if slices.Contains(values, Canary) {
			own[name] = []string{h.canary}
		}
	}
	return own
}

// maxAnswer bounds the answer that is read, in bytes.
const maxAnswer = 16 << 20

func discard(body io.ReadCloser) {
	io.Copy(io.Discard, io.LimitReader(body, maxAnswer)) //nolint:errcheck // the connection is not used again then
	body.Close()
}

func isStream(h http.Header) bool {
	t := h.Get("Content-Type")
	if t == "application/json" {
		return false
	}
	media, _, err := mime.ParseMediaType(t)
	return err == nil && media == "text/event-stream"
}

func (rt *roundTripper) readBody(h *hit, resp *http.Response) {
	defer resp.Body.Close()
	b, _ := rt.bodies.Get().(*bytes.Buffer)
	if b == nil {
		b = &bytes.Buffer{}
	}
	defer rt.bodies.Put(b)
	b.Reset()
	if _, err := b.ReadFrom(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		h.outcome = judgeFailure(err)
		return
	}
	a := readAnswer(b.Bytes())
	// An error status says more than a body that is no answer to the request.
	if resp.StatusCode >= 300 && (resp.StatusCode == http.StatusTooManyRequests || !a.valid || !a.failed) {
		h.got, h.outcome = b.Len(), judgeStatus(resp.StatusCode)
		return
	}
	rt.file(h, b.Bytes(), a)
}

// lingering is how long a stream may stay open after the answer before its
// connection is given up, so that one which the server ends can be used again.
const lingering = 100 * time.Millisecond

// readStream reads events until the answer has come.
func (rt *roundTripper) readStream(h *hit, body io.ReadCloser, sent time.Time, cancel func()) {
	events := wire.NewEventReader(body)
	for {
		e, err := events.Read()
		if err != nil {
			body.Close()
			cancel()
			if errors.Is(err, io.EOF) {
				h.outcome = outcome{wrongAnswer, "the stream ends without an answer"}
			} else {
				h.outcome = judgeFailure(err)
			}
			return
		}
		if h.first == 0 {
			h.first = time.Since(sent)
		}
		if len(e.Data) == 0 {
			continue
		}
		if a := readAnswer(e.Data); !a.method {
			rt.file(h, e.Data, a)
			break
		}
	}
	go func() {
		timer := time.AfterFunc(lingering, cancel)
		discard(body)
		timer.Stop()
		cancel()
	}()
}

// fresh sends a hit in a session of its own, from its opening to its end.
func (rt *roundTripper) fresh(ctx context.Context, h *hit) {
	s, err := wire.Open(ctx, rt.plan.Endpoint)
	if s != nil {
		defer func() {
			if rt.plan.Abandon {
				s.SetID("") // what has no id cannot be ended
			}
			s.Close()
		}()
	}
	if err == nil {
		err = greet(ctx, s, rt.plan.Revision)
	}
	if err != nil {
		h.outcome = judgeFailure(err)
		return
	}
	o := rt.plan.Mix[h.operation]
	x := s.Do(ctx, wire.Call{Method: o.Method, Params: o.Params, Timeout: rt.plan.timeout()})
	h.sent, h.status, h.id = len(x.Body), x.Status(), string(x.ID)
	m := x.Response()
	switch {
	case m != nil:
		h.canary = ""
		rt.file(h, m.Raw, readAnswer(m.Raw))
	case x.Err() != nil && ctx.Err() != nil:
		h.outcome = outcome{timeout, ""}
	case x.Err() != nil:
		h.outcome = judgeFailure(x.Err())
	default:
		h.outcome = judgeStatus(x.Status())
	}
}
