// Package github serves GitHub over MCP: issues, pull requests, files and code
// search, of github.com or of an Enterprise server. Without a token it serves a
// stand-in of GitHub's REST API instead, which runs in this process.
package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	gh "github.com/google/go-github/v89/github"
	"github.com/mark3labs/mcp-go/server"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// Options say which GitHub is served.
type Options struct {
	APIURL       string   // of an Enterprise server; empty means github.com
	Token        string   // empty means the stand-in
	TokenFile    string   // holds the token instead
	Repositories []string // OWNER/NAME, listed as resources

	Log io.Writer // where it is said that the stand-in is served; nil means nowhere
}

// AddFlags defines the flags. There is none for the token, which a list of
// processes would show.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	o.Token = os.Getenv("GITHUB_TOKEN")
	var repositories []string
	for name := range strings.SplitSeq(os.Getenv("GITHUB_REPOSITORIES"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			repositories = append(repositories, name)
		}
	}
	fs.StringVar(&o.APIURL, "api-url", os.Getenv("GITHUB_API_URL"), "`URL` of the REST API of an Enterprise server (GITHUB_API_URL); its token is in GITHUB_TOKEN")
	fs.StringVar(&o.TokenFile, "token-file", os.Getenv("GITHUB_TOKEN_FILE"), "read the token from `FILE` (GITHUB_TOKEN_FILE); without a token a stand-in of GitHub is served")
	fs.StringArrayVar(&o.Repositories, "repository", repositories, "list this `OWNER/NAME` among the resources (GITHUB_REPOSITORIES); repeatable")
}

// token returns the token, from wherever it comes.
func (o Options) token() (string, error) {
	if o.TokenFile == "" {
		return strings.TrimSpace(o.Token), nil
	}
	data, err := os.ReadFile(o.TokenFile)
	if err != nil {
		return "", fmt.Errorf("token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", fmt.Errorf("token-file: %s is empty", o.TokenFile)
	}
	return token, nil
}

// Check says what is wrong with the options, if anything is.
func (o Options) Check() error {
	if _, err := o.repositories(); err != nil {
		return err
	}
	_, err := o.api()
	return err
}

// api reads APIURL; nil means github.com.
func (o Options) api() (*url.URL, error) {
	if o.APIURL == "" {
		return nil, nil
	}
	u, err := url.Parse(o.APIURL)
	switch {
	case err != nil: // which quotes the URL, and may so quote a password
		return nil, errors.New("api-url is no URL, want one such as https://github.example.com/api/v3")
	case u.User != nil:
		return nil, errors.New("api-url must hold no credentials: the token is taken from GITHUB_TOKEN")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("api-url is %q, want one such as https://github.example.com/api/v3", o.APIURL)
	}
	return u, nil
}

func (o Options) repositories() (list []repository, err error) {
	for _, name := range o.Repositories {
		owner, repo, _ := strings.Cut(name, "/")
		r := repository{owner, repo}
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("repository is %q, want OWNER/NAME: %w", name, err)
		}
		list = append(list, r)
	}
	return list, nil
}

// A backend is GitHub as this server sees it.
type backend struct {
	*gh.Client
	guard  *service.Guard
	secret string // the token, to be taken out of whatever is told
}

// New makes the server.
func New(ctx context.Context, o Options, g *service.Guard) (service.Server, error) {
	none := service.Server{}
	repositories, err := o.repositories()
	if err != nil {
		return none, err
	}
	base, err := o.api()
	if err != nil {
		return none, err
	}
	token, err := o.token()
	if err != nil {
		return none, err
	}
	closer := func() error { return nil }
	if token == "" {
		var s *local
		if s, err = startStandin(ctx); err != nil {
			return none, err
		}
		if o.Log != nil {
			fmt.Fprintln(o.Log, "no GITHUB_TOKEN is set: this is a stand-in of GitHub, whose repositories octocat/hello-world and octocat/backlog live as long as this process")
		}
		base, token, closer = s.url, s.token, s.close
		if len(repositories) == 0 {
			repositories = []repository{{"octocat", "hello-world"}, {"octocat", "backlog"}}
		}
	}
	client, err := newClient(base, token)
	if err != nil {
		return none, errors.Join(err, closer())
	}
	b := &backend{client, g, token}
	s := server.NewMCPServer("github", g.Version(), append(g.Options(),
		server.WithToolCapabilities(false), server.WithPromptCapabilities(false), server.WithResourceCapabilities(false, false),
		server.WithInputSchemaValidation(), server.WithStrictInputSchemaDefault(), server.WithOutputSchemaValidation(),
		server.WithPaginationLimit(pageOfLists),
		server.WithInstructions("Issues, pull requests, files and code search of GitHub. Lists come in pages: go on with next_page."),
	)...)
	b.addTools(s)
	b.addResources(s, repositories)
	addPrompts(s)
	return service.Server{MCP: s, Ready: b.ready, Close: closer}, nil
}

// pageOfLists bounds tools/list and the like. All tools fit on one page.
const pageOfLists = 50

// ready asks for the rate limit, which costs nothing of it and is answered even
// when it is used up. An Enterprise server without rate limits says 404.
func (b *backend) ready(ctx context.Context) error {
	_, _, err := b.RateLimit.Get(context.WithValue(ctx, gh.BypassRateLimitCheck, true))
	var refusal *gh.ErrorResponse
	if errors.As(err, &refusal) && refusal.Response.StatusCode == http.StatusNotFound {
		return nil
	}
	return b.explain(err, "")
}
