package standin

import (
	"fmt"
	"slices"
	"strings"
)

func (c *call) pull(r *repository, i *issue) map[string]any {
	end := func(branch string) map[string]any {
		return map[string]any{
			"ref": branch, "label": r.owner + ":" + branch, "sha": r.commit(branch),
			"user": account(r.owner), "repo": c.repository(r),
		}
	}
	url := fmt.Sprintf("%s/pulls/%d", c.repoURL(r), i.number)
	m := map[string]any{
		"id": i.id, "number": i.number, "title": i.title, "body": i.body, "state": i.state(), "draft": i.pull.draft,
		"user": account(i.author), "labels": append([]label{}, i.labels...), "head": end(i.pull.head), "base": end(i.pull.base),
		"created_at": i.created, "updated_at": i.updated, "closed_at": nil, "merged_at": nil, "locked": false,
		"url": url, "html_url": fmt.Sprintf("%s/pull/%d", r.html(), i.number),
		"issue_url": fmt.Sprintf("%s/issues/%d", c.repoURL(r), i.number),
	}
	if i.closed {
		m["closed_at"] = i.closedAt
	}
	return m
}

func (s *Server) getPull(c *call) (any, error) {
	r, i, err := s.one(c)
	if err != nil {
		return nil, err
	}
	if i.pull == nil {
		return nil, notFound()
	}
	return c.pull(r, i), nil
}

func (s *Server) listPulls(c *call) (any, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, err
	}
	query := c.URL.Query()
	state, err := oneOf(query.Get("state"), "PullRequest", "state", "open", "closed", "all")
	if err != nil {
		return nil, err
	}
	by := query.Get("sort")
	if slices.Contains([]string{"popularity", "long-running"}, by) {
		return nil, unserved("pull requests by " + by)
	}
	var list []*issue
	for _, i := range r.issues {
		if i.pull == nil || state != "all" && state != i.state() ||
			query.Has("base") && query.Get("base") != i.pull.base ||
			query.Has("head") && !strings.EqualFold(query.Get("head"), r.owner+":"+i.pull.head) {
			continue
		}
		list = append(list, i)
	}
	otherwise := "asc"
	if by == "" || by == "created" {
		otherwise = "desc"
	}
	if err := sortIssues(list, by, query.Get("direction"), otherwise); err != nil {
		return nil, err
	}
	answer := []any{}
	for _, i := range page(c, list) {
		answer = append(answer, c.pull(r, i))
	}
	return answer, nil
}
