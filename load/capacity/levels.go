package capacity

const (
	leastLevels = 6
	mostLevels  = 9 // the last has 256 requests in progress
	flat        = 1.05
)

// levels lets more and more clients wait for an answer each, twice as many as
// before, until that brings no more throughput, and returns the highest that was
// seen. It is a first guess, and what the scalability law is fitted to.
func (s *search) levels() (reached float64, err error) {
	stale := 0
	for i := range mostLevels {
		n := 1 << i
		if s.plan.Workers > 0 && n > s.plan.Workers {
			break
		}
		p := s.plan
		p.Concurrency, p.Rate, p.Ramp, p.Warmup, p.Duration = n, 0, 0, s.Warmup/2, s.Step/2
		p.Sessions = max(p.Sessions, 1)
		step, err := s.attack(levels, float64(n), p)
		if err != nil {
			return reached, err
		}
		step.InProgress = float64(n)
		s.found.Steps = append(s.found.Steps, step)
		stale++
		if step.Throughput > reached*flat {
			stale = 0
		}
		reached = max(reached, step.Throughput)
		if stale >= 2 && i+1 >= leastLevels || reached == 0 {
			break
		}
	}
	return reached, nil
}

// conclude reads off the steps what they say together.
func (s *search) conclude() {
	c := s.found
	var points []level
	var before float64
	for _, step := range c.Steps {
		if step.Phase == levels {
			points = append(points, level{step.InProgress, step.Throughput})
		}
	}
	c.USL = fit(points)
	if u := c.USL; u != nil && u.R2 < goodFit {
		s.note("the scalability law fits poorly (R² %.2f): do not read from it what lies beyond the levels that were measured", u.R2)
	}
	reached := false
	for _, step := range c.Steps {
		c.Saturation = max(c.Saturation, step.Throughput)
		if step.Phase == levels {
			reached = reached || before > 0 && step.Throughput < before*flat
			before = step.Throughput
		} else {
			reached = reached || step.Throughput < step.Rate*0.9 && !step.GeneratorBound
		}
	}
	if !reached {
		c.Saturation = 0
	}
	if k, base := knee(c.Steps); k > 0 {
		c.Knee = k
		s.note("the knee is where the median latency leaves %.2f ms, its level at the lowest rate, by half", base)
	}
	s.resources()
	s.doubts()
}

// doubts refuses what would mislead.
func (s *search) doubts() {
	c := s.found
	if s.repeated > 0 {
		s.note("steps that were made again because mcpcheck itself was late: %d", s.repeated)
	}
	for _, step := range c.Steps {
		decides := step.Phase != levels && (s.high == 0 || step.Rate <= s.high) || s.low == 0 && s.high == 0
		if step.RateLimited && decides {
			s.refuse("at %s the server answered 429: what was found is its limit on rates, not its capacity", perSecond(step.Rate))
			break
		}
	}
	for _, step := range c.Steps {
		if step.GeneratorBound && step.Rate == s.high {
			s.refuse("at %s mcpcheck could not send as fast as asked for: the limit is that of the machine it ran on", perSecond(step.Rate))
			break
		}
	}
}

// refuseLowest says that load does not matter.
func (s *search) refuseLowest() {
	step := s.last()
	for _, o := range step.Broken {
		s.refuse("%s is broken at every rate, at %s it is %s: it is not load that breaks it", o.Objective, perSecond(step.Rate), o.Actual)
	}
}
