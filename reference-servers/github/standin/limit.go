package standin

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A budget counts what one user has asked for of one resource, or has written.
type budget struct {
	used  int
	reset time.Time
}

// Throttle makes the stand-in refuse everything for a while, as GitHub does when
// somebody exceeds a secondary rate limit.
func (s *Server) Throttle(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttled = s.options.Now().Add(d)
}

// Requests tells how many requests have come in.
func (s *Server) Requests() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// A quota is the state of one budget as GitHub shows it.
type quota struct {
	Limit     int    `json:"limit"`
	Remaining int    `json:"remaining"`
	Reset     int64  `json:"reset"`
	Used      int    `json:"used"`
	Resource  string `json:"resource"`
}

func (s *Server) limit(login, resource string) (n int, window time.Duration) {
	pick := func(set, otherwise int) int {
		if set > 0 {
			return set
		}
		return otherwise
	}
	switch resource {
	case "code_search":
		return pick(s.options.CodeSearch, 10), time.Minute
	case "search":
		return pick(s.options.Search, 30), time.Minute
	case "writes":
		return pick(s.options.Writes, 80), time.Minute
	}
	if login == "" {
		return pick(s.options.Core, 60), time.Hour
	}
	return pick(s.options.Core, 5000), time.Hour
}

func (s *Server) budget(login, resource string) *budget {
	key := login + " " + resource
	b, now := s.budgets[key], s.options.Now()
	if b == nil || !now.Before(b.reset) {
		_, window := s.limit(login, resource)
		b = &budget{reset: now.Add(window).Truncate(time.Second)}
		s.budgets[key] = b
	}
	return b
}

func (s *Server) quota(login, resource string) quota {
	b := s.budget(login, resource)
	limit, _ := s.limit(login, resource)
	return quota{limit, max(0, limit-b.used), b.reset.Unix(), min(b.used, limit), resource}
}

// admit counts a request, or refuses it.
func (s *Server) admit(c *call) (*budget, error) {
	if c.URL.Path == "/rate_limit" {
		return nil, nil // asking costs nothing
	}
	resource := "core"
	switch {
	case strings.HasPrefix(c.URL.Path, "/search/code"):
		resource = "code_search"
	case strings.HasPrefix(c.URL.Path, "/search/"):
		resource = "search"
	}
	b := s.budget(c.login, resource)
	b.used++
	q := s.quota(c.login, resource)
	c.show(q)
	if limit, _ := s.limit(c.login, resource); b.used > limit {
		who := "user " + c.login
		if c.login == "" {
			who = "your address. (But here's the good news: Authenticated requests get a higher rate limit.)"
		}
		r := refuse(s.options.LimitStatus, "API rate limit exceeded for %s", who)
		r.Documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
		return nil, r
	}
	if d := s.throttled.Sub(s.options.Now()); d > 0 {
		return nil, s.secondary(c, d)
	}
	if c.Method != http.MethodGet {
		w := s.budget(c.login, "writes")
		w.used++
		if limit, _ := s.limit(c.login, "writes"); w.used > limit {
			return nil, s.secondary(c, w.reset.Sub(s.options.Now()))
		}
	}
	return b, nil
}

func (s *Server) secondary(c *call, wait time.Duration) error {
	c.header.Set("Retry-After", strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second))))
	r := refuse(s.options.LimitStatus, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	r.Documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	return r
}

func (c *call) show(q quota) {
	c.header.Set("X-Ratelimit-Limit", strconv.Itoa(q.Limit))
	c.header.Set("X-Ratelimit-Remaining", strconv.Itoa(q.Remaining))
	c.header.Set("X-Ratelimit-Reset", strconv.FormatInt(q.Reset, 10))
	c.header.Set("X-Ratelimit-Used", strconv.Itoa(q.Used))
	c.header.Set("X-Ratelimit-Resource", q.Resource)
}

func (s *Server) rateLimit(c *call) (any, error) {
	resources := map[string]quota{}
	for _, r := range []string{"core", "search", "code_search"} {
		resources[r] = s.quota(c.login, r)
	}
	c.show(resources["core"])
	return map[string]any{"resources": resources, "rate": resources["core"]}, nil
}
