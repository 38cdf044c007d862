package everything

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
)

// memory is what a server that breaks statelessness keeps of its clients between
// their requests. A server that conforms never writes to it.
type memory struct {
	mu      sync.Mutex
	caps    map[string]object // by connection: declared by an earlier request
	refused map[string]bool   // connections on which a revision was refused
	seat    map[string]string // by title: the connection of a client; by id: a subscription
	first   string            // the name of the first client
	gone    json.RawMessage   // the id of a subscription that will be over
	busy    map[string]bool   // connections on which a tool was called
}

func (m *memory) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.caps == nil {
		m.caps, m.refused, m.seat, m.busy = map[string]object{}, map[string]bool{}, map[string]string{}, map[string]bool{}
	}
	f()
}

// recallCapabilities fills in what a request leaves open from what the client
// declared before on its connection.
func (s *Server) recallCapabilities(c *call) {
	if c.caps == nil {
		c.caps = object{}
	}
	if !s.broken("stateless.no-prior-context") && !s.broken("stateless.capabilities.no-inference") {
		return
	}
	s.memory.do(func() {
		if len(c.caps) > 0 {
			s.memory.caps[c.peer] = maps.Clone(c.caps)
		}
	})
}

// remembersCapabilities reports whether the client declared any before.
func (s *Server) remembersCapabilities(c *call) (known bool) {
	s.memory.do(func() { known = s.memory.caps[c.peer] != nil })
	return known
}

// rememberedCapability is false in a server that conforms.
func (s *Server) rememberedCapability(c *call, name string) (known bool) {
	if s.broken("stateless.capabilities.no-inference") {
		s.memory.do(func() { _, known = s.memory.caps[c.peer][name] })
	}
	return known
}

// remembersRefusal is false in a server that conforms. Only the far future is
// remembered, so that other requests on the connection are served.
func (s *Server) remembersRefusal(c *call) (refused bool) {
	if s.broken("version.per-request") {
		s.memory.do(func() { refused = s.memory.refused[c.peer] })
	}
	return refused
}

// rememberRefusal keeps in mind that a connection asked for too much.
func (s *Server) rememberRefusal(c *call, version string) {
	if s.broken("version.per-request") && version > "2100" {
		s.memory.do(func() { s.memory.refused[c.peer] = true })
	}
}

// belongsElsewhere is false in a server that conforms. A client with a title is
// bound to the connection on which it was first seen.
func (s *Server) belongsElsewhere(c *call) (other bool) {
	info, _ := c.meta[metaClientInfo].(object)
	title, _ := info["title"].(string)
	if title == "" || !s.broken("stateless.no-connection-affinity") {
		return false
	}
	s.memory.do(func() {
		seat, known := s.memory.seat[title]
		if !known {
			s.memory.seat[title] = c.peer
		}
		other = known && seat != c.peer
	})
	return other
}

// busyWithAnother is false in a server that conforms.
func (s *Server) busyWithAnother(c *call) (busy bool) {
	if !s.broken("stateless.multi-conversation") {
		return false
	}
	info, _ := c.meta[metaClientInfo].(object)
	name, _ := info["name"].(string)
	s.memory.do(func() {
		if s.memory.first == "" {
			s.memory.first = name
		}
		busy = name != "" && name != s.memory.first
	})
	return busy
}

// varied is the same list in a server that conforms. Others have an item for
// each connection, or another item where a tool was called. Either way the last
// page is the same for all.
func (s *Server) varied(c *call, kind string, items list) list {
	busy := false
	if s.broken(kind + ".list.no-side-effect-variance") {
		s.memory.do(func() { busy = s.memory.busy[c.peer] })
	}
	own := s.broken(kind + ".list.no-connection-variance")
	if !busy && !own || len(items) < 4 {
		return items
	}
	items = slices.Clone(items)
	where := "busy"
	if own {
		where = strings.NewReplacer(":", "-", ".", "-", "[", "", "]", "").Replace(c.peer)
	}
	other := maps.Clone(items[3].(object))
	other["name"] = "of-" + where
	if kind == "resources" {
		other["uri"] = "test://template/" + where + "/data"
	}
	if own {
		return slices.Insert(items, 1, any(other))
	}
	items[3] = other
	return items
}

// rememberUse keeps in mind that a connection was used to call a tool.
func (s *Server) rememberUse(c *call) {
	for _, kind := range []string{"tools", "resources", "prompts"} {
		if c.method == "tools/call" && s.broken(kind+".list.no-side-effect-variance") {
			s.memory.do(func() { s.memory.busy[c.peer] = true })
		}
	}
}

// rememberSubscription keeps in mind who listens.
func (s *Server) rememberSubscription(l *subscription) {
	if s.broken("subs.no-state-across-connections") && strings.Contains(string(l.call.id), "gone") {
		s.memory.do(func() { s.memory.gone = l.call.id })
	}
}

// refusesToListenAgain is false in a server that conforms. Subscriptions whose
// ids are alike up to the last hyphen are taken for one, which never ends.
func (s *Server) refusesToListenAgain(l *subscription) (again bool) {
	id := string(l.call.id)
	if i := strings.LastIndex(id, "-"); i > 0 && s.broken("subs.client-cancel.http") {
		s.memory.do(func() {
			again = s.memory.seat[id[:i]] != ""
			s.memory.seat[id[:i]] = id
		})
	}
	return again
}

// tellsTheGone speaks to a subscription that is over, on whatever connection
// there is.
func (s *Server) tellsTheGone(c *call) {
	var id json.RawMessage
	s.memory.do(func() { id = s.memory.gone })
	if id != nil && c.modern() {
		c.notify("notifications/tools/list_changed", object{"_meta": object{metaSubscription: id}})
	}
}
