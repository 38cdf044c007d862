package service

import (
	"encoding/json"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits give each client a bucket of its own.
type limits struct {
	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	clients map[string]*rate.Limiter
}

// maxClients bounds the buckets that are kept. Those that are full say nothing
// that a new one would not, so they are what is dropped.
const maxClients = 10_000

// allow says whether a client may send a request now, and if not, when.
func (l *limits) allow(client string) (wait time.Duration, ok bool) {
	if l.rate == 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	bucket := l.clients[client]
	if bucket == nil {
		if len(l.clients) >= maxClients {
			l.drop(now)
		}
		bucket = rate.NewLimiter(l.rate, l.burst)
		l.clients[client] = bucket
	}
	r := bucket.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

func (l *limits) drop(now time.Time) {
	for client, bucket := range l.clients {
		if bucket.TokensAt(now) >= float64(l.burst) {
			delete(l.clients, client)
		}
	}
	for client := range l.clients { // all of them are busy: some lose what they owe
		if len(l.clients) < maxClients {
			return
		}
		delete(l.clients, client)
	}
}

// rateLimited is the code of the error: the status of HTTP, of those codes that
// JSON-RPC leaves to applications. From -32000 on down revision 2026-07-28 wants
// none that it does not define (basic#error-codes).
const rateLimited = 429

func limited(id json.RawMessage, wait time.Duration) *refusal {
	return &refusal{id: id, code: rateLimited, text: "rate limit exceeded", data: map[string]any{"retryAfterSeconds": retryAfter(wait)}}
}

func retryAfter(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }
