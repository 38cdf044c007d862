package capacity

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	// mostCounted is how many requests are sent to see which metric counts them.
	mostCounted = 200
	countFor    = time.Second
	// counts is by how much a counter of requests may differ from what was sent:
	// handshakes and scrapes count too.
	countsLess, countsMore = 0.98, 1.1
)

// counters finds the metrics of the server that count requests: those that grow
// by as many as are sent, whatever their names are.
func (s *search) counters() error {
	if s.Metrics == nil {
		return nil
	}
	p := s.plan
	p.Rate, p.Ramp, p.Concurrency, p.Warmup, p.Duration = min(max(s.found.Rate/4, 20), mostCounted), 0, 0, 0, countFor
	before, err := s.Metrics.Scrape(s.ctx)
	if err != nil {
		s.note("the metrics of the server could not be read: %v", err)
		return nil
	}
	l, err := load.Attack(s.ctx, p)
	if err != nil {
		return err
	}
	after, err := s.Metrics.Scrape(s.ctx)
	if err != nil {
		s.note("the metrics of the server could not be read: %v", err)
		return nil
	}
	s.found.Metrics = counting(before.Counters, after.Counters, float64(l.Requests))
	if len(s.found.Metrics) == 0 {
		s.note("the server exports metrics, and none of them grew by the %d requests that were sent: none counts requests", l.Requests)
	}
	return nil
}

// counting lists the counters that grew by about as many as were sent.
func counting(before, after map[string]float64, sent float64) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		grew := after[name] - before[name]
		if grew >= countsLess*sent && grew <= countsMore*sent+3 && !strings.HasPrefix(name, "promhttp_") {
			names = append(names, name)
		}
	}
	return names
}

// resources says what the server used at the rate that was found, and what
// mcpcheck itself did.
func (s *search) resources() {
	c := s.found
	var server, own mean
	for _, step := range c.Steps {
		if step.Rate == c.Rate && step.Phase != levels && step.Held {
			server.add(step.Server)
			own.add(step.Generator)
		}
	}
	c.Server, c.Generator = server.of, own.of
	switch {
	case c.Server != nil || c.Rate == 0:
	case s.Gauge != nil:
		s.note("CPU and memory of the server (%s) were read less than twice in each step at %s: want longer steps (--step)", s.Gauge.Source(), perSecond(c.Rate))
	default:
		s.note("CPU and memory of the server were not observed: it is not known which process or container it is, and it exports no such metrics")
	}
}

// A mean is that of the CPU of several steps, with the most memory of them.
type mean struct {
	of *reports.Resources
	n  float64
}

func (m *mean) add(r *reports.Resources) {
	if r == nil {
		return
	}
	if m.of == nil {
		m.of = &reports.Resources{Source: r.Source}
	}
	m.of.CPU = (m.of.CPU*m.n + r.CPU) / (m.n + 1)
	m.of.Memory = max(m.of.Memory, r.Memory)
	m.n++
}
