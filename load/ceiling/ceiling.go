// Package ceiling finds how many sessions and streams an MCP server holds at
// once. It opens ever more, and keeps them open, until the server refuses one
// and goes on refusing, or no longer answers one that it had taken. Then it ends
// all of them, also when it is interrupted.
//
// Where the revision has no sessions, it is subscriptions that are held.
package ceiling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/reports"
)

// Options bound a search. The zero value of each stands for the default.
type Options struct {
	Most   int           // sessions; 10 000, or what this machine has file descriptors for
	Budget time.Duration // after which no more are opened; 60 s

	Gauge   gauge.Gauge    // of the server, or nil
	Metrics *gauge.Metrics // of the server, or nil
	// Pause is how long to wait before a refused session is tried again; 200 ms,
	// and twice as long each time.
	Pause time.Duration
	// Begin, if not nil, is told of how many are to be open next.
	Begin func(sessions int)
}

// Defaults of Options.
const (
	DefaultMost   = 10_000
	DefaultBudget = time.Minute
)

const (
	atOnce = 16 // sessions that are opened, asked or ended at the same time
	tries  = 3  // that a refused session gets
)

// A Found is what a search found.
type Found struct {
	Ceiling *reports.SessionsCeiling
	Metrics []string // gauges that followed the sessions
}

// Find searches upwards. The error says that not even one could be opened.
func Find(ctx context.Context, p load.Plan, o Options) (*Found, error) {
	o.Most = cmp.Or(o.Most, DefaultMost)
	o.Budget = cmp.Or(o.Budget, DefaultBudget)
	o.Pause = cmp.Or(o.Pause, 200*time.Millisecond)
	if o.Begin == nil {
		o.Begin = func(int) {}
	}
	s := &search{Options: o, ctx: ctx, plan: p, began: time.Now(), found: &reports.SessionsCeiling{Levels: []reports.CeilingLevel{}}}
	defer s.end()
	err := s.run()
	s.found.Memory, s.found.R2 = perSession(s.found.Levels)
	return &Found{s.found, s.metrics}, err
}

type search struct {
	Options
	ctx   context.Context
	plan  load.Plan
	began time.Time
	found *reports.SessionsCeiling

	held     []*client
	refusals int   // that were none when tried again
	first    error // of them
	before   *gauge.Scrape
	metrics  []string

	streams sync.Mutex
	lack    error // why there are no streams, or no more
}

func (s *search) run() error {
	most, bound := s.most()
	s.before = s.scrape()
	s.level() // without any
	for target := 1; ; target = min(2*target, most) {
		s.Begin(target)
		began := time.Now()
		refused := s.raise(target)
		if len(s.held) == 0 {
			return fmt.Errorf("not even one session can be opened: %w", refused)
		}
		dead, err := s.ask()
		s.follow()
		if last := s.level(); last != nil {
			last.Opening = reports.Duration(time.Since(began))
		}
		s.found.Opened = len(s.held)
		s.tellStreams()
		switch {
		case s.ctx.Err() != nil:
			s.found.Reason = "it was interrupted"
		case dead > 0:
			s.found.Opened, s.found.Reached = len(s.held)-dead, true
			s.found.Reason = fmt.Sprintf("of %d sessions that were open, %d no longer answered: %v", len(s.held), dead, err)
		case refused != nil && ours(refused):
			s.found.Reason = fmt.Sprintf("mcpcheck itself could open no more: %v", refused)
		case refused != nil:
			s.found.Reached = true
			s.found.Reason = fmt.Sprintf("session %d was refused, %d times: %v", len(s.held)+1, tries+1, refused)
		case s.over():
			s.found.Reason = fmt.Sprintf("the time of %s was up", s.Budget)
		case target == most:
			s.found.Reason = bound
		default:
			continue
		}
		if s.refusals > 0 {
			s.note("%d sessions were refused at first (%v), and opened when they were tried again", s.refusals, s.first)
		}
		return nil
	}
}

func (s *search) over() bool { return time.Since(s.began) > s.Budget }

// tellStreams records that streams ran out before sessions did.
func (s *search) tellStreams() {
	if s.lack != nil && !errors.Is(s.lack, errNoStreams) && !ours(s.lack) {
		s.found.StreamsReached, s.found.StreamsReason = true, s.lack.Error()
	}
}

// most is how many may be opened, and why no more.
func (s *search) most() (n int, why string) {
	n, why = s.Most, fmt.Sprintf("no more than %d were to be opened", s.Most)
	if left, ok := descriptors(); ok && left/connections < n {
		n = max(left/connections, 1)
		why = fmt.Sprintf("mcpcheck may have no more than %d files open: raise that limit (ulimit -n)", left+reserved)
	}
	return n, why
}

func (s *search) note(format string, a ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, a...))
}

// level records what is seen with so many sessions open.
func (s *search) level() *reports.CeilingLevel {
	l := reports.CeilingLevel{Sessions: len(s.held)}
	for _, c := range s.held {
		if c.streaming() {
			l.Streams++
		}
		l.Answer = max(l.Answer, reports.Milliseconds(c.took))
	}
	s.found.Streams = max(s.found.Streams, l.Streams)
	if s.Gauge != nil {
		if r, err := s.Gauge.Read(context.WithoutCancel(s.ctx)); err == nil {
			l.Memory = r.Memory
		}
	}
	if l.Sessions == 0 && l.Memory == 0 {
		return nil // says nothing
	}
	s.found.Levels = append(s.found.Levels, l)
	return &s.found.Levels[len(s.found.Levels)-1]
}

func (s *search) scrape() *gauge.Scrape {
	if s.Metrics == nil {
		return nil
	}
	scrape, err := s.Metrics.Scrape(s.ctx)
	if err != nil {
		return nil
	}
	return scrape
}

// follow finds the gauges of the server that grew by as many as are open.
func (s *search) follow() {
	now := s.scrape()
	if s.before == nil || now == nil || len(s.held) < leastFollowed {
		return
	}
	s.metrics = nil
	for name, v := range now.Gauges {
		if v-s.before.Gauges[name] == float64(len(s.held)) && !ofRuntime.MatchString(name) {
			s.metrics = append(s.metrics, name)
		}
	}
	slices.Sort(s.metrics)
}
