package standin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-github/v89/github"

	"github.com/mcpcheck/mcpcheck/reference-servers/github/standin"
)

func client(t *testing.T, url, token string) *github.Client {
	t.Helper()
	c, err := github.NewClient(github.WithEnterpriseURLs(url, url), github.WithAuthToken(token))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClientLife does, through GitHub's own Go client, what an issue goes through.
func TestClientLife(t *testing.T) {
	_, url := start(t, standin.Options{})
	c, ctx := client(t, url, "s3cret"), context.Background()

	made, resp, err := c.Issues.Create(ctx, "octocat", "hello-world", &github.IssueRequest{
		Title: github.Ptr("Crash on a long name"), Body: github.Ptr("See log."), Labels: &[]string{"bug", "new label", "BUG"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.GetNumber() != 4 || made.GetUser().GetLogin() != "octocat" || len(made.Labels) != 2 || made.GetState() != "open" || resp.Header.Get("Location") != made.GetURL() {
		t.Errorf("created %v, Location %q", made, resp.Header.Get("Location"))
	}
	comment, _, err := client(t, url, "0ther").Issues.CreateComment(ctx, "octocat", "hello-world", 4, &github.IssueComment{Body: github.Ptr("Me too.")})
	if err != nil || comment.GetUser().GetLogin() != "hubot" || !strings.HasSuffix(comment.GetHTMLURL(), fmt.Sprintf("/issues/4#issuecomment-%d", comment.GetID())) {
		t.Errorf("commented %v, %v", comment, err)
	}
	comments, _, err := c.Issues.ListComments(ctx, "octocat", "hello-world", 4, nil)
	if err != nil || len(comments) != 1 || comments[0].GetBody() != "Me too." {
		t.Errorf("comments %v, %v", comments, err)
	}
	got, _, err := c.Issues.Get(ctx, "octocat", "hello-world", 4)
	if err != nil || got.GetComments() != 1 || got.GetBody() != "See log." || got.IsPullRequest() {
		t.Errorf("got %v, %v", got, err)
	}
	if _, _, err = c.Issues.Edit(ctx, "octocat", "hello-world", 4, &github.IssueRequest{State: github.Ptr("closed"), StateReason: github.Ptr("not_planned")}); err != nil {
		t.Error(err)
	}
	got, _, err = c.Issues.Get(ctx, "octocat", "hello-world", 4)
	if err != nil || got.GetState() != "closed" || got.GetStateReason() != "not_planned" || got.GetClosedAt().IsZero() || got.GetTitle() != "Crash on a long name" {
		t.Errorf("after closing: %v, %v", got, err)
	}
	_, _, err = c.Issues.Create(ctx, "octocat", "hello-world", &github.IssueRequest{})
	var refusal *github.ErrorResponse
	if !errors.As(err, &refusal) || len(refusal.Errors) != 1 || refusal.Errors[0].Code != "missing_field" || refusal.Errors[0].Field != "title" {
		t.Errorf("without a title: %v", err)
	}
}

func TestClientLists(t *testing.T) {
	_, url := start(t, standin.Options{})
	c, ctx := client(t, url, "s3cret"), context.Background()
	if _, _, err := c.Issues.Edit(ctx, "octocat", "hello-world", 2, &github.IssueRequest{State: github.Ptr("closed")}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why  string
		opts github.IssueListByRepoOptions
		want []int
	}{
		{"open ones, the newest first, pull requests with them", github.IssueListByRepoOptions{}, []int{3, 1}},
		{"all", github.IssueListByRepoOptions{State: "all"}, []int{3, 2, 1}},
		{"closed", github.IssueListByRepoOptions{State: "closed"}, []int{2}},
		{"the oldest first", github.IssueListByRepoOptions{State: "all", Direction: "asc"}, []int{1, 2, 3}},
		{"by label, whatever its case", github.IssueListByRepoOptions{Labels: []string{"BUG"}}, []int{1}},
		{"all labels", github.IssueListByRepoOptions{State: "all", Labels: []string{"enhancement", "good first issue"}}, []int{2}},
		{"not only one of them", github.IssueListByRepoOptions{State: "all", Labels: []string{"enhancement", "bug"}}, nil},
		{"by author", github.IssueListByRepoOptions{State: "all", Creator: "Octocat"}, []int{2}},
		{"since", github.IssueListByRepoOptions{State: "all", Since: time.Now().Add(time.Hour)}, nil},
	} {
		list, _, err := c.Issues.ListByRepo(ctx, "octocat", "hello-world", &row.opts)
		var got []int
		for _, i := range list {
			got = append(got, i.GetNumber())
		}
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.why, got, err, row.want)
		}
	}

	opts, got := &github.IssueListByRepoOptions{ListOptions: github.ListOptions{PerPage: 20}}, 0
	for pages := 1; ; pages++ {
		list, resp, err := c.Issues.ListByRepo(ctx, "octocat", "backlog", opts)
		if err != nil {
			t.Fatal(err)
		}
		got += len(list)
		if resp.NextPage == 0 {
			if got != 75 || pages != 4 {
				t.Errorf("got %d issues on %d pages, want 75 on 4", got, pages)
			}
			break
		}
		opts.ListOptions.Page = resp.NextPage
	}

	pulls, _, err := c.PullRequests.List(ctx, "octocat", "hello-world", nil)
	if err != nil || len(pulls) != 1 || pulls[0].GetNumber() != 3 || pulls[0].GetHead().GetRef() != "empty-names" || pulls[0].GetBase().GetRef() != "main" || pulls[0].GetHead().GetSHA() == pulls[0].GetBase().GetSHA() {
		t.Errorf("pull requests %v, %v", pulls, err)
	}
	for head, n := range map[string]int{"octocat:empty-names": 1, "hubot:empty-names": 0} {
		if pulls, _, err := c.PullRequests.List(ctx, "octocat", "hello-world", &github.PullRequestListOptions{Head: head}); err != nil || len(pulls) != n {
			t.Errorf("pull requests from %s: %v, %v, want %d", head, pulls, err, n)
		}
	}
	if p, _, err := c.PullRequests.Get(ctx, "octocat", "hello-world", 3); err != nil || p.GetTitle() != "Skip names that are empty" {
		t.Errorf("pull request 3: %v, %v", p, err)
	}
}

func TestClientContents(t *testing.T) {
	s, url := start(t, standin.Options{})
	big := strings.Repeat("0123456789abcde\n", 70_000)
	s.AddRepo("octocat", "big", "", map[string]string{"big.txt": big})
	c, ctx := client(t, url, "s3cret"), context.Background()
	text := func(repo, path, ref string) string {
		t.Helper()
		f, _, _, err := c.Repositories.GetContents(ctx, "octocat", repo, path, &github.RepositoryContentGetOptions{Ref: ref})
		if err != nil || f == nil {
			t.Fatalf("%s: %v, %v", path, f, err)
		}
		text, err := f.GetContent()
		if err != nil && f.GetEncoding() != "none" {
			t.Error(err)
		}
		if f.GetSize() != len(text) && f.GetEncoding() != "none" {
			t.Errorf("%s: size %d, but %d bytes", path, f.GetSize(), len(text))
		}
		return text
	}
	if got := text("hello-world", "docs/Grüße & 100%.md", ""); !strings.Contains(got, "other languages") {
		t.Errorf("a name with odd characters: %q", got)
	}
	if got := text("hello-world", "assets/pixel.gif", ""); !strings.HasPrefix(got, "GIF89a\x01\x00") {
		t.Errorf("binary content: %q", got)
	}
	main, branch := text("hello-world", "greet.go", "main"), text("hello-world", "greet.go", "refs/heads/empty-names")
	if main == branch || text("hello-world", "main.go", "empty-names") != text("hello-world", "main.go", "") {
		t.Error("a branch has its own files, and those that it did not change")
	}
	if got := text("big", "big.txt", ""); got != "" {
		t.Errorf("a file over 1 MB comes without content, got %d bytes", len(got))
	}
	_, dir, _, err := c.Repositories.GetContents(ctx, "octocat", "hello-world", "", nil)
	var names []string
	for _, e := range dir {
		names = append(names, e.GetType()+" "+e.GetPath())
	}
	if err != nil || !slices.Contains(names, "dir docs") || !slices.Contains(names, "file main.go") || slices.Contains(names, "file docs/usage.md") {
		t.Errorf("the root holds %v, %v", names, err)
	}
	if _, dir, _, err := c.Repositories.GetContents(ctx, "octocat", "hello-world", "docs/", nil); err != nil || len(dir) != 2 || dir[1].GetPath() != "docs/usage.md" {
		t.Errorf("docs holds %v, %v", dir, err)
	}
	if a := ask(t, "GET", url+"/repos/octocat/big/contents/big.txt", "", "Accept: application/vnd.github.raw+json"); a.body != big || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/vnd.github.raw") {
		t.Errorf("as it is: %d bytes of %q, want %d", len(a.body), a.Header.Get("Content-Type"), len(big))
	}
}

func TestClientSearch(t *testing.T) {
	_, url := start(t, standin.Options{CodeSearch: 100})
	c, ctx := client(t, url, "s3cret"), context.Background()
	for _, row := range []struct {
		why, query string
		want       []string
	}{
		{"a word", "greeting", []string{"docs/Grüße & 100%.md", "greet.go", "main.go"}},
		{"all words", "greeting strings", []string{"greet.go"}},
		{"words together", `"names []string"`, []string{"greet.go"}},
		{"by language", "greeting language:markdown", []string{"docs/Grüße & 100%.md"}},
		{"by extension", "greets extension:md", []string{"README.md"}},
		{"below a path", "usage path:docs", []string{"docs/usage.md"}},
		{"by name", "greeting filename:main", []string{"main.go"}},
		{"in one repository", "backlog repo:octocat/backlog", []string{"README.md"}},
		{"of one owner", "backlog user:hubot", nil},
		{"a colon is no qualifier", "nobody:here", nil},
		{"only the default branch", `"Hello!"`, nil},
	} {
		r, _, err := c.Search.Code(ctx, row.query, &github.SearchOptions{TextMatch: true})
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		var got []string
		for _, item := range r.CodeResults {
			got = append(got, item.GetPath())
			if item.GetRepository().GetFullName() == "" || item.GetSHA() == "" {
				t.Errorf("%s: %v lacks its repository or its sha", row.why, item)
			}
			for _, m := range item.TextMatches {
				if i := m.Matches[0].Indices; m.GetFragment()[i[0]:i[1]] != m.Matches[0].GetText() {
					t.Errorf("%s: %v does not show where it matches", row.why, m)
				}
			}
		}
		if !slices.Equal(got, row.want) || r.GetTotal() != len(row.want) {
			t.Errorf("%s: got %q of %d, want %q", row.why, got, r.GetTotal(), row.want)
		}
	}
}

// TestClientLimits: the client knows both kinds of limit by what the stand-in sends.
func TestClientLimits(t *testing.T) {
	_, url := start(t, standin.Options{Core: 1})
	c, ctx := client(t, url, "s3cret"), context.Background()
	c.Repositories.Get(ctx, "octocat", "backlog")
	_, _, err := client(t, url, "s3cret").Repositories.Get(ctx, "octocat", "backlog") // another client does not know yet
	var limit *github.RateLimitError
	if !errors.As(err, &limit) || limit.Rate.Limit != 1 || limit.Rate.Remaining != 0 || !limit.Rate.Reset.After(time.Now()) {
		t.Errorf("got %v, want a rate limit error", err)
	}
	s, url := start(t, standin.Options{})
	s.Throttle(time.Minute)
	_, _, err = client(t, url, "s3cret").Repositories.Get(ctx, "octocat", "backlog")
	var secondary *github.AbuseRateLimitError
	if !errors.As(err, &secondary) || secondary.RetryAfter == nil || secondary.GetRetryAfter() <= 0 {
		t.Errorf("got %v, want a secondary limit that says when to come back", err)
	}
}

func TestConcurrent(t *testing.T) {
	_, url := start(t, standin.Options{Writes: 1000})
	c, ctx := client(t, url, "s3cret"), context.Background()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, _, err := c.Issues.CreateComment(ctx, "octocat", "hello-world", 1, &github.IssueComment{Body: github.Ptr("x")}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if i, _, err := c.Issues.Get(ctx, "octocat", "hello-world", 1); err != nil || i.GetComments() != 50 {
		t.Errorf("%d comments, %v, want 50", i.GetComments(), err)
	}
}
