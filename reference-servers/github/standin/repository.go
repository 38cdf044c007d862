package standin

import (
	"strings"
	"time"
)

// A repository is all that the stand-in knows of one.
type repository struct {
	id           int64
	owner, name  string
	private      bool
	about        string
	branch       string                       // the default one
	files        map[string]map[string]string // by branch, by path
	issues       []*issue                     // pull requests, too, are issues; by number, from 1
	created      time.Time
	labelsByName map[string]label
}

// An issue is an issue or, when pull is set, a pull request.
type issue struct {
	id, number       int64
	title, body      string
	closed           bool
	reason           string // of its state: completed, not_planned, reopened
	author           string
	labels           []label
	comments         []comment
	created, updated time.Time
	closedAt         time.Time
	pull             *pull
}

type pull struct {
	head, base string // branches
	draft      bool
}

type label struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

type comment struct {
	id               int64
	body, author     string
	created, updated time.Time
}

// AddRepo adds a repository with these files on its default branch, main.
func (s *Server) AddRepo(owner, name, about string, files map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos = append(s.repos, &repository{
		id: s.id(), owner: owner, name: name, about: about, branch: "main",
		files: map[string]map[string]string{"main": files}, created: s.now(), labelsByName: map[string]label{},
	})
}

// AddPrivateRepo adds a repository that only those with a token can see.
func (s *Server) AddPrivateRepo(owner, name, about string, files map[string]string) {
	s.AddRepo(owner, name, about, files)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos[len(s.repos)-1].private = true
}

// AddPull adds an open pull request: a branch with these files changed.
func (s *Server) AddPull(owner, name, author, branch, title, body string, changed map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(owner, name)
	files := map[string]string{}
	for p, text := range r.files[r.branch] {
		files[p] = text
	}
	for p, text := range changed {
		files[p] = text
	}
	r.files[branch] = files
	s.open(r, &issue{title: title, body: body, author: author, pull: &pull{head: branch, base: r.branch}})
}

// AddIssue adds an open issue.
func (s *Server) AddIssue(owner, name, author, title, body string, labels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(owner, name)
	i := &issue{title: title, body: body, author: author}
	for _, l := range labels {
		i.labels = append(i.labels, s.label(r, l))
	}
	s.open(r, i)
}

func (s *Server) open(r *repository, i *issue) {
	i.id, i.number = s.id(), int64(len(r.issues)+1)
	i.created, i.updated = s.now(), s.now()
	r.issues = append(r.issues, i)
}

// label returns the label of this name, which GitHub makes when there is none.
func (s *Server) label(r *repository, name string) label {
	key := strings.ToLower(name)
	if l, ok := r.labelsByName[key]; ok {
		return l
	}
	l := label{s.id(), name, "ededed"}
	r.labelsByName[key] = l
	return l
}

func (s *Server) find(owner, name string) *repository {
	for _, r := range s.repos {
		if strings.EqualFold(r.owner, owner) && strings.EqualFold(r.name, name) {
			return r
		}
	}
	return nil
}

// repo finds the repository of a request. One that the asker may not see does not
// exist, for its very name is a secret.
func (s *Server) repo(c *call) (*repository, error) {
	r := s.find(c.PathValue("owner"), c.PathValue("repo"))
	if r == nil || r.private && c.login == "" {
		return nil, notFound()
	}
	return r, nil
}

func (c *call) repoURL(r *repository) string { return c.host + "/repos/" + r.owner + "/" + r.name }

func (r *repository) html() string { return "https://github.com/" + r.owner + "/" + r.name }

func account(login string) map[string]any {
	return map[string]any{"login": login, "type": "User", "html_url": "https://github.com/" + login, "site_admin": false}
}

func (c *call) repository(r *repository) map[string]any {
	open := 0
	for _, i := range r.issues {
		if !i.closed {
			open++
		}
	}
	return map[string]any{
		"id": r.id, "name": r.name, "full_name": r.owner + "/" + r.name, "owner": account(r.owner), "private": r.private,
		"description": r.about, "default_branch": r.branch, "open_issues_count": open, "has_issues": true, "fork": false,
		"url": c.repoURL(r), "html_url": r.html(), "created_at": r.created,
	}
}

func (s *Server) getRepo(c *call) (any, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, err
	}
	return c.repository(r), nil
}

func (s *Server) user(c *call) (any, error) {
	if c.login == "" {
		return nil, refuse(401, "Requires authentication")
	}
	return account(c.login), nil
}
