package everything

import "strconv"

const watchedResource = "test://watched-resource"

// stateTools change something that clients can be told about. A list changes
// in the description of one of its members, so that its names stay the same
// for whoever compares them at that moment.
func (s *Server) stateTools() []tool {
	return []tool{
		{name: "test_trigger_tool_change", title: "Change the tools", acts: true,
			description: "Changes this description" + s.times("tools"),
			run:         trigger("tools")},
		{name: "test_trigger_prompt_change", title: "Change the prompts", acts: true,
			description: "Changes the description of a prompt",
			run:         trigger("prompts")},
		{name: "test_trigger_resource_change", title: "Change the resources", acts: true,
			description: "Changes the description of a resource",
			run:         trigger("resources")},
		{name: "test_update_watched_resource", title: "Update the watched resource", acts: true,
			description: "Changes the content of " + watchedResource,
			run: func(c *call, _ object) (object, *rpcError) {
				c.srv.resourceUpdated(watchedResource)
				return said("Updated " + watchedResource), nil
			}},
	}
}

// times tells how often a list changed.
func (s *Server) times(kind string) string {
	return " (changed " + strconv.Itoa(s.changeCount(kind)) + " times so far)"
}

func trigger(kind string) func(*call, object) (object, *rpcError) {
	return func(c *call, _ object) (object, *rpcError) {
		c.srv.tellsTheGone(c)
		c.srv.listChanged(kind)
		return said("Changed the list of " + kind), nil
	}
}

// referringTools refer to the network in a schema, if the server was given an
// address to refer to. That can never be called: what a reference leads to is
// not fetched, and so nothing is known to conform to it.
func (s *Server) referringTools() []tool {
	if s.refURL == "" {
		return nil
	}
	return []tool{{name: "test_network_ref", title: "Reference to the network", description: "Has an argument whose schema is elsewhere",
		input: object{"value": object{"$ref": s.refURL}},
		run:   always(textContent("This was not to be called."))}}
}
