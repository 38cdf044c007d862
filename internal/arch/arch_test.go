// Package arch_test holds the layout of the project: which package may import
// which, and where a library may be used. A rule that runs is one that stays.
package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/mcpcheck/mcpcheck/"
	root   = "../.."
)

// mayImport says of each package which others of ours its program text may
// import; tests may import more.
var mayImport = map[string][]string{
	"cmd/mcpcheck": {
		"features", "load", "load/autoscale", "load/capacity", "load/ceiling", "load/gauge", "load/soak", "steps", "reports",
		"internal/baseline", "internal/refserver", "internal/spec", "internal/suggest", "internal/target", "internal/wire",
		"reference-servers/docker", "reference-servers/everything", "reference-servers/gateway", "reference-servers/github", "reference-servers/postgres", "reference-servers/service",
	},
	"features": {},
	// Not load, although a feature file can ask for some: judging conformance is to
	// need no generator of load. steps says what it wants, in steps.Config.Load, and
	// cmd hands it in, which knows from the flags what may be loaded.
	"steps":                            {"reports", "internal/arguments", "internal/safety", "internal/spec", "internal/suggest", "internal/wire"},
	"load":                             {"reports", "internal/arguments", "internal/safety", "internal/spec", "internal/wire"},
	"load/autoscale":                   {"reports", "internal/spec"},
	"load/capacity":                    {"load", "load/gauge", "reports", "internal/spec"},
	"load/ceiling":                     {"load", "load/gauge", "reports", "internal/spec", "internal/wire"},
	"load/gauge":                       {"reports"},
	"load/soak":                        {"load", "load/gauge", "reports"},
	"internal/refserver":               {"reference-servers/deploy", "reference-servers/postgres"}, // not to run them: what their backends hold
	"internal/safety":                  {},
	"reports":                          {"internal/spec", "reports/chart"},
	"reports/chart":                    {},
	"internal/browser":                 {}, // for tests
	"reference-servers/everything":     {}, // a server that shares code with its tester shares its mistakes
	"reference-servers/gateway":        {"reference-servers/service"},
	"reference-servers/github":         {"reference-servers/github/standin", "reference-servers/service"},
	"reference-servers/github/standin": {},
	"reference-servers/deploy":         {},
	"reference-servers/docker":         {"reference-servers/service"},
	"reference-servers/postgres":       {"reference-servers/service"},
	"reference-servers/service":        {},
	"internal/arch":                    {},
	"internal/arguments":               {"internal/spec"},
	"internal/baseline":                {"reports", "internal/spec", "internal/suggest"},
	"internal/mutation":                {},
	"internal/spec":                    {},
	"internal/suggest":                 {},
	"internal/target":                  {"internal/spec", "internal/suggest", "internal/wire"},
	"internal/wire":                    {"internal/spec"},
}

// served are the reference servers that are built on mcp-go.
var served = []string{
	"reference-servers/service", "reference-servers/docker", "reference-servers/github", "reference-servers/postgres", "reference-servers/gateway",
}

// usedIn says of each library where it may be used, tests apart; no other
// library may be used at all.
var usedIn = map[string][]string{
	"github.com/aclements/go-moremath":                   {"load"}, // the U test, as benchstat does it
	"github.com/cucumber/godog":                          {"steps"},
	"github.com/dlclark/regexp2":                         {"internal/spec"},
	"github.com/prometheus/client_model":                 {"load/gauge", "steps"},
	"github.com/prometheus/common":                       {"load/gauge", "steps"},
	"github.com/go-analyze/charts":                       {"reports/chart"},
	"github.com/chromedp/chromedp":                       {"internal/browser"},
	"github.com/chromedp/cdproto":                        {"internal/browser"},
	"github.com/santhosh-tekuri/jsonschema":              {"internal/spec"},
	"github.com/spf13/cobra":                             {"cmd/mcpcheck"},
	"github.com/containerd/errdefs":                      {"internal/refserver", "reference-servers/docker"},
	"github.com/moby/moby":                               {"internal/refserver", "load/gauge", "reference-servers/docker"},
	"github.com/google/go-github":                        {"reference-servers/github"},
	"github.com/jackc/pgx":                               {"reference-servers/postgres"},
	"github.com/prometheus/client_golang":                {"reference-servers/service"},
	"github.com/sony/gobreaker":                          {"reference-servers/service"},
	"github.com/spf13/pflag":                             append(served, "cmd/mcpcheck"),
	"github.com/yosida95/uritemplate":                    {"steps"},
	"github.com/xeipuuv/gojsonschema":                    {"internal/spec"},
	"github.com/tsenart/vegeta":                          {"load"},
	"go.yaml.in/yaml":                                    {"internal/baseline", "internal/spec", "internal/target", "load"},
	"golang.org/x/term":                                  {"cmd/mcpcheck"},
	"golang.org/x/text":                                  {"internal/spec"},
	"golang.org/x/time":                                  {"reference-servers/service"},
	"github.com/compose-spec/compose-go":                 {"reference-servers/deploy"}, // in tests, as the next two
	"github.com/prometheus-operator/prometheus-operator": {"reference-servers/deploy"},
	"sigs.k8s.io/kustomize":                              {"reference-servers/deploy"},
	"k8s.io/api":                                         {"load/autoscale"}, // types only: mcpcheck talks to no cluster
	"k8s.io/apimachinery":                                {"load/autoscale"},
	"sigs.k8s.io/yaml":                                   {"load/autoscale"},
	"github.com/modelcontextprotocol/go-sdk":             {}, // between us and the bytes there is no SDK
	"github.com/mark3labs/mcp-go":                        served,
	"github.com/testcontainers/testcontainers-go":        {"internal/refserver"},
}

