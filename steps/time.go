package steps

import (
	"cmp"
	"time"
)

// The bounds of how long to listen for what must not come.
const (
	minSilence = 300 * time.Millisecond
	maxSilence = 2 * time.Second
)

// answersOfSilence is how many answers a server could have given while nothing
// came of it.
const answersOfSilence = 100

// silence is how long to listen for what must not come: what a server that
// answers within a millisecond has not sent in a third of a second, it does not send.
func (s *Subject) silence() time.Duration {
	if s.Silence > 0 {
		return s.Silence
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fastest == 0 {
		return maxSilence
	}
	return min(max(answersOfSilence*s.fastest, minSilence), maxSilence)
}

// patience is how long to wait for what has to come.
func (c Config) patience() time.Duration { return cmp.Or(c.Patience, 3*time.Second) }

// grace is how long an answer may come after one to a later request.
func (s *Subject) grace() time.Duration {
	if s.Silence > 0 {
		return s.Silence / 4
	}
	return max(s.silence()/4, minSilence)
}
