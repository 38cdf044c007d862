package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// JSON writes the whole report; every other format is a view of it. The members
// are those of Report, and for the reader's convenience some that follow from
// them: the exit status, and of each run status, conclusion and counts.
// docs/report-format.md describes them all. What is not printable is escaped, so
// that the file can be shown on a terminal.
func JSON(w io.Writer, r *Report) error {
	type run struct {
		Run
		Status     int      `json:"status"`
		Conclusion string   `json:"conclusion"`
		Counts     Counts   `json:"counts"`
		Results    []Result `json:"results"`
	}
	doc := struct {
		Report
		Status int   `json:"status"`
		Runs   []run `json:"runs"`
	}{*r, r.Status(false), make([]run, len(r.Runs))}
	doc.SchemaVersion = SchemaVersion
	for i, x := range r.Runs {
		doc.Runs[i] = run{x, x.Status(r.Strict), x.Conclusion(r.Strict), x.counts(r.Strict), x.Results}
		if x.Results == nil {
			doc.Runs[i].Results = []Result{}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := w.Write(printable(b.Bytes()))
	return err
}

// printable escapes the runes of a JSON document that do not print and that JSON
// lets stand: they can only be inside of strings.
func printable(doc []byte) []byte {
	ok := func(r rune) bool { return r == '\n' || unicode.IsPrint(r) }
	if bytes.IndexFunc(doc, func(r rune) bool { return !ok(r) }) < 0 {
		return doc
	}
	out := make([]byte, 0, len(doc)+len(doc)/16)
	for len(doc) > 0 {
		r, size := utf8.DecodeRune(doc)
		if ok(r) {
			out = append(out, doc[:size]...)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		doc = doc[size:]
	}
	return out
}

// Read reads a report in its JSON form. It takes members that it does not know,
// since a newer mcpcheck may add some, and refuses another schemaVersion, since
// there the members that it does know may mean something else.
func Read(r io.Reader) (*Report, error) {
	doc, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var head struct {
		SchemaVersion json.RawMessage `json:"schemaVersion"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return nil, fmt.Errorf("not a report of mcpcheck in JSON: %w", err)
	}
	switch got := string(head.SchemaVersion); got {
	case `"` + SchemaVersion + `"`:
	case "":
		return nil, fmt.Errorf("schemaVersion is missing, want %q: not a report of mcpcheck", SchemaVersion)
	default:
		return nil, fmt.Errorf("schemaVersion is %s, want %q: the report was written by another version of mcpcheck", line(got, 40), SchemaVersion)
	}
	var report Report
	if err := json.Unmarshal(doc, &report); err != nil {
		return nil, fmt.Errorf("not a report of mcpcheck: %w", err)
	}
	for i, d := range report.Baseline {
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("baseline[%d]: %w", i, err)
		}
	}
	for i, run := range report.Runs {
		for j, u := range run.Unstable {
			if err := u.check(); err != nil {
				return nil, fmt.Errorf("runs[%d].unstable[%d]: %w", i, j, err)
			}
		}
		for j, x := range run.Results {
			if err := x.check(); err != nil {
				return nil, fmt.Errorf("runs[%d].results[%d]: %w", i, j, err)
			}
		}
	}
	return &report, nil
}

var levels = []spec.Level{spec.Must, spec.MustNot, spec.Should, spec.ShouldNot, spec.May}

func (r Result) check() error {
	switch {
	case r.ID == "":
		return fmt.Errorf("id is missing")
	case !slices.Contains(Verdicts, r.Verdict):
		return fmt.Errorf("verdict of %q is %q, want one of %s", line(r.ID, 80), line(string(r.Verdict), 40), quoted(Verdicts))
	case !slices.Contains(levels, r.Level):
		return fmt.Errorf("level of %q is %q, want one of %s", line(r.ID, 80), line(string(r.Level), 40), quoted(levels))
	}
	return nil
}

func quoted[S ~string](list []S) string {
	var words []string
	for _, s := range list {
		words = append(words, fmt.Sprintf("%q", string(s)))
	}
	return strings.Join(words, ", ")
}
