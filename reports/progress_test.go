package reports_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// terminal shows what one line of a terminal would.
type terminal struct {
	mu     sync.Mutex
	writes int
	line   []rune
	column int
	widest int
	raw    bytes.Buffer
}

func (s *terminal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	s.raw.Write(b)
	for _, r := range string(b) {
		if r == '\r' {
			s.column = 0
			continue
		}
		if s.column == len(s.line) {
			s.line = append(s.line, ' ')
		}
		s.line[s.column] = r
		s.column++
		s.widest = max(s.widest, s.column)
	}
	return len(b), nil
}

func (s *terminal) shows() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimRight(string(s.line), " ")
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen terminal
		p := reports.NewProgress(&screen, 40)
		p.Start(150)
		expect := func(want string) {
			t.Helper()
			if got := screen.shows(); got != want {
				t.Errorf("the terminal shows %q, want %q", got, want)
			}
		}
		expect("checking  0/150  0 s")
		p.Done("lifecycle")
		p.Done("tools")
		time.Sleep(150 * time.Millisecond)
		expect("checking  2/150  0 s  tools")
		p.Done("an area with a name too long for it\x1b[2J")
		time.Sleep(2 * time.Second) // time passes on the line also when nothing is done
		expect("checking  3/150  2 s  an area with a na"[:39])
		p.Done("ping")
		time.Sleep(time.Second)
		expect("checking  4/150  3 s  ping")
		p.Clear()
		expect("")
		if screen.column != 0 {
			t.Errorf("the cursor is left in column %d, want 0", screen.column)
		}
		written := screen.writes
		p.Done("late")
		time.Sleep(time.Minute)
		if screen.writes != written {
			t.Error("something is drawn after Clear")
		}
		if screen.widest >= 40 {
			t.Errorf("%d columns are used, want less than 40", screen.widest)
		}
		if strings.ContainsAny(screen.raw.String(), "\n\x1b") {
			t.Errorf("more than one line, or a sequence: %q", screen.raw.String())
		}
	})
}

func TestProgressRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen terminal
		p := reports.NewProgress(&screen, 0)
		p.Start(100_000)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 10_000 {
					p.Done("tools")
					time.Sleep(100 * time.Microsecond)
				}
			})
		}
		all.Wait()
		time.Sleep(1100 * time.Millisecond)
		if got, want := screen.shows(), "checking  100000/100000  2 s  tools"; got != want {
			t.Errorf("the terminal shows %q, want %q", got, want)
		}
		p.Clear()
		if screen.writes > 25 {
			t.Errorf("%d writes in two seconds, want at most 25", screen.writes)
		}
	})
}

func TestProgressTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen terminal
		p := reports.NewProgress(&screen, 80)
		p.Clear() // before there is anything to clear
		p.Start(1)
		p.Done("a")
		time.Sleep(time.Second)
		p.Start(0)
		if got, want := screen.shows(), "checking  0  0 s"; got != want {
			t.Errorf("the terminal shows %q, want %q", got, want)
		}
		p.Clear()
		p.Clear()
		if got := screen.shows(); got != "" {
			t.Errorf("the terminal shows %q, want nothing", got)
		}
	})
}
