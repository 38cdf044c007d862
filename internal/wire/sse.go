package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// MaxEvent is the size of the longest data of an event that is read, in bytes.
const MaxEvent = 16 << 20

// fieldRoom is what a line may hold beside its data: the name of the field.
const fieldRoom = 64

// ErrEventTooLong says that an event exceeds MaxEvent.
var ErrEventTooLong = errors.New("the event is longer than 16 MiB")

// An Event is one block of a server-sent event stream: what stands between two
// blank lines. Unlike a browser's it is kept when its data is empty, because
// such events carry ids.
type Event struct {
	At      time.Time
	ID      string
	HasID   bool // the block had an id field of its own
	Type    string
	Data    []byte
	HasData bool // the block had a data field, even an empty one
	Retry   int  // milliseconds; -1 without a retry field
}

// Name is the type of the event, "message" unless the server gave another.
func (e *Event) Name() string {
	if e.Type == "" {
		return "message"
	}
	return e.Type
}

// An EventReader reads a stream of server-sent events by the algorithm of the
// WHATWG HTML standard, section 9.2.6.
type EventReader struct {
	in      *bufio.Reader
	started bool
	wasCR   bool // the last line ended in CR, so that an LF now belongs to it
}

// NewEventReader reads events from r.
func NewEventReader(r io.Reader) *EventReader {
	return &EventReader{in: bufio.NewReaderSize(r, 4096)}
}

// Read returns the next event. A block that the stream does not end with a
// blank line is dropped, as the standard asks; the error is then io.EOF.
func (r *EventReader) Read() (*Event, error) {
	e := &Event{Retry: -1}
	kept := false
	for {
		line, err := r.line(MaxEvent - len(e.Data) + fieldRoom)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			if !kept {
				continue
			}
			e.Data = bytes.TrimSuffix(e.Data, []byte("\n"))
			return e, nil
		}
		if e.field(line) {
			kept = true
		}
		if len(e.Data) > MaxEvent+1 {
			return nil, ErrEventTooLong
		}
	}
}

// field applies one line; it reports whether the line was a known field.
func (e *Event) field(line []byte) bool {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		e.HasData = true
		e.Data = append(append(e.Data, value...), '\n')
	case "event":
		e.Type = string(value)
	case "id":
		if bytes.IndexByte(value, 0) >= 0 {
			return false
		}
		e.ID, e.HasID = string(value), true
	case "retry":
		if len(value) == 0 || len(bytes.Trim(value, "0123456789")) > 0 {
			return false
		}
		n, err := strconv.Atoi(string(value))
		if err != nil {
			n = math.MaxInt32 // more digits than there can be milliseconds to wait
		}
		e.Retry = min(n, math.MaxInt32)
	default: // a comment, or a field that nobody knows
		return false
	}
	return true
}

// line returns a line without its end, which is CR, LF or CRLF. An LF after a
// CR is skipped only when more is read, so that a CR ends its line at once.
func (r *EventReader) line(limit int) ([]byte, error) {
	if !r.started {
		r.started = true
		if b, err := r.in.Peek(3); err == nil && string(b) == "\xEF\xBB\xBF" {
			r.in.Discard(3) //nolint:errcheck // they were just peeked
		}
	}
	var line []byte
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return nil, err
		}
		if r.wasCR {
			r.wasCR = false
			if c == '\n' {
				continue
			}
		}
		switch c {
		case '\r':
			r.wasCR = true
			return line, nil
		case '\n':
			return line, nil
		}
		if len(line) >= limit {
			return nil, ErrEventTooLong
		}
		line = append(line, c)
	}
}
