package steps

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// Operations say how the server is run, as far as the user knows: what the
// requirements of the production profile need. The zero value knows nothing.
type Operations struct {
	Health, Ready, Metrics string   // addresses; "" to look beside the MCP endpoint
	Denied                 []string // URIs of resources that the server is to refuse
	Replicas               []string // other addresses of the MCP endpoint that serve the same sessions

	// Down and Up stop and start the backend of the server; nil if nobody knows how.
	Down, Up func(context.Context) error
	Recovery time.Duration // how long the server may take to find its backend again; 0 for 75 s

	// MayBurst says why no burst of requests may be sent; nil to allow it.
	MayBurst func() error
}

func (o *Operations) recovery() time.Duration { return cmp.Or(o.Recovery, 75*time.Second) }

var opsWords = []step{
	{given, "a health endpoint", do((*World).healthEndpoint)},
	{given, "a readiness endpoint", do((*World).readinessEndpoint)},
	{given, "a metrics endpoint", do((*World).metricsEndpoint)},
	{given, "a safe tool that takes text", do((*World).textTool)},
	{given, "a safe tool that takes a path", do((*World).pathTools)},
	{given, "a safe tool that takes its time", do((*World).slowTool)},
	{given, "a backend that the client can take down", do((*World).backendAtHand)},
	{when, "the client asks the endpoint", do((*World).askEndpoint)},
	{when, "the client reads the metrics before and after {count} calls of the tool", do1(count, (*World).measureCalls)},
	{when, "the client calls the tool and reads the log", do((*World).callLogged)},
	{when, "the client calls the tool with a secret", do((*World).callWithSecret)},
	{when, "the client calls the tools that take a path with paths of system files", do((*World).callOutside)},
	{given, "resources that the server is to deny", do((*World).deniedResources)},
	{when, "the client reads the denied resources in several spellings", do((*World).readDenied)},
	{when, "the client sends requests with the same ids in both sessions {count} times", do1(count, (*World).collide)},
	{when, "the client goes on with the session over {count} connections and at each replica", do1(count, (*World).goOnElsewhere)},
	{when, "the client sends SIGTERM while the tool works", do((*World).terminateAtWork)},
	{when, "the client calls a tool while the backend is down", do((*World).callInOutage)},
	{when, "the client sends as many requests as the server takes", do((*World).sendBurst)},
	{then, "the endpoint answers that all is well", do((*World).allIsWell)},
	{then, "the metrics can be read", do((*World).metricsReadable)},
	{then, "a counter has grown by {count} or more", do1(count, (*World).counterGrown)},
	{then, "the log names the tool", do((*World).logNamesTool)},
	{then, "the log does not hold the secret", do((*World).logKeepsSecret)},
	{then, "no answer holds a system file", do((*World).nothingLeaked)},
	{then, "no denied resource is read", do((*World).allDenied)},
	{then, "each session gets the answers to its own requests", do((*World).notCrossed)},
	{then, "every request is answered with a result", do((*World).allAnswered)},
	{then, "the server answers the call in progress", do((*World).answersBegun)},
	{then, "the calls fail fast", do((*World).failsFast)},
	{then, "the endpoint said that the server is not ready", do((*World).saidNotReady)},
	{then, "the tool succeeds when the backend is up again", do((*World).recovered)},
	{then, "the refusal says when to come back", do((*World).saysWhen)},
	{then, "the client is served again in time", do((*World).servedAgain)},
}

// An operation is what a scenario of the production profile has seen.
type operation struct {
	address string // of an endpoint
	seen    *page
	grown   map[string]float64 // counters, by name
	secret  string
	log     string        // before the act
	takes   time.Duration // a call of the tool
	begun   bool          // the server has taken the call
	tools   []*Tool
	pairs   [][2]*wire.Exchange
}

// What scenarios of the production profile share.
type operated struct {
	outage lazy[*outage]
	burst  lazy[*burst]
}

// allowance is what a scenario of the production profile may take beyond others:
// it waits for what the server does on its own.
func (s *Subject) allowance(q spec.Requirement) time.Duration {
	if q.Profile() != spec.Production || s.Operations == nil {
		return 0
	}
	return s.Operations.recovery() + 6*s.timeout() + 30*time.Second
}

