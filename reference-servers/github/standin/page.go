package standin

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// page cuts out of a list what the client asked for, and sets Link. Numbers that
// make no sense count as not given, as with GitHub.
func page[T any](c *call, list []T) []T {
	query := c.URL.Query()
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(query.Get(name)); err == nil && n > 0 {
			return n
		}
		return otherwise
	}
	size, at := min(number("per_page", 30), 100), number("page", 1)
	last := max(1, (len(list)+size-1)/size)

	var links []string
	link := func(rel string, n int) {
		q := url.Values{}
		for k, v := range query {
			q[k] = v
		}
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", c.host, c.URL.EscapedPath(), q.Encode(), rel))
	}
	if at > 1 {
		link("prev", min(at-1, last))
	}
	if at < last {
		link("next", at+1)
		link("last", last)
	}
	if at > 1 {
		link("first", 1)
	}
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
	from := min((min(at, last+1)-1)*size, len(list))
	return append([]T{}, list[from:min(from+size, len(list))]...) // never null
}

// revalidate names the answer by an ETag, and leaves it out when the client has it.
// That costs who is known nothing of their rate limit.
func (s *Server) revalidate(c *call, b *budget) {
	if c.Method != http.MethodGet || c.status != http.StatusOK || b == nil {
		return
	}
	data := c.raw
	if data == nil {
		data, _ = json.Marshal(c.answer)
	}
	hash := sha256.New()
	hash.Write(data)
	fmt.Fprint(hash, c.header.Get("Link"), c.header.Get("Content-Type"))
	tag := fmt.Sprintf("%q", fmt.Sprintf("%x", hash.Sum(nil)))
	c.header.Set("Etag", "W/"+tag)
	c.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
	c.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	for known := range strings.SplitSeq(c.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			c.status, c.raw = http.StatusNotModified, []byte{}
			if c.login != "" {
				b.used--
				c.show(s.quota(c.login, c.header.Get("X-Ratelimit-Resource")))
			}
			return
		}
	}
}
