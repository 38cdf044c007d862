package standin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Longer titles and texts are refused.
const (
	maxTitle = 256
	maxBody  = 65536
)

func (c *call) issue(r *repository, i *issue) map[string]any {
	url, html := fmt.Sprintf("%s/issues/%d", c.repoURL(r), i.number), fmt.Sprintf("%s/issues/%d", r.html(), i.number)
	m := map[string]any{
		"id": i.id, "number": i.number, "title": i.title, "body": i.body, "state": i.state(), "state_reason": nil,
		"user": account(i.author), "labels": append([]label{}, i.labels...), "comments": len(i.comments), "locked": false,
		"assignees": []any{}, "created_at": i.created, "updated_at": i.updated, "closed_at": nil,
		"url": url, "html_url": html, "comments_url": url + "/comments", "repository_url": c.repoURL(r),
	}
	if i.reason != "" {
		m["state_reason"] = i.reason
	}
	if i.closed {
		m["closed_at"] = i.closedAt
	}
	if i.pull != nil {
		m["html_url"] = fmt.Sprintf("%s/pull/%d", r.html(), i.number)
		m["pull_request"] = map[string]any{"url": fmt.Sprintf("%s/pulls/%d", c.repoURL(r), i.number), "html_url": m["html_url"]}
	}
	return m
}

func (i *issue) state() string {
	if i.closed {
		return "closed"
	}
	return "open"
}

// one finds the issue that the path names.
func (s *Server) one(c *call) (*repository, *issue, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, nil, err
	}
	n, err := strconv.Atoi(c.PathValue("n"))
	if err != nil || n < 1 || n > len(r.issues) {
		return nil, nil, notFound()
	}
	return r, r.issues[n-1], nil
}

func (s *Server) getIssue(c *call) (any, error) {
	r, i, err := s.one(c)
	if err != nil {
		return nil, err
	}
	return c.issue(r, i), nil
}

// listIssues lists the issues, and as GitHub does the pull requests with them.
func (s *Server) listIssues(c *call) (any, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, err
	}
	query := c.URL.Query()
	for _, name := range []string{"milestone", "assignee", "mentioned", "type"} {
		if query.Has(name) {
			return nil, unserved("issues by " + name)
		}
	}
	state, err := oneOf(query.Get("state"), "Issue", "state", "open", "closed", "all")
	if err != nil {
		return nil, err
	}
	since, err := sinceOf(query.Get("since"))
	if err != nil {
		return nil, err
	}
	var list []*issue
	for _, i := range r.issues {
		wrongState := state != "all" && state != i.state()
		wrongAuthor := query.Has("creator") && !strings.EqualFold(query.Get("creator"), i.author)
		if !wrongState && !wrongAuthor && !i.updated.Before(since) && i.has(query.Get("labels")) {
			list = append(list, i)
		}
	}
	if err := sortIssues(list, query.Get("sort"), query.Get("direction"), "desc"); err != nil {
		return nil, err
	}
	answer := []any{}
	for _, i := range page(c, list) {
		answer = append(answer, c.issue(r, i))
	}
	return answer, nil
}

// has tells whether an issue carries all of these labels.
func (i *issue) has(labels string) bool {
	for name := range strings.SplitSeq(labels, ",") {
		if name != "" && !slices.ContainsFunc(i.labels, func(l label) bool { return strings.EqualFold(l.Name, name) }) {
			return false
		}
	}
	return true
}

func sortIssues(list []*issue, by, direction, otherwise string) error {
	by, err := oneOf(by, "Issue", "sort", "created", "updated", "comments")
	if err != nil {
		return err
	}
	if direction == "" {
		direction = otherwise
	}
	if direction, err = oneOf(direction, "Issue", "direction", "desc", "asc"); err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b *issue) int {
		d := 0
		switch by {
		case "updated":
			d = a.updated.Compare(b.updated)
		case "comments":
			d = cmp.Compare(len(a.comments), len(b.comments))
		}
		if d == 0 { // numbers are given in the order of creation
			d = cmp.Compare(a.number, b.number)
		}
		if direction == "desc" {
			return -d
		}
		return d
	})
	return nil
}

// oneOf returns the value, or the first of what may be said when it is empty.
func oneOf(value, resource, field string, values ...string) (string, error) {
	if value == "" {
		return values[0], nil
	}
	if !slices.Contains(values, value) {
		return "", invalid(Detail{Resource: resource, Field: field, Code: "invalid"})
	}
	return value, nil
}

func sinceOf(value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, invalid(Detail{Resource: "Issue", Field: "since", Code: "invalid"})
	}
	return t, nil
}

// A change is what a client says of an issue.
type change struct {
	Title       *string   `json:"title"`
	Body        *string   `json:"body"`
	Labels      *[]string `json:"labels"`
	State       string    `json:"state"`
	StateReason string    `json:"state_reason"`
	Assignees   []string  `json:"assignees"`
	Milestone   any       `json:"milestone"`
}

func (s *Server) createIssue(c *call) (any, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, err
	}
	if c.login == "" {
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	i := &issue{author: c.login}
	if err := s.apply(c, r, i); err != nil {
		return nil, err
	}
	s.open(r, i)
	answer := c.issue(r, i)
	c.status = http.StatusCreated
	c.header.Set("Location", answer["url"].(string))
	return answer, nil
}

func (s *Server) editIssue(c *call) (any, error) {
	r, i, err := s.one(c)
	if err != nil {
		return nil, err
	}
	if c.login == "" {
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	if err := s.apply(c, r, i); err != nil {
		return nil, err
	}
	i.updated = s.now()
	return c.issue(r, i), nil
}

// apply makes the change that a request asks for, all of it or nothing.
func (s *Server) apply(c *call, r *repository, i *issue) error {
	var what change
	if err := c.decode(&what); err != nil {
		return err
	}
	if len(what.Assignees) > 0 || what.Milestone != nil {
		return unserved("assignees and milestones")
	}
	title := i.title
	if what.Title != nil {
		title = *what.Title
	}
	switch {
	case strings.TrimSpace(title) == "":
		return invalid(Detail{Resource: "Issue", Field: "title", Code: "missing_field"})
	case utf8.RuneCountInString(title) > maxTitle:
		return invalid(Detail{"Issue", "title", "custom", "title is too long (maximum is 256 characters)"})
	case what.Body != nil && utf8.RuneCountInString(*what.Body) > maxBody:
		return invalid(Detail{"Issue", "body", "custom", "body is too long (maximum is 65536 characters)"})
	}
	state, err := oneOf(what.State, "Issue", "state", i.state(), "open", "closed")
	if err != nil {
		return err
	}
	reason, err := oneOf(what.StateReason, "Issue", "state_reason", "", "completed", "not_planned", "reopened")
	if err != nil {
		return err
	}
	i.title = title
	if what.Body != nil {
		i.body = *what.Body
	}
	if what.Labels != nil {
		i.labels = nil
		for _, name := range *what.Labels {
			if l := s.label(r, name); !slices.Contains(i.labels, l) {
				i.labels = append(i.labels, l)
			}
		}
	}
	if state != i.state() {
		i.closed, i.closedAt = state == "closed", s.now()
		i.reason = map[bool]string{true: "completed", false: "reopened"}[i.closed]
	}
	if reason != "" {
		i.reason = reason
	}
	return nil
}
