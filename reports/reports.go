// Package reports holds the outcome of a run as a value, and writes it in the
// formats that people and machines read. It judges nothing and talks to nobody:
// what it is given is the truth, so that every format tells the same one.
package reports

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// SchemaVersion is the version of the JSON form of a Report. A new optional
// member does not change it; a changed or removed one does.
const SchemaVersion = "1"

// A Verdict is the outcome of one requirement, after ISO/IEC 9646, plus Error
// for what is mcpcheck's own fault.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Inconclusive  Verdict = "inconclusive"
	NotApplicable Verdict = "not applicable"
	Error         Verdict = "error"
)

// Verdicts lists the verdicts.
var Verdicts = []Verdict{Pass, Fail, Inconclusive, NotApplicable, Error}

// A Writer writes a report in one format. It leaves the report as it is.
type Writer func(io.Writer, *Report) error

// Writers lists the formats by name. To add one, write a Writer and name it here.
var Writers = map[string]Writer{
	"text":  Text(TextOptions{}),
	"json":  JSON,
	"junit": JUnit,
	"html":  HTML,
}

// A Report is the outcome of one call of mcpcheck.
type Report struct {
	SchemaVersion string    `json:"schemaVersion"`
	Tool          Tool      `json:"tool"`
	Started       time.Time `json:"started,omitzero"`
	// Strict says that the user asked for SHOULD to count like MUST. It is part of
	// the report so that every format, now and later, gives the same verdict.
	Strict bool  `json:"strict,omitempty"`
	Runs   []Run `json:"runs"`
	// Baseline is what became of each failure that the user said is known.
	Baseline []Deviation `json:"baseline,omitempty"`
}

// Tool names the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A Run is one server judged against one revision over one transport.
type Run struct {
	Target      string         `json:"target"` // what the user named, without secrets
	Transport   spec.Transport `json:"transport,omitempty"`
	Revision    spec.Revision  `json:"revision,omitempty"`
	Server      Server         `json:"server,omitzero"`
	Results     []Result       `json:"results"`
	Untestable  int            `json:"untestable"`            // requirements that no client can observe
	Unchecked   int            `json:"unchecked"`             // observable requirements that mcpcheck does not check yet
	Duration    Duration       `json:"duration"`              // seconds
	Incomplete  string         `json:"incomplete,omitempty"`  // why the run ended early, or could not start
	Notes       []string       `json:"notes,omitempty"`       // what the reader should know about the run as a whole
	StderrTail  string         `json:"stderrTail,omitempty"`  // the last that a launched server logged, when the run ended early
	Unreachable bool           `json:"unreachable,omitempty"` // no conversation took place: nothing was judged
	Repetitions int            `json:"repetitions,omitempty"` // how often the server was judged, if more than once
	Unstable    []Unstable     `json:"unstable,omitempty"`    // the requirements whose verdict did not repeat

	Load     *Load     `json:"load,omitempty"`     // of a load test, which judges no requirement
	Capacity *Capacity `json:"capacity,omitempty"` // of a capacity search
}

// Server is what the server said of itself.
type Server struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// A Result is the verdict on one requirement.
type Result struct {
	ID        string     `json:"id"`
	Area      string     `json:"area"`
	Level     spec.Level `json:"level"`
	Statement string     `json:"statement"`
	Link      string     `json:"link"` // the section, in the run's revision
	Verdict   Verdict    `json:"verdict"`
	// Advisory says that a Fail costs no conformance although the level binds:
	// the text contradicts itself, or the rule is only derived from it.
	Advisory bool   `json:"advisory,omitempty"`
	Reason   string `json:"reason,omitempty"`   // why, unless Pass
	Remedy   string `json:"remedy,omitempty"`   // what would make it applicable, or let it be judged, if NotApplicable or Inconclusive
	Cause    string `json:"cause,omitempty"`    // the root cause that inconclusive results share
	Expected string `json:"expected,omitempty"` // of a Fail, when Reason alone does not say it
	Got      string `json:"got,omitempty"`
	Known    *Known `json:"known,omitempty"` // why a Fail was to be expected, if the baseline says so
	Scenario string `json:"scenario"`
	// Observations is how often a Pass saw what is required: scenarios, and cases
	// in all traffic.
	Observations int      `json:"observations,omitempty"`
	Duration     Duration `json:"duration"` // seconds
	Reproduce    string   `json:"reproduce,omitempty"`
	// Transcript is what went over the wire, redacted; kept for failures.
	Transcript []Entry `json:"transcript,omitempty"`
}

// Costs reports whether the result costs the server its conformance.
func (r Result) Costs(strict bool) bool {
	return r.Verdict == Fail && r.Known == nil && r.binds(strict)
}

// binds reports whether conformance hangs on the requirement: breaking it costs
// conformance, and leaving it untested leaves conformance open.
func (r Result) binds(strict bool) bool {
	if r.Level.Binding() && !r.Advisory {
		return true
	}
	return strict && r.Level != spec.May
}

// An Entry is one thing that went over the wire.
type Entry struct {
	At        Duration `json:"at"`               // seconds since the transcript began
	Direction string   `json:"direction"`        // "sent", "received", or "note"
	Kind      string   `json:"kind"`             // "request", "status", "event", "body", "line", "process"
	Header    []string `json:"header,omitempty"` // "Name: value"
	Text      string   `json:"text,omitempty"`
}

// Sort orders the runs by target, transport and revision, and the results of each
// by area, id and scenario, so that two reports differ only where the servers did.
func (r *Report) Sort() {
	slices.SortStableFunc(r.Runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Revision, b.Revision))
	})
	for _, run := range r.Runs {
		slices.SortStableFunc(run.Results, func(a, b Result) int {
			return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Scenario, b.Scenario))
		})
	}
}
