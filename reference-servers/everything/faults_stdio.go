package everything

import "bytes"

var stdioFaults = faultTable{
	"stdio.cancel.no-further-messages":  {does: "answers a subscription that was cancelled"},
	"stdio.cancel.stop-work":            {does: "goes on with slow work, and tells of its progress, after a cancellation"},
	"stdio.framing.newline-terminated":  {does: "puts a Content-Length header before each message instead of a line feed after it"},
	"stdio.framing.no-embedded-newline": {does: "indents its messages"},
	"stdio.framing.reads-lines":         {does: "takes the CR of CRLF for a part of the message"},
	"stdio.messages.individual":         {does: "puts each message in an array"},
	"stdio.messages.via-stdout":         {does: "writes a response whose id has a line break to stderr"},
	"stdio.restart.no-state-needed":     {does: "refuses a tool call that is the first request of a process"},
	"stdio.server.no-requests":          {does: "sends ping beside a prompt"},
	"stdio.shutdown.exit-on-eof":        {does: "runs on after the end of stdin"},
	"stdio.shutdown.exit-on-sigterm":    {does: "ignores SIGTERM"},
	"stdio.stdout.only-mcp":             {does: "greets on stdout"},
}

// astray reports whether a message goes to stderr.
func (s *Server) astray(data []byte) bool {
	return s.broken("stdio.messages.via-stdout") && bytes.Contains(data, []byte(`\nstdin"`)) && bytes.Contains(data, []byte(`"result"`))
}
