package steps

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func from(origin string) map[string][]string { return map[string][]string{"Origin": {origin}} }

func (w *World) harmlessFrom(ctx context.Context, origin string) error {
	w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Header: from(origin)})
	return nil
}

func (w *World) greetFrom(ctx context.Context, origin string) error {
	w.greet(ctx, from(origin))
	return nil
}

// listenFrom asks a second time without the Origin when the first is refused:
// only a server that has a stream to offer can refuse it for the Origin.
func (w *World) listenFrom(ctx context.Context, origin string) error {
	w.spoilt = true
	x := w.do(ctx, wire.Call{Verb: http.MethodGet, Header: from(origin)})
	w.xs = []*wire.Exchange{x}
	if x.Status() >= 400 && w.session.Endpoint.Transport == spec.StreamableHTTP {
		w.xs = append(w.xs, w.listen(ctx, ""))
		w.x = x
	}
	x.Cut()
	return nil
}

// servesPage reports whether a request got what it asked for.
func servesPage(x *wire.Exchange) bool {
	if x.Call.Verb == http.MethodGet {
		return x.Status() >= 200 && x.Status() < 300
	}
	m := x.Response()
	return m != nil && m.Result() != nil
}

// served describes what a foreign page got.
func served(x *wire.Exchange) string {
	if x.Call.Verb == http.MethodGet {
		return "an event stream"
	}
	return "a result of " + x.Call.Method
}

// offered says why nothing can be concluded from a refusal.
func (w *World) offered() error {
	if len(w.xs) == 2 && !w.xs[1].Streams() {
		return notApplicable("the server offers no stream by GET")
	}
	if w.x.Status() == 0 {
		return inconclusivef("%s", silence(w.x))
	}
	return nil
}

// pageNotServed is strict with servers that a web page could reach only through
// its visitor: those on a private address, without credentials. Which origins
// are valid elsewhere is for the operator to say.
func (w *World) pageNotServed(context.Context) error {
	if !servesPage(w.x) {
		return w.offered()
	}
	err := unmetf("a refusal of the Origin "+w.x.Call.Header["Origin"][0], "%s, as if there were none", served(w.x))
	if !private(w.subject.Endpoint.URL) || len(w.subject.Endpoint.Header) > 0 {
		return advisory(err)
	}
	return err
}

func (w *World) pageRefused403(context.Context) error {
	if servesPage(w.x) {
		return notApplicable("no foreign Origin is refused: see http.origin.validated")
	}
	if err := w.offered(); err != nil {
		return err
	}
	if sessionLost(w.x) {
		return rootCause{elsewhere(w.x)}
	}
	switch status := w.x.Status(); status {
	case http.StatusForbidden:
		return nil
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return inconclusivef("it is answered with HTTP status %d", status)
	default:
		return unmetf("HTTP status 403", "%d", status)
	}
}

// greetWithoutOrigin asks again with the server's own origin when the first
// attempt is forbidden: only the difference tells that it is for the Origin.
func (w *World) greetWithoutOrigin(ctx context.Context) error {
	w.xs = []*wire.Exchange{w.greet(ctx, nil)}
	if w.x.Status() == http.StatusForbidden {
		w.xs = append(w.xs, w.greet(ctx, from(originOf(w.subject.Endpoint.URL))))
	}
	return nil
}

func (w *World) listenWithoutOrigin(ctx context.Context) error {
	w.spoilt = true
	x := w.listen(ctx, "")
	x.Cut()
	w.xs = []*wire.Exchange{x}
	if x.Status() == http.StatusForbidden {
		again := w.do(ctx, wire.Call{Verb: http.MethodGet, Header: from(originOf(w.subject.Endpoint.URL))})
		again.Cut()
		w.xs = append(w.xs, again)
	}
	return nil
}

func (w *World) originNotNeeded(context.Context) error {
	w.x = w.xs[0]
	switch {
	case w.x.Status() == 0:
		return inconclusivef("%s", silence(w.x))
	case len(w.xs) == 1:
		return nil
	case w.xs[1].Status() == http.StatusForbidden:
		return inconclusivef("it is answered with HTTP status 403, whatever the Origin")
	}
	return unmetf("a request without an Origin header to be served like one with it", "HTTP status 403 without, %d with the server's own origin", w.xs[1].Status())
}

// originOf is the origin of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// private reports whether an address is one that only this machine or its own
// network can reach.
func private(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) || loopback(address)
}

// loopback reports whether an address is of this machine alone.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

func (w *World) listensHere(context.Context) error {
	if !loopback(w.subject.Endpoint.URL) {
		return notApplicable("the server's address is no loopback address")
	}
	if len(otherAddresses()) == 0 {
		return notApplicable("this machine has no other address")
	}
	return nil
}

// maxAddresses bounds at how many addresses a server is looked for.
const maxAddresses = 4

// otherAddresses are those of this machine that others could reach it by.
func otherAddresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if ip := p.Addr(); err == nil && ip.IsGlobalUnicast() && len(list) < maxAddresses {
			list = append(list, ip)
		}
	}
	return list
}

// greetElsewhere keeps the Host header, so that a server that compares it
// answers all the same.
func (w *World) greetElsewhere(ctx context.Context) error {
	u, err := url.Parse(w.subject.Endpoint.URL)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	for _, ip := range otherAddresses() {
		e, other := w.subject.Endpoint, *u
		other.Host = net.JoinHostPort(ip.String(), port)
		// A single request, on whatever transport: no stream is to stay.
		e.URL, e.Transport, e.Timeout = other.String(), spec.StreamableHTTP, w.subject.patience()
		session, err := wire.Open(ctx, e)
		if err != nil {
			return err
		}
		defer session.Close()
		if w.subject.Revision.Modern() {
			session.SetRevision(w.subject.Revision)
		}
		c := w.subject.greeting()
		if w.subject.Endpoint.Transport == spec.SSE {
			c = wire.Call{Verb: http.MethodGet}
		}
		c.Header = map[string][]string{"Host": {u.Host}}
		x := session.Do(ctx, c)
		session.SetID(x.Header().Get("Mcp-Session-Id"))
		w.x, w.xs, w.exchanges = x, append(w.xs, x), append(w.exchanges, x)
	}
	return nil
}

func (w *World) notElsewhere(context.Context) error {
	for _, x := range w.xs {
		at := x.Session.Endpoint.URL
		if x.Response() != nil || x.Call.Verb == http.MethodGet && x.Streams() {
			w.x = x
			return unmetf("a server that listens on a loopback address only", "it answers at %s as well", originOf(at))
		}
		var dial *net.OpError
		if x.Status() == 0 && !(errors.As(x.Err(), &dial) && dial.Op == "dial") {
			return inconclusivef("%s: %s", originOf(at), silence(x))
		}
	}
	return nil
}
