package load

import (
	"cmp"
	"io"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A Plan says what to send to which server, how often and for how long.
type Plan struct {
	Target   string // what the user named, for the report
	Endpoint wire.Endpoint
	Revision spec.Revision
	Mix      Mix

	Rate        float64       // requests a second
	Ramp        float64       // the rate to end at; 0 to stay at Rate
	Concurrency int           // of a closed loop, instead of a rate
	Duration    time.Duration // of sending
	Warmup      time.Duration // of sending before that, which is not recorded; with a ramp there is none
	Timeout     time.Duration // for one answer; 0 for 10 s

	Sessions int  // used in turn; 0 for 1
	Fresh    bool // each request opens and ends a session of its own
	Abandon  bool // with Fresh, they are not ended: the server is not told that the client is gone
	Workers  int  // requests in progress at the most; 0 for 1000

	// Out, if not nil, gets each result in vegeta's encoding.
	Out io.Writer
	// Opened, if not nil, is told of the sessions before the first request is sent.
	Opened func(Sessions)
	// Progress, if not nil, is told how things stand, about once a second.
	Progress func(Snapshot)
}

// The bounds that hold unless a Plan says otherwise.
const (
	DefaultTimeout = 10 * time.Second
	DefaultWorkers = 1000
)

func (p Plan) timeout() time.Duration { return cmp.Or(p.Timeout, DefaultTimeout) }
func (p Plan) sessions() int          { return max(p.Sessions, 1) }

func (p Plan) workers() int {
	if p.Concurrency > 0 {
		return p.Concurrency
	}
	return cmp.Or(p.Workers, DefaultWorkers)
}

// A Snapshot is how far an attack has come.
type Snapshot struct {
	Elapsed, Duration time.Duration
	Sent, Planned     uint64
	Rate              float64 // requests sent a second, over all
	P99               time.Duration
	Failed            uint64
	Slip              time.Duration // of the latest request
}

// Sessions are what an attack uses.
type Sessions struct {
	PIDs     []int // of the servers that were launched for it
	Assigned bool  // the server gave each an id
}

// sending is how long requests are sent, recorded or not.
func (p Plan) sending() time.Duration { return p.Warmup + p.Duration }
