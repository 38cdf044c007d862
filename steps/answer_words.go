package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The observations that belong to no area.
var answerWords = []step{
	{then, "the server answers with a result", do((*World).answersResult)},
	{then, "the server answers with an error", do((*World).answersError)},
	{then, "the server answers with error {code}", do1(code, (*World).answersCode)},
	{then, "the server answers with error {code}, or at least an error", do1(code, (*World).answersCodeOrError)},
	{then, "the server does not answer with a result", do((*World).noResult)},
	{then, "the server is still alive", do((*World).alive)},
	{then, "the answer has the id of the request", do((*World).idEchoed)},
	{then, "each request has its own answer", do((*World).eachAnswered)},
	{then, "the result has the members {names}", do1(names, (*World).resultHas)},
	{then, "the result is empty", do((*World).resultEmpty)},
	{then, "the HTTP status is {count}", do1(count, (*World).statusIs)},
	{then, "the HTTP status is an error", do((*World).statusError)},
}

func (w *World) answersResult(context.Context) error {
	_, err := w.result()
	return err
}

func (w *World) answersError(context.Context) error {
	_, err := w.rpcError()
	return err
}

func (w *World) answersCode(_ context.Context, want string) error {
	e, err := w.rpcError()
	if err != nil {
		return err
	}
	if e.Code.String() != want {
		return unmetf("error code "+want, "code %s (%s)", e.Code, brief(e.Message))
	}
	return nil
}

// answersCodeOrError grades the code as an advisory where the text demands an
// error but fixes its code only by example.
func (w *World) answersCodeOrError(ctx context.Context, want string) error {
	if _, err := w.rpcError(); err != nil {
		return err
	}
	return advisory(w.answersCode(ctx, want))
}

func (w *World) noResult(context.Context) error {
	if m := w.x.Response(); m != nil && m.Result() != nil {
		return unmetf("no result", "%s", brief(string(m.Raw)))
	}
	return nil
}

// alive sends a harmless request in the same session.
func (w *World) alive(ctx context.Context) error {
	before := w.x
	x := w.do(ctx, wire.Call{Method: w.subject.harmlessMethod()})
	w.x = before
	if _, err := resultOf(x); err != nil {
		w.spoilt = true
		if err := elsewhere(x); err != nil {
			return rootCause{err}
		}
		got := err.Error()
		if u := (*unmet)(nil); errors.As(err, &u) {
			got = u.got
		}
		return unmetf("a server that still answers "+x.Call.Method, "%s", got)
	}
	return nil
}

func (w *World) idEchoed(context.Context) error { return idEchoed(w.x) }

func idEchoed(x *wire.Exchange) error {
	m, err := responseTo(x)
	if err != nil {
		return err
	}
	if !wire.SameID(m.ID, x.ID) {
		got := "no id"
		if m.ID != nil {
			got = "id " + brief(string(m.ID))
		}
		return unmetf("id "+brief(string(x.ID)), "%s", got)
	}
	return nil
}

func (w *World) eachAnswered(ctx context.Context) error {
	for i, x := range w.xs {
		w.x = x
		if _, err := responseTo(x); err != nil {
			return fmt.Errorf("request %d of %d: %w", i+1, len(w.xs), err)
		}
		if err := idEchoed(x); err != nil {
			return err
		}
	}
	second := w.await(ctx, w.subject.grace(), func(m *wire.Message) bool {
		return m.Answers != nil && slices.Contains(w.xs, m.Answers) && m.Answers.Response() != m && !m.Resumed
	})
	if second != nil {
		w.x = second.Answers
		return unmetf("one answer", "a second one: %s", brief(string(second.Raw)))
	}
	return nil
}

func (w *World) resultHas(_ context.Context, members []string) error {
	r, err := w.resultMembers()
	if err != nil {
		return err
	}
	for _, m := range members {
		if _, ok := r[m]; !ok {
			return unmetf("the member "+m, "members %s", strings.Join(keys(r), ", "))
		}
	}
	return nil
}

// resultMembers returns the members of the last result.
func (w *World) resultMembers() (map[string]json.RawMessage, error) {
	raw, err := w.result()
	if err != nil {
		return nil, err
	}
	return object(raw)
}

func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return nil, unmetf("an object", "%s", brief(string(raw)))
	}
	return members, nil
}

func keys(m map[string]json.RawMessage) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func (w *World) resultEmpty(context.Context) error {
	r, err := w.resultMembers()
	if err != nil {
		return err
	}
	delete(r, "_meta")
	if len(r) > 0 {
		return unmetf("an empty object", "members %s", strings.Join(keys(r), ", "))
	}
	return nil
}

func (w *World) statusIs(_ context.Context, want int) error {
	if w.x.Status() == 0 {
		return unmetf(fmt.Sprintf("HTTP status %d", want), "%s", silence(w.x))
	}
	if got := w.x.Status(); got != want {
		return unmetf(fmt.Sprintf("HTTP status %d", want), "%d", got)
	}
	return nil
}

func (w *World) statusError(context.Context) error {
	if got := w.x.Status(); got < 400 || got > 599 {
		return unmetf("an HTTP error status", "%d", got)
	}
	return nil
}
