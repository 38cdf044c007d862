package wire

import (
	"errors"
	"fmt"
)

// The bounds of what one session takes from a server that does not stop talking.
const (
	maxHeard = 128 << 20 // bytes
	maxUnits = 50_000    // lines, events and bodies
	maxJunk  = 5_000     // of those without a message
)

// ErrFlood says that a server wrote more in one session than mcpcheck listens to.
var ErrFlood = errors.New("the server floods the client")

// volume is what a session has heard so far.
type volume struct{ bytes, units, junk int }

// hear counts a unit of n bytes. From the error on nothing is read any more.
func (s *Session) hear(n int) error {
	s.mu.Lock()
	s.heard.bytes += n
	s.heard.units++
	v := s.heard
	s.mu.Unlock()
	var err error
	switch {
	case v.junk > maxJunk:
		err = fmt.Errorf("%w: it wrote more than %d lines or events that hold no message", ErrFlood, maxJunk)
	case v.units > maxUnits:
		err = fmt.Errorf("%w: it wrote more than %d lines or events", ErrFlood, maxUnits)
	case v.bytes > maxHeard:
		err = fmt.Errorf("%w: it wrote more than %d MiB", ErrFlood, maxHeard>>20)
	default:
		return nil
	}
	s.fall(err)
	return err
}
