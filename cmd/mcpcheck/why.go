package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// A question is what --why asks: why the verdict on one requirement is what it is.
type question struct {
	reports.Explanation
	by   string            // how it is checked
	next []reports.Account // of the server that is being judged, as far as is known
}

// asks finds what --why names.
func (o *settings) asks() (*question, error) {
	switch {
	case o.features != "":
		return nil, usage("--why tells of requirements of the specification, which --features does not judge")
	case o.baseline != "" || o.accepted != "":
		return nil, usage("--why tells of one requirement as it is, whatever a baseline says: want no --baseline and no --write-baseline")
	case len(o.only) > 0:
		return nil, usage("--why names what is judged, as --only does: want one of them")
	}
	catalogue, err := catalogue()
	if err != nil {
		return nil, err
	}
	q, ok := catalogue[o.why]
	if !ok {
		return nil, unknownID(catalogue, o.why)
	}
	if q.Profile() == spec.Production && o.profile != string(spec.Production) {
		return nil, usage("%s is of the production profile: say --profile production", q.ID)
	}
	checked, err := steps.Checked(features.Scenarios)
	if err != nil {
		return nil, err
	}
	return &question{reports.Explanation{Requirement: q, Unjudged: unjudged(q, checked[q.ID])}, checked[q.ID], nil}, nil
}

// unjudged says why no server is judged by a requirement; "" if servers are.
func unjudged(q spec.Requirement, by string) string {
	note := q.Unobserved
	if note != "" {
		note = ": " + note
	}
	switch {
	case by != "":
		return ""
	case q.Level == spec.May:
		return "it permits something, so whatever a server does keeps it; mcpcheck takes care to accept it" + note
	case q.Testability == spec.Untestable:
		return "no client can observe it" + note
	case q.Testability == spec.Fixture:
		return "mcpcheck does not check it yet; it takes a server that is prepared for it" + note
	}
	return "mcpcheck does not check it yet"
}

// explain is the main job where the user asks about one requirement.
func (o *settings) explain(ctx context.Context, stdout, stderr io.Writer) error {
	q, err := o.asks()
	if err != nil {
		return err
	}
	if q.Unjudged != "" {
		return q.writer(textOptions(stdout, o.strict, o.verbose))(stdout, nil)
	}
	// What is judged by all traffic needs all of it: a run of that alone has little.
	if q.by == "scenario" {
		o.only = []string{q.ID}
	}
	o.question = q
	return o.check(ctx, stdout, stderr)
}

// writer writes the answer in the place of the report for people.
func (q *question) writer(o reports.TextOptions) reports.Writer {
	return func(w io.Writer, _ *reports.Report) error { return reports.Why(w, o, q.Explanation) }
}

// listen makes room for what a run is about to tell.
func (q *question) listen() func(reports.Result) {
	if q == nil {
		return nil
	}
	q.next = append(q.next, reports.Account{})
	a := &q.next[len(q.next)-1]
	return func(r reports.Result) {
		if r.ID == q.ID {
			a.Details = append(a.Details, r)
		}
	}
}

// account takes the runs on one server, whatever came of them.
func (q *question) account(runs []reports.Run) {
	for i, run := range runs {
		var a reports.Account
		if i < len(q.next) {
			a = q.next[i]
		}
		a.Run = run
		a.Run.Unstable = slices.DeleteFunc(slices.Clone(run.Unstable), func(u reports.Unstable) bool { return u.ID != q.ID })
		q.Accounts = append(q.Accounts, a)
	}
	q.next = nil
}

// concerned keeps the revisions to which the question applies.
func (q *question) concerned(list []spec.Revision) []spec.Revision {
	return slices.DeleteFunc(slices.Clone(list), func(r spec.Revision) bool { return !q.In(r) })
}

// elsewhere reports whether the requirement does not bind a server as it would be
// judged, and takes down why.
func (q *question) elsewhere(ctx context.Context, found *target.Finding, against []spec.Revision) bool {
	var a reports.Account
	switch {
	case !q.Over(found.Endpoint.Transport):
		a.Elsewhere = fmt.Sprintf("it holds over %s, and the server is judged over %s", words(q.On), found.Endpoint.Transport)
		a.Remedy = "the server is judged over " + strings.Join(ways(q.On), " or ")
	case len(q.concerned(against)) == 0:
		a.Elsewhere = fmt.Sprintf("it holds in %s, and the server is judged against %s", words(q.Versions), words(against))
		served := append(target.Negotiates(ctx, found.Endpoint), found.Modern...)
		if others := q.concerned(served); len(others) > 0 {
			a.Remedy = "the server is judged against " + string(others[len(others)-1]) + ", which it serves: --revision " + string(others[len(others)-1])
		} else {
			a.Remedy = "the server serves one of those revisions: it serves " + words(served)
		}
	default:
		return false
	}
	q.next = []reports.Account{a}
	return true
}

// ways are the transports, and how each is chosen.
func ways(list []spec.Transport) []string {
	out := make([]string, len(list))
	for i, t := range list {
		how := "--target URL --transport " + string(t)
		if t == spec.Stdio {
			how = "--target COMMAND"
		}
		out[i] = fmt.Sprintf("%s (%s)", t, how)
	}
	return out
}
