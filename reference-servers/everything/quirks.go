package everything

// parse reads one message, with what faults change about that.
func (s *Server) parse(data []byte) (message, *rpcError) {
	if s.broken("jsonrpc.member-names.case-sensitive") {
		data = otherCase(data)
	}
	return parse(data)
}

// findTool finds a tool by the name that a client calls.
func (s *Server) findTool(name string) (tool, bool) { return s.tool(name) }
