package standin

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Only so many results of a search can be had, whatever their number.
const maxResults = 1000

// languages tells the endings of the languages that language: knows here.
var languages = map[string][]string{
	"go": {".go"}, "markdown": {".md"}, "python": {".py"}, "yaml": {".yaml", ".yml"}, "json": {".json"},
	"javascript": {".js"}, "typescript": {".ts"}, "shell": {".sh"}, "dockerfile": {"Dockerfile"},
}

// A query is what to search for: words that a file must all have, in files that
// all qualifiers accept.
type query struct {
	words   []string
	repos   []string // any of them
	accepts []func(file string) bool
}

// parse reads a query. Quotes keep words together.
func parse(text string) (query, error) {
	var q query
	for _, term := range terms(text) {
		name, value, qualified := strings.Cut(term.text, ":")
		if term.quoted || !qualified {
			q.words = append(q.words, strings.ToLower(term.text))
			continue
		}
		lower := strings.ToLower(value)
		accept := func(f func(string) bool) { q.accepts = append(q.accepts, f) }
		switch name {
		case "repo":
			q.repos = append(q.repos, lower)
		case "user", "org":
			q.repos = append(q.repos, lower+"/")
		case "path":
			lower = strings.Trim(lower, "/")
			accept(func(f string) bool {
				return lower == "" || strings.HasPrefix(strings.ToLower(f), lower+"/") || strings.EqualFold(f, lower)
			})
		case "filename":
			accept(func(f string) bool { return strings.Contains(strings.ToLower(path.Base(f)), lower) })
		case "extension":
			accept(func(f string) bool { return strings.EqualFold(path.Ext(f), "."+lower) })
		case "language":
			endings, ok := languages[lower]
			if !ok {
				return q, unserved("the language " + value)
			}
			accept(func(f string) bool {
				return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(f, e) })
			})
		case "in":
			if lower != "file" {
				return q, unserved("in:" + value)
			}
		case "size", "fork", "symbol", "content", "is":
			return q, unserved("the qualifier " + name)
		default: // not a qualifier, but a word with a colon
			q.words = append(q.words, strings.ToLower(term.text))
		}
	}
	return q, nil
}

type term struct {
	text   string
	quoted bool
}

func terms(text string) (list []term) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if rest, ok := strings.CutPrefix(text, `"`); ok {
			word, after, _ := strings.Cut(rest, `"`)
			if word != "" {
				list = append(list, term{word, true})
			}
			text = after
			continue
		}
		end := strings.IndexFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
		if end < 0 {
			end = len(text)
		}
		list, text = append(list, term{text: text[:end]}), text[end:]
	}
	return list
}

func (q query) in(r *repository) bool {
	full := strings.ToLower(r.owner + "/" + r.name)
	return len(q.repos) == 0 || slices.ContainsFunc(q.repos, func(want string) bool {
		return want == full || strings.HasSuffix(want, "/") && strings.HasPrefix(full, want)
	})
}

// A hit is a file that matches.
type hit struct {
	repo *repository
	path string
	text string
}

func (s *Server) searchCode(c *call) (any, error) {
	text := c.URL.Query().Get("q")
	if strings.TrimSpace(text) == "" {
		return nil, invalid(Detail{Resource: "Search", Field: "q", Code: "missing"})
	}
	if utf8.RuneCountInString(text) > 256 {
		return nil, invalid(Detail{"Search", "q", "invalid", "The search is longer than 256 characters."})
	}
	if c.login == "" {
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(q.words) == 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "ERROR_TYPE_QUERY_PARSING_FATAL unable to parse query!")
	}
	var hits []hit
	for _, r := range s.repos {
		if !q.in(r) {
			continue
		}
		for _, p := range slices.Sorted(maps.Keys(r.files[r.branch])) { // only the default branch is searched
			if text := r.files[r.branch][p]; q.matches(p, text) {
				hits = append(hits, hit{r, p, text})
			}
		}
	}
	if err := s.beyond(c); err != nil {
		return nil, err
	}
	items := []any{}
	for _, h := range page(c, hits[:min(len(hits), maxResults)]) {
		item := c.entry(h.repo, h.repo.branch, "file", h.path, h.text)
		for _, name := range []string{"type", "size", "download_url"} {
			delete(item, name)
		}
		item["repository"], item["score"] = c.repository(h.repo), 1.0
		if strings.Contains(c.Header.Get("Accept"), "text-match") {
			item["text_matches"] = fragments(item["url"].(string), h.text, q.words)
		}
		items = append(items, item)
	}
	return map[string]any{"total_count": len(hits), "incomplete_results": false, "items": items}, nil
}

// beyond refuses pages past the last result that can be had.
func (s *Server) beyond(c *call) error {
	probe := &call{Request: c.Request, header: http.Header{}}
	if len(page(probe, make([]struct{}, maxResults))) == 0 {
		return refuse(http.StatusUnprocessableEntity, "Only the first %d search results are available", maxResults)
	}
	return nil
}

func (q query) matches(file, text string) bool {
	lower := strings.ToLower(text)
	for _, w := range q.words {
		if !strings.Contains(lower, w) && !strings.Contains(strings.ToLower(file), w) {
			return false
		}
	}
	return !slices.ContainsFunc(q.accepts, func(accept func(string) bool) bool { return !accept(file) })
}

// fragments shows, for each word, the line that first has it.
func fragments(url, text string, words []string) any {
	list := []any{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		lower := strings.ToLower(line)
		if len(lower) != len(line) {
			continue // places in one are none in the other
		}
		matches := []any{}
		for _, w := range words {
			if at := strings.Index(lower, w); at >= 0 {
				matches = append(matches, map[string]any{"text": line[at : at+len(w)], "indices": []int{at, at + len(w)}})
			}
		}
		if len(matches) > 0 && len(list) < len(words) {
			list = append(list, map[string]any{"object_url": url, "object_type": "FileContent", "property": "content", "fragment": line, "matches": matches})
		}
	}
	return list
}
