package ceiling

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// endLimit bounds how long the ending of all sessions may take.
const endLimit = 30 * time.Second

// end ends all sessions, whatever became of the search.
func (s *search) end() {
	var left, refused atomic.Int64
	until := time.Now().Add(endLimit)
	s.each(s.held, func(c *client) {
		id := c.session.ID()
		if time.Now().After(until) {
			c.session.SetID("") // give up the connection only
		}
		c.session.Close()
		if id == "" || s.plan.Endpoint.Transport != spec.StreamableHTTP || s.plan.Revision.Modern() {
			return
		}
		switch status := deleted(c); {
		case status == http.StatusMethodNotAllowed:
			refused.Add(1)
		case status < 200 || status >= 300 && status != http.StatusNotFound: // what is not found is gone
			left.Add(1)
		}
	})
	s.found.NotEnded = int(left.Load() + refused.Load())
	if n := refused.Load(); n > 0 {
		s.note("the server lets clients end no session (DELETE is answered with 405): %d stay until it ends them itself", n)
	}
	if n := left.Load(); n > 0 {
		s.note("the server did not confirm the end of %d sessions: they may still be open there", n)
	}
}

// deleted is the status with which DELETE was answered; 0 if it was not.
func deleted(c *client) (status int) {
	for _, x := range c.session.Exchanges() {
		if x.Call.Verb == http.MethodDelete {
			status = x.Status()
		}
	}
	return status
}
