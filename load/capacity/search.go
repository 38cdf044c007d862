package capacity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	resolution = 1.04 // between the rate that holds and the one that does not
	backOff    = 0.95 // of a rate that does not hold when it is repeated
	backOffs   = 5
	rounds     = 2       // upwards again, where it was mcpcheck that could not go on
	spare      = 1       // repetitions that may fail
	lowest     = 1.0 / 8 // of the first rate: below, it is not load that breaks the objectives
)

// Search finds the capacity of a server. Of the plan it takes everything but the
// pace. When the context ends, or the server cannot be attacked any more, the
// capacity holds what was found until then.
func Search(ctx context.Context, p load.Plan, slo load.SLO, o Options) (*reports.Capacity, error) {
	switch {
	case len(slo) == 0:
		return nil, errors.New("there is no objective to hold, want one such as p99<200ms")
	case slo.On("rate", "throughput"):
		return nil, errors.New("an objective is on rate or throughput, which are what the search finds: want bounds on latency and errors")
	}
	slo, err := complete(slo)
	if err != nil {
		return nil, err
	}
	s := &search{plan: p, slo: slo, Options: o.complete(), began: time.Now(), found: &reports.Capacity{
		SLO: slo.Texts(), Transport: string(p.Endpoint.Transport), Replicas: o.Replicas,
	}}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Deadline, fmt.Errorf("%w, %s", ErrDeadline, s.Deadline))
	defer cancel()
	s.ctx = ctx
	if p.Endpoint.Transport == spec.Stdio {
		s.note("over stdio a session is a process: each step launched the server anew, and its memory and caches began empty")
	}
	s.found.Idle = s.observe()
	err = s.run()
	if err == nil && s.found.Rate > 0 {
		err = s.counters()
	}
	s.conclude()
	if ctx.Err() != nil {
		err = context.Cause(ctx) // what it has led to says less
	}
	if err != nil {
		s.refuse("the search was cut short: %v", err)
	}
	return s.found, err
}

// A search is one that is being made.
type search struct {
	Options
	ctx   context.Context
	plan  load.Plan
	slo   load.SLO
	began time.Time
	found *reports.Capacity

	low, high float64 // holds, does not; 0 for none yet
	repeated  int     // steps that mcpcheck itself spoilt
}

func (s *search) run() error {
	reached, err := s.levels()
	if err != nil {
		return err
	}
	start := s.Start
	if start <= 0 {
		start = reached / 8
	}
	if start <= 0 {
		s.refuse("no request succeeded, not even one at a time")
		return nil
	}
	start = min(start, s.MaxRate)
	if err := s.bracket(start); err != nil || s.low == 0 {
		return err
	}
	for round := 0; ; round++ {
		if err := s.refine(); err != nil {
			return err
		}
		if round == rounds || s.spent() || !s.spoilt(s.high) || s.low == 0 {
			break
		}
		// It was not the server that did not hold: look further up once more.
		before := s.high
		s.high = 0
		if err := s.bracket(min(2*s.low, s.MaxRate)); err != nil {
			return err
		}
		if s.high == 0 && s.low < before {
			s.high = before // there was no time for more
		}
	}
	return s.confirm()
}

// bracket doubles the rate until it does not hold. If already the first does not,
// it halves it until one does.
func (s *search) bracket(start float64) error {
	for rate := round(start); s.high == 0 || s.low == 0; {
		if s.low > 0 && s.spent() {
			s.note("the time was up before a rate was found that does not hold: the capacity may be higher")
			return nil
		}
		held, err := s.step(upwards, rate, s.Step)
		if err != nil {
			return err
		}
		switch {
		case held && rate >= s.MaxRate:
			s.low = rate
			s.note("%s holds, and no higher rate was allowed: the capacity may be higher", perSecond(rate))
			return nil
		case held:
			s.low = rate
			rate = min(round(2*rate), s.MaxRate)
		default:
			s.high = rate
			if rate = round(rate / 2); s.low == 0 && (rate < start*lowest || rate*s.length(rate, s.Step).Seconds() < fewest) {
				s.refuseLowest()
				return nil
			}
		}
	}
	return nil
}

// spoilt reports whether it was mcpcheck that could not keep a rate.
func (s *search) spoilt(rate float64) bool {
	for _, step := range s.found.Steps {
		if step.Phase != levels && step.Rate == rate && step.GeneratorBound {
			return true
		}
	}
	return false
}

// refine narrows the limit down.
func (s *search) refine() error {
	for s.high > s.low*resolution && s.high > 0 {
		if s.spent() {
			s.note("the time was up before the limit was narrowed down: %s holds, %s does not", perSecond(s.low), perSecond(s.high))
			return nil
		}
		rate := round(math.Sqrt(s.low * s.high))
		if rate <= s.low || rate >= s.high {
			return nil
		}
		held, err := s.step(refine, rate, s.Step)
		if err != nil {
			return err
		}
		if held {
			s.low = rate
		} else {
			s.high = rate
		}
	}
	return nil
}

// confirm repeats the rate that was found, and a lower one if it does not hold
// again.
func (s *search) confirm() error {
	rate := s.low
	for try := range backOffs {
		held, tries, err := s.repeat(rate)
		if err != nil {
			return err
		}
		if held {
			if tries > s.Repeats {
				s.note("%s held %d of the %d times that it was repeated", perSecond(rate), s.Repeats, tries)
			}
			s.found.Rate = rate
			return nil
		}
		s.high = rate
		if s.over() {
			s.refuse("the time of %s was up before a rate had held each time that it was repeated: want a quieter machine or more time (--deadline)", s.Deadline)
			return nil
		}
		s.note("%s held at first, and did not when it was repeated", perSecond(rate))
		rate = round(rate * (1 - (1-backOff)*math.Exp2(float64(try))))
	}
	s.refuse("no rate held when it was repeated: the figures vary too much, want a quieter machine or longer steps")
	return nil
}

// repeat reports whether a rate holds as often as it has to. One step more is
// made if one does not hold: machines have their moments.
func (s *search) repeat(rate float64) (all bool, tries int, err error) {
	held, low, high := 0, math.Inf(1), 0.0
	for held < s.Repeats {
		if tries-held > spare || s.over() {
			return false, tries, nil
		}
		ok, err := s.step(confirm, rate, s.Step*3/2)
		if err != nil {
			return false, tries, err
		}
		tries++
		if ok {
			held++
		}
		x := s.last().Throughput
		low, high = min(low, x), max(high, x)
	}
	s.found.Low, s.found.High = low, high
	return true, tries, nil
}

func (s *search) spent() bool { return time.Since(s.began) > s.Budget }

// over reports whether one repetition more would take too long.
func (s *search) over() bool { return time.Since(s.began)+s.Warmup+s.Step*3/2 > s.Deadline }

func (s *search) last() *reports.CapacityStep { return &s.found.Steps[len(s.found.Steps)-1] }

func (s *search) note(format string, a ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, a...))
}

func (s *search) refuse(format string, a ...any) {
	s.found.Refusals = append(s.found.Refusals, fmt.Sprintf(format, a...))
}

// round keeps three digits: more of a rate means nothing.
func round(rate float64) float64 {
	if rate <= 0 {
		return 0
	}
	digit := math.Pow(10, math.Floor(math.Log10(rate))-2)
	return math.Round(rate/digit) * digit
}

// perSecond writes a rate with as many digits as mean something.
func perSecond(v float64) string {
	digits := 2
	switch {
	case v >= 100:
		digits = 0
	case v >= 10:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + "/s"
}
