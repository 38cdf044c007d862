package reports

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// An Account is what there is to tell of one requirement on one server.
type Account struct {
	Run Run // of which the results on that requirement count
	// Details are the results that the verdict was made of.
	Details []Result
	// Elsewhere says why the requirement does not bind the server as it was
	// judged, and Remedy how it would; both are empty where it does.
	Elsewhere, Remedy string
}

// An Explanation tells why the verdict on one requirement is what it is.
type Explanation struct {
	spec.Requirement
	Unjudged string // why no server is judged by it; empty if servers are
	Accounts []Account
}

// Status is the exit status: whether the requirement is kept, or could not be
// judged. That it is not applicable, or judged on no server, is an answer.
func (e Explanation) Status(strict bool) int {
	status := conforms
	if e.Unjudged != "" {
		return status
	}
	for _, a := range e.Accounts {
		r, judged := a.Run.on(e.ID)
		switch {
		case judged && r.Costs(strict):
			return doesNotConform
		case judged && (r.Verdict == Inconclusive || r.Verdict == Error), !judged && a.Elsewhere == "":
			status = notJudged
		}
	}
	return status
}

// on returns the result on a requirement.
func (r Run) on(id string) (Result, bool) {
	for _, x := range r.Results {
		if x.ID == id {
			return x, true
		}
	}
	return Result{}, false
}

// Why writes the explanation for people.
func Why(w io.Writer, o TextOptions, e Explanation) error {
	p := newPage(o)
	p.strict = o.Strict
	p.printf("%s\n", p.paint(bold, line(e.ID, maxLabel)))
	p.field(2, string(e.Level)+": ", cmp.Or(e.Statement, "(no statement)"))
	if len(e.Versions) > 0 {
		p.printf("  %s\n", p.paint(dim, line(e.Link(e.Versions[len(e.Versions)-1]), 500)))
	}
	if e.Unjudged != "" {
		p.printf("\n")
		p.field(2, "NOT JUDGED  ", e.Unjudged)
		p.labelled(2, "observe it  ", e.Probe)
	}
	for _, a := range e.Accounts {
		p.printf("\n")
		p.account(e.Requirement, a)
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) account(q spec.Requirement, a Account) {
	p.about(a.Run)
	r, judged := a.Run.on(q.ID)
	switch {
	case a.Elsewhere != "":
		r = Result{Verdict: NotApplicable, Reason: a.Elsewhere, Remedy: a.Remedy}
	case !judged:
		r = Result{Verdict: Inconclusive, Reason: "it was not judged, as is said above"}
	}
	p.printf("\n")
	label := strings.ToUpper(string(r.Verdict)) + "  "
	switch r.Verdict {
	case Pass:
		p.block(green, 2, label, "what it asks for was seen "+times(r.Observations))
	case Fail:
		p.block(red, 2, label, p.price(r))
		p.proof(2, r)
	default:
		p.block(yellow, 2, label, line(finding(r), maxField))
		if r.Cause != "" && r.Cause != r.Reason {
			p.field(2, "cause     ", r.Cause)
		}
		p.labelled(2, "judged if  ", r.Remedy)
		if r.Verdict == NotApplicable && a.Elsewhere == "" {
			p.labelled(2, "observed   ", q.Probe)
		}
	}
	p.details(a.Details)
	p.unstable(a.Run)
}

// price says what a failure costs.
func (p *page) price(r Result) string {
	switch {
	case r.Costs(p.strict):
		return "the server breaks it, and so does not conform"
	case r.Advisory:
		return "the server breaks it, at no cost of conformance, as it is advisory"
	}
	return "the server breaks it, at no cost of conformance, as it is a " + string(r.Level)
}

func times(n int) string {
	if n <= 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// details names what judged: several scenarios, or one and all the traffic.
func (p *page) details(list []Result) {
	if len(list) == 0 {
		return
	}
	p.printf("\n  %s\n", p.paint(dim, "Judged by:"))
	told := map[string]bool{} // repetitions tell the same again
	for _, r := range list {
		text := cmp.Or(r.Scenario, r.ID)
		if r.Verdict != Pass && len(list) > 1 {
			text += ": " + finding(r)
		}
		text = fmt.Sprintf("%-14s  %s", r.Verdict, line(text, maxField))
		if !told[text] {
			p.field(4, text[:16], text[16:])
		}
		told[text] = true
	}
}
