package steps

import (
	"context"
	"errors"
	"fmt"

	"github.com/cucumber/godog"

	"github.com/mcpcheck/mcpcheck/reports"
)

// errNotApplicable says that the server does not offer what a scenario is about.
// Godog skips the rest of the scenario.
var errNotApplicable = fmt.Errorf("not applicable (%w)", godog.ErrSkip)

// A reason is an error that is its words and nothing else, so that what godog
// needs to see does not reach the reader.
type reason struct {
	words  string
	remedy string // what would change that; "" if that is plain, or unknown
	kind   error
}

func (r *reason) Error() string { return r.words }
func (r *reason) Unwrap() error { return r.kind }

// notApplicable says why a requirement cannot show on this server, in words that
// tell the user what would change that.
func notApplicable(format string, a ...any) error {
	return &reason{words: fmt.Sprintf(format, a...), kind: errNotApplicable}
}

// applicableIf is notApplicable with more words for what would change that.
func applicableIf(remedy, format string, a ...any) error {
	return &reason{fmt.Sprintf(format, a...), remedy, errNotApplicable}
}

// An unmet observation: what was wanted, and what came instead.
type unmet struct {
	want, got string
	advisory  bool
}

func (u *unmet) Error() string { return fmt.Sprintf("got %s, want %s", u.got, u.want) }

// unmetf says what came; want says what was to come.
func unmetf(want, got string, a ...any) error {
	return &unmet{want: want, got: fmt.Sprintf(got, a...)}
}

// advisory marks a failure as one that costs no conformance: the text
// contradicts itself there, or leaves the matter open.
func advisory(err error) error {
	if err == nil {
		return nil
	}
	var u *unmet
	if errors.As(err, &u) {
		return &unmet{want: u.want, got: u.got, advisory: true}
	}
	return &unmet{want: "", got: err.Error(), advisory: true}
}

func isAdvisory(err error) bool {
	var u *unmet
	return errors.As(err, &u) && u.advisory
}

// A rootCause is a failure that many scenarios share; a report tells it once.
type rootCause struct{ error }

func (c rootCause) Unwrap() error { return c.error }

// inconclusive says within a Then that nothing can be concluded.
type inconclusive struct{ error }

func (c inconclusive) Unwrap() error { return c.error }

func inconclusivef(format string, a ...any) error {
	return inconclusive{fmt.Errorf(format, a...)}
}

// judge turns the error of a step into the scenario's verdict. A state not
// reached is inconclusive, an act not performed is our own error, an
// observation not as required is a failure.
func (w *World) judge(ctx context.Context, k keyword, err error) error {
	if err == nil {
		return nil
	}
	w.subject.notice()
	w.reason = err
	var cause rootCause
	switch {
	case errors.Is(err, errNotApplicable):
		w.verdict = reports.NotApplicable
	case w.subject.stopped() != nil:
		w.verdict, w.reason = reports.Inconclusive, rootCause{w.subject.stopped()}
	case errors.As(err, &cause):
		w.verdict = reports.Inconclusive
	case errors.As(err, &inconclusive{}):
		w.verdict = reports.Inconclusive
	case ctx.Err() != nil:
		w.verdict, w.reason = reports.Inconclusive, fmt.Errorf("the scenario took longer than %s", w.subject.scenarioLimit())
	case k == given:
		w.verdict = reports.Inconclusive
	case k == when:
		w.verdict = reports.Error
	case k == then:
		w.verdict = reports.Fail
	}
	return err
}

// explain fills in the words of a result.
func explain(r *reports.Result, err error) {
	if err == nil {
		return
	}
	r.Reason = err.Error()
	var u *unmet
	if errors.As(err, &u) {
		r.Expected, r.Got, r.Advisory = u.want, u.got, u.advisory
	}
	var cause rootCause
	if errors.As(err, &cause) {
		r.Cause = cause.Error()
	}
	var why *reason
	if errors.As(err, &why) {
		r.Remedy = why.remedy
	}
}
