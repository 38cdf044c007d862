// Package baseline reads and applies the list of failures that are known already,
// so that a gate is green on them and red on others. It judges nothing: it holds
// what was judged against what was expected to fail, in both directions.
package baseline

import (
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// An Entry is a requirement that is known to fail, and why.
type Entry struct {
	ID     string
	Reason string
	Link   string // where the work on it is followed; "" for nowhere
	// Where it fails; empty for anywhere.
	Revisions []spec.Revision
	Transport spec.Transport
	Server    string // as in the file that names it
	Line      int    // in the baseline; 0 of an entry that is new
	Statement string // for who has to give a new entry its reason
}

// covers reports whether a run is one where the entry says that it fails. A run
// that came to no revision or transport may have been.
func (e Entry) covers(server string, r reports.Run) bool {
	return (e.Server == "" || e.Server == server) &&
		(e.Transport == "" || r.Transport == "" || e.Transport == r.Transport) &&
		(len(e.Revisions) == 0 || r.Revision == "" || slices.Contains(e.Revisions, r.Revision))
}

// A Ledger keeps what becomes of the entries of a baseline.
type Ledger struct {
	file    string
	entries []Entry
	seen    []tally
	// partly reports of a requirement that a pass is no proof that nothing is
	// broken, since the call looks at less than it could.
	partly func(id string) bool
}

// A tally is what the runs say of an entry.
type tally struct {
	covered, failed, kept bool
	open                  string // why a run could not tell
	without               string // why a run had nothing to tell
}

// NewLedger opens a ledger for the entries of a file. A pass on a requirement for
// which partly is true does not make its entry stale.
func NewLedger(file string, entries []Entry, partly func(id string) bool) *Ledger {
	return &Ledger{file: file, entries: entries, seen: make([]tally, len(entries)), partly: partly}
}

// Take marks the failures that are known in the runs on one server, and takes
// down what they say of each entry. Of several entries about one failure the
// first in the file explains it.
func (l *Ledger) Take(server string, runs []reports.Run) {
	for i := range runs {
		for j, e := range l.entries {
			if e.covers(server, runs[i]) {
				l.seen[j].take(e, &runs[i], l.partly(e.ID))
			}
		}
	}
}

// take looks at all results on the requirement, since what is kept in one
// scenario may be broken in another.
func (t *tally) take(e Entry, run *reports.Run, partly bool) {
	t.covered = true
	verdicts, reasons := map[reports.Verdict]bool{}, map[reports.Verdict]string{}
	for i := range run.Results {
		x := &run.Results[i]
		if x.ID != e.ID {
			continue
		}
		verdicts[x.Verdict], reasons[x.Verdict] = true, x.Reason
		if x.Verdict == reports.Fail && x.Known == nil {
			x.Known = &reports.Known{Reason: e.Reason, Link: e.Link}
		}
	}
	switch {
	case verdicts[reports.Fail]:
		t.failed = true
	case verdicts[reports.Error]:
		t.open = "mcpcheck went wrong: " + reasons[reports.Error]
	case verdicts[reports.Inconclusive]:
		t.open = "inconclusive: " + reasons[reports.Inconclusive]
	case run.Unreachable:
		t.open = "a server could not be reached"
	case run.Incomplete != "":
		t.open = "a run ended early"
	case verdicts[reports.Pass] && partly:
		t.open = "kept as far as was looked, but --only leaves out much of what it shows in"
	case verdicts[reports.Pass]:
		t.kept = true
	case verdicts[reports.NotApplicable]:
		t.without = "not applicable: " + reasons[reports.NotApplicable]
	}
}

// state is what follows. A run that could not tell keeps an entry from being
// stale, since it may be the one where it fails.
func (t tally) state() (state, why string) {
	switch {
	case t.failed:
		return reports.DeviationKnown, ""
	case t.open != "":
		return reports.DeviationNotJudged, t.open
	case t.kept:
		return reports.DeviationStale, ""
	case !t.covered:
		return reports.DeviationNotJudged, "no run was of that server, transport and revision"
	case t.without != "":
		return reports.DeviationNotJudged, t.without
	}
	return reports.DeviationNotJudged, "no run looked at it"
}

// Deviations tells what became of each entry.
func (l *Ledger) Deviations() []reports.Deviation {
	list := make([]reports.Deviation, len(l.entries))
	for i, e := range l.entries {
		state, why := l.seen[i].state()
		list[i] = reports.Deviation{
			ID: e.ID, Reason: e.Reason, Link: e.Link, Revisions: e.Revisions, Transport: e.Transport, Server: e.Server,
			File: l.file, Line: e.Line, State: state, Why: why,
		}
	}
	return list
}

// Current returns the entries that are not stale.
func (l *Ledger) Current() []Entry {
	var list []Entry
	for i, e := range l.entries {
		if state, _ := l.seen[i].state(); state != reports.DeviationStale {
			list = append(list, e)
		}
	}
	return list
}
