// Package standin is a stand-in of the part of GitHub's REST API that the github
// server needs: repositories, issues, comments, pull requests, contents and code
// search. It keeps state, pages with Link, revalidates with ETag, counts against
// rate limits, and refuses as GitHub's documentation says. It is not GitHub: what
// it has no answer for it answers with 501, never with something made up.
package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say how the stand-in behaves; the zero value behaves as GitHub does.
type Options struct {
	// Tokens are the credentials that are known, with the login that each stands for.
	Tokens map[string]string
	// Core, Search and CodeSearch bound the requests of one user: Core in an hour, the
	// others in a minute. Zero means what GitHub grants: 5000 (60 without a token), 30, 10.
	Core, Search, CodeSearch int
	// Writes bounds what one user may create in a minute: zero means 80.
	Writes int
	// LimitStatus is the status of a request over a limit, 403 (the default) or 429:
	// GitHub documents both.
	LimitStatus int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Server is the stand-in as an http.Handler. It answers below / as api.github.com
// does, and below /api/v3/ as an Enterprise server does.
type Server struct {
	options Options
	mux     *http.ServeMux

	mu        sync.Mutex
	repos     []*repository
	lastID    int64
	requests  int64
	budgets   map[string]*budget
	throttled time.Time // until when a secondary limit holds
}

// New returns a stand-in without any repository.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LimitStatus == 0 {
		o.LimitStatus = http.StatusForbidden
	}
	s := &Server{options: o, mux: http.NewServeMux(), budgets: map[string]*budget{}}
	for pattern, h := range map[string]handler{
		"GET /rate_limit":                                s.rateLimit,
		"GET /user":                                      s.user,
		"GET /repos/{owner}/{repo}":                      s.getRepo,
		"GET /repos/{owner}/{repo}/issues":               s.listIssues,
		"POST /repos/{owner}/{repo}/issues":              s.createIssue,
		"GET /repos/{owner}/{repo}/issues/{n}":           s.getIssue,
		"PATCH /repos/{owner}/{repo}/issues/{n}":         s.editIssue,
		"GET /repos/{owner}/{repo}/issues/{n}/comments":  s.listComments,
		"POST /repos/{owner}/{repo}/issues/{n}/comments": s.createComment,
		"GET /repos/{owner}/{repo}/pulls":                s.listPulls,
		"GET /repos/{owner}/{repo}/pulls/{n}":            s.getPull,
		"GET /repos/{owner}/{repo}/contents":             s.contents,
		"GET /repos/{owner}/{repo}/contents/{path...}":   s.contents,
		"GET /search/code":                               s.searchCode,
	} {
		s.mux.Handle(pattern, route(h))
	}
	return s
}

// A handler answers one kind of request; it is called with the lock held.
type handler func(*call) (any, error)

// A route is a handler behind the mux, which hands it the call as its writer.
type route handler

func (h route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := w.(writer).call
	c.Request = r
	c.answer, c.err = h(c)
}

// A writer lets a call through the mux. What the mux itself would write, such as a
// redirection or a 405, GitHub does not: there it is 404.
type writer struct{ *call }

func (writer) Header() http.Header         { return http.Header{} }
func (writer) Write(p []byte) (int, error) { return len(p), nil }
func (writer) WriteHeader(int)             {}

// A call is one request on its way through the stand-in.
type call struct {
	*http.Request
	host   string // scheme and host, and the prefix of an Enterprise server
	login  string // who asks, "" when nobody is known
	header http.Header
	status int
	raw    []byte // the answer, when it is no JSON
	answer any
	err    error
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, `{"message":"Request Entity Too Large"}`, http.StatusRequestEntityTooLarge)
		return
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{Request: r, host: "http://" + r.Host, header: http.Header{}, status: http.StatusOK}
	if p, ok := strings.CutPrefix(r.URL.Path, "/api/v3"); ok && strings.HasPrefix(p, "/") {
		r.URL.Path, r.URL.RawPath, c.host = p, strings.TrimPrefix(r.URL.RawPath, "/api/v3"), c.host+"/api/v3"
	}

	s.mu.Lock()
	s.requests++
	c.header.Set("X-Github-Request-Id", fmt.Sprintf("0000:%04X", s.requests))
	answer, err := s.answer(c)
	s.mu.Unlock()

	var refusal *Refusal
	if errors.As(err, &refusal) {
		c.status, answer, c.raw = refusal.status, refusal, nil
		if refusal.Documentation == "" {
			refusal.Documentation = "https://docs.github.com/rest"
		}
	}
	c.header.Set("X-Github-Media-Type", "github.v3; format=json")
	if c.raw == nil && c.status != http.StatusNotModified {
		c.raw, _ = json.Marshal(answer)
		c.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	for name, values := range c.header {
		w.Header()[name] = values
	}
	w.WriteHeader(c.status)
	_, _ = w.Write(c.raw) // a client that has gone needs no answer
}

// answer does what GitHub does before and after the work proper: who asks, may they
// still, is there such a thing, and has it changed since they last looked.
func (s *Server) answer(c *call) (any, error) {
	if c.UserAgent() == "" {
		return nil, refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	}
	if v := c.Header.Get("X-Github-Api-Version"); v != "" && v != "2022-11-28" && v != "2026-03-10" {
		return nil, refuse(http.StatusBadRequest, "API version %q is not supported.", v)
	}
	if err := s.authenticate(c); err != nil {
		return nil, err
	}
	b, err := s.admit(c)
	if err != nil {
		return nil, err
	}
	c.err = notFound()
	s.mux.ServeHTTP(writer{c}, c.Request)
	if c.err == nil {
		s.revalidate(c, b)
	}
	return c.answer, c.err
}

func (s *Server) authenticate(c *call) error {
	header := c.Header.Get("Authorization")
	if header == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if login, ok := s.options.Tokens[token]; ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "token")) {
		c.login = login
		return nil
	}
	return refuse(http.StatusUnauthorized, "Bad credentials")
}

// decode reads a JSON object that a client sent.
func (c *call) decode(into any) error {
	data, _ := io.ReadAll(c.Body) // from memory
	if !json.Valid(data) {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	if trimmed := bytes.TrimSpace(data); trimmed[0] != '{' {
		return refuse(http.StatusBadRequest, "Body should be a JSON object")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n%v", err)
	}
	return nil
}

// id returns a number that no other object of this stand-in has.
func (s *Server) id() int64 {
	s.lastID++
	return s.lastID
}

func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Second) }
