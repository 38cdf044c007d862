package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	// inspecting is the share of the time of one CPU that may go into looking closely
	// at answers, so that it does not show in the figures.
	inspecting = 0.03
	// largestInspected is the size above which no answer is looked at closely, in
	// bytes: one such would take its time at once.
	largestInspected = 256 << 10
	faultsKept       = 5
	longestFault     = 200 // bytes
)

// An inspector looks closely at some of the answers that passed for successes:
// whether they are JSON throughout, and what the schema of the revision wants.
// The judgement of every answer looks at a few members only.
//
// It takes an answer when it is at leisure, away from the request that is being
// timed, and rests for as much longer than that took as keeps to its share. So
// what it costs is bounded whatever the answers are: at low rates it sees each,
// at high ones a few.
type inspector struct {
	check   func(operation int, answer []byte) error
	leisure atomic.Bool // whoever takes it from true to false may send one to work
	work    chan inspected
	ended   sync.WaitGroup

	// of the goroutine that works, and after its end of whoever waited for that
	looked, broken uint64
	faults         []string
	worked         time.Duration
}

type inspected struct {
	operation int
	answer    []byte
}

func newInspector(check func(operation int, answer []byte) error) *inspector {
	in := &inspector{check: check, work: make(chan inspected, 1)}
	in.leisure.Store(true)
	in.ended.Go(in.run)
	return in
}

// offer hands an answer over, if the inspector is at leisure.
func (in *inspector) offer(operation int, answer []byte) {
	if in == nil || len(answer) > largestInspected || !in.leisure.Load() || !in.leisure.CompareAndSwap(true, false) {
		return
	}
	in.work <- inspected{operation, bytes.Clone(answer)} // it has room: there is one at a time
}

func (in *inspector) run() {
	for x := range in.work {
		began := time.Now()
		err := in.check(x.operation, x.answer)
		in.looked++
		if err != nil {
			in.broken++
			if words := err.Error(); len(in.faults) < faultsKept && !slices.Contains(in.faults, words) {
				in.faults = append(in.faults, words)
			}
		}
		took := time.Since(began)
		in.worked += took
		rest := time.Duration(float64(took) * (1/inspecting - 1))
		time.AfterFunc(rest, func() { in.leisure.Store(true) })
	}
}

// close ends the work. Nothing may be offered any more.
func (in *inspector) close() {
	if in != nil {
		close(in.work)
		in.ended.Wait()
	}
}

// report is nil if no answer was looked at.
func (in *inspector) report() *reports.Inspection {
	if in == nil || in.looked == 0 {
		return nil
	}
	return &reports.Inspection{Answers: in.looked, Broken: in.broken, Faults: in.faults}
}

// conforms judges the answer to an operation of a mix by the revision's schema.
func (p Plan) conforms(operation int, answer []byte) error {
	o := p.Mix[operation]
	var m struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(answer, &m); err != nil {
		return fmt.Errorf("%s: the answer is no JSON throughout", o.Name)
	}
	definition, ok := spec.ReceivedDefinition(p.Revision, o.Method, m.Result)
	if !ok {
		return nil // a method of the server's own
	}
	schema, err := spec.MessageSchema(p.Revision, definition)
	if err != nil {
		return nil //nolint:nilerr // the definition has no schema, which is not the server's fault
	}
	for _, v := range schema.Validate(m.Result) {
		if !v.Unjudged() {
			words := fmt.Sprintf("%s: the result breaks %s: %s", o.Name, definition, v)
			return fmt.Errorf("%.*s", longestFault, words)
		}
	}
	return nil
}
