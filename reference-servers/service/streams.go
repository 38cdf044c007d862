package service

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// streams are the answers that last until somebody ends them.
type streams struct {
	gauge *prometheus.GaugeVec
	mu    sync.Mutex
	open  map[int]context.CancelFunc
	last  int
	ended bool
}

// add returns the context of a stream, which ends with all streams, and what is to
// be called when the stream is over.
func (s *streams) add(ctx context.Context, kind string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	n := s.last
	s.open[n] = cancel
	if s.ended {
		cancel()
	}
	s.gauge.WithLabelValues(kind).Inc()
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, n)
		s.gauge.WithLabelValues(kind).Dec()
	}
}

// end ends all streams, those that are yet to come as well.
func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, cancel := range s.open {
		cancel()
	}
}
