package load

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/reports"
)

// A sample is one request and how it ended.
type sample struct {
	seq       uint64
	operation int
	outcome
	code       int
	due, sent  time.Time
	service    time.Duration // from sent to answered
	first      time.Duration
	out, in    int
	retryAfter string
	name, url  string
}

func (s sample) latency() time.Duration { return s.sent.Sub(s.due) + s.service }

// The header fields by which a sample is found again in a result of vegeta's.
const (
	fieldOperation  = "Mcpcheck-Operation"
	fieldOutcome    = "Mcpcheck-Outcome"
	fieldSlip       = "Mcpcheck-Slip" // nanoseconds from due to sent
	fieldFirst      = "Mcpcheck-First-Event"
	fieldRetryAfter = "Mcpcheck-Retry-After"
	fieldHead       = "Mcpcheck-Attack" // of the first result: what the others are part of
)

// result writes a sample as vegeta does. Its timestamp is when the request was
// due, so that vegeta's own reports show the latency that counts.
func (s sample) result() *vegeta.Result {
	r := &vegeta.Result{
		Attack: "mcpcheck", Seq: s.seq, Code: uint16(s.code), Timestamp: s.due, Latency: s.latency(),
		BytesOut: uint64(s.out), BytesIn: uint64(s.in), Method: http.MethodPost, URL: s.url,
		Headers: http.Header{
			fieldOperation: {s.name}, fieldOutcome: {s.outcome.String()},
			fieldSlip: {strconv.FormatInt(int64(s.sent.Sub(s.due)), 10)},
		},
	}
	if s.first > 0 {
		r.Headers[fieldFirst] = []string{strconv.FormatInt(int64(s.first), 10)}
	}
	if s.retryAfter != "" {
		r.Headers[fieldRetryAfter] = []string{s.retryAfter}
	}
	if s.kind != ok {
		r.Error = s.outcome.String()
	}
	return r
}

// A record sums up samples as they come.
type record struct {
	plan     Plan
	schedule *clocked
	from, to time.Duration // the part of the schedule that is recorded

	began, last      time.Time // first request due, last answer
	lastDue          time.Time
	requests, failed uint64
	latency, service vegeta.LatencyMetrics
	first, slip      vegeta.LatencyMetrics
	streams          uint64
	latest           time.Duration // slip
	late             uint64        // requests that were sent late, and their time until the answer
	lateService      time.Duration
	outcomes         map[outcome]uint64
	operations       []operation
	retryAfter       []string
	leaked           uint64
	timeline         *timeline     // nil if nobody asks for it
	parts            *parts        // nil if nobody asks for them
	idle             time.Duration // of the time between first and last in which nothing was to be sent
	cut              bool          // it ended early: that less was sent than planned is nobody's fault
}

type operation struct {
	requests uint64
	latency  vegeta.LatencyMetrics
	outcomes map[outcome]uint64
}

func newRecord(p Plan, s *clocked, from, to time.Duration) *record {
	rec := &record{plan: p, schedule: s, from: from, to: to, outcomes: map[outcome]uint64{}, operations: make([]operation, len(p.Mix))}
	for i := range rec.operations {
		rec.operations[i].outcomes = map[outcome]uint64{}
	}
	return rec
}

func (rec *record) planned() uint64 {
	if rec.from == 0 && rec.to >= rec.plan.sending() {
		return rec.schedule.planned()
	}
	return plannedBefore(rec.schedule, rec.to) - plannedBefore(rec.schedule, rec.from)
}

// covers reports whether a sample is of the part that is recorded.
func (rec *record) covers(s sample) bool {
	at := s.due.Sub(rec.schedule.began)
	return (at >= rec.from || rec.from == 0) && (at < rec.to || rec.to >= rec.plan.sending())
}

// retryAfterKept is how many different values of Retry-After a report shows.
const retryAfterKept = 5

func (rec *record) add(s sample) {
	if rec.began.IsZero() || s.due.Before(rec.began) {
		rec.began = s.due
	}
	if s.due.After(rec.lastDue) {
		rec.lastDue = s.due
	}
	if end := s.sent.Add(s.service); end.After(rec.last) {
		rec.last = end
	}
	rec.requests++
	rec.latency.Add(s.latency())
	rec.service.Add(s.service)
	rec.latest = s.sent.Sub(s.due)
	rec.slip.Add(rec.latest)
	if rec.latest > lateEnough {
		rec.late++
		rec.lateService += s.service
	}
	if s.first > 0 {
		rec.streams++
		rec.first.Add(s.first)
	}
	rec.outcomes[s.outcome]++
	if rec.timeline != nil {
		rec.timeline.add(rec.schedule.began.Add(rec.from), s)
	}
	if rec.parts != nil {
		began := rec.schedule.began.Add(rec.from)
		rec.parts.add(s.due.Sub(began), s.sent.Add(s.service).Sub(began), s.latency(), s.kind == ok)
	}
	o := &rec.operations[s.operation]
	o.requests++
	o.latency.Add(s.latency())
	o.outcomes[s.outcome]++
	switch s.kind {
	case ok:
		return
	case leaked:
		rec.leaked++
	case rateLimited:
		if s.retryAfter != "" && len(rec.retryAfter) < retryAfterKept && !slices.Contains(rec.retryAfter, s.retryAfter) {
			rec.retryAfter = append(rec.retryAfter, s.retryAfter)
		}
	}
	rec.failed++
}

func (rec *record) snapshot(now time.Time) Snapshot {
	elapsed := max(now.Sub(rec.schedule.began)-rec.from, 0)
	return Snapshot{
		Elapsed: elapsed, Duration: rec.plan.Duration, Sent: rec.requests, Planned: rec.planned(),
		Rate: float64(rec.requests) / max(elapsed.Seconds(), 1e-9), P99: rec.latency.Quantile(0.99),
		Failed: rec.failed, Slip: rec.latest,
	}
}

