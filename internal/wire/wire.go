// Package wire speaks the Model Context Protocol as a client: over stdio,
// Streamable HTTP and the older HTTP+SSE, in every revision.
//
// It is not an SDK. It sends what it is told to send, legal or not, out of
// order and with any header; it judges nothing; and it never hides an answer
// behind an error: a refused connection, a cut stream and a silent server are
// observations, kept in the Exchange that made them. Left alone it is a client
// that keeps its own obligations (client-obligations.yaml), so that no fault
// of a server can be blamed on the way it was asked.
package wire

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// An Endpoint is an implementation under test and the way to reach it.
type Endpoint struct {
	Transport spec.Transport

	URL    string      // of the MCP endpoint, or of the SSE stream
	Header http.Header // sent with every HTTP request, such as credentials

	Command []string // argv of a server that is launched
	Env     []string // "K=V", added to the environment
	Dir     string
	Launch  func() (*Child, error) // launches the server instead of Command

	Timeout time.Duration // for one request; 0 means DefaultTimeout
	StartUp time.Duration // from its launch a server that has written nothing yet is awaited this long, whatever Timeout is
}

// DefaultTimeout bounds the wait for the answer to one request.
const DefaultTimeout = 10 * time.Second

func (e Endpoint) timeout() time.Duration {
	if e.Timeout > 0 {
		return e.Timeout
	}
	return DefaultTimeout
}

// The reasons for which an exchange has no answer. Others come from the
// network and are kept as they are.
var (
	ErrTimeout = errors.New("no answer within the time limit")
	ErrClosed  = errors.New("the connection is closed")
	ErrExited  = errors.New("the server process has ended")
)

// A Call says what to send. The zero value of each field is what a well-behaved
// client would do.
type Call struct {
	Method       string
	Params       any // marshals to an object; nil for none
	ID           any // nil for the next number; json.RawMessage is sent as it is
	Notification bool

	Raw    []byte   // sent instead of an encoded message
	Pieces [][]byte // Raw, to be written to stdin piece by piece with pauses

	Meta     map[string]any      // members of _meta to set, or with nil to leave out; modern revisions
	NoMeta   bool                // sends no _meta at all
	Header   map[string][]string // header fields to replace, or with nil to leave out; names are sent as written
	Verb     string              // HTTP method instead of POST
	LastID   string              // Last-Event-ID of a GET
	NoResume bool                // leaves a stream that ended early as it is
	Fresh    bool                // uses a TCP connection of its own
	Timeout  time.Duration       // instead of the endpoint's
	Raw11    []byte              // a whole HTTP/1.1 header section sent byte for byte, ending before Content-Length

	standing bool // the GET that opens the stream of HTTP+SSE
	reply    bool // an answer to a request of the server
}

// isRaw reports whether the call sends bytes that mcpcheck did not encode.
func (c Call) isRaw() bool { return c.Raw != nil || c.Pieces != nil }

// Answer is what a client says to a request of the server.
type Answer struct {
	Result any // nil for an empty object
	Error  *RPCError
	Silent bool // leaves the request unanswered
}

// An RPCError is the error member of a response.
type RPCError struct {
	Code    json.Number     `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}
