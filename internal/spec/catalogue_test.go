package spec_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func catalogue(tb testing.TB) spec.Catalogue {
	tb.Helper()
	files, err := fs.Sub(features.Requirements, "requirements")
	if err != nil {
		tb.Fatal(err)
	}
	c, err := spec.LoadCatalogue(files)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCatalogueLoads(t *testing.T) {
	c := catalogue(t)
	if len(c) < 974 {
		t.Errorf("the catalogue has %d rows, want at least 974: an id is never dropped", len(c))
	}
}

func BenchmarkLoadCatalogue(b *testing.B) {
	for b.Loop() {
		catalogue(b)
	}
}

func TestLoadCatalogueRefuses(t *testing.T) {
	row := "- {id: a.b, level: MUST, versions: ['2025-11-25'], transports: [any], statement: s}\n"
	for _, c := range []struct{ name, text, reason string }{
		{"twice", row + row, "an id names one requirement"},
		{"no statement", "- {id: a.b, level: MUST, versions: ['2025-11-25'], transports: [any]}\n", "a row without its statement explains nothing"},
		{"not yaml", "- {", "a broken file must not be read as an empty one"},
	} {
		files := fstest.MapFS{"x.yaml": {Data: []byte(c.text)}}
		if _, err := spec.LoadCatalogue(files); err == nil {
			t.Errorf("%s: loaded, want an error: %s", c.name, c.reason)
		}
	}
}

func TestLink(t *testing.T) {
	const site = "https://modelcontextprotocol.io/specification/"
	for _, c := range []struct {
		section  string
		revision spec.Revision
		want     string
		reason   string
	}{
		{"basic/lifecycle#initialization", spec.R20251125, site + "2025-11-25/basic/lifecycle#initialization", "the plain form"},
		{"basic/index#messages (2024-11-05: basic/messages)", spec.R20241105, site + "2024-11-05/basic/messages", "a remark for one revision"},
		{"basic/index#messages (2024-11-05: basic/messages)", spec.R20250618, site + "2025-06-18/basic#messages", "the remark is for another revision"},
		{"basic/transports#stdio (2026-07-28: basic/transports/stdio)", spec.R20260728, site + "2026-07-28/basic/transports/stdio", "a modern remark"},
		{"schema.ts#InitializeResult", spec.R20250326, site + "2025-03-26/schema#initializeresult", "the schema page"},
		{"server/tools#error-handling; schema#calltoolresult", spec.R20251125, site + "2025-11-25/server/tools#error-handling", "the first of several"},
	} {
		q := spec.Requirement{Section: c.section}
		if got := q.Link(c.revision); got != c.want {
			t.Errorf("%s at %s: got %s, want %s: %s", c.section, c.revision, got, c.want, c.reason)
		}
	}
}
