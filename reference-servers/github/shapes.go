package github

import (
	"time"

	gh "github.com/google/go-github/v89/github"
)

// The shapes of what tools and resources return: what a reader needs of GitHub's
// own, which are ten times as long.

type issue struct {
	Number    int      `json:"number" jsonschema:"the number by which the repository knows it"`
	Title     string   `json:"title"`
	State     string   `json:"state" jsonschema:"open or closed"`
	Author    string   `json:"author"`
	Labels    []string `json:"labels"`
	Comments  int      `json:"comments" jsonschema:"how many there are"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
	ClosedAt  string   `json:"closed_at,omitempty"`
	URL       string   `json:"url" jsonschema:"for a browser"`
}

func toIssue(i *gh.Issue) issue {
	return issue{
		i.GetNumber(), i.GetTitle(), i.GetState(), i.GetUser().GetLogin(), labels(i.Labels), i.GetComments(),
		when(i.GetCreatedAt()), when(i.GetUpdatedAt()), when(i.GetClosedAt()), i.GetHTMLURL(),
	}
}

type issueList struct {
	Issues []issue `json:"issues" jsonschema:"pull requests are left out, so that a page may hold fewer than per_page"`
	pages
}

type fullIssue struct {
	issue
	Body        string    `json:"body"`
	PullRequest bool      `json:"pull_request" jsonschema:"whether it is one"`
	Thread      []comment `json:"thread" jsonschema:"a page of its comments"`
	pages
}

type comment struct {
	ID        int64  `json:"id"`
	Author    string `json:"author"`
	Body      string `json:"body"`
	CreatedAt string `json:"created_at"`
	URL       string `json:"url" jsonschema:"for a browser"`
}

func toComment(c *gh.IssueComment) comment {
	return comment{c.GetID(), c.GetUser().GetLogin(), c.GetBody(), when(c.GetCreatedAt()), c.GetHTMLURL()}
}

type pullRequest struct {
	Number    int      `json:"number"`
	Title     string   `json:"title"`
	State     string   `json:"state" jsonschema:"open or closed"`
	Draft     bool     `json:"draft"`
	Author    string   `json:"author"`
	Labels    []string `json:"labels"`
	Head      string   `json:"head" jsonschema:"the branch that is to be merged, as OWNER:BRANCH"`
	Base      string   `json:"base" jsonschema:"the branch that it is to be merged into"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
	MergedAt  string   `json:"merged_at,omitempty"`
	URL       string   `json:"url" jsonschema:"for a browser"`
}

func toPull(p *gh.PullRequest) pullRequest {
	return pullRequest{
		p.GetNumber(), p.GetTitle(), p.GetState(), p.GetDraft(), p.GetUser().GetLogin(), labels(p.Labels),
		p.GetHead().GetLabel(), p.GetBase().GetRef(), when(p.GetCreatedAt()), when(p.GetUpdatedAt()), when(p.GetMergedAt()), p.GetHTMLURL(),
	}
}

type pullList struct {
	PullRequests []pullRequest `json:"pull_requests"`
	pages
}

type codeResult struct {
	Repository string   `json:"repository" jsonschema:"OWNER/NAME"`
	Path       string   `json:"path"`
	Resource   string   `json:"resource" jsonschema:"the URI under which the file can be read"`
	URL        string   `json:"url" jsonschema:"for a browser"`
	Fragments  []string `json:"fragments" jsonschema:"what of the file matches"`
}

type codeList struct {
	Total      int          `json:"total_count" jsonschema:"GitHub gives out the first 1000 at most"`
	Incomplete bool         `json:"incomplete_results" jsonschema:"whether GitHub gave up before the end"`
	Results    []codeResult `json:"results"`
	pages
}

// pages says where a list goes on.
type pages struct {
	NextPage int `json:"next_page,omitempty" jsonschema:"the page that follows, if one does"`
	LastPage int `json:"last_page,omitempty" jsonschema:"the last page, unless it is this one"`
}

func pagesOf(r *gh.Response) pages { return pages{r.NextPage, r.LastPage} }

func labels(list []*gh.Label) []string {
	names := make([]string, 0, len(list)) // never null
	for _, l := range list {
		names = append(names, l.GetName())
	}
	return names
}

func when(t gh.Timestamp) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
