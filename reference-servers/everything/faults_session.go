package everything

import "bytes"

var sessionFaults = faultTable{
	"session.id.visible-ascii": {does: "assigns session ids with a space"},
	"session.id.unique-secure": {does: "counts its sessions"},
	"session.id.required-400":  {does: "refuses the lack of a session id with status 403"},
	"session.id.accepted":      {does: "does not find a session over a connection that is closed after the request"},
	"session.unknown-404":      {does: "refuses a session id that it never issued with status 400"},
	"session.terminated-404":   {does: "goes on serving a session after DELETE"},
	"session.scoped-delivery":  {does: "sends responses to other sessions as well"},
}

// leak hands a response to other sessions too. So that nothing else is
// disturbed, it does so only between sessions that have used ids as a check of
// this makes them.
func (s *Server) leak(c *call, data []byte) {
	if c.sess == nil || !bytes.HasPrefix(c.id, []byte(`"apart-`)) {
		return
	}
	c.sess.mu.Lock()
	c.sess.marked = true
	c.sess.mu.Unlock()
	for _, other := range s.everyPeer() {
		other.mu.Lock()
		marked := other.marked
		other.mu.Unlock()
		if marked && other != c.sess {
			other.deliver(data)
		}
	}
}
