package steps

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A presence is what the run knows of whether the server is still there. A run
// against a server that has gone ends early: what is left to judge would only
// repeat that.
type presence struct {
	common *wire.Session // the one that scenarios share
	muted  int           // requests in a row without an answer
	asking bool          // whether it is there
	heard  time.Time     // when the last request was sent that it answered
}

// unheard says that the handshake of the session that scenarios share was not
// answered in time: what hangs on it was not put to the test.
type unheard struct{ error }

func (u unheard) Unwrap() error { return u.error }

// patienceWithSilence is how many requests in a row may stay unanswered before
// the server is asked whether it is still there.
const patienceWithSilence = 3

var errMute = errors.New("the server does not answer any more")

// hear takes note of the end of a request.
func (s *Subject) hear(x *wire.Exchange, unanswered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.presence
	probe := x.Call.Raw != nil || x.Call.Pieces != nil || x.Call.Timeout != 0 // for which silence may be right
	m := x.Response()
	switch {
	case m != nil:
		p.muted = 0
		if x.Sent.After(p.heard) {
			p.heard = x.Sent
		}
		if took := m.At.Sub(x.Sent); !probe && (s.fastest == 0 || took < s.fastest) {
			s.fastest = took
		}
		return
	case x.Session == p.common && x.Session.Down() != nil:
		s.stop(s.lost(x.Session))
	case probe || p.asking || x.Session != p.common && !unanswered && x.Status() != 0:
		// That a session of a scenario's own is refused may be the very point of it.
	default:
		if p.muted++; p.muted >= patienceWithSilence {
			p.asking = true
			go s.ask(p.common, x)
		}
	}
}

// notice ends the run when the session that scenarios share is over.
func (s *Subject) notice() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if common := s.presence.common; common != nil && common.Down() != nil {
		s.stop(s.lost(common))
	}
}

// ask finds out whether the server is still there after it left x without an
// answer, and else ends the run.
func (s *Subject) ask(common *wire.Session, x *wire.Exchange) {
	if common != nil && common.Down() == nil {
		x = common.Start(s.ctx, wire.Call{Method: s.harmlessMethod()})
		x.Wait(s.ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.presence.muted, s.presence.asking = 0, false
	if x.Response() != nil || s.ctx.Err() != nil || errors.Is(x.Err(), wire.ErrClosed) { // by us, as the run is over
		return
	}
	why := fmt.Sprintf("no answer to %s within %s", x.Call.Method, s.timeout())
	if x.Err() != nil || x.Status() != 0 {
		why = silence(x)
	}
	s.stop(fmt.Errorf("%w: %s", errMute, strings.TrimPrefix(why, "no response: ")))
}

// cutShort says why the run did not get to put all to the test, nil if it did.
func (s *Subject) cutShort() error {
	if err := s.stopped(); err != nil {
		return err
	}
	if _, err := s.session(); errors.As(err, &unheard{}) {
		return err
	}
	return nil
}

// lost says why the session that scenarios share is over, and what it was asked
// at the time.
func (s *Subject) lost(session *wire.Session) error {
	why := session.Down()
	if c := session.Child(); c != nil && errors.Is(why, wire.ErrExited) {
		why = fmt.Errorf("%w (%s)", why, c.Status())
	}
	var asked []string
	for _, x := range session.Exchanges() {
		if method := x.Call.Method; x.ID != nil && x.Response() == nil && !slices.Contains(asked, method) {
			asked = append(asked, method)
		}
	}
	if len(asked) == 0 {
		return why
	}
	return fmt.Errorf("%w while it was asked %s", why, strings.Join(asked, ", "))
}

// logged is the last that the server that scenarios share wrote to stderr.
func (s *Subject) logged() string {
	s.mu.Lock()
	common := s.presence.common
	s.mu.Unlock()
	if common == nil {
		return ""
	}
	return common.Logged()
}

// doubt takes back failures of a run that ended early where nothing but silence
// speaks for them: they were found after the server had taken the last request
// that it answered, by a scenario whose own last request was not answered.
func (s *Subject) doubt(results []judged) []reports.Result {
	why := s.stopped()
	s.mu.Lock()
	heard := s.presence.heard
	s.mu.Unlock()
	list := make([]reports.Result, len(results))
	for i, r := range results {
		if why != nil && r.Verdict == reports.Fail && r.unanswered && r.at.After(heard.Add(-overlap)) {
			r.Verdict, r.Expected, r.Got, r.Reproduce, r.Transcript = reports.Inconclusive, "", "", "", nil
			explain(&r.Result, rootCause{why})
		}
		list[i] = r.Result
	}
	return list
}

// overlap is how much two requests may change places on their way.
const overlap = 100 * time.Millisecond

// judged is a result of a scenario.
type judged struct {
	reports.Result
	at         time.Time
	unanswered bool // the last request of the scenario
}