// A source is one Go file, with the folder that it lies in.
type source struct {
	dir, name string
	*ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

func (s source) imports() (paths []string) {
	for _, i := range s.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		seen[s.dir] = true
		allowed, known := mayImport[s.dir]
		if !known {
			t.Errorf("%s/%s: the package has no place in the layout: give it one in mayImport", s.dir, s.name)
			continue
		}
		for _, p := range s.imports() {
			ours, is := strings.CutPrefix(p, module)
			switch {
			case is && !s.test() && !slices.Contains(allowed, ours):
				t.Errorf("%s/%s imports %s, but %s may import of ours only %q", s.dir, s.name, ours, s.dir, allowed)
			case is && s.dir == "reference-servers/everything" && s.test():
				t.Errorf("%s/%s imports %s: the tests of the server, too, must not rely on its tester", s.dir, s.name, ours)
			case !is && strings.Contains(strings.Split(p, "/")[0], "."):
				library(t, s, p)
			}
		}
	}
	for dir := range mayImport {
		if !seen[dir] {
			t.Errorf("mayImport has a rule for %s, which does not exist", dir)
		}
	}
}

// TestReadme demands that the README tells what each package is for.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, layout, _ := strings.Cut(string(data), "\n## Layout\n")
	told := map[string]bool{}
	for line := range strings.Lines(layout) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			told[name] = true
		}
	}
	for dir := range mayImport {
		if !told[dir] {
			t.Errorf("the README does not tell what %s is for", dir)
		}
	}
	for name := range told {
		if _, ok := mayImport[name]; !ok {
			t.Errorf("the README tells of %s, which there is not", name)
		}
	}
}

func library(t *testing.T, s source, p string) {
	t.Helper()
	for l, places := range usedIn {
		if p == l || strings.HasPrefix(p, l+"/") {
			if !slices.Contains(places, s.dir) && !(s.test() && len(places) > 0) {
				t.Errorf("%s/%s imports %s, which may be used only in %q", s.dir, s.name, p, places)
			}
			return
		}
	}
	t.Errorf("%s/%s imports %s, which has no place: name one in usedIn, or do without", s.dir, s.name, p)
}

func TestPackages(t *testing.T) {
	commented := map[string]bool{}
	for _, s := range sources(t) {
		commented[s.dir] = commented[s.dir] || s.Doc != nil
		switch name := strings.TrimSuffix(s.Name.Name, "_test"); name {
		case "util", "utils", "common", "helper", "helpers", "manager", "types", "misc":
			t.Errorf("%s: package %s says nothing of what it is for", s.dir, name)
		}
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// elsewhere matches what holds on one machine or in one network only.
var elsewhere = map[string]*regexp.Regexp{
	"a path of somebody's machine":       regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(home|root|Users|work|mnt)/[a-z]`),
	"the host of a package registry":     regexp.MustCompile(`\b(proxy\.golang|sum\.golang|registry\.npmjs|deb\.debian|pypi|crates)\.(org|io)\b`),
	"a line that a merge left unsettled": regexp.MustCompile(`(?m)^(<<<<<<<|>>>>>>>) `),
}

func TestTreeHoldsEverywhere(t *testing.T) {
	walk(t, func(name string) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(data, 0) >= 0 {
			return // a program, say
		}
		for what, expr := range elsewhere {
			if m := expr.Find(data); m != nil && name != "internal/arch/arch_test.go" {
				t.Errorf("%s holds %s: %q", name, what, m)
			}
		}
	})
}

// sources parses all Go files of the tree, whatever their build tags.
func sources(t *testing.T) (list []source) {
	t.Helper()
	files := token.NewFileSet()
	walk(t, func(name string) {
		if path.Ext(name) != ".go" {
			return
		}
		f, err := parser.ParseFile(files, filepath.Join(root, name), nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, source{path.Dir(name), path.Base(name), f})
	})
	if len(list) == 0 {
		t.Fatal("no Go file was found")
	}
	return list
}

// walk visits the files of the tree, named from its root, but not what tools
// leave there.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "node_modules"}, d.Name()):
			return fs.SkipDir
		case !d.IsDir() && name != ".git":
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
