package everything

import "strings"

// parse reads one message, with what faults change about that.
func (s *Server) parse(data []byte) (message, *rpcError) {
	if s.broken("jsonrpc.member-names.case-sensitive") {
		data = otherCase(data)
	}
	m, err := parse(data)
	return m, s.misjudge(data, err)
}

// findTool finds a tool by the name that a client calls.
func (s *Server) findTool(name string) (tool, bool) {
	if s.broken("tools.item.name-case-sensitive") {
		for _, t := range s.tools() {
			if strings.EqualFold(t.name, name) {
				return t, true
			}
		}
	}
	return s.tool(name)
}
