package load

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/reports"
)

// drain is how long requests in progress have left when an attack is called off.
const drain = 2 * time.Second

// Attack sends what the plan says and reports what came of it. When the context
// ends, the report is of what was done until then. The error is about the server
// or the plan: no session, or nothing to send.
func Attack(ctx context.Context, p Plan) (*reports.Load, error) {
	l, _, err := AttackInParts(ctx, p, 0)
	return l, err
}

// AttackInParts is Attack, and reports besides on each of some parts of equal
// length, one after the other, so that it can be seen what held throughout. They
// take the place of the timeline.
func AttackInParts(ctx context.Context, p Plan, parts int) (*reports.Load, []*reports.Load, error) {
	s, err := p.schedule()
	if err != nil {
		return nil, nil, err
	}
	if err := p.Mix.validate(); err != nil {
		return nil, nil, err
	}
	var clients []*client
	if p.Fresh {
		clients = []*client{{}}
	} else if clients, err = openClients(ctx, p); err != nil {
		return nil, nil, err
	} else {
		defer closeClients(clients)
	}
	if p.Opened != nil {
		p.Opened(sessionsOf(clients))
	}
	a := newAttack(p, s, clients)
	defer a.end()
	return a.run(ctx, parts)
}

// An attack is a plan that is being carried out.
type attack struct {
	plan     Plan
	schedule *clocked
	clients  []*client
	picker   picker
	canaries []bool // by operation

	hits      []*hit
	free      chan *hit
	count     atomic.Uint64
	transport *http.Transport
	rt        *roundTripper
	cancel    context.CancelFunc
	attacker  *vegeta.Attacker
	err       error // of the encoder
}

// clocked is a schedule that notes when it began.
type clocked struct {
	schedule
	began time.Time
}

func (c *clocked) Pace(elapsed time.Duration, n uint64) (time.Duration, bool) {
	if c.began.IsZero() {
		c.began = time.Now().Add(-elapsed)
	}
	return c.schedule.Pace(elapsed, n)
}

func newAttack(p Plan, s schedule, clients []*client) *attack {
	workers := p.workers()
	a := &attack{plan: p, schedule: &clocked{schedule: s}, clients: clients, picker: p.Mix.picker(), transport: newTransport(workers)}
	// One more than can be in progress: the last may be waiting to be recorded.
	a.hits, a.free = newHits(workers + 1)
	a.canaries = make([]bool, len(p.Mix))
	for i := range p.Mix {
		a.canaries[i] = !p.Fresh && len(clients) > 0 && bytes.Contains(clients[0].templates[i].Suffix, []byte(Canary))
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.rt = &roundTripper{ctx: ctx, plan: p, clients: clients, hits: a.hits, next: a.transport}
	a.attacker = vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: a.rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}),
		vegeta.Workers(uint64(min(workers, 16))), vegeta.MaxWorkers(uint64(workers)), vegeta.MaxBody(0),
	)
	return a
}

func (a *attack) end() {
	a.cancel()
	a.transport.CloseIdleConnections()
}

// target makes the next hit.
func (a *attack) target(t *vegeta.Target) error {
	n := a.count.Add(1) - 1
	h := <-a.free
	*h = hit{carrier: h.carrier, header: h.header, operation: a.picker.pick(n), client: int(n % uint64(len(a.clients)))}
	if !a.plan.Fresh {
		h.id = strconv.FormatInt(a.clients[h.client].session.NextID(), 10)
		if a.canaries[h.operation] {
			h.canary = newCanary(h.client, n)
		}
	}
	t.Method, t.URL = http.MethodGet, h.carrier
	return nil
}

func (a *attack) run(ctx context.Context, parts int) (*reports.Load, []*reports.Load, error) {
	var enc vegeta.Encoder
	if a.plan.Out != nil {
		enc = vegeta.NewEncoder(a.plan.Out)
	}
	warm, all := a.plan.Warmup, a.plan.sending()
	rec, split := newRecord(a.plan, a.schedule, warm, all), make([]*record, parts)
	if parts == 0 {
		rec.timeline = newTimeline(a.plan.Duration)
		rec.parts = newParts(a.plan.Duration)
		a.rt.inspect = newInspector(a.plan.conforms)
	}
	for i := range split {
		at := func(i int) time.Duration { return warm + a.plan.Duration*time.Duration(i)/time.Duration(parts) }
		split[i] = newRecord(a.plan, a.schedule, at(i), at(i+1))
	}
	stop := context.AfterFunc(ctx, func() {
		a.attacker.Stop()
		time.AfterFunc(drain, a.cancel)
	})
	defer stop()
	told := time.Now()
	for r := range a.attacker.Attack(a.target, a.schedule, all, "mcpcheck") {
		h := a.hitOf(r)
		if h == nil {
			continue
		}
		if s := a.sample(h, r); h.kind != abandoned && rec.covers(s) {
			rec.add(s)
			for _, part := range split {
				if part.covers(s) {
					part.add(s)
				}
			}
			if enc != nil && a.err == nil {
				r := s.result()
				if rec.requests == 1 {
					r.Headers[fieldHead] = []string{rec.head()}
				}
				a.err = enc.Encode(r)
			}
		}
		a.free <- h
		if a.plan.Progress != nil && time.Since(told) >= time.Second {
			told = time.Now()
			a.plan.Progress(rec.snapshot(told))
		}
	}
	rec.cut = ctx.Err() != nil
	a.rt.inspect.close()
	load, list := rec.report(), make([]*reports.Load, parts)
	load.Inspection = a.rt.inspect.report()
	for i, part := range split {
		list[i] = part.report()
	}
	if load.Requests == 0 && ctx.Err() == nil {
		return load, list, errors.Join(errors.New("no request was sent"), a.err)
	}
	return load, list, a.err
}

func (a *attack) hitOf(r *vegeta.Result) *hit {
	n, err := strconv.Atoi(r.Headers.Get(hitField))
	if err != nil || n >= len(a.hits) {
		return nil
	}
	return a.hits[n]
}

// sample takes from a result and its hit what is recorded.
func (a *attack) sample(h *hit, r *vegeta.Result) sample {
	s := sample{
		seq: r.Seq, operation: h.operation, outcome: h.outcome, code: int(r.Code),
		sent: r.Timestamp, service: r.Latency, first: h.first, due: r.Timestamp,
		out: h.sent, in: h.got, retryAfter: h.retryAfter,
		name: a.plan.Mix[h.operation].Name, url: a.plan.Endpoint.URL,
	}
	if due := a.schedule.due(r.Seq); due >= 0 {
		// A worker may be at it a moment before its time, by the resolution of clocks.
		if at := a.schedule.began.Add(due); at.Before(s.sent) {
			s.due = at
		}
	}
	return s
}
