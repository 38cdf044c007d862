// Package soak finds out whether a server gives back what it takes. It puts a
// moderate load on it for a long time, lets it rest, and reads off how memory,
// open files, goroutines and latency moved: first under requests, then under
// sessions that clients end, then under sessions that they do not end.
//
// It refuses a verdict where the figures are too few to tell.
package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

// Options say how to soak.
type Options struct {
	Duration time.Duration // of everything, with the rests
	Rate     float64       // requests a second
	CoolDown time.Duration // after each phase; a tenth of the phase by default, 30 s at the most
	Least    int           // requests or sessions of a phase that a trend is read from; 200

	Gauge gauge.Gauge // of the server, or nil; one that the soak launches itself is read all the same
	// Begin, if not nil, is told of each phase.
	Begin func(phase string)
}

// The phases of a soak.
const (
	Requests  = "requests"
	Sessions  = "sessions"
	Abandoned = "abandoned sessions"
)

// perSession is how many requests a session takes that sends one: it is opened,
// greeted and ended besides.
const perSession = 4

// mostCoolDown bounds the rest by default.
const mostCoolDown = 30 * time.Second

// Run soaks a server. When the context ends, what was seen until then is judged.
func Run(ctx context.Context, p load.Plan, o Options) (*reports.Soak, error) {
	if o.Duration <= 0 || !(o.Rate > 0) {
		return nil, errors.New("a soak needs a duration and a rate")
	}
	o.Least = cmp.Or(o.Least, leastUnits)
	if o.Begin == nil {
		o.Begin = func(string) {}
	}
	s := &soak{Options: o, ctx: ctx, plan: p, found: &reports.Soak{Rate: o.Rate, Phases: []reports.SoakPhase{}, Trends: []reports.Trend{}}}
	began := time.Now()
	err := s.run()
	s.found.Duration = reports.Duration(time.Since(began))
	if s.Gauge == nil {
		s.found.Notes = append(s.found.Notes, "what the server used could not be read, so that leaks are not seen: name its process, its container or its metrics")
	}
	return s.found, err
}

type soak struct {
	Options
	ctx   context.Context
	plan  load.Plan
	found *reports.Soak
}

func (s *soak) run() error {
	assigns, err := s.assigns()
	if err != nil {
		return err
	}
	if !assigns {
		s.found.Notes = append(s.found.Notes, "the server assigns no sessions that could be left behind")
		return s.phase(Requests, 1, s.plan)
	}
	if err := s.phase(Requests, 0.5, s.plan); err != nil {
		return err
	}
	p := s.plan
	p.Fresh = true
	if err := s.phase(Sessions, 0.25, p); err != nil {
		return err
	}
	p.Abandon = true
	return s.phase(Abandoned, 0.25, p)
}

// assigns reports whether the server gives sessions an id.
func (s *soak) assigns() (bool, error) {
	if s.plan.Endpoint.URL == "" {
		return false, nil // a session is a process
	}
	session, err := load.OpenSession(s.ctx, s.plan)
	if err != nil {
		return false, err
	}
	defer session.Close()
	return session.ID() != "", nil
}

// phase puts one kind of load on the server for a share of the time, and lets it
// rest.
func (s *soak) phase(name string, share float64, p load.Plan) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	s.Begin(name)
	all := time.Duration(share * float64(s.Duration))
	rest := cmp.Or(s.CoolDown, min(all/10, mostCoolDown))
	p.Ramp, p.Concurrency, p.Warmup, p.Duration = 0, 0, 0, max(all-rest, all/2)
	if p.Rate = s.Rate; p.Fresh {
		p.Rate /= perSession
	}
	var watch *gauge.Watch
	opened := p.Opened
	p.Opened = func(o load.Sessions) {
		if opened != nil {
			opened(o)
		}
		if len(o.PIDs) > 0 {
			s.Gauge = gauge.Process(o.PIDs[0])
		}
		if s.Gauge != nil {
			watch = gauge.Begin(s.ctx, s.Gauge, 0, p.Duration)
		}
	}
	l, parts, err := load.AttackInParts(s.ctx, p, cut(p.Duration))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	seen := observation{phase: name, units: float64(l.Requests), least: s.Least, took: time.Duration(l.Duration), parts: parts, each: p.Duration / time.Duration(len(parts))}
	if watch != nil {
		seen.readings = watch.End()
		wait(s.ctx, rest)
		if r, err := s.Gauge.Read(s.ctx); err == nil {
			seen.rested = &r
		}
	}
	s.found.Phases = append(s.found.Phases, reports.SoakPhase{
		Phase: name, Duration: reports.Duration(p.Duration), CoolDown: reports.Duration(rest), Requests: l.Requests, ErrorShare: l.ErrorShare,
	})
	if l.GeneratorBound {
		s.found.Notes = append(s.found.Notes, name+": mcpcheck could not send as fast as asked for, so that latency is not the server's")
		seen.parts = nil
	}
	s.found.Trends = append(s.found.Trends, seen.trends()...)
	return s.ctx.Err()
}

// cut says into how many parts a phase goes to follow its latency.
func cut(d time.Duration) int { return int(min(max(d/time.Second, leastPoints+2), mostPoints)) }

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
