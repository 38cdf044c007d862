package load

import (
	"context"
	"sync"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A pipe ties the answers that come over one shared channel, the stdout of a
// launched server or the event stream of HTTP+SSE, to the requests.
type pipe struct {
	session *wire.Session

	mu      sync.Mutex
	waiting map[string]chan reply
}

type reply struct {
	data []byte
	answer
}

func newPipe(s *wire.Session) *pipe {
	p := &pipe{session: s, waiting: map[string]chan reply{}}
	s.Divert(p.take)
	return p
}

// take hands an answer to whoever waits for it. What nobody waits for any more,
// and what the server merely tells, is dropped; what it asks is left to wire.
func (p *pipe) take(data []byte) bool {
	a := readAnswer(data)
	if a.method {
		return a.id == nil
	}
	p.mu.Lock()
	waits := p.waiting[string(a.id)]
	delete(p.waiting, string(a.id))
	p.mu.Unlock()
	if waits != nil {
		waits <- reply{data, a}
	}
	return true
}

// expect announces a request.
func (p *pipe) expect(id string) <-chan reply {
	waits := make(chan reply, 1)
	p.mu.Lock()
	p.waiting[id] = waits
	p.mu.Unlock()
	return waits
}

func (p *pipe) forget(id string) {
	p.mu.Lock()
	delete(p.waiting, id)
	p.mu.Unlock()
}

// await waits for the answer to a request.
func (p *pipe) await(ctx context.Context, id string, waits <-chan reply) (reply, error) {
	select {
	case r := <-waits:
		return r, nil
	case <-ctx.Done():
		p.forget(id)
		return reply{}, ctx.Err()
	case <-p.session.Fallen():
		p.forget(id)
		return reply{}, p.session.Down()
	}
}
