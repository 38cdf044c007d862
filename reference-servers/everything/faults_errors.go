package everything

import (
	"bytes"
	"net/http"
	"strings"
)

var errorsFaults = faultTable{
	"errors.invalid-params.code":         {does: "takes an initialize without params, and a subscription to nothing"},
	"errors.invalid-request.code":        {does: "answers a request of JSON-RPC 1.0 with an internal error"},
	"errors.jsonrpc-reserved-range":      {does: "answers a number with a code that JSON-RPC reserves"},
	"errors.legacy-range.avoid":          {does: "answers a number with a code of old"},
	"errors.method-not-found.code":       {"answers an unknown method with invalid params", unknownMethod(codeInvalidParams)},
	"errors.method-not-found.ungated":    {"serves completions without declaring them", hideCompletions},
	"errors.parse-error.code":            {does: "answers what is no JSON with invalid request"},
	"errors.parse-error.survive":         {does: "ends the conversation when it reads a number"},
	"errors.reserved-range.defined-only": {does: "answers a number with a code that is kept for the specification"},
	"errors.reserved-range.meaning":      {"answers an unknown method with HeaderMismatch", deepMismatch},
	"errors.retired-codes":               {does: "answers a number with the code that once asked to open a URL"},
}

func unknownMethod(code int) rewrite {
	return func(o *outgoing) {
		if e := o.failure(); e != nil && strings.HasSuffix(o.method, "/no-such-method") {
			e["code"] = code
		}
	}
}

func deepMismatch(o *outgoing) {
	if e := o.failure(); e != nil && o.method == "x-conformance/deep" {
		e["code"] = codeHeaderMismatch
	}
}

func hideCompletions(o *outgoing) {
	with(o.to("server/discover")["capabilities"], func(c object) { delete(c, "completions") })
}

// misjudge changes the error that a message is refused with, as faults do.
func (s *Server) misjudge(data []byte, err *rpcError) *rpcError {
	if err == nil {
		return nil
	}
	number := isNumber(data)
	switch {
	case s.broken("errors.parse-error.code") && err.code == codeParse:
		err.code = codeInvalidRequest
	case s.broken("errors.invalid-request.code") && bytes.Contains(data, []byte(`"1.0"`)):
		err.code = codeInternal
	case s.broken("errors.jsonrpc-reserved-range") && number:
		err.code = -32650
	case s.broken("errors.legacy-range.avoid") && number:
		err.code = -32001
	case s.broken("errors.reserved-range.defined-only") && number:
		err.code = -32050
	case s.broken("errors.retired-codes") && number:
		err.code = -32042
	}
	return err
}

func isNumber(data []byte) bool { return string(bytes.TrimSpace(data)) == "42" }

// gone reports whether the message ends the conversation, as a fault does.
func (s *Server) gone(data []byte) bool {
	return s.broken("errors.parse-error.survive") && isNumber(data)
}

// wedge makes the server useless to one client, by its address, and reports
// whether it is.
func (s *Server) wedge(r *http.Request, data []byte) bool {
	if !s.broken("errors.parse-error.survive") {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone(data) {
		s.changes[r.RemoteAddr]++
	}
	return s.changes[r.RemoteAddr] > 0
}
