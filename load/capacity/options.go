package capacity

import (
	"cmp"
	"errors"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/gauge"
)

// DefaultBudget lets a search end in less than two minutes: the repetitions may
// take as long again.
const DefaultBudget = 55 * time.Second

// Options bound a search. The zero value of each stands for the default.
type Options struct {
	Step    time.Duration // how long one rate is measured; 2.5 s
	Warmup  time.Duration // how long it is sent before that; a fifth of Step
	Start   float64       // the first rate; by default an eighth of what closed loops reach
	MaxRate float64       // no rate above this is tried; 100 000/s
	Repeats int           // how often the rate that was found has to hold again; 3
	Budget  time.Duration // after which nothing but the repetitions is begun; 55 s
	// Deadline is when the search ends, whatever it is at; Longest by default.
	Deadline time.Duration

	// Gauge reads what a server uses that the attack did not launch itself; nil if
	// it cannot be read.
	Gauge gauge.Gauge
	// Metrics are those that the server exports; nil if it does not.
	Metrics *gauge.Metrics
	// Replicas is how many answer; 0 if that is not known.
	Replicas int
	// Begin, if not nil, is told of each step before it begins.
	Begin func(phase string, rate float64)
}

func (o Options) complete() Options {
	o.Step = cmp.Or(o.Step, 2500*time.Millisecond)
	o.Warmup = cmp.Or(o.Warmup, o.Step/5)
	o.MaxRate = cmp.Or(o.MaxRate, 100_000)
	o.Repeats = cmp.Or(o.Repeats, 3)
	o.Budget = cmp.Or(o.Budget, DefaultBudget)
	o.Deadline = cmp.Or(o.Deadline, o.longest())
	if o.Begin == nil {
		o.Begin = func(string, float64) {}
	}
	return o
}

// Longest is the deadline of a search for which none is set.
func (o Options) Longest() time.Duration { return o.complete().Deadline }

// longest leaves the repetitions as long as everything before them, or what all
// of them take at one rate if that is more.
func (o Options) longest() time.Duration {
	each := o.Warmup + o.Step*3/2 + settling
	return o.Budget + max(o.Budget, time.Duration(o.Repeats+spare)*each)
}

// ErrDeadline says that a search took longer than it may.
var ErrDeadline = errors.New("the search took longer than its deadline")

// The phases of a search.
const (
	levels  = "level"   // a closed loop
	upwards = "search"  // twice the rate before, or half of it
	refine  = "refine"  // between a rate that holds and one that does not
	confirm = "confirm" // the rate that was found, again
)

// usualErrors is the objective for errors where the user names none: without one
// a server that refuses everything at once is the fastest.
const usualErrors = "errors<1%"

func complete(slo load.SLO) (load.SLO, error) {
	if slo.On("errors") {
		return slo, nil
	}
	more, err := load.ParseSLO(usualErrors)
	return append(slo[:len(slo):len(slo)], more...), err
}
