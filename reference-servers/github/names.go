package github

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A repository is named by what GitHub allows in names, and by nothing else:
// go-github puts both parts into a URL as they are.
type repository struct {
	Owner string `json:"owner"`
	Repo  string `json:"repo"`
}

func (r repository) String() string { return r.Owner + "/" + r.Repo }

func (r repository) check() error {
	if !made(r.Owner, 39, "-_") || strings.HasPrefix(r.Owner, "-") {
		return errors.New("owner must be a GitHub account: up to 39 letters, digits and hyphens")
	}
	if !made(r.Repo, 100, "-_.") || r.Repo == "." || r.Repo == ".." {
		return errors.New("repo must be a repository's name without its owner: up to 100 letters, digits, hyphens, underscores and dots")
	}
	return nil
}

// made tells whether a name consists of ASCII letters, digits and these others.
func made(name string, most int, others string) bool {
	for _, c := range name {
		if c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(others, c) {
			return false
		}
	}
	return name != "" && len(name) <= most
}

// checkPath refuses what does not name a file of a repository. It looks behind
// percent signs as well, since who passes the path on may do so, too.
func checkPath(name string) error {
	if len(name) > 4096 || !utf8.ValidString(name) {
		return errors.New("path must be UTF-8 of at most 4096 bytes")
	}
	for range 4 {
		if strings.ContainsFunc(name, unicode.IsControl) {
			return errors.New("path must hold no control characters")
		}
		for segment := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
			if segment == "." || segment == ".." {
				return errors.New("path must name a file from the root of the repository, with neither . nor .. in it")
			}
		}
		if strings.HasPrefix(name, "/") || strings.Contains(name, "//") {
			return errors.New("path must begin with a name and hold none that is empty")
		}
		decoded, err := url.PathUnescape(name)
		if err != nil || decoded == name {
			return nil // a lone percent sign is one
		}
		name = decoded
	}
	return errors.New("path must not be escaped over and over")
}

func checkRef(ref string) error {
	if len(ref) > 255 || strings.Contains(ref, "..") || strings.ContainsFunc(ref, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c) }) {
		return errors.New("ref must be a branch, a tag or a commit")
	}
	return nil
}

// A target is what the URI of a resource names.
type target struct {
	repository
	kind  string // issues, pulls or contents
	path  string // of contents
	ref   string // of contents
	state string // of issues and pulls
	page  int
}

// uri is the inverse of parseURI.
func (t target) uri() string {
	u := "github://" + t.Owner + "/" + t.Repo + "/" + t.kind
	query := url.Values{}
	if t.kind == "contents" && t.path != "" {
		u += "/" + strings.TrimPrefix((&url.URL{Path: "/" + t.path}).EscapedPath(), "/")
	}
	for name, value := range map[string]string{"ref": t.ref, "state": t.state} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if t.page > 1 {
		query.Set("page", strconv.Itoa(t.page))
	}
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}

// parseURI reads github://OWNER/REPO/issues, .../pulls and .../contents/PATH.
func parseURI(uri string) (t target, err error) {
	rest, ok := strings.CutPrefix(uri, "github://")
	if !ok {
		return t, fmt.Errorf("resource %.100q is none of github://", uri)
	}
	if strings.Contains(rest, "#") {
		return t, errors.New("a resource has no fragment")
	}
	rest, rawQuery, _ := strings.Cut(rest, "?")
	parts := strings.SplitN(rest, "/", 4)
	if len(parts) < 3 {
		return t, fmt.Errorf("resource %.100q names no repository: want github://OWNER/REPO/issues", uri)
	}
	t.repository, t.kind = repository{parts[0], parts[1]}, parts[2]
	if err := t.check(); err != nil {
		return t, err
	}
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return t, errors.New("the resource's query is malformed")
	}
	known := map[string]*string{"state": &t.state}
	switch {
	case t.kind == "contents":
		known = map[string]*string{"ref": &t.ref}
		if len(parts) == 4 {
			if t.path, err = url.PathUnescape(parts[3]); err != nil {
				return t, errors.New("path is escaped wrongly")
			}
			if err := checkPath(t.path); err != nil {
				return t, err
			}
			t.path = strings.TrimSuffix(t.path, "/")
		}
	case len(parts) == 4 || t.kind != "issues" && t.kind != "pulls":
		return t, fmt.Errorf("resource %.100q is none: want issues, pulls or contents/PATH of a repository", uri)
	}
	for name, values := range query {
		switch into := known[name]; {
		case len(values) != 1:
			return t, fmt.Errorf("%.20q is given more than once", name)
		case into != nil:
			*into = values[0]
		case name == "page" && t.kind != "contents":
			if t.page, err = strconv.Atoi(values[0]); err != nil || t.page < 1 || t.page > maxPage {
				return t, fmt.Errorf("page must be a number from 1 to %d", maxPage)
			}
		default:
			return t, fmt.Errorf("a resource of %s has no parameter %.20q", t.kind, name)
		}
	}
	if t.state != "" && t.state != "open" && t.state != "closed" && t.state != "all" {
		return t, errors.New("state must be open, closed or all")
	}
	return t, checkRef(t.ref)
}

// mime tells the type of a file by its name.
func mime(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".md":
		return "text/markdown"
	case ".json":
		return "application/json"
	case ".yaml", ".yml":
		return "application/yaml"
	case ".html":
		return "text/html"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".svg":
		return "image/svg+xml"
	case ".pdf":
		return "application/pdf"
	}
	return ""
}
