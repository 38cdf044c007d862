package capacity

import (
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	parts = 4
	// enough is how many requests a part must have for its objectives to be judged:
	// a p99 of fewer is the slowest one.
	enough = 100
	// fewest is how many requests make a step, which lasts longer for them.
	fewest = 10
	// growth is the share of the time by which latency may grow over a step: at
	// more, so many more requests come than are answered.
	growth = 0.025
	// slightest is the least growth of latency that counts, in milliseconds: in a
	// short step, less is chance.
	slightest = 20
	attempts  = 3
	// mostRepeated bounds how many steps are made again in all: each takes its time.
	mostRepeated = 6
	// settling is how long a server is left alone after it had too much.
	settling = 500 * time.Millisecond
	idleFor  = time.Second
)

// step tries a rate. A step that mcpcheck spoilt is made again.
func (s *search) step(phase string, rate float64, d time.Duration) (held bool, err error) {
	p := s.plan
	p.Rate, p.Ramp, p.Concurrency, p.Duration, p.Warmup = rate, 0, 0, s.length(rate, d), s.Warmup
	for again := attempts; ; {
		step, err := s.attack(phase, rate, p)
		if err != nil {
			return false, err
		}
		if again--; step.GeneratorBound && again > 0 && s.repeated < mostRepeated {
			s.repeated++
			continue
		}
		s.found.Steps = append(s.found.Steps, step)
		if !step.Held {
			s.rest(settling)
		}
		return step.Held, nil
	}
}

// length is how long a rate is measured, if it were for so long.
func (s *search) length(rate float64, d time.Duration) time.Duration {
	return min(max(d, time.Duration(fewest/rate*float64(time.Second))), 4*d)
}

// attack makes one step.
func (s *search) attack(phase string, rate float64, p load.Plan) (reports.CapacityStep, error) {
	s.Begin(phase, rate)
	var watch, self *gauge.Watch
	p.Opened = func(opened load.Sessions) {
		s.found.Stateful = s.found.Stateful || opened.Assigned
		g := s.Gauge
		if len(opened.PIDs) > 0 {
			g = gauge.Process(opened.PIDs[0]) // each session has a server of its own, and they are alike
		}
		if g != nil {
			watch = gauge.Begin(s.ctx, g, p.Warmup, p.Duration)
			self = gauge.Begin(s.ctx, gauge.Self(), p.Warmup, p.Duration)
		}
	}
	l, split, err := load.AttackInParts(s.ctx, p, parts)
	var used, own *reports.Resources
	if watch != nil {
		used, own = watch.Resources(), self.Resources()
	}
	if err == nil {
		err = s.ctx.Err() // a step that was cut short says nothing
	}
	if err != nil {
		return reports.CapacityStep{}, err
	}
	s.found.Mix = l.Plan.Mix
	step := reports.CapacityStep{
		Rate: rate, Phase: phase, Duration: reports.Duration(p.Duration), Throughput: l.Throughput, ErrorShare: l.ErrorShare,
		Latency: l.Latency, Service: l.Service, InProgress: l.Rate * l.Service.Mean / 1000, Server: used, Generator: own,
		GeneratorBound: l.GeneratorBound, RateLimited: limited(l),
	}
	step.Broken = s.broken(l)
	if len(step.Broken) > 0 && !l.WorkersBound && s.wouldHold(l) {
		step.GeneratorBound = true
	}
	for _, part := range split {
		if len(step.Broken) == 0 && part.Requests >= enough {
			step.Broken = s.broken(part)
		}
	}
	if p.Concurrency == 0 {
		if rise := queueGrows(split, p.Duration); rise > growth {
			step.Broken = append(step.Broken, reports.Objective{Objective: "no queue that grows", Actual: perSecond(rate*rise/(1+rise)) + " more come than are answered"})
		}
	} else {
		// In a closed loop as much is sent as is answered; the end does not count.
		step.Throughput = l.Rate * (1 - l.ErrorShare)
		step.Rate = step.Throughput
	}
	step.Held = len(step.Broken) == 0 && !step.GeneratorBound
	return step, nil
}

func (s *search) broken(l *reports.Load) (list []reports.Objective) {
	for _, o := range s.slo.Judge(l) {
		if !o.Met {
			list = append(list, o)
		}
	}
	return list
}

// wouldHold reports whether the objectives hold if latency counts from when
// requests were sent: then it was mcpcheck's own delay that broke them.
func (s *search) wouldHold(l *reports.Load) bool {
	sent := *l
	sent.Latency = l.Service
	return load.Met(s.slo.Judge(&sent))
}

// queueGrows returns by which share of the time latency grew from the first part
// to the last, if it grew from each to the next. When r requests a second come
// and c are answered, that share is (r−c)/c.
func queueGrows(split []*reports.Load, d time.Duration) float64 {
	for i, part := range split {
		if part.Requests == 0 || i > 0 && part.Latency.Mean <= split[i-1].Latency.Mean {
			return 0
		}
	}
	rise := split[len(split)-1].Latency.Mean - split[0].Latency.Mean
	if rise < slightest {
		return 0
	}
	return rise / 1000 / (d.Seconds() * float64(len(split)-1) / float64(len(split)))
}

func limited(l *reports.Load) bool {
	for _, o := range l.Outcomes {
		if strings.HasPrefix(o.Outcome, "rate limited") {
			return true
		}
	}
	return false
}

// rest waits, but not longer than the context lasts.
func (s *search) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// observe looks at the server for a while, before any load.
func (s *search) observe() *reports.Resources {
	if s.Gauge == nil {
		return nil
	}
	w := gauge.Begin(s.ctx, s.Gauge, 0, idleFor)
	s.rest(idleFor)
	return w.Resources()
}
