package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/baseline"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// ledger opens the baseline that the user named, or one without entries. It also
// finds out before the run whether a new one can be written after it.
func (o *settings) ledger(j *job) (*baseline.Ledger, error) {
	if o.accepted != "" {
		f, err := create(o.accepted)
		if err != nil {
			return nil, usage("--write-baseline: %v", err)
		}
		if err := f.Close(); err != nil {
			return nil, usage("--write-baseline: %v", err)
		}
		if err := os.Remove(o.accepted); err != nil {
			return nil, usage("--write-baseline: %v", err)
		}
	}
	if o.baseline == "" {
		return baseline.NewLedger("", nil, nil), nil
	}
	data, err := os.ReadFile(o.baseline)
	if err != nil {
		return nil, usage("--baseline: %v", err)
	}
	var ids []string
	for _, q := range j.catalogue.Sorted() {
		ids = append(ids, q.ID)
	}
	if o.features != "" {
		own, err := steps.Named(j.features, j.catalogue)
		if err != nil {
			return nil, usage("--features %s: %v", o.features, err)
		}
		ids = append(ids, own...)
	}
	entries, err := baseline.Parse(data, ids)
	if err != nil {
		return nil, usage("--baseline %s: %v", o.baseline, err)
	}
	checked, err := steps.Checked(features.Scenarios)
	if err != nil {
		return nil, err
	}
	// What all traffic shows needs all of it, as in explain.
	partly := func(id string) bool { return len(o.only) > 0 && checked[id] == "invariant" }
	return baseline.NewLedger(o.baseline, entries, partly), nil
}

// create makes a file that does not exist: reasons that somebody wrote are not
// to be lost.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return nil, fmt.Errorf("%s exists already, want a new file", path)
	}
	return f, err
}

// tell returns what a new entry is to say of the server: its name, if there are
// others.
func (j *job) tell(server target.Server) string {
	if len(j.servers) > 1 {
		return server.Name
	}
	return ""
}

// accept writes a baseline with which the next run would be green: the entries
// that still hold, and the new ones.
func (o *settings) accept(stderr io.Writer, report *reports.Report, known *baseline.Ledger, added []baseline.Entry) error {
	if o.accepted == "" {
		return nil
	}
	data, err := baseline.Format(slices.Concat(known.Current(), added))
	if err != nil {
		return cannot("--write-baseline: %v", err)
	}
	f, err := create(o.accepted)
	if err != nil {
		return cannot("--write-baseline: %v", err)
	}
	if _, err := f.Write(data); err != nil {
		f.Close() //nolint:errcheck // it is broken already
		return cannot("--write-baseline: %v", err)
	}
	if err := f.Close(); err != nil {
		return cannot("--write-baseline: %v", err)
	}
	early := func(r reports.Run) bool { return r.Unreachable || r.Incomplete != "" }
	if slices.ContainsFunc(report.Runs, early) {
		fmt.Fprintf(stderr, "mcpcheck: wrote %s, which is not whole: the run ended early\n", o.accepted)
		return nil
	}
	switch n := len(added); n {
	case 0:
		fmt.Fprintf(stderr, "mcpcheck: wrote %s: no failure is new\n", o.accepted)
	case 1:
		fmt.Fprintf(stderr, "mcpcheck: wrote %s: 1 failure is new, say in place of TODO why it is known\n", o.accepted)
	default:
		fmt.Fprintf(stderr, "mcpcheck: wrote %s: %d failures are new, say in place of each TODO why they are known\n", o.accepted, n)
	}
	return nil
}
