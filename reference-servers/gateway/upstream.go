package gateway

import (
	"context"
	"errors"
	"hash/fnv"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// An upstream is one server of the registry, with its replicas.
type upstream struct {
	entry
	gateway *gateway
	backend *service.Backend
	slots   chan struct{} // its share of the calls that run at once: a slow server is not to take all
	looked  chan struct{} // closed once each replica has been tried
	turn    atomic.Uint64 // of who is chosen among equals

	mu       sync.Mutex
	replicas map[string]*replica
}

func newUpstream(w *gateway, e entry, limit int) *upstream {
	u := &upstream{
		entry: e, gateway: w, backend: w.guard.Backend(e.prefix), looked: make(chan struct{}), replicas: map[string]*replica{},
	}
	if w.guard.MaxConcurrent > 0 {
		u.slots = make(chan struct{}, limit)
	}
	return u
}

// run looks after the replicas that there are, until the context ends.
func (u *upstream) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	ticker := time.NewTicker(u.gateway.HealthInterval)
	defer ticker.Stop()
	for first := true; ; first = false {
		started := u.resolve(ctx, func(r *replica) {
			own, cancel := context.WithCancel(ctx)
			r.stop = cancel
			running.Go(func() { r.run(own) })
		})
		if first {
			for _, r := range started {
				select {
				case <-r.looked:
				case <-ctx.Done():
				}
			}
			close(u.looked)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// resolve finds the addresses behind the endpoints: each is a replica. Those that
// are new are started, those that are gone are stopped.
func (u *upstream) resolve(ctx context.Context, start func(*replica)) (started []*replica) {
	found := map[string]*replica{}
	for _, endpoint := range u.Endpoints {
		at, err := url.Parse(endpoint)
		if err != nil {
			continue
		}
		port := at.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[at.Scheme]
		}
		addresses, err := lookup(ctx, at.Hostname())
		if err != nil { // those that were known may still be there
			u.mu.Lock()
			for key, r := range u.replicas {
				if r.endpoint == endpoint {
					found[key] = r
				}
			}
			u.mu.Unlock()
			continue
		}
		for _, a := range addresses {
			address := net.JoinHostPort(a, port)
			found[endpoint+" "+address] = newReplica(u, endpoint, address)
		}
	}
	u.mu.Lock()
	gone := false
	for key, r := range u.replicas {
		if found[key] == nil {
			r.stop()
			gone = true
			delete(u.replicas, key)
		}
	}
	for key, r := range found {
		if u.replicas[key] == nil {
			u.replicas[key] = r
			started = append(started, r)
			start(r)
		}
	}
	u.mu.Unlock()
	if gone {
		u.gateway.offer()
	}
	return started
}

func lookup(ctx context.Context, host string) ([]string, error) {
	if net.ParseIP(host) != nil {
		return []string{host}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupHost(ctx, host)
}

// catalogue is that of the first replica that is up; nil when none is.
func (u *upstream) catalogue() *catalogue {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(u.replicas)) {
		if _, c := u.replicas[key].state(); c != nil {
			return c
		}
	}
	return nil
}

// up are the replicas that are in service.
func (u *upstream) up() (list []*replica) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range u.replicas {
		if _, c := r.state(); c != nil {
			list = append(list, r)
		}
	}
	return list
}

// pick chooses a replica for a call of a session: always the same one, as long as
// it is up, which every gateway would choose, and without a session the one that
// has least to do.
func (u *upstream) pick(session string, tried map[*replica]bool) *replica {
	u.mu.Lock()
	defer u.mu.Unlock()
	var best *replica
	var bestScore uint64
	turn := u.turn.Add(1)
	for i, key := range slices.Sorted(maps.Keys(u.replicas)) {
		r := u.replicas[key]
		if _, c := r.state(); c == nil || tried[r] {
			continue
		}
		score := ^(uint64(r.inFlight.Load())<<32 | (uint64(i)+turn)%uint64(len(u.replicas)))
		if session != "" {
			h := fnv.New64a()
			h.Write([]byte(session + " " + key))
			score = mix(h.Sum64())
		}
		if best == nil || score > bestScore {
			best, bestScore = r, score
		}
	}
	return best
}

// mix spreads what differs in few bits over all of them.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

var errDown = errors.New("no replica of it answers")
