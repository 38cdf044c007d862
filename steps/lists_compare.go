package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A comparison is what two new connections saw of each list: twice before and
// once after the second of them was used otherwise.
type comparison struct {
	rounds []map[string][2][]string // the names seen on each connection, by list method
	mu     sync.Mutex
	x      map[string]*wire.Exchange
}

// maxCompared bounds the pages of a list that are compared.
const maxCompared = 10

// comparison looks at all lists at once, for all scenarios that ask.
func (s *Subject) comparison() (*comparison, error) {
	return s.compared.get(func() (*comparison, error) {
		var pair [2]*wire.Session
		for i := range pair {
			session, err := s.newcomer()
			if err != nil {
				return nil, err
			}
			defer s.giveBack(session, true)
			pair[i] = session
		}
		c := &comparison{x: map[string]*wire.Exchange{}}
		s.look(c, pair)
		s.look(c, pair)
		s.useOtherwise(pair[1])
		s.look(c, pair)
		return c, nil
	})
}

// newcomer opens a session on a connection of which the server knows nothing.
func (s *Subject) newcomer() (*wire.Session, error) {
	if _, err := s.session(); err != nil {
		return nil, err
	}
	c, err := s.open(s.ctx, nil)
	if err != nil {
		return nil, err
	}
	if s.Revision.Modern() {
		return c.Session, nil
	}
	return c.Session, s.greet(s.ctx, c, nil)
}

// look takes the names in each list, one list after the other on each connection.
func (s *Subject) look(c *comparison, pair [2]*wire.Session) {
	f, err := s.facts()
	if err != nil {
		return
	}
	var found [2]map[string][]string
	var wg sync.WaitGroup
	for i := range pair {
		found[i] = map[string][]string{}
		wg.Go(func() {
			for _, method := range []string{"tools/list", "resources/list", "prompts/list"} {
				if f.offers(listCapability[method]) {
					found[i][method] = s.names(c, pair[i], method)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string][2][]string{}
	for method := range found[0] {
		seen[method] = [2][]string{found[0][method], found[1][method]}
	}
	c.rounds = append(c.rounds, seen)
}

// names returns what tells the items of a list apart, in alphabetical order; nil
// if the list could not be had.
func (s *Subject) names(c *comparison, session *wire.Session, method string) []string {
	pages := 0
	l, err := walk(s.ctx, method, func(params any) *wire.Exchange {
		if pages++; pages > maxCompared {
			return &wire.Exchange{Session: session} // one without an answer ends the walk
		}
		x := session.Request(s.ctx, method, params)
		x.WaitEnd(s.ctx, s.grace()) // so that the connection is free for the next
		c.mu.Lock()
		c.x[method] = x
		c.mu.Unlock()
		return x
	})
	if err != nil {
		return nil
	}
	list := itemNames(l.items, itemKey[method])
	slices.Sort(list)
	return slices.Compact(list)
}

// useOtherwise does on a connection what has no business with any list.
func (s *Subject) useOtherwise(session *wire.Session) {
	if uris := s.readable(); len(uris) > 0 {
		session.Request(s.ctx, "resources/read", map[string]any{"uri": uris[0]})
	}
	if l, err := s.list("prompts/list"); err == nil && len(l.items) > 0 {
		session.Request(s.ctx, "prompts/get", map[string]any{"name": l.items[0].text("name"), "arguments": s.promptArguments(l.items[0])})
	}
	if safe, err := s.safeTools(); err == nil && safe[0].Arguments != nil {
		s.call(s.ctx, session, safe[0])
	}
}

func (w *World) compareLists(_ context.Context, what string) (err error) {
	w.listed = listOf[what]
	if _, err := w.subject.list(w.listed); err != nil {
		return err
	}
	_, err = w.subject.comparison()
	return err
}

var errVaries = errors.New("the list varies by connection")

// sameOnBoth fails only if each connection repeats itself: a list may change
// for everybody while it is looked at.
func (w *World) sameOnBoth(context.Context) error {
	before, after, err := w.looked(0)
	if err != nil {
		return err
	}
	switch {
	case !slices.Equal(before[0], after[0]) || !slices.Equal(before[1], after[1]):
		return inconclusivef("the list changed meanwhile")
	case !slices.Equal(before[0], before[1]):
		return unmetf("the same list on every connection", "%s", difference(before[0], before[1]))
	}
	return nil
}

func (w *World) sameAfterUse(context.Context) error {
	before, after, err := w.looked(1)
	if err != nil {
		return err
	}
	switch {
	case !slices.Equal(before[0], before[1]):
		return rootCause{errVaries}
	case !slices.Equal(before[0], after[0]):
		return inconclusivef("the list changed meanwhile")
	case !slices.Equal(after[0], after[1]):
		return unmetf("the same list on a connection that was used for other requests", "%s", difference(after[0], after[1]))
	}
	return nil
}

// looked returns what the two connections saw in one round and in the next.
func (w *World) looked(round int) (before, after [2][]string, err error) {
	c, err := w.subject.comparison()
	if err != nil {
		return before, after, inconclusive{err}
	}
	w.x = c.x[w.listed]
	before, after = c.rounds[round][w.listed], c.rounds[round+1][w.listed]
	for _, names := range [][]string{before[0], before[1], after[0], after[1]} {
		if names == nil {
			return before, after, inconclusivef("%s was not answered on a new connection", w.listed)
		}
	}
	return before, after, nil
}

// difference shows what one of two lists has and the other has not.
func difference(a, b []string) string {
	only := func(a, b []string) (list []string) {
		for _, s := range a {
			if !slices.Contains(b, s) {
				list = append(list, fmt.Sprintf("%q", s))
			}
		}
		return list
	}
	return "a list with " + brief(strings.Join(append(only(a, b), only(b, a)...), ", ")) + " on one of them only"
}
