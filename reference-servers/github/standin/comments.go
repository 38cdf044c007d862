package standin

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

func (c *call) comment(r *repository, i *issue, m comment) map[string]any {
	return map[string]any{
		"id": m.id, "body": m.body, "user": account(m.author), "created_at": m.created, "updated_at": m.updated,
		"url":       fmt.Sprintf("%s/issues/comments/%d", c.repoURL(r), m.id),
		"html_url":  fmt.Sprintf("%s/issues/%d#issuecomment-%d", r.html(), i.number, m.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", c.repoURL(r), i.number),
	}
}

func (s *Server) listComments(c *call) (any, error) {
	r, i, err := s.one(c)
	if err != nil {
		return nil, err
	}
	since, err := sinceOf(c.URL.Query().Get("since"))
	if err != nil {
		return nil, err
	}
	var list []comment
	for _, m := range i.comments {
		if !m.updated.Before(since) {
			list = append(list, m)
		}
	}
	answer := []any{}
	for _, m := range page(c, list) {
		answer = append(answer, c.comment(r, i, m))
	}
	return answer, nil
}

func (s *Server) createComment(c *call) (any, error) {
	r, i, err := s.one(c)
	if err != nil {
		return nil, err
	}
	if c.login == "" {
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	var what struct {
		Body string `json:"body"`
	}
	if err := c.decode(&what); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(what.Body) == "":
		return nil, invalid(Detail{Resource: "IssueComment", Field: "body", Code: "missing_field"})
	case utf8.RuneCountInString(what.Body) > maxBody:
		return nil, invalid(Detail{"IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)"})
	}
	m := comment{id: s.id(), body: what.Body, author: c.login, created: s.now(), updated: s.now()}
	i.comments, i.updated = append(i.comments, m), m.created
	answer := c.comment(r, i, m)
	c.status = http.StatusCreated
	c.header.Set("Location", answer["url"].(string))
	return answer, nil
}