// aside opens a session that is treated as no client treats a server. What comes
// of that is no evidence of how it speaks MCP, nor of whether it is still there.
func (s *Subject) aside(ctx context.Context) (*Conversation, error) {
	session, err := wire.Open(ctx, s.Endpoint)
	if session == nil {
		return nil, err
	}
	c := &Conversation{Session: session, quiet: s.silence}
	if s.Revision.Modern() {
		session.SetRevision(s.Revision)
	}
	if err == nil {
		err = s.greet(ctx, c, nil)
	}
	if err != nil {
		session.Close()
		return nil, err
	}
	return c, nil
}

// A page is what an address beside the MCP endpoint has answered.
type page struct {
	status int
	header http.Header
	body   []byte
}

// maxPage bounds what is read of a page.
const maxPage = 16 << 20

// get asks as a probe or a collector of metrics would: without credentials.
func (s *Subject) get(ctx context.Context, address string) (*page, error) {
	ctx, stop := context.WithTimeout(ctx, s.timeout())
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/plain;version=0.0.4;q=1,*/*;q=0.1")
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	p := &page{status: resp.StatusCode, header: resp.Header}
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return p, nil // it has no end
	}
	p.body, err = io.ReadAll(io.LimitReader(resp.Body, maxPage))
	return p, err
}

// well is what a probe takes for success.
func (p *page) well() bool { return p.status >= 200 && p.status < 400 }

// there reports whether a path seems to be served, as one is not that the MCP
// endpoint answers or that somebody keeps from strangers.
func (p *page) there() bool {
	return (p.well() || p.status >= 500) && p.status != http.StatusNotImplemented && p.header.Get("Content-Type") != "text/event-stream"
}

// beside finds an endpoint near that of MCP: at the root of the host, or in the
// same folder.
func (s *Subject) beside(ctx context.Context, named, flag, what string, paths []string) (string, error) {
	switch {
	case named != "":
		return named, nil
	case s.Endpoint.URL == "":
		return "", notApplicable("the server is not reached over HTTP")
	}
	u, err := url.Parse(s.Endpoint.URL)
	if err != nil {
		return "", err
	}
	remedy := fmt.Sprintf("the server has %s, found at one of %v or named by %s URL", what, paths, flag)
	for _, folder := range near(u.Path) {
		at := func(name string) string {
			beside := url.URL{Scheme: u.Scheme, Host: u.Host, Path: path.Join("/", folder, name)}
			return beside.String()
		}
		nothing, err := s.get(ctx, at("/mcpcheck-"+randomHex()))
		if err != nil || nothing.there() {
			continue // it answers whatever path alike
		}
		for _, name := range paths {
			if p, err := s.get(ctx, at(name)); err == nil && p.there() {
				return at(name), nil
			}
		}
	}
	return "", applicableIf(remedy, "the server has no %s that could be found", what)
}

// near lists the folders to look in.
func near(endpoint string) []string {
	if folder := path.Dir(path.Clean("/" + endpoint)); folder != "/" {
		return []string{"/", folder}
	}
	return []string{"/"}
}

func (w *World) healthEndpoint(ctx context.Context) (err error) {
	w.operation.address, err = w.subject.beside(ctx, w.subject.Operations.Health, "--health-url", "endpoint for liveness",
		[]string{"/health", "/healthz", "/livez", "/live", "/health/live", "/healthcheck"})
	return err
}

func (w *World) readinessEndpoint(ctx context.Context) (err error) {
	w.operation.address, err = w.subject.readiness(ctx)
	return err
}

func (s *Subject) readiness(ctx context.Context) (string, error) {
	return s.beside(ctx, s.Operations.Ready, "--ready-url", "endpoint for readiness",
		[]string{"/ready", "/readyz", "/readiness", "/health/ready"})
}

func (w *World) metricsEndpoint(ctx context.Context) (err error) {
	w.operation.address, err = w.subject.beside(ctx, w.subject.Operations.Metrics, "--metrics-url", "endpoint for metrics", []string{"/metrics"})
	return err
}

func (w *World) askEndpoint(ctx context.Context) (err error) {
	if w.operation.seen, err = w.subject.get(ctx, w.operation.address); err != nil {
		return inconclusivef("%s does not answer: %w", w.operation.address, err)
	}
	return nil
}

func (w *World) allIsWell(ctx context.Context) error {
	p := w.operation.seen
	if p.well() {
		return nil
	}
	if x := w.session.Do(ctx, wire.Call{Method: w.subject.harmlessMethod()}); x.Response() == nil {
		return inconclusivef("the server does not serve clients at the time: %s", silence(x))
	}
	return unmetf("a status from 200 to 399 at "+w.operation.address+", as it serves clients", "%d", p.status)
}
