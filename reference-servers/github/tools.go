package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v89/github"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// maxPage bounds pages: GitHub has none further on that is worth asking for.
const maxPage = 10_000

// paged are the arguments of lists.
type paged struct {
	Page    int `json:"page"`
	PerPage int `json:"per_page"`
}

func (p paged) options() gh.ListOptions { return gh.ListOptions{Page: p.Page, PerPage: p.PerPage} }

func pageArguments() mcp.ToolOption {
	return func(t *mcp.Tool) {
		mcp.WithInteger("page", mcp.Min(1), mcp.Max(maxPage), mcp.DefaultNumber(1), mcp.Description("The page of the list."))(t)
		mcp.WithInteger("per_page", mcp.Min(1), mcp.Max(100), mcp.DefaultNumber(30), mcp.Description("How much a page holds."))(t)
	}
}

func repositoryArguments() mcp.ToolOption {
	return func(t *mcp.Tool) {
		mcp.WithString("owner", mcp.Required(), mcp.MaxLength(39), mcp.Pattern("^[A-Za-z0-9_][A-Za-z0-9_-]*$"), mcp.Description("The account that owns the repository, such as octocat."))(t)
		mcp.WithString("repo", mcp.Required(), mcp.MaxLength(100), mcp.Pattern("^[A-Za-z0-9._-]+$"), mcp.Description("The repository's name without its owner, such as hello-world."))(t)
	}
}

func numberArgument() mcp.ToolOption {
	return mcp.WithInteger("number", mcp.Required(), mcp.Min(1), mcp.Max(1<<31-1), mcp.Description("The number of the issue or pull request."))
}

func sortArguments(by ...string) mcp.ToolOption {
	return func(t *mcp.Tool) {
		mcp.WithString("sort", mcp.Enum(by...), mcp.DefaultString("created"), mcp.Description("What the list is sorted by."))(t)
		mcp.WithString("direction", mcp.Enum("desc", "asc"), mcp.DefaultString("desc"), mcp.Description("The newest, or the most, first or last."))(t)
	}
}

func stateArgument() mcp.ToolOption {
	return mcp.WithString("state", mcp.Enum("open", "closed", "all"), mcp.DefaultString("open"), mcp.Description("Those in this state."))
}

// reads and writes are the annotations of tools. None destroys anything, and
// all of them work on a world that others change.
func reads(title string) mcp.ToolOption { return annotations(title, true) }

func writes(title string) mcp.ToolOption { return annotations(title, false) }

func annotations(title string, reads bool) mcp.ToolOption {
	yes, no := true, false
	return mcp.WithToolAnnotation(mcp.ToolAnnotation{
		Title: title, ReadOnlyHint: &reads, DestructiveHint: &no, IdempotentHint: &reads, OpenWorldHint: &yes,
	})
}

// arguments are checked beyond their schema, before GitHub is asked.
type arguments interface {
	check() error
	String() string // what is asked for
}

// add adds a tool: its arguments become an A, its result is an R.
func add[A arguments, R any](b *backend, s *server.MCPServer, name string, do func(context.Context, A) (R, *gh.Response, error), options ...mcp.ToolOption) {
	s.AddTool(mcp.NewTool(name, append(options, mcp.WithOutputSchema[R]())...), func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		var args A
		if err := r.BindArguments(&args); err != nil {
			return mcp.NewToolResultErrorf("%s: the arguments are malformed: %v", name, err), nil
		}
		if err := args.check(); err != nil {
			return mcp.NewToolResultErrorf("%s: %v", name, err), nil
		}
		var result R
		var resp *gh.Response
		err := b.call(ctx, name, func(ctx context.Context) (err error) {
			result, resp, err = do(ctx, args)
			return err
		})
		if err != nil {
			err = b.explain(err, args.String())
			failed := mcp.NewToolResultErrorf("%s: %v", name, err)
			failed.Meta = limitMeta(resp, err)
			return failed, nil
		}
		done := mcp.NewToolResultStructuredOnly(result)
		done.Meta = limitMeta(resp, nil)
		return done, nil
	})
}

// limitKey is where a result tells of GitHub's rate limit.
const limitKey = "io.github.mcpcheck/rate-limit"

func limitMeta(r *gh.Response, err error) *mcp.Meta {
	m := map[string]any{}
	if r != nil && r.Rate.Limit > 0 {
		m["limit"], m["remaining"], m["reset"] = r.Rate.Limit, r.Rate.Remaining, r.Rate.Reset.UTC().Format(time.RFC3339)
		if r.Rate.Resource != "" {
			m["resource"] = r.Rate.Resource
		}
	}
	var l limited
	if errors.As(err, &l) {
		m["retry_after_seconds"] = int(wait(l.retry) / time.Second)
	}
	if len(m) == 0 {
		return nil
	}
	return mcp.NewMetaFromMap(map[string]any{limitKey: m})
}

