package everything

import "sync"

// queue holds the messages of one channel until they are written, any number
// of them: whoever reads a request must never wait for the client to read a
// response.
type queue struct {
	mu     sync.Mutex
	items  [][]byte
	closed bool
	wake   chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) push(data []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed && data != nil {
		q.items = append(q.items, data)
		q.signal()
	}
}

// close lets the reader finish what is queued and then stop.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// take returns what is queued, and whether nothing will follow.
func (q *queue) take() (items [][]byte, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, q.items = q.items, nil
	return items, q.closed
}

// The queue is the sink of every call of its channel.
func (q *queue) send(data []byte)          { q.push(data) }
func (q *queue) finish(data []byte, _ int) { q.push(data) }
func (q *queue) twoWay() bool              { return true }
