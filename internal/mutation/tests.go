package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// tests is the test binary of a package with all its mutants.
type tests struct {
	binary, dir string
	mutants     []mutant
	groups      []group
}

// A group is the tests that are run together for one mutant.
type group struct {
	pattern string // of -test.run
	took    time.Duration
	reached map[int]bool
}

// build compiles the tests of the package with every change in place.
func build(ctx context.Context, dir, pkg string) (*tests, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,Name,GoFiles", pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pkg, failure(err))
	}
	var listed struct {
		Dir, Name string
		GoFiles   []string
	}
	if err := json.Unmarshal(out, &listed); err != nil {
		return nil, err
	}
	m := &mutator{files: token.NewFileSet()}
	replace := map[string]string{}
	put := func(name string, source []byte) error {
		copied := filepath.Join(dir, name)
		replace[filepath.Join(listed.Dir, name)] = copied
		return os.WriteFile(copied, source, 0o600)
	}
	for _, name := range listed.GoFiles {
		source, err := os.ReadFile(filepath.Join(listed.Dir, name))
		if err != nil {
			return nil, err
		}
		if source, err = m.rewrite(filepath.Join(listed.Dir, name), source); err != nil {
			return nil, err
		}
		if err = put(name, source); err != nil {
			return nil, err
		}
	}
	if err := put("mutants_of_this_package.go", fmt.Appendf(nil, runtime, listed.Name)); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	if err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		return nil, err
	}
	t := &tests{binary: filepath.Join(dir, "tests"), dir: listed.Dir, mutants: m.mutants}
	if out, err = exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", t.binary, pkg).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	return t, nil
}

// byArea takes a subtest that is named after a requirement apart.
var byArea = regexp.MustCompile(`^=== RUN +(\w+)(?:/([\w-]+)\.)?`)

// measure runs the tests as they are, all to learn their names, then group by
// group to learn what each reaches and how long it takes.
func (t *tests) measure(ctx context.Context, skip string) error {
	out, err := t.command(ctx, "", -1, "-test.v", "-test.skip", skip).Output()
	if err != nil {
		return fmt.Errorf("the tests fail without any change:\n%s", lastLines(out))
	}
	split := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if m := byArea.FindStringSubmatch(lines.Text()); m != nil && !slices.Contains(split[m[1]], m[2]) {
			split[m[1]] = append(split[m[1]], m[2])
		}
	}
	for test, areas := range split {
		if len(areas) == 1 {
			t.groups = append(t.groups, group{pattern: "^" + test + "$"})
			continue
		}
		for _, area := range areas {
			if area != "" {
				t.groups = append(t.groups, group{pattern: "^" + test + "$/^" + area + `\.`})
			}
		}
	}
	for i := range t.groups {
		if err := t.reach(ctx, &t.groups[i], skip); err != nil {
			return err
		}
	}
	sort.Slice(t.groups, func(i, j int) bool { return t.groups[i].took < t.groups[j].took })
	return nil
}

func (t *tests) reach(ctx context.Context, g *group, skip string) error {
	log := t.binary + ".reached"
	defer os.Remove(log) //nolint:errcheck // the next one is written anew
	began := time.Now()
	if out, err := t.command(ctx, log, -1, "-test.run", g.pattern, "-test.skip", skip).CombinedOutput(); err != nil {
		return fmt.Errorf("%s fails without any change:\n%s", g.pattern, lastLines(out))
	}
	g.took, g.reached = time.Since(began), map[int]bool{}
	data, err := os.ReadFile(log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(data)) {
		if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			g.reached[n] = true
		}
	}
	return nil
}

// choose lists the mutants to try.
func (t *tests) choose(file string, sample int) (list []int) {
	for n, m := range t.mutants {
		if file == "" || m.file == file {
			list = append(list, n)
		}
	}
	if sample <= 0 || sample >= len(list) {
		return list
	}
	spread := make([]int, sample)
	for i := range spread {
		spread[i] = list[i*len(list)/sample]
	}
	return spread
}

type verdict int

const (
	unknown   verdict = iota // interrupted
	dead                     // a test noticed
	alive                    // no test noticed
	unreached                // no test came there
)

// try runs the tests that reach a mutant, those first that are about its file,
// until one notices it.
func (t *tests) try(ctx context.Context, n int) verdict {
	area, _, _ := strings.Cut(strings.TrimSuffix(t.mutants[n].file, ".go"), "_")
	var groups []group
	for _, g := range t.groups {
		if g.reached[n] {
			groups = append(groups, g)
		}
	}
	sort.SliceStable(groups, func(i, j int) bool {
		return strings.Contains(groups[i].pattern, "^"+area+`\.`) && !strings.Contains(groups[j].pattern, "^"+area+`\.`)
	})
	if len(groups) == 0 {
		return unreached
	}
	for _, g := range groups {
		limit := 5*g.took + 20*time.Second // a loop without end is noticed, too
		limited, cancel := context.WithTimeout(ctx, limit)
		err := t.command(limited, "", n, "-test.run", g.pattern, "-test.failfast").Run()
		cancel()
		if ctx.Err() != nil {
			return unknown
		}
		if err != nil {
			return dead
		}
	}
	return alive
}

func (t *tests) command(ctx context.Context, reached string, n int, flags ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, t.binary, flags...)
	c.Dir = t.dir
	c.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n), "MUTANTS_REACHED="+reached)
	return c
}

func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func failure(err error) error {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(e.Stderr))
	}
	return err
}
