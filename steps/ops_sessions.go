package steps

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// collide sends requests of two clients that have the same id, before it reads
// any answer: one that has a result, and one that has an error.
func (w *World) collide(ctx context.Context, n int) error {
	sessions := [2]*wire.Session{w.session, w.second}
	methods := [2]string{w.subject.harmlessMethod(), "mcpcheck/nothing"}
	for i := range n {
		id := "colliding-" + strconv.Itoa(i) + "-" + randomHex()
		var pair [2]*wire.Exchange
		for k := range pair {
			pair[k] = sessions[(i+k)%2].Start(ctx, wire.Call{Method: methods[k], ID: id})
		}
		w.operation.pairs = append(w.operation.pairs, pair)
		w.exchanges = append(w.exchanges, pair[:]...)
	}
	for _, pair := range w.operation.pairs {
		for _, x := range pair {
			x.Session.Finish(ctx, x)
		}
	}
	return nil
}

// notCrossed leaves requests that are refused or not answered to others.
func (w *World) notCrossed(context.Context) error {
	judged := 0
	for _, pair := range w.operation.pairs {
		served, failed := pair[0].Response(), pair[1].Response()
		if served == nil || failed == nil {
			continue
		}
		judged++
		switch {
		case failed.Result() != nil:
			w.x = pair[1]
			return unmetf("an error for a method that there is not, though another client sent a request with the same id", "the result %s", brief(string(failed.Result())))
		case served.Error() != nil && failed.Error() != nil && served.Error().Message == failed.Error().Message:
			w.x = pair[0]
			return unmetf("a result for "+pair[0].Call.Method+", though another client sent a request with the same id", "its error %s (%s)", served.Error().Code, brief(served.Error().Message))
		}
	}
	if judged == 0 {
		return inconclusivef("no two requests with the same id were both answered: %s", silence(w.operation.pairs[0][1]))
	}
	return nil
}

// goOnElsewhere goes on with one session over other connections, as they come
// from a proxy that keeps none.
func (w *World) goOnElsewhere(ctx context.Context, n int) error {
	if w.session.ID() == "" {
		return applicableIf("the server assigns a session id with the header Mcp-Session-Id of its answer to initialize", "the server assigns no session ids")
	}
	w.spoilt = true
	for range n {
		w.xs = append(w.xs, w.do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Fresh: true}))
	}
	for _, replica := range w.subject.Operations.Replicas {
		e := w.subject.Endpoint
		e.URL = replica
		there, err := wire.Open(ctx, e)
		if err != nil {
			return inconclusivef("the replica %s cannot be reached: %w", replica, err)
		}
		there.SetID(w.session.ID())
		there.SetRevision(w.subject.Revision)
		x := there.Do(ctx, wire.Call{Method: w.subject.harmlessMethod(), Fresh: true})
		w.xs, w.exchanges = append(w.xs, x), append(w.exchanges, x)
	}
	return nil
}

func (w *World) allAnswered(context.Context) error {
	for i, x := range w.xs {
		if _, err := resultOf(x); err != nil {
			w.x = x
			return unmetf("the session to go on", "at request %d to %s: %v", i+1, x.Session.Endpoint.URL, err)
		}
	}
	return nil
}

// How long a tool may take to be of use here, and how many are looked at.
const (
	shortestWork = 100 * time.Millisecond
	longestWork  = 5 * time.Second
	measured     = 64
	tried        = 3
)

// slowTool finds a tool by calling those that are safe, side by side.
func (w *World) slowTool(ctx context.Context) error {
	if w.session.Child() == nil {
		return notLaunched()
	}
	safe, err := w.subject.safeTools()
	if err != nil {
		return err
	}
	var called []*Tool
	var calls []*wire.Exchange
	for _, t := range safe {
		if t.Arguments != nil && len(called) < measured {
			called, calls = append(called, t), append(calls, w.session.Start(ctx, toolCall(t.Name, t.Arguments)))
		}
	}
	type work struct {
		*Tool
		took time.Duration
	}
	var found []work
	for i, x := range calls {
		w.session.Finish(ctx, x)
		if m := x.Response(); m != nil && succeeded(x) && m.At.Sub(x.Sent) >= shortestWork {
			found = append(found, work{called[i], m.At.Sub(x.Sent)})
		}
	}
	slices.SortStableFunc(found, func(a, b work) int { return int(b.took - a.took) })
	// A tool that waited for others took longer than it works.
	for _, f := range found[:min(len(found), tried)] {
		x := w.session.Do(ctx, toolCall(f.Name, f.Arguments))
		if m := x.Response(); m != nil && succeeded(x) && m.At.Sub(x.Sent) >= shortestWork && m.At.Sub(x.Sent) <= longestWork {
			w.tool, w.arguments, w.operation.takes = f.Tool, f.Arguments, m.At.Sub(x.Sent)
			return nil
		}
	}
	return applicableIf("a safe tool takes between 100 ms and 5 s with its arguments, which --args FILE can give", "no safe tool takes long enough to be at work when the signal comes")
}

// terminateAtWork leaves stdin open, so that the signal is the only reason to end.
func (w *World) terminateAtWork(ctx context.Context) error {
	c, err := w.running()
	if err != nil {
		return err
	}
	x := w.start(ctx, toolCall(w.tool.Name, w.arguments))
	// Its answer to a request that came later shows that it has begun with this one.
	later := w.session.Start(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	w.operation.begun = later.WaitResponse(ctx, w.operation.takes/2)
	if x.Response() != nil {
		return inconclusivef("the tool %s was done before the signal was sent", w.tool.label())
	}
	if err := c.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("SIGTERM could not be sent: %w", err)
	}
	w.session.Finish(ctx, x)
	return nil
}

func (w *World) answersBegun(ctx context.Context) error {
	err := w.answersResult(ctx)
	if err != nil && !w.operation.begun {
		return inconclusivef("the call was not answered, but whether the server had begun with it is not known: it answered nothing else meanwhile")
	}
	return err
}

// succeeded reports whether a call of a tool has a result that is no error.
func succeeded(x *wire.Exchange) bool {
	result, err := resultOf(x)
	if err != nil {
		return false
	}
	r, err := object(result)
	return err == nil && string(r["isError"]) != "true"
}
