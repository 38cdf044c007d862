package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/suggest"
	"github.com/mcpcheck/mcpcheck/steps"
)

// A row is a requirement as list shows it.
type row struct {
	ID          string           `json:"id"`
	Level       spec.Level       `json:"level"`
	Area        string           `json:"area"`
	Revisions   []spec.Revision  `json:"revisions"`
	Transports  []spec.Transport `json:"transports"`
	Testability spec.Testability `json:"testability"`
	CheckedBy   string           `json:"checked_by"` // "scenario", "invariant" or "none"
	Statement   string           `json:"statement"`
}

func catalogue() (spec.Catalogue, error) {
	files, err := fs.Sub(features.Requirements, "requirements")
	if err != nil {
		return nil, err
	}
	return spec.LoadCatalogue(files)
}

func listCommand() *cobra.Command {
	var only []string
	var profile string
	var asJSON, words bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the requirements and how each is checked",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if words {
				for _, phrase := range steps.Vocabulary() {
					fmt.Fprintln(c.OutOrStdout(), phrase)
				}
				return nil
			}
			rows, err := rows(spec.Profile(profile), only)
			if err != nil {
				return err
			}
			return writeRows(c.OutOrStdout(), rows, asJSON)
		},
	}
	c.Flags().StringSliceVar(&only, "only", nil, "list requirements whose id begins with `PREFIX`")
	c.Flags().StringVar(&profile, "profile", string(spec.Specification), "list those that a run with this `PROFILE` judges: spec or production")
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	c.Flags().BoolVar(&words, "steps", false, "list what a feature file can say instead")
	return c
}

// rows lists the requirements that a run with a profile judges.
func rows(profile spec.Profile, only []string) ([]row, error) {
	if err := knownProfile(profile); err != nil {
		return nil, err
	}
	catalogue, err := catalogue()
	if err != nil {
		return nil, err
	}
	checked, err := steps.Checked(features.Scenarios)
	if err != nil {
		return nil, err
	}
	var list []row
	left := ""
	for _, q := range catalogue.Sorted() {
		if !hasPrefix(q.ID, only) {
			continue
		}
		if q.Profile() == spec.Production && profile != spec.Production {
			left = cmp.Or(left, q.ID)
			continue
		}
		by := checked[q.ID]
		if by == "" {
			by = "none"
		}
		list = append(list, row{q.ID, q.Level, q.Area(), q.Versions, q.On, q.Testability, by, q.Statement})
	}
	if len(list) == 0 && left != "" {
		return nil, usage("%s is of the production profile: say --profile production", left)
	}
	if len(list) == 0 {
		return nil, usage("no requirement begins with %s", strings.Join(only, " or "))
	}
	return list, nil
}

func hasPrefix(id string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(id, p) {
			return true
		}
	}
	return len(prefixes) == 0
}

func writeRows(w io.Writer, rows []row, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	checked := 0
	for _, r := range rows {
		if r.CheckedBy != "none" {
			checked++
		}
		if _, err := fmt.Fprintf(w, "%-10s  %-10s  %s\n", r.Level, r.CheckedBy, r.ID); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d requirements, %d of them checked\n", len(rows), checked)
	return err
}

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Explain one requirement: what it says, where, and how it is checked",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			catalogue, err := catalogue()
			if err != nil {
				return err
			}
			q, ok := catalogue[args[0]]
			if !ok {
				return unknownID(catalogue, args[0])
			}
			checked, err := steps.Checked(features.Scenarios)
			if err != nil {
				return err
			}
			explain(c.OutOrStdout(), q, checked[q.ID])
			return nil
		},
	}
}

func unknownID(catalogue spec.Catalogue, id string) error {
	var ids []string
	for _, q := range catalogue.Sorted() {
		ids = append(ids, q.ID)
	}
	if near := suggest.Closest(id, ids); near != "" {
		return usage("no requirement is called %q, did you mean %q?", id, near)
	}
	return usage("no requirement is called %q: mcpcheck list shows all", id)
}

func explain(w io.Writer, q spec.Requirement, by string) {
	fmt.Fprintf(w, "%s\n%s: %s\n\n", q.ID, q.Level, q.Statement)
	fmt.Fprintf(w, "Holds in    %s\n", words(q.Versions))
	fmt.Fprintf(w, "Transports  %s\n", words(q.On))
	if q.Needs != "" && q.Needs != "none" {
		fmt.Fprintf(w, "Needs       %s\n", q.Needs)
	}
	fmt.Fprintf(w, "Basis       %s\n", q.Basis)
	switch {
	case by != "":
		fmt.Fprintf(w, "Checked by  %s\n", map[string]string{"scenario": "a scenario", "invariant": "an invariant: on all traffic"}[by])
	case q.Testability == spec.Untestable:
		fmt.Fprintf(w, "Checked by  nothing: a client cannot observe it (%s)\n", q.Unobserved)
	default:
		fmt.Fprintf(w, "Checked by  nothing yet\n")
	}
	for _, r := range q.Versions {
		fmt.Fprintf(w, "Read        %s\n", q.Link(r))
	}
	if q.Probe != "" {
		fmt.Fprintf(w, "\nHow to observe it: %s\n", q.Probe)
	}
	if q.Unobserved != "" && q.Testability == spec.Fixture {
		fmt.Fprintf(w, "\nNeeds a fixture: %s\n", q.Unobserved)
	}
	if q.Note != "" {
		fmt.Fprintf(w, "\nNote: %s\n", q.Note)
	}
}

func words[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}