func (b *backend) addTools(s *server.MCPServer) {
	add(b, s, "list_issues", b.listIssues, reads("List issues"),
		mcp.WithDescription("List the issues of a repository, without its pull requests."),
		repositoryArguments(), stateArgument(),
		mcp.WithArray("labels", mcp.WithStringItems(mcp.MinLength(1), mcp.MaxLength(50)), mcp.MaxItems(20), mcp.Description("Those that carry all of these labels.")),
		sortArguments("created", "updated", "comments"), pageArguments())
	add(b, s, "get_issue", b.getIssue, reads("Get an issue"),
		mcp.WithDescription("Get an issue or pull request with its text and a page of its comments."),
		repositoryArguments(), numberArgument(), pageArguments())
	add(b, s, "create_issue", b.createIssue, writes("Create an issue"),
		mcp.WithDescription("Open a new issue. GitHub tells those who watch the repository."),
		repositoryArguments(),
		mcp.WithString("title", mcp.Required(), mcp.MinLength(1), mcp.MaxLength(256), mcp.Description("What it is about, in a line.")),
		mcp.WithString("body", mcp.MaxLength(65536), mcp.Description("The text, in Markdown.")),
		mcp.WithArray("labels", mcp.WithStringItems(mcp.MinLength(1), mcp.MaxLength(50)), mcp.MaxItems(20), mcp.Description("Its labels; GitHub ignores them unless you may push to the repository.")))
	add(b, s, "add_comment", b.addComment, writes("Add a comment"),
		mcp.WithDescription("Comment on an issue or pull request."),
		repositoryArguments(), numberArgument(),
		mcp.WithString("body", mcp.Required(), mcp.MinLength(1), mcp.MaxLength(65536), mcp.Description("The text, in Markdown.")))
	add(b, s, "list_pull_requests", b.listPulls, reads("List pull requests"),
		mcp.WithDescription("List the pull requests of a repository."),
		repositoryArguments(), stateArgument(),
		mcp.WithString("head", mcp.MaxLength(300), mcp.Description("Those of this branch, as OWNER:BRANCH.")),
		mcp.WithString("base", mcp.MaxLength(255), mcp.Description("Those into this branch.")),
		sortArguments("created", "updated"), pageArguments())
	add(b, s, "search_code", b.searchCode, reads("Search code"),
		mcp.WithDescription("Search the default branches of repositories for code, by words and GitHub's qualifiers such as repo:octocat/hello-world, path:docs, language:go."),
		mcp.WithString("query", mcp.Required(), mcp.MinLength(1), mcp.MaxLength(256), mcp.Description("At least one word; quotes keep words together.")),
		pageArguments())
}

type listIssuesArgs struct {
	repository
	paged
	State, Sort, Direction string
	Labels                 []string
}

func (a listIssuesArgs) String() string { return "the issues of " + a.repository.String() }

func (a listIssuesArgs) check() error {
	if slices.ContainsFunc(a.Labels, func(l string) bool { return strings.Contains(l, ",") }) {
		return errors.New("labels: no label has a comma") // GitHub would take it for two
	}
	return a.repository.check()
}

func (b *backend) listIssues(ctx context.Context, a listIssuesArgs) (list issueList, resp *gh.Response, err error) {
	found, resp, err := b.Issues.ListByRepo(ctx, a.Owner, a.Repo, &gh.IssueListByRepoOptions{
		State: a.State, Labels: a.Labels, Sort: a.Sort, Direction: a.Direction, ListOptions: a.options(),
	})
	if err != nil {
		return list, resp, err
	}
	list = issueList{[]issue{}, pagesOf(resp)}
	for _, i := range found {
		if !i.IsPullRequest() {
			list.Issues = append(list.Issues, toIssue(i))
		}
	}
	return list, resp, nil
}

type numberedArgs struct {
	repository
	paged
	Number int    `json:"number"`
	Body   string `json:"body"`
}

func (a numberedArgs) String() string { return fmt.Sprintf("#%d of %s", a.Number, a.repository) }

func (a numberedArgs) check() error {
	if a.Number < 1 {
		return errors.New("number must be 1 or more")
	}
	return a.repository.check()
}

