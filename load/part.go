package load

import (
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/reports"
)

// partsOf is into how many parts an attack is cut to see by how much its figures
// vary. Requests that follow each other are alike, so that they prove less than
// their number; the figures of whole parts are nearly independent.
const partsOf = 10

// fewestPerPart is how many requests on average a part has at the least, for its
// percentiles to mean anything.
const fewestPerPart = 10

// parts are those of one attack, of equal length.
type parts struct {
	length time.Duration // of all of them
	list   [partsOf]part
}

type part struct {
	requests, came uint64 // due in it, and successes that came in it
	latency        vegeta.LatencyMetrics
}

func newParts(length time.Duration) *parts { return &parts{length: length} }

// at is the part of a moment; -1 of one that is after all of them.
func (p *parts) at(since time.Duration) int {
	if since >= p.length {
		return -1
	}
	return int(max(since, 0) * partsOf / p.length)
}

// add takes a request that was due and answered so long after the beginning.
func (p *parts) add(due, answered time.Duration, latency time.Duration, success bool) {
	x := &p.list[max(p.at(due), 0)]
	x.requests++
	x.latency.Add(latency)
	if i := p.at(answered); success && i >= 0 {
		p.list[i].came++
	}
}

// report leaves parts out that are too small to tell anything.
func (p *parts) report() []reports.LoadPart {
	var list []reports.LoadPart
	var total uint64
	each := p.length / partsOf
	for i := range p.list {
		x := &p.list[i]
		total += x.requests
		if x.requests == 0 {
			continue
		}
		ms := func(q float64) float64 { return reports.Milliseconds(x.latency.Quantile(q)) }
		list = append(list, reports.LoadPart{
			Requests: x.requests, Throughput: float64(x.came) / each.Seconds(), P50: ms(0.5), P95: ms(0.95), P99: ms(0.99),
		})
	}
	if total < fewestPerPart*partsOf || each <= 0 {
		return nil
	}
	return list
}
