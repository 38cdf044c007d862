package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

var update = flag.Bool("update", false, "rewrite the files that tests compare with")

// A fieldServer is a server that nobody here wrote, and what mcpcheck finds in
// it. What it finds was read by hand against the specification.
type fieldServer struct {
	Name    string            `yaml:"name"`
	Npm     string            `yaml:"npm"`    // package@version, whose bin is launched with Node
	Go      string            `yaml:"go"`     // package@version, which is built
	With    []string          `yaml:"with"`   // further npm packages beside it
	Script  string            `yaml:"script"` // in testdata/field, the program that uses a library
	Args    []string          `yaml:"args"`
	Env     map[string]string `yaml:"env"`
	URL     string            `yaml:"url"`  // of a server over HTTP; "" for stdio
	Port    string            `yaml:"port"` // the one that the server takes; "" for any
	Runs    []fieldRun        `yaml:"runs"`
	Comment string            `yaml:"comment"`
}

// A fieldRun is what is found at one revision.
type fieldRun struct {
	Revision spec.Revision `yaml:"revision"`
	Fails    []finding     `yaml:"fails"`        // binding requirements that are broken
	Unclear  []finding     `yaml:"inconclusive"` // what cannot be judged
}

type finding struct {
	ID  string `yaml:"id"`
	Why string `yaml:"why"`
}

func ids(list []finding) []string {
	all := make([]string, len(list))
	for i, f := range list {
		all[i] = f.ID
	}
	slices.Sort(all)
	return all
}

// address is how a reader would start the server.
func (s fieldServer) address() string {
	words := []string{"npx", s.Npm}
	if s.Go != "" {
		words = []string{"go run", s.Go}
	}
	if s.Script != "" {
		words = []string{"node", "cmd/mcpcheck/testdata/field/" + s.Script, "# on " + s.Npm}
	}
	for name, value := range s.Env {
		if !strings.Contains(value, "$PORT") {
			words = append([]string{name + "=" + value}, words...)
		}
	}
	return strings.Join(append(words, s.Args...), " ")
}

func fieldServers(tb testing.TB) []fieldServer {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "field.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var servers []fieldServer
	if err := d.Decode(&servers); err != nil {
		tb.Fatal(err)
	}
	return servers
}

// TestFieldReport keeps docs/field-report.md in step with what make field
// demands of the servers.
func TestFieldReport(t *testing.T) {
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(fieldIntroduction)
	for _, s := range fieldServers(t) {
		writeServer(t, &b, all, s)
	}
	path := filepath.Join("..", "..", "docs", "field-report.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not what testdata/field.yaml says; go test ./cmd/mcpcheck -run TestFieldReport -update rewrites it", path)
	}
}

const fieldIntroduction = `# Field report

What mcpcheck finds in servers that were written elsewhere. Each finding that
costs conformance was read by hand against the specification; none is known to
be a false alarm. ` + "`make field`" + ` runs mcpcheck on all of them again and fails when
it finds more or less than this page says. The page is made of
cmd/mcpcheck/testdata/field.yaml.
`

func writeServer(t *testing.T, b *strings.Builder, all spec.Catalogue, s fieldServer) {
	fmt.Fprintf(b, "\n## %s\n\n    %s\n", s.Name, s.address())
	if s.Comment != "" {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(s.Comment))
	}
	for _, r := range s.Runs {
		fmt.Fprintf(b, "\nRevision %s", r.Revision)
		if len(r.Fails)+len(r.Unclear) == 0 {
			b.WriteString(": conforms.\n")
			continue
		}
		b.WriteString("\n\n")
		for _, f := range r.Fails {
			writeFinding(t, b, all, r.Revision, f, "")
		}
		for _, f := range r.Unclear {
			writeFinding(t, b, all, r.Revision, f, "inconclusive: ")
		}
	}
}

func writeFinding(t *testing.T, b *strings.Builder, all spec.Catalogue, r spec.Revision, f finding, kind string) {
	q, ok := all[f.ID]
	if !ok || !q.In(r) {
		t.Errorf("testdata/field.yaml: no requirement of revision %s is called %q", r, f.ID)
		return
	}
	if f.Why == "" {
		t.Errorf("testdata/field.yaml: %s has no reason", f.ID)
	}
	fmt.Fprintf(b, "- [`%s`](%s) %s%s\n", f.ID, q.Link(r), kind, strings.TrimSpace(f.Why))
}