func (b *backend) getIssue(ctx context.Context, a numberedArgs) (full fullIssue, resp *gh.Response, err error) {
	i, resp, err := b.Issues.Get(ctx, a.Owner, a.Repo, a.Number)
	if err != nil {
		return full, resp, err
	}
	full = fullIssue{issue: toIssue(i), Body: i.GetBody(), PullRequest: i.IsPullRequest(), Thread: []comment{}}
	if i.GetComments() == 0 {
		return full, resp, nil
	}
	thread, resp, err := b.Issues.ListComments(ctx, a.Owner, a.Repo, a.Number, &gh.IssueListCommentsOptions{ListOptions: a.options()})
	if err != nil {
		return full, resp, err
	}
	for _, c := range thread {
		full.Thread = append(full.Thread, toComment(c))
	}
	full.pages = pagesOf(resp)
	return full, resp, nil
}

type createIssueArgs struct {
	repository
	Title  string   `json:"title"`
	Body   string   `json:"body"`
	Labels []string `json:"labels"`
}

func (a createIssueArgs) String() string { return "the repository " + a.repository.String() }

func (a createIssueArgs) check() error {
	if strings.TrimSpace(a.Title) == "" {
		return errors.New("title must not be empty")
	}
	return a.repository.check()
}

func (b *backend) createIssue(ctx context.Context, a createIssueArgs) (issue, *gh.Response, error) {
	request := &gh.IssueRequest{Title: &a.Title}
	if a.Body != "" {
		request.Body = &a.Body
	}
	if len(a.Labels) > 0 {
		request.Labels = &a.Labels
	}
	i, resp, err := b.Issues.Create(ctx, a.Owner, a.Repo, request)
	if err != nil {
		return issue{}, resp, err
	}
	return toIssue(i), resp, nil
}

type addCommentArgs struct{ numberedArgs }

func (a addCommentArgs) check() error {
	if strings.TrimSpace(a.Body) == "" {
		return errors.New("body must not be empty")
	}
	return a.numberedArgs.check()
}

func (b *backend) addComment(ctx context.Context, a addCommentArgs) (comment, *gh.Response, error) {
	c, resp, err := b.Issues.CreateComment(ctx, a.Owner, a.Repo, a.Number, &gh.IssueComment{Body: &a.Body})
	if err != nil {
		return comment{}, resp, err
	}
	return toComment(c), resp, nil
}

type listPullsArgs struct {
	repository
	paged
	State, Head, Base, Sort, Direction string
}

func (a listPullsArgs) String() string { return "the pull requests of " + a.repository.String() }

func (b *backend) listPulls(ctx context.Context, a listPullsArgs) (list pullList, resp *gh.Response, err error) {
	if a.Direction == "" {
		a.Direction = "desc" // GitHub's default depends on sort
	}
	found, resp, err := b.PullRequests.List(ctx, a.Owner, a.Repo, &gh.PullRequestListOptions{
		State: a.State, Head: a.Head, Base: a.Base, Sort: a.Sort, Direction: a.Direction, ListOptions: a.options(),
	})
	if err != nil {
		return list, resp, err
	}
	list = pullList{[]pullRequest{}, pagesOf(resp)}
	for _, p := range found {
		list.PullRequests = append(list.PullRequests, toPull(p))
	}
	return list, resp, nil
}

type searchCodeArgs struct {
	paged
	Query string `json:"query"`
}

func (a searchCodeArgs) String() string { return "code" }

func (a searchCodeArgs) check() error {
	if strings.TrimSpace(a.Query) == "" || utf8.RuneCountInString(a.Query) > 256 {
		return errors.New("query must hold a word, and 256 characters at most")
	}
	return nil
}

func (b *backend) searchCode(ctx context.Context, a searchCodeArgs) (list codeList, resp *gh.Response, err error) {
	found, resp, err := b.Search.Code(ctx, a.Query, &gh.SearchOptions{TextMatch: true, ListOptions: a.options()})
	if err != nil {
		return list, resp, err
	}
	list = codeList{found.GetTotal(), found.GetIncompleteResults(), []codeResult{}, pagesOf(resp)}
	for _, c := range found.CodeResults {
		owner, name, _ := strings.Cut(c.GetRepository().GetFullName(), "/")
		r := codeResult{
			Repository: c.GetRepository().GetFullName(), Path: c.GetPath(), URL: c.GetHTMLURL(), Fragments: []string{},
			Resource: target{repository: repository{owner, name}, kind: "contents", path: c.GetPath()}.uri(),
		}
		for _, m := range c.TextMatches {
			r.Fragments = append(r.Fragments, m.GetFragment())
		}
		list.Results = append(list.Results, r)
	}
	return list, resp, nil
}
