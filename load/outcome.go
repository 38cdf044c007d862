package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// An outcome is how one request ended.
type outcome struct {
	kind   kind
	detail string // the code of an error, the status, the cause; few distinct ones
}

type kind int

const (
	ok             kind = iota
	toolError           // a result with isError
	rpcError            // an error of JSON-RPC
	httpStatus          // no answer but a status
	rateLimited         // status 429
	timeout             // no answer in time
	transportError      // the network or the process failed
	wrongAnswer         // another id than was asked for, or no message at all
	leaked              // the answer to another session
	abandoned           // the attack was ended meanwhile: no outcome of the server's
)

var kindNames = [...]string{"ok", "tool error", "JSON-RPC error", "HTTP status", "rate limited", "timeout", "transport error", "wrong answer", "cross-session leak", "abandoned"}

func (k kind) String() string { return kindNames[k] }

func (o outcome) String() string {
	if o.detail == "" {
		return o.kind.String()
	}
	return o.kind.String() + " " + o.detail
}

// The codes that stand for outcomes in results that are written for vegeta,
// which counts 200 to 399 as success. What has a status of its own keeps it, and
// what has none gets vegeta's own 0.
const (
	codeToolError = 597 - iota
	codeRPCError
	codeWrongAnswer
)

func (o outcome) code(status int) int {
	switch o.kind {
	case ok:
		return http.StatusOK
	case toolError:
		return codeToolError
	case rpcError:
		return codeRPCError
	case wrongAnswer, leaked:
		return codeWrongAnswer
	case httpStatus, rateLimited:
		return status
	}
	return 0
}

// judgeAnswer says what a message is as the answer to the request with an id.
func judgeAnswer(a answer, id string) outcome {
	switch {
	case !a.valid:
		return outcome{wrongAnswer, "no JSON object"}
	case string(a.id) != id:
		return outcome{wrongAnswer, "another id"}
	case a.failed:
		return outcome{rpcError, a.code}
	case !a.result:
		return outcome{wrongAnswer, "neither result nor error"}
	case a.isError:
		return outcome{toolError, ""}
	}
	return outcome{ok, ""}
}

// judgeFailure says why nothing came. Addresses and numbers of ports are left
// out, so that the same cause is the same word.
func judgeFailure(err error) outcome {
	var timedOut net.Error
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return outcome{abandoned, ""}
	case errors.As(err, &timedOut) && timedOut.Timeout(), errors.Is(err, wire.ErrTimeout):
		return outcome{timeout, ""}
	case errors.Is(err, syscall.ECONNREFUSED):
		return outcome{transportError, "connection refused"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return outcome{transportError, "connection reset"}
	case errors.Is(err, wire.ErrExited):
		return outcome{transportError, "the server process has ended"}
	case errors.As(err, &op):
		return outcome{transportError, op.Op + " failed"}
	case strings.HasSuffix(err.Error(), "EOF"):
		return outcome{transportError, "connection closed"}
	}
	return outcome{transportError, "failed"}
}

func judgeStatus(status int) outcome {
	if status == http.StatusTooManyRequests {
		return outcome{rateLimited, ""}
	}
	return outcome{httpStatus, fmt.Sprint(status)}
}
