package everything

import "slices"

var archFaults = faultTable{
	"arch.capabilities.features-advertised": {"does not declare that resources can be subscribed to", declared(func(all object) {
		with(all["resources"], func(r object) { delete(r, "subscribe") })
	})},
	"arch.capabilities.subscription-declared": {"sends an update of a resource without having declared subscriptions", declared(func(all object) {
		with(all["resources"], func(r object) { delete(r, "subscribe") })
	})},
	"arch.capabilities.tools-declared": {"takes tool calls without having declared tools", declared(func(all object) { delete(all, "tools") })},
}

// declared changes the capabilities that the server declares.
func declared(change func(all object)) rewrite {
	return func(o *outgoing) { with(o.to("initialize", "server/discover")["capabilities"], change) }
}

// hidden names the methods that a server with a fault about its capabilities
// does not have.
func (s *Server) hidden(name string) bool {
	return s.broken("arch.capabilities.tools-declared") && name == "tools/list" ||
		s.broken("arch.capabilities.subscription-declared") && slices.Contains([]string{"resources/subscribe", "resources/unsubscribe"}, name)
}

// announceUpdate sends an update that nobody asked for.
func (c *call) announceUpdate() {
	if !c.modern() && c.srv.broken("arch.capabilities.subscription-declared") {
		c.notify("notifications/resources/updated", object{"uri": watchedResource})
	}
}