func (rec *record) report() *reports.Load {
	l := &reports.Load{
		Plan: rec.plan.report(), Planned: rec.planned(), Requests: rec.requests,
		Duration: reports.Duration(rec.took()), Interrupted: rec.cut,
		Leaked: rec.leaked, RetryAfter: rec.retryAfter,
	}
	if rec.requests == 0 {
		l.Duration = 0
		return l
	}
	took := rec.took().Seconds()
	l.Rate = float64(rec.requests) / max(rec.sending().Seconds(), 1e-9)
	l.Throughput = float64(rec.requests-rec.failed) / max(took, 1e-9)
	l.ErrorShare = float64(rec.failed) / float64(rec.requests)
	l.Latency, l.Service, l.Slip = percentiles(&rec.latency, rec.requests), percentiles(&rec.service, rec.requests), percentiles(&rec.slip, rec.requests)
	if rec.streams > 0 {
		first := percentiles(&rec.first, rec.streams)
		l.FirstEvent = &first
	}
	l.Outcomes = outcomes(rec.outcomes, rec.requests)
	for i, o := range rec.operations {
		if o.requests == 0 {
			continue
		}
		l.Operations = append(l.Operations, reports.LoadOperation{
			Operation: rec.plan.Mix[i].Name, Requests: o.requests,
			Latency: percentiles(&o.latency, o.requests), Outcomes: outcomes(o.outcomes, o.requests),
		})
	}
	if rec.timeline != nil {
		l.Distribution = distribution(&rec.latency, &rec.service, rec.requests)
		l.Timeline = rec.timeline.report(rec.schedule, rec.from, rec.plan.Concurrency == 0)
	}
	if rec.parts != nil {
		l.Parts = rec.parts.report()
	}
	if n := len(l.Parts); rec.cut && n > 0 {
		l.Parts = l.Parts[:n-1] // it is not whole
	}
	rec.bounds(l)
	return l
}

// took is the time from the first request that was due to the last answer.
func (rec *record) took() time.Duration { return max(rec.last.Sub(rec.began)-rec.idle, 0) }

// sending is the time over which the requests were sent: one interval longer
// than from the first to the last.
func (rec *record) sending() time.Duration {
	between := rec.lastDue.Sub(rec.began) - rec.idle
	if rec.requests < 2 {
		return max(between, time.Duration(float64(time.Second)/max(rec.schedule.Rate(0), 1)))
	}
	return between + between/time.Duration(rec.requests-1)
}

// lateEnough is the slip, in the 99th percentile, above which a schedule was not
// kept.
const lateEnough = 20 * time.Millisecond

// bounds says who it was that could not keep the schedule.
func (rec *record) bounds(l *reports.Load) {
	if rec.plan.Concurrency > 0 {
		return
	}
	late := rec.slip.Quantile(0.99) > lateEnough || !rec.cut && float64(l.Requests) < 0.99*float64(l.Planned)
	if !late {
		return
	}
	// By Little's law, this many requests were in progress when some were late.
	inProgress := l.Rate * l.Service.Mean / 1000
	if rec.late > 0 {
		inProgress = l.Rate * rec.lateService.Seconds() / float64(rec.late)
	}
	l.WorkersBound = inProgress > 0.9*float64(rec.plan.workers())
	l.GeneratorBound = !l.WorkersBound
	if l.WorkersBound {
		l.Notes = append(l.Notes, "all "+strconv.Itoa(rec.plan.workers())+" requests that may be in progress were: what is due waits, and its latency counts the wait")
	} else {
		l.Notes = append(l.Notes, "generator-bound: mcpcheck itself was too slow to send when requests were due, so the figures are not the server's")
	}
}

func percentiles(m *vegeta.LatencyMetrics, n uint64) reports.Percentiles {
	ms := func(q float64) float64 { return reports.Milliseconds(m.Quantile(q)) }
	return reports.Percentiles{
		Mean: reports.Milliseconds(time.Duration(float64(m.Total) / float64(n))),
		P50:  ms(0.5), P90: ms(0.9), P95: ms(0.95), P99: ms(0.99), P999: ms(0.999), Max: reports.Milliseconds(m.Max),
	}
}

// outcomes lists the most frequent first, success before all.
func outcomes(counts map[outcome]uint64, total uint64) []reports.LoadOutcome {
	order := slices.SortedFunc(maps.Keys(counts), func(a, b outcome) int {
		return cmp.Or(cmp.Compare(min(a.kind, 1), min(b.kind, 1)), cmp.Compare(counts[b], counts[a]), cmp.Compare(a.String(), b.String()))
	})
	var list []reports.LoadOutcome
	for _, o := range order {
		list = append(list, reports.LoadOutcome{Outcome: o.String(), Count: counts[o], Share: float64(counts[o]) / float64(total)})
	}
	return list
}

func (p Plan) report() reports.LoadPlan {
	r := reports.LoadPlan{
		Loop: "open", Rate: p.Rate, RampTo: p.Ramp, Concurrency: p.Concurrency, Duration: reports.Duration(p.Duration),
		Timeout: reports.Duration(p.timeout()), Sessions: p.sessions(), Fresh: p.Fresh, Workers: p.workers(),
	}
	if p.Concurrency > 0 {
		r.Loop, r.Rate, r.RampTo = "closed", 0, 0
	}
	before := 0.0
	for i, upTo := range p.Mix.picker() {
		r.Mix = append(r.Mix, reports.LoadMixPart{Operation: p.Mix[i].Name, Share: upTo - before})
		before = upTo
	}
	return r
}
