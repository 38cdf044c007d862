package load

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// The bounds on what results may hold, which those that were measured do not come
// near.
const (
	mostNames   = 1000 // different operations and outcomes
	mostAttacks = 1000
	longest     = 1000 * time.Hour
)

// Merge reads results that Plan.Out got, and reports on all of them as on one
// attack: that of several generators at once, or one that was made in several
// turns. They may be in any order. It also tells when the attack began.
func Merge(sources ...Source) (*reports.Run, time.Time, error) {
	m := &merger{rec: newRecord(Plan{}, &clocked{}, 0, 0), operations: map[string]int{}, names: map[string]bool{}}
	for _, src := range sources {
		if err := readSource(src, m.add); err != nil {
			return nil, time.Time{}, fmt.Errorf("%s: %w", src.Name, err)
		}
	}
	if len(m.heads) == 0 {
		return nil, time.Time{}, errors.New("there are no results")
	}
	run, err := m.run()
	return run, m.heads[0].from, err
}

// A merger gathers results.
type merger struct {
	rec        *record
	heads      []stretch
	operations map[string]int // in the mix of rec, by name
	names      map[string]bool
	samples    []timed
}

// A stretch is when an attack was to send.
type stretch struct {
	head
	from, to time.Time
}

// A timed request is what the parts and the timeline need of it: where it belongs
// in them can be told only when all are known.
type timed struct {
	due           int64 // nanoseconds since 1970
	slip, service time.Duration
	kind          kind
}

func (m *merger) add(h *head, s sample) error {
	if h != nil {
		if err := m.begin(*h, s.due); err != nil {
			return err
		}
	}
	i, known := m.operations[s.name]
	if !known {
		i = len(m.rec.operations)
		m.operations[s.name] = i
		m.rec.operations = append(m.rec.operations, operation{outcomes: map[outcome]uint64{}})
		m.rec.plan.Mix = append(m.rec.plan.Mix, Operation{Name: s.name})
	}
	m.names[s.name], m.names[s.outcome.String()] = true, true
	if len(m.names) > mostNames {
		return fmt.Errorf("it has more than %d different operations and outcomes", mostNames)
	}
	s.operation = i
	m.rec.add(s)
	m.samples = append(m.samples, timed{s.due.UnixNano(), s.sent.Sub(s.due), s.service, s.kind})
	return nil
}

// begin takes in what another attack was about, if it goes with the others.
func (m *merger) begin(h head, due time.Time) error {
	d := time.Duration(h.Plan.Duration)
	if off := due.Sub(h.Began); d <= 0 || d > longest || h.Plan.Rate < 0 || off < -longest || off > longest {
		return errForeign
	}
	if len(m.heads) == mostAttacks {
		return fmt.Errorf("more than %d attacks cannot be merged", mostAttacks)
	}
	if len(m.heads) > 0 {
		first := m.heads[0]
		for _, differ := range [][3]string{
			{"target", h.Target, first.Target},
			{"transport", string(h.Transport), string(first.Transport)},
			{"revision", string(h.Revision), string(first.Revision)},
			{"loop", h.Plan.Loop, first.Plan.Loop},
		} {
			if differ[1] != differ[2] {
				return fmt.Errorf("the %s is %q, that of the results before is %q: they cannot be merged", differ[0], differ[1], differ[2])
			}
		}
	}
	m.heads = append(m.heads, stretch{h, h.Began, h.Began.Add(d)})
	return nil
}

// run reports on all results.
func (m *merger) run() (*reports.Run, error) {
	slices.SortFunc(m.heads, func(a, b stretch) int { return a.from.Compare(b.from) })
	busy := m.busy()
	var planned uint64
	for _, h := range m.heads {
		planned += h.Planned
	}
	var length time.Duration
	for i, b := range busy {
		length += b.to.Sub(b.from)
		if i > 0 {
			m.rec.idle += b.from.Sub(busy[i-1].to)
		}
	}
	m.rec.plan = m.plan(planned, length)
	m.rec.to = m.rec.plan.sending()
	schedule, err := m.rec.plan.schedule()
	if err != nil {
		return nil, err
	}
	m.rec.schedule = &clocked{schedule, m.heads[0].from}
	// What was sent in time, and ended all the same before its time, was cut off.
	m.rec.cut = planned > 0 && float64(m.rec.requests) < 0.99*float64(planned) && m.rec.slip.Quantile(0.99) <= lateEnough
	m.file(busy, length)
	h := m.heads[0]
	l := m.rec.report()
	if n := len(m.heads); n > 1 {
		words := fmt.Sprintf("of %d attacks", n)
		if len(busy) > 1 {
			words += fmt.Sprintf(", with %s between them that do not count", m.rec.idle.Round(time.Second))
		}
		l.Notes = append(l.Notes, words)
	}
	return &reports.Run{Target: h.Target, Transport: h.Transport, Revision: h.Revision, Duration: l.Duration, Load: l}, nil
}

// file puts the requests into their parts, as if no time had been between the
// attacks.
func (m *merger) file(busy []stretch, length time.Duration) {
	m.rec.parts, m.rec.timeline = newParts(length), newTimeline(length)
	began := m.heads[0].from
	since := func(t time.Time) (d time.Duration) {
		for _, b := range busy {
			d += max(min(t.Sub(b.from), b.to.Sub(b.from)), 0)
		}
		return d
	}
	for _, x := range m.samples {
		due := time.Unix(0, x.due)
		latency := x.slip + x.service
		at := since(due)
		m.rec.parts.add(at, since(due.Add(latency)), latency, x.kind == ok)
		s := sample{due: began.Add(at), service: x.service, outcome: outcome{kind: x.kind}}
		s.sent = s.due.Add(x.slip)
		m.rec.timeline.add(began, s)
	}
}

// busy is when any of the attacks was to send, in stretches that do not overlap.
func (m *merger) busy() []stretch {
	var list []stretch
	for _, h := range m.heads {
		if n := len(list); n > 0 && !h.from.After(list[n-1].to) {
			if h.to.After(list[n-1].to) {
				list[n-1].to = h.to
			}
			continue
		}
		list = append(list, h)
	}
	return list
}

// plan makes one plan of all: so many requests in so much time.
func (m *merger) plan(planned uint64, length time.Duration) Plan {
	first := m.heads[0].Plan
	p := Plan{
		Mix: m.rec.plan.Mix, Rate: first.Rate, Ramp: first.RampTo, Concurrency: first.Concurrency, Duration: length,
		Timeout: time.Duration(first.Timeout), Sessions: first.Sessions, Fresh: first.Fresh, Workers: first.Workers,
	}
	if len(m.heads) > 1 {
		p.Rate, p.Ramp = float64(planned)/length.Seconds(), 0
		p.Concurrency, p.Sessions, p.Workers = 0, 0, 0
		atOnce := m.atOnce()
		for _, h := range atOnce {
			p.Concurrency, p.Sessions, p.Workers = p.Concurrency+h.Plan.Concurrency, p.Sessions+h.Plan.Sessions, p.Workers+h.Plan.Workers
		}
	}
	for i, o := range m.rec.operations {
		p.Mix[i].Weight = float64(o.requests)
	}
	return p
}

// atOnce are the attacks that were made while most others were.
func (m *merger) atOnce() []stretch {
	var most []stretch
	for _, h := range m.heads {
		var list []stretch
		for _, other := range m.heads {
			if !other.from.After(h.from) && other.to.After(h.from) {
				list = append(list, other)
			}
		}
		if len(list) > len(most) {
			most = list
		}
	}
	return most
}
