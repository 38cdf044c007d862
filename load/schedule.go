package load

import (
	"fmt"
	"math"
	"sort"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// A schedule says when each request is due. Vegeta's own pacers say only how
// long to wait for the next one, from which the due time of one that is late
// cannot be told.
type schedule interface {
	vegeta.Pacer
	due(n uint64) time.Duration // of request n, counted from 0, since the start
	planned() uint64            // requests in the whole attack
}

// constant sends at one rate, in requests a second.
type constant struct {
	rate     float64
	duration time.Duration
}

func (c constant) due(n uint64) time.Duration {
	return time.Duration(float64(n) / c.rate * float64(time.Second))
}

func (c constant) planned() uint64 { return uint64(math.Round(c.rate * c.duration.Seconds())) }

func (c constant) Rate(time.Duration) float64 { return c.rate }

func (c constant) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	return pace(c, elapsed, hits)
}

// ramp sends at a rate that grows or falls evenly.
type ramp struct {
	from, to float64 // requests a second
	duration time.Duration
}

// due solves from·t + (to−from)/(2·T)·t² = n for t.
func (r ramp) due(n uint64) time.Duration {
	slope := (r.to - r.from) / r.duration.Seconds()
	if slope == 0 {
		return constant{r.from, r.duration}.due(n)
	}
	root := max(r.from*r.from+2*slope*float64(n), 0)
	return time.Duration((math.Sqrt(root) - r.from) / slope * float64(time.Second))
}

func (r ramp) planned() uint64 {
	return uint64(math.Round((r.from + r.to) / 2 * r.duration.Seconds()))
}

func (r ramp) Rate(elapsed time.Duration) float64 {
	return r.from + (r.to-r.from)*min(elapsed.Seconds()/r.duration.Seconds(), 1)
}

func (r ramp) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	return pace(r, elapsed, hits)
}

func pace(s schedule, elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if hits >= s.planned() {
		return 0, true
	}
	return max(s.due(hits)-elapsed, 0), false
}

// closed sends as soon as a worker is free: nothing is ever due, and nothing
// late. It is what a fixed number of clients does that each wait for an answer.
type closed struct{ duration time.Duration }

func (closed) due(uint64) time.Duration   { return -1 }
func (closed) planned() uint64            { return 0 }
func (closed) Rate(time.Duration) float64 { return 0 }
func (c closed) Pace(elapsed time.Duration, _ uint64) (time.Duration, bool) {
	return 0, elapsed >= c.duration
}

func (p Plan) schedule() (schedule, error) {
	switch {
	case p.Duration <= 0:
		return nil, fmt.Errorf("the duration is %s, want more than 0", p.Duration)
	case p.Warmup < 0 || p.Warmup > 0 && p.Ramp > 0:
		return nil, fmt.Errorf("the warm-up is %s, want none with a ramp, and never less", p.Warmup)
	case p.Concurrency > 0:
		return closed{p.sending()}, nil
	case p.Ramp > 0 && p.Rate >= 0:
		return ramp{p.Rate, p.Ramp, p.Duration}, nil
	case p.Rate > 0:
		return constant{p.Rate, p.sending()}, nil
	}
	return nil, fmt.Errorf("the rate is %g requests a second, want more than 0", p.Rate)
}

// plannedBefore is how many requests of a schedule are due before a time.
func plannedBefore(s schedule, t time.Duration) uint64 {
	return uint64(sort.Search(int(s.planned()), func(n int) bool { return s.due(uint64(n)) >= t }))
}
