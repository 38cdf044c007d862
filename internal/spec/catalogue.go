package spec

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Requirement is one sentence of the specification, in our own words.
type Requirement struct {
	ID          string      `yaml:"id"`
	Level       Level       `yaml:"level"`
	Versions    []Revision  `yaml:"versions"`
	On          []Transport `yaml:"transports"` // "any", or those that it binds
	Needs       string      `yaml:"needs"`
	Statement   string      `yaml:"statement"`
	Section     string      `yaml:"section"`
	Testability Testability `yaml:"testability"`
	Unobserved  string      `yaml:"testability_note"` // why, or what a fixture has to offer
	Basis       string      `yaml:"basis"`
	Probe       string      `yaml:"probe"`
	Note        string      `yaml:"note"`
}

// Testability says how a client can observe a requirement.
type Testability string

// The ways to observe.
const (
	Wire       Testability = "wire"       // by a probe that works on any server
	Passive    Testability = "passive"    // in all that the server sends
	Fixture    Testability = "fixture"    // where the server offers something particular
	Untestable Testability = "untestable" // not at all
)

// Area is the first word of the id; the feature file is named after it.
func (q Requirement) Area() string {
	area, _, _ := strings.Cut(q.ID, ".")
	return area
}

// Profile says to which set of requirements it belongs: to what the specification
// says, or to what is asked of a server in production.
func (q Requirement) Profile() Profile {
	if q.Area() == "ops" {
		return Production
	}
	return Specification
}

// A Profile is a set of requirements that a run judges.
type Profile string

// The profiles. Production is judged on top of the specification.
const (
	Specification Profile = "spec"
	Production    Profile = "production"
)

// In reports whether the requirement holds in a revision.
func (q Requirement) In(r Revision) bool { return slices.Contains(q.Versions, r) }

// Over reports whether the requirement holds on a transport.
func (q Requirement) Over(t Transport) bool {
	return slices.Contains(q.On, "any") || slices.Contains(q.On, t)
}

// Derived reports whether the rule only follows from the text, which does not
// state it: breaking it is a warning at most.
func (q Requirement) Derived() bool { return q.Basis == "derived" }

// Link is the address of the section in a revision of the specification, or of
// the other document that says so.
func (q Requirement) Link(r Revision) string {
	const site = "https://modelcontextprotocol.io/specification/"
	if elsewhere := strings.Fields(q.Section); len(elsewhere) > 0 && strings.HasPrefix(elsewhere[0], "https://") {
		return strings.TrimSuffix(elsewhere[0], ";")
	}
	section := q.Section
	for _, part := range strings.Split(strings.NewReplacer("(", ";", ")", ";").Replace(section), ";") {
		when, where, ok := strings.Cut(strings.TrimSpace(part), ": ")
		if ok && mentions(when, r) {
			section = where
		}
	}
	page := strings.FieldsFunc(section, func(c rune) bool { return c == ';' || c == ',' || c == ' ' || c == '(' })
	if len(page) == 0 {
		return site + string(r)
	}
	first := strings.TrimSuffix(page[0], "/index")
	if strings.HasPrefix(first, "schema.ts") || strings.HasPrefix(first, "schema#") {
		_, anchor, _ := strings.Cut(first, "#")
		anchor, _, _ = strings.Cut(anchor, "/")
		return site + string(r) + "/schema#" + strings.ToLower(anchor)
	}
	first = strings.Replace(first, "/index#", "#", 1)
	return site + string(r) + "/" + first
}

// mentions reports whether a remark such as "2024-11-05..2025-06-18" or
// "legacy" covers a revision.
func mentions(when string, r Revision) bool {
	if from, to, ok := strings.Cut(when, ".."); ok {
		return string(r) >= from && string(r) <= to
	}
	return strings.Contains(when, string(r)) || strings.Contains(when, "legacy") && !r.Modern()
}

// A Catalogue is all requirements, by id.
type Catalogue map[string]Requirement

// LoadCatalogue reads every .yaml file of a folder.
func LoadCatalogue(files fs.FS) (Catalogue, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	type part struct {
		rows []Requirement
		err  error
	}
	parts := make([]part, len(names))
	done := make(chan int)
	for i, name := range names {
		go func() {
			parts[i].rows, parts[i].err = readRequirements(files, name)
			done <- i
		}()
	}
	for range names {
		<-done
	}
	c := make(Catalogue)
	for i, p := range parts {
		if p.err != nil {
			return nil, fmt.Errorf("%s: %w", names[i], p.err)
		}
		for _, q := range p.rows {
			if _, twice := c[q.ID]; twice {
				return nil, fmt.Errorf("%s: requirement %q is defined twice", names[i], q.ID)
			}
			c[q.ID] = q
		}
	}
	return c, nil
}

func readRequirements(files fs.FS, name string) ([]Requirement, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var rows []Requirement
	if err := yaml.Unmarshal(data, &rows); err != nil {
		return nil, err
	}
	for _, q := range rows {
		if q.ID == "" || q.Statement == "" || q.Level == "" || len(q.Versions) == 0 || len(q.On) == 0 {
			return nil, fmt.Errorf("requirement %q lacks one of id, level, statement, versions, transports", cmp.Or(q.ID, path.Base(name)))
		}
	}
	return rows, nil
}

// Sorted returns the requirements in the order of their ids.
func (c Catalogue) Sorted() []Requirement {
	rows := make([]Requirement, 0, len(c))
	for _, q := range c {
		rows = append(rows, q)
	}
	slices.SortFunc(rows, func(a, b Requirement) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}
