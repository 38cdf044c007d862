package load

import (
	"math"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/reports"
)

// mostMoments bounds a timeline, and with it the memory that it takes: some 16 KB
// for each moment.
const mostMoments = 120

// widths are the lengths of a moment that can be read off an axis.
var widths = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
	10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
}

// A timeline files samples by when they were due.
type timeline struct {
	width   time.Duration
	moments []moment
}

type moment struct {
	sent, requests uint64
	latency        vegeta.LatencyMetrics
	kinds          [len(kindNames)]uint64
}

func newTimeline(d time.Duration) *timeline {
	t := &timeline{width: d/mostMoments + 1} // of what is longer than the longest width allows
	for _, w := range widths {
		if d <= w*mostMoments {
			t.width = w
			break
		}
	}
	t.moments = make([]moment, max(1, (d+t.width-1)/t.width))
	return t
}

// at is the moment of a time since the beginning. What comes at the very end, or
// was sent after it, is of the last.
func (t *timeline) at(since time.Duration) *moment {
	return &t.moments[min(max(int(since/t.width), 0), len(t.moments)-1)]
}

func (t *timeline) add(began time.Time, s sample) {
	t.at(s.sent.Sub(began)).sent++
	m := t.at(s.due.Sub(began))
	m.requests++
	m.latency.Add(s.latency())
	m.kinds[s.kind]++
}

// report tells of the moments, up to the last in which there is anything.
func (t *timeline) report(s schedule, from time.Duration, open bool) *reports.Timeline {
	r := &reports.Timeline{Width: reports.Duration(t.width)}
	last := 0
	before := uint64(0)
	if open {
		before = plannedBefore(s, from)
	}
	for i := range t.moments {
		m := &t.moments[i]
		x := reports.LoadMoment{Sent: m.sent}
		if open {
			after := plannedBefore(s, from+time.Duration(i+1)*t.width)
			x.Planned, before = after-before, after
		}
		if m.requests > 0 {
			p := percentiles(&m.latency, m.requests)
			x.Latency, x.Outcomes = &p, map[string]uint64{}
			for k, n := range m.kinds {
				if n > 0 {
					x.Outcomes[kind(k).String()] = n
				}
			}
		}
		if m.requests+m.sent > 0 {
			last = i
		}
		r.Moments = append(r.Moments, x)
	}
	r.Moments = r.Moments[:last+1]
	return r
}

// finer is how many points of a distribution halve the share of what is slower.
const finer = 5

// distribution reads quantiles that lie closer and closer together up to the
// slowest of n requests, as plots of HdrHistogram do.
func distribution(latency, service *vegeta.LatencyMetrics, n uint64) []reports.QuantilePoint {
	var list []reports.QuantilePoint
	for i := 0; ; i++ {
		rest := math.Exp2(-float64(i) / finer)
		if rest*float64(n) <= 1 {
			break
		}
		list = append(list, reports.QuantilePoint{
			Share:   1 - rest,
			Latency: reports.Milliseconds(latency.Quantile(1 - rest)), Service: reports.Milliseconds(service.Quantile(1 - rest)),
		})
	}
	return append(list, reports.QuantilePoint{
		Share: 1 - 1/float64(n), Latency: reports.Milliseconds(latency.Max), Service: reports.Milliseconds(service.Max),
	})
}
