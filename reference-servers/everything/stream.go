package everything

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What the server keeps for clients that resume: so many streams of a session,
// and so many events of a stream.
const (
	streamsKept = 64
	eventsKept  = 512
)

// event is one event of a stream.
type event struct {
	number int
	data   []byte // empty in events that only carry an id
	final  bool   // the response
	status int    // of the response, over HTTP
	retry  time.Duration
	hangUp bool // the connection is closed after it

	foreign string // its id on another stream; of use to a fault
}

// stream holds the messages of one POST or GET of Streamable HTTP, whether or
// not a connection is there to take them.
type stream struct {
	srv      *Server
	number   int
	revision string
	get      bool // not opened by a request
	jsonOnly bool // the client accepts no event stream
	sseOnly  bool // the client accepts nothing else

	mu      sync.Mutex
	events  []event
	last    int // number of the last event
	done    bool
	opened  bool // an event stream, even if there is no event yet
	reader  int  // which connection reads; earlier ones have lost the stream
	reading bool
	changed chan struct{} // closed at the next change
}

func newStream(s *Server, revision string) *stream {
	return &stream{srv: s, revision: revision, changed: make(chan struct{})}
}

// resumable reports whether events have ids.
func (st *stream) resumable() bool {
	return !isModern(st.revision) || st.srv.broken("http.sse.no-resumability")
}

func (st *stream) wake() {
	close(st.changed)
	st.changed = make(chan struct{})
}

// add appends an event; the caller holds the lock. In 2025-11-25 the first
// event of a stream only gives the client an id to resume from.
func (st *stream) add(e event) {
	if st.done {
		return
	}
	if st.last == 0 && !e.final || st.last == 0 && st.sseOnly {
		st.prime()
	}
	st.last++
	e.number = st.last
	st.events = append(st.events, e)
	if len(st.events) > eventsKept {
		st.events = st.events[1:]
	}
	st.done = st.done || e.final
	st.wake()
}

func (st *stream) prime() {
	if st.revision == rev2025_11_25 && !st.srv.broken("http.sse.priming-event") {
		st.last++
		st.events = append(st.events, event{number: st.last})
	}
}

func (st *stream) send(data []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.jsonOnly && data != nil {
		st.add(event{data: data})
	}
}

func (st *stream) finish(data []byte, status int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if data == nil {
		st.done = true
		st.wake()
		return
	}
	st.add(event{data: data, final: true, status: status})
}

func (st *stream) twoWay() bool { return !st.jsonOnly }

// open makes the answer an event stream before there is a message.
func (st *stream) open() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.jsonOnly && !st.done {
		if st.last == 0 {
			st.prime()
		}
		st.opened = true
		st.wake()
	}
}

// hangUp closes the connection and lets the stream go on, for a client that
// comes back after the time told.
func (st *stream) hangUp(retry time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.jsonOnly {
		return
	}
	if st.srv.broken("http.sse.retry-before-close") {
		retry = 0
	}
	st.add(event{retry: retry, hangUp: true})
}

// hangsUp reports whether the connection is closed after an event, which a
// replay of it does not repeat.
func (st *stream) hangsUp(e event) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := range st.events {
		if st.events[i].number == e.number {
			first := st.events[i].hangUp
			st.events[i].hangUp = false
			return first
		}
	}
	return false
}

// end says that nothing more will come.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.done = true
	st.wake()
}

// attach makes a connection the one that reads.
func (st *stream) attach() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.reader++
	st.reading = true
	st.wake()
	return st.reader
}

func (st *stream) detach(reader int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.reader == reader {
		st.reading = false
	}
}

// next returns the events after the one given. It also returns whether nothing
// will follow them, and a channel to wait on for more.
func (st *stream) next(after, reader int) (events []event, over bool, more <-chan struct{}) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, e := range st.events {
		if e.number > after {
			events = append(events, e)
		}
	}
	return events, st.done || st.reader != reader, st.changed
}

// answered waits until it is known how to answer: with the event returned as
// plain JSON, or with an event stream.
func (st *stream) answered(stop <-chan struct{}) (e event, plain, ok bool) {
	for {
		st.mu.Lock()
		first := len(st.events) > 0 && st.last == len(st.events)
		switch {
		case first && st.events[0].final && !st.sseOnly:
			e = st.events[0]
			st.mu.Unlock()
			return e, true, true
		case len(st.events) > 0 || st.done || st.opened:
			st.mu.Unlock()
			return event{}, false, true
		}
		more := st.changed
		st.mu.Unlock()
		select {
		case <-more:
		case <-stop:
			return event{}, false, false
		}
	}
}

// id is what Last-Event-ID says after that event: the stream, and the place in
// it.
func (st *stream) id(e event) string {
	switch {
	case e.foreign != "":
		return e.foreign
	case st.srv.broken("resume.event-id.unique") && e.final:
		return "end"
	}
	return strconv.Itoa(st.number) + "-" + strconv.Itoa(e.number)
}

// streams are those of one Streamable HTTP session.
type streams struct {
	mu    sync.Mutex
	last  int
	order []*stream
	ended bool
}

// add starts a stream, and forgets an old one when there are too many.
func (ss *streams) add(st *stream) *stream {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.last++
	st.number = ss.last
	if len(ss.order) >= streamsKept {
		ss.dropOne()
	}
	ss.order = append(ss.order, st)
	if ss.ended {
		st.end()
	}
	return st
}

// dropOne forgets the oldest stream that nobody reads and that is complete, or
// was not opened by a request.
func (ss *streams) dropOne() {
	for i, st := range ss.order {
		st.mu.Lock()
		idle := !st.reading && (st.done || st.get)
		st.mu.Unlock()
		if idle {
			ss.order = append(ss.order[:i], ss.order[i+1:]...)
			return
		}
	}
}

// find returns the stream that an event id belongs to, and the place in it.
func (ss *streams) find(id string) (*stream, int) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	before, after, _ := strings.Cut(id, "-")
	number, err1 := strconv.Atoi(before)
	place, err2 := strconv.Atoi(after)
	if err1 != nil || err2 != nil {
		return nil, 0
	}
	for _, st := range ss.order {
		if st.number == number {
			return st, place
		}
	}
	return nil, 0
}

// after returns the event streams that were opened later; only a fault calls it.
func (ss *streams) after(st *stream) []*stream {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(ss.order), func(other *stream) bool {
		other.mu.Lock()
		defer other.mu.Unlock()
		return other.number <= st.number || other.reader == 0
	})
}

// mix puts the events of other streams before the last one of this; only a fault
// calls it.
func (st *stream) mix(others []*stream) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, other := range others {
		other.mu.Lock()
		events := slices.Clone(other.events)
		other.mu.Unlock()
		for _, e := range events {
			if len(e.data) > 0 {
				e.number, e.final, e.foreign = st.last, false, other.id(e)
				st.events = slices.Insert(st.events, max(len(st.events)-1, 0), e)
			}
		}
	}
}

// listening returns the streams that take what belongs to no request: the one
// that is read, else the newest that was left.
func (ss *streams) listening(all bool) []*stream {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	var left, read []*stream
	for _, st := range ss.order {
		st.mu.Lock()
		switch {
		case st.get && !st.done && st.reading:
			read = append(read, st)
		case st.get && !st.done:
			left = []*stream{st}
		}
		st.mu.Unlock()
	}
	if len(read) == 0 {
		return left
	}
	if all {
		return read
	}
	return read[:1]
}

func (ss *streams) end() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.ended = true
	for _, st := range ss.order {
		st.end()
	}
}
