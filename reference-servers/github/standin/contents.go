package standin

import (
	"crypto/sha1" //nolint:gosec // Git names blobs so
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Larger files come without their content, unless asked for as they are.
const maxContent = 1 << 20

// blob names content as Git does.
func blob(text string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)))
}

// commit makes up a name for the newest commit of a branch that changes with it.
func (r *repository) commit(branch string) string {
	h := sha1.New()
	for _, p := range slices.Sorted(maps.Keys(r.files[branch])) {
		fmt.Fprintf(h, "%s %s\n", blob(r.files[branch][p]), p)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// at finds the files that a ref names: a branch, or its newest commit.
func (r *repository) at(ref string) (branch string, files map[string]string, err error) {
	if ref == "" {
		ref = r.branch
	}
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "refs/"), "heads/")
	for _, branch := range slices.Sorted(maps.Keys(r.files)) {
		if ref == branch || ref == r.commit(branch) {
			return branch, r.files[branch], nil
		}
	}
	return "", nil, refuse(http.StatusNotFound, "No commit found for the ref %s", ref)
}

func (c *call) entry(r *repository, branch, kind, name, text string) map[string]any {
	escaped := (&url.URL{Path: name}).EscapedPath()
	m := map[string]any{
		"type": kind, "name": path.Base(name), "path": name, "size": 0, "sha": blob(text),
		"url":          c.repoURL(r) + "/contents/" + escaped + "?ref=" + url.QueryEscape(branch),
		"html_url":     r.html() + "/blob/" + branch + "/" + escaped,
		"download_url": nil,
	}
	if kind == "file" {
		m["size"] = len(text)
		m["download_url"] = "https://raw.githubusercontent.com/" + r.owner + "/" + r.name + "/" + branch + "/" + escaped
	}
	return m
}

func (s *Server) contents(c *call) (any, error) {
	r, err := s.repo(c)
	if err != nil {
		return nil, err
	}
	branch, files, err := r.at(c.URL.Query().Get("ref"))
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(c.PathValue("path"), "/")
	if text, ok := files[name]; ok {
		return c.file(r, branch, name, text), nil
	}
	entries := map[string]any{}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		rest, ok := strings.CutPrefix(p, name+"/")
		if name == "" {
			rest, ok = p, true
		}
		if !ok {
			continue
		}
		if dir, _, deeper := strings.Cut(rest, "/"); deeper {
			p = path.Join(name, dir)
			entries[p] = c.entry(r, branch, "dir", p, p)
		} else {
			entries[p] = c.entry(r, branch, "file", p, files[p])
		}
	}
	if len(entries) == 0 && name != "" {
		return nil, notFound()
	}
	list := []any{}
	for _, p := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, entries[p])
	}
	return list, nil
}

func (c *call) file(r *repository, branch, name, text string) any {
	if accept := c.Header.Get("Accept"); strings.Contains(accept, "application/vnd.github.raw") || strings.Contains(accept, "application/vnd.github.v3.raw") {
		c.raw = []byte(text)
		c.header.Set("Content-Type", "application/vnd.github.raw; charset=utf-8")
		return nil
	}
	m := c.entry(r, branch, "file", name, text)
	m["encoding"], m["content"] = "none", ""
	if len(text) <= maxContent {
		var lines strings.Builder
		for coded := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(text))), 60) {
			lines.Write(append(coded, '\n'))
		}
		m["encoding"], m["content"] = "base64", lines.String()
	}
	return m
}
