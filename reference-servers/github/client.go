package github

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v89/github"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
)

// newClient returns a client of the API at base, or at github.com when it is nil.
func newClient(base *url.URL, token string) (*gh.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone() // which heeds HTTPS_PROXY
	transport.MaxIdleConnsPerHost = 64
	if base == nil {
		base = &url.URL{Scheme: "https", Host: "api.github.com"}
	}
	host := base.Host
	root := base.Scheme + "://" + host + "/"
	c := &http.Client{
		Transport: &revalidating{next: &authorizing{next: transport, host: host, prefix: prefix(base), token: token}, kept: map[string]kept{}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Host != host || len(via) > 5 {
				return fmt.Errorf("GitHub redirects to %s, which is not followed", r.URL.Host)
			}
			return nil
		},
	}
	return gh.NewClient(gh.WithUserAgent("mcpcheck-github"), gh.WithURLs(&root, &root), gh.WithHTTPClient(c))
}

// prefix is the folder of an API, which is /api/v3 on Enterprise servers.
func prefix(base *url.URL) string {
	p := strings.TrimSuffix(base.Path, "/")
	if p == "" && !strings.HasPrefix(base.Host, "api.") {
		return "/api/v3"
	}
	return p
}

// authorizing adds the token to what goes to one host, and to nothing else.
// go-github's own way adds it to wherever a redirection leads. It adds the folder
// of the API as well: if go-github did so, it would take searches, which have a
// rate limit of their own, for something else.
type authorizing struct {
	next                http.RoundTripper
	host, prefix, token string
}

func (a *authorizing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != a.host {
		return nil, fmt.Errorf("a request to %s was stopped", r.URL.Host)
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.token)
	if !strings.HasPrefix(r.URL.Path, a.prefix+"/") { // as where a redirection leads has it
		if r.URL.RawPath != "" {
			r.URL.RawPath = a.prefix + r.URL.RawPath
		}
		r.URL.Path = a.prefix + r.URL.Path
	}
	return a.next.RoundTrip(r)
}

// revalidating remembers answers with their ETag. GitHub does not count a request
// against the rate limit when it finds that the answer is still the same.
type revalidating struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	tag    string
	header http.Header
	body   []byte
}

const (
	maxKept     = 256      // answers
	maxKeptSize = 64 << 10 // of each
)

func (v *revalidating) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return v.next.RoundTrip(r)
	}
	key := r.Header.Get("Accept") + " " + r.URL.String()
	v.mu.Lock()
	known, ok := v.kept[key]
	v.mu.Unlock()
	if ok {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", known.tag)
	}
	resp, err := v.next.RoundTrip(r)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotModified && ok:
		resp.Body.Close()
		header := known.header.Clone()
		for name, values := range resp.Header { // the rate limit is of now
			header[name] = values
		}
		resp.StatusCode, resp.Status, resp.Header = http.StatusOK, "200 OK", header
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(known.body)), int64(len(known.body))
		return resp, nil
	case resp.StatusCode != http.StatusOK || resp.Header.Get("Etag") == "":
		return resp, nil
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxKeptSize+1))
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), failing{err}, rest), rest}
	if err == nil && len(start) <= maxKeptSize {
		v.keep(key, kept{resp.Header.Get("Etag"), resp.Header.Clone(), start})
	}
	return resp, nil
}

func (v *revalidating) keep(key string, k kept) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.kept[key]; !ok && len(v.kept) >= maxKept {
		for other := range v.kept { // any will do
			delete(v.kept, other)
			break
		}
	}
	v.kept[key] = k
}

// failing reads as the error that reading came to, or as nothing.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// A local is a stand-in that is served on loopback.
type local struct {
	url   *url.URL
	token string
	close func() error
}

// plenty is a rate limit that measurements do not reach.
const plenty = 1_000_000_000

func startStandin(ctx context.Context) (*local, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the stand-in of GitHub: %w", err)
	}
	l := &local{url: &url.URL{Scheme: "http", Host: listener.Addr().String()}, token: rand.Text()}
	h := &http.Server{
		Handler: standin.Sample(standin.Options{
			Tokens: map[string]string{l.token: "octocat"}, Core: plenty, Search: plenty, CodeSearch: plenty, Writes: plenty,
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	done := make(chan error, 1)
	go func() { done <- h.Serve(listener) }()
	l.close = func() error {
		h.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
	return l, nil
}
