package baseline

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// New returns an entry for each requirement that the runs on one server fail at
// the cost of conformance, and that is not known. Its revisions are named if it
// does not fail in all of them; its reason is for somebody to give.
func New(server string, runs []reports.Run, strict bool) []Entry {
	by := map[string]*Entry{}
	elsewhere := map[string]bool{} // kept, or known, in another run
	for _, run := range runs {
		for _, x := range run.Results {
			switch {
			case x.Costs(strict):
				e := by[x.ID]
				if e == nil {
					e = &Entry{ID: x.ID, Reason: unexplained + ": why", Server: server, Statement: string(x.Level) + ": " + x.Statement}
					by[x.ID] = e
				}
				if !slices.Contains(e.Revisions, run.Revision) {
					e.Revisions = append(e.Revisions, run.Revision)
				}
			case x.Verdict == reports.Pass || x.Known != nil:
				elsewhere[x.ID] = true
			}
		}
	}
	var list []Entry
	for id, e := range by {
		if !elsewhere[id] {
			e.Revisions = nil
		}
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

const head = `# Failures that are known: mcpcheck --baseline takes them for no loss of conformance.
# Each needs a reason; one that begins with TODO is refused. A link says where it is followed.
`

// Format writes a baseline.
func Format(entries []Entry) ([]byte, error) {
	b := bytes.NewBufferString(head)
	if len(entries) == 0 {
		b.WriteString("[]\n")
	}
	for _, e := range entries {
		if e.Statement != "" {
			b.WriteString("\n# " + strings.Join(strings.Fields(e.Statement), " ") + "\n")
		}
		item, err := yaml.Marshal([]any{struct {
			ID        string          `yaml:"id"`
			Reason    string          `yaml:"reason"`
			Link      string          `yaml:"link,omitempty"`
			Revisions []spec.Revision `yaml:"revision,omitempty,flow"`
			Transport spec.Transport  `yaml:"transport,omitempty"`
			Server    string          `yaml:"server,omitempty"`
		}{e.ID, e.Reason, e.Link, e.Revisions, e.Transport, e.Server}})
		if err != nil {
			return nil, err
		}
		b.Write(item)
	}
	return b.Bytes(), nil
}
