package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cucumber/godog"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A Config says what to check, against what.
type Config struct {
	Target    string // what the user named, for the report
	Endpoint  wire.Endpoint
	Revision  spec.Revision
	Features  fs.FS // the feature files
	Catalogue spec.Catalogue
	Only      []string // prefixes of ids; none for all
	Extra     bool     // the features are the user's own: scenarios need no requirement

	AllowTools []string                   // may be called whatever they say of themselves
	Arguments  map[string]json.RawMessage // by tool
	Operations *Operations                // nil leaves the requirements of the production profile out
	Beacon     *Beacon                    // nil for one of its own for a server that is launched

	// Load, if not nil, puts load on the server. It is handed in since judging needs
	// no generator of load, and only who has the flags knows what may be loaded.
	Load func(context.Context, Load) (*reports.Load, error)

	Parallel int           // scenarios at once; 0 for a default
	Silence  time.Duration // how long to listen for what must not come; 0 to go by how fast the server answers
	Patience time.Duration // how long to wait for what has to come; 0 for 3 s
	Deadline time.Duration // of the run; 0 for none

	// Planned and Done tell of progress; nil for none.
	Planned func(total int)
	Done    func(area string)
	// Told is given what the results of the run are made of: one for each scenario,
	// and one for each requirement that all traffic is judged by. Nil for none.
	Told func(reports.Result)
}

func (c Config) timeout() time.Duration { return cmp.Or(c.Endpoint.Timeout, wire.DefaultTimeout) }

// parallel is how many scenarios run at once. A server that is far away is asked
// more at a time, which makes no more requests in a second than a near one gets.
func (s *Subject) parallel() int {
	switch {
	case s.Parallel > 0:
		return s.Parallel
	case s.Endpoint.Transport == spec.Stdio:
		return 4
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	const least, most = 16, 32
	return min(least+int(s.fastest/(10*time.Millisecond)), most)
}

// scenarioLimit bounds one scenario: it must not hold up the run for longer than
// a few unanswered requests would.
func (c Config) scenarioLimit() time.Duration {
	return 3*c.timeout() + c.patience() + cmp.Or(c.Silence, maxSilence) + c.Endpoint.StartUp
}

// ErrDeadline says that a run took longer than it may.
var ErrDeadline = errors.New("the run took longer than its deadline")

// selected reports whether a requirement is to be judged in this run.
func (c Config) selected(q spec.Requirement) bool {
	if !q.In(c.Revision) || !q.Over(c.Endpoint.Transport) || q.Profile() == spec.Production && c.Operations == nil {
		return false
	}
	return len(c.Only) == 0 || slices.ContainsFunc(c.Only, func(p string) bool { return strings.HasPrefix(q.ID, p) })
}

// Run checks one server against one revision. What the server did wrong is in
// the results; the error, if any, is mcpcheck's own.
func Run(ctx context.Context, c Config) (*reports.Run, error) {
	started := time.Now()
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Deadline, ErrDeadline)
		defer cancel()
	}
	s := newSubject(ctx, c)
	defer s.close()
	defer s.light()()
	rec := &recorder{Subject: s}
	plan, err := rec.plan()
	if err != nil {
		return nil, err
	}
	if c.Planned != nil {
		c.Planned(plan.scenarios + plan.operational + len(plan.invariants))
	}
	var wg sync.WaitGroup
	if len(plan.invariants) > 0 {
		wg.Go(func() { s.exercise() })
	}
	if plan.scenarios > 0 {
		s.session() //nolint:errcheck // whoever needs it says what is wrong; it tells how fast the server is
		plan.suite.Options.Concurrency = s.parallel()
		plan.suite.Run() // its status adds nothing to the verdicts
	}
	wg.Wait()
	if plan.operational > 0 { // one at a time, when nothing else asks the server: they count, limit and stop it
		plan.operations.Options.Concurrency = 1
		plan.operations.Run()
	}
	if planned := plan.scenarios + plan.operational; len(rec.results) != planned {
		return nil, fmt.Errorf("%d of %d scenarios gave a verdict", len(rec.results), planned)
	}
	s.settle()
	s.close()
	results := append(s.doubt(rec.results), s.judgeInvariants(plan.invariants)...)
	for i := range results {
		results[i].Remedy = s.remedy(results[i])
		if s.Told != nil {
			s.Told(results[i])
		}
	}
	run := s.report(merge(results))
	run.Duration = reports.Duration(time.Since(started))
	return run, nil
}

// A plan is what a run is going to judge.
type plan struct {
	suite       godog.TestSuite
	scenarios   int
	operations  godog.TestSuite // of the production profile
	operational int             // the scenarios there
	invariants  []invariant
}

func (rec *recorder) plan() (*plan, error) {
	p := &plan{}
	if !rec.Extra {
		for _, inv := range invariants {
			if rec.selected(rec.Catalogue[inv.id]) {
				p.invariants = append(p.invariants, inv)
			}
		}
	}
	if rec.Extra {
		var err error
		p.suite, p.scenarios, err = rec.scenarios("")
		return p, err
	}
	for _, part := range []struct {
		spec.Profile
		suite     *godog.TestSuite
		scenarios *int
	}{{spec.Specification, &p.suite, &p.scenarios}, {spec.Production, &p.operations, &p.operational}} {
		tags, err := rec.tags(part.Profile)
		if err == nil && tags != "" {
			*part.suite, *part.scenarios, err = rec.scenarios(tags)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// scenarios makes a suite of those with one of the tags, and counts them.
func (rec *recorder) scenarios(tags string) (godog.TestSuite, int, error) {
	suite := godog.TestSuite{Name: "mcpcheck", ScenarioInitializer: rec.scenario, Options: &godog.Options{
		Format:         "progress",
		Output:         io.Discard,
		Strict:         true, // undefined and ambiguous steps are errors
		FS:             rec.Features,
		Paths:          []string{"."},
		Tags:           tags,
		DefaultContext: rec.ctx,
	}}
	features, err := suite.RetrieveFeatures()
	if err != nil {
		return suite, 0, fmt.Errorf("feature files: %w", err)
	}
	n := 0
	for _, f := range features {
		n += len(f.Pickles)
	}
	return suite, n, nil
}

// tags returns godog's filter for the scenarios of a profile to run.
func (rec *recorder) tags(of spec.Profile) (string, error) {
	checked, err := Tagged(rec.Features)
	if err != nil {
		return "", err
	}
	var ids []string
	for id := range checked {
		if q := rec.Catalogue[id]; q.Profile() == of && rec.selected(q) {
			ids = append(ids, "@"+id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ","), nil
}

// Tagged returns the ids of the requirements that scenarios are tagged with.
func Tagged(features fs.FS) (map[string]bool, error) {
	ids := map[string]bool{}
	err := fs.WalkDir(features, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		data, err := fs.ReadFile(features, path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			for _, word := range strings.Fields(line) {
				if !strings.HasPrefix(word, "@") {
					break
				}
				ids[word[1:]] = true
			}
		}
		return nil
	})
	return ids, err
}

// Checked says how each requirement is checked: "scenario", "invariant", or not
// in the map at all.
func Checked(features fs.FS) (map[string]string, error) {
	tagged, err := Tagged(features)
	if err != nil {
		return nil, err
	}
	by := map[string]string{}
	for id := range tagged {
		by[id] = "scenario"
	}
	for _, inv := range invariants {
		by[inv.id] = "invariant"
	}
	return by, nil
}

// Named returns the ids of what the feature files in a folder of the user's own
// judge: requirements that scenarios are tagged with, and those that they make.
func Named(features fs.FS, catalogue spec.Catalogue) ([]string, error) {
	rec := &recorder{Subject: &Subject{Config: Config{Features: features, Catalogue: catalogue, Extra: true}}}
	p, err := rec.plan()
	if err != nil {
		return nil, err
	}
	files, err := p.suite.RetrieveFeatures()
	if err != nil {
		return nil, fmt.Errorf("feature files: %w", err)
	}
	var ids []string
	for _, f := range files {
		for _, scenario := range f.Pickles {
			ids = append(ids, rec.requirement(scenario).ID)
		}
	}
	return ids, nil
}

// A recorder collects the verdicts of a run's scenarios.
type recorder struct {
	*Subject
	mu      sync.Mutex
	results []judged
}

// scenario gives one scenario its world, its words, and its place in the report.
func (rec *recorder) scenario(sc *godog.ScenarioContext) {
	w := &World{subject: rec.Subject, named: map[string]*wire.Exchange{}, verdict: reports.Pass}
	register(sc, w)
	var started time.Time
	var stop, leave func()
	sc.Before(func(ctx context.Context, sc *godog.Scenario) (context.Context, error) {
		load := loadOf(sc)
		leave = rec.enter(load)
		started = time.Now()
		ctx, stop = context.WithTimeout(ctx, rec.scenarioLimit()+load+rec.allowance(rec.requirement(sc)))
		return ctx, nil
	})
	sc.After(func(ctx context.Context, sc *godog.Scenario, err error) (context.Context, error) {
		defer leave()
		defer stop()
		if err != nil && w.verdict == reports.Pass { // an undefined step, or a panic
			w.verdict, w.reason = reports.Error, err
			if unsaid := undefined(sc); unsaid != nil {
				w.reason = unsaid
			}
		}
		w.close()
		q := rec.requirement(sc)
		r := rec.result(q, w.verdict, w.reason)
		r.Scenario, r.Duration = sc.Name, reports.Duration(time.Since(started))
		if w.verdict == reports.Pass {
			r.Observations = 1
		}
		if w.verdict == reports.Fail {
			r.Reproduce = rec.reproduce(w.x)
			r.Transcript = transcript(started, w.exchanges)
		}
		rec.mu.Lock()
		rec.results = append(rec.results, judged{r, time.Now(), w.unanswered()})
		rec.mu.Unlock()
		if rec.Done != nil {
			rec.Done(q.Area())
		}
		return ctx, nil
	})
}

// result begins a result.
func (s *Subject) result(q spec.Requirement, v reports.Verdict, err error) reports.Result {
	r := reports.Result{ID: q.ID, Area: q.Area(), Level: q.Level, Statement: q.Statement, Link: q.Link(s.Revision), Verdict: v}
	explain(&r, err)
	r.Advisory = r.Advisory || q.Derived()
	return r
}

// requirement returns the one that a scenario is tagged with. A scenario of the
// user's own makes one: the scenario's name is what it requires.
func (rec *recorder) requirement(sc *godog.Scenario) spec.Requirement {
	level := spec.Must
	for _, t := range sc.Tags {
		id := strings.TrimPrefix(t.Name, "@")
		if q, ok := rec.Catalogue[id]; ok {
			return q
		}
		if id == "should" {
			level = spec.Should
		}
	}
	file := strings.TrimSuffix(sc.Uri[strings.LastIndex(sc.Uri, "/")+1:], ".feature")
	return spec.Requirement{ID: file + "." + slug(sc.Name), Level: level, Statement: sc.Name, Versions: []spec.Revision{rec.Revision}}
}

// slug makes an id out of a name.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') })
	return strings.Join(words, "-")
}

// merge makes one result of what judges one requirement, scenarios that provoke
// something and an invariant that watches for it: the worst verdict speaks for all, and one pass makes a requirement applicable.
func merge(results []reports.Result) []reports.Result {
	rank := map[reports.Verdict]int{reports.NotApplicable: 0, reports.Pass: 1, reports.Inconclusive: 2, reports.Error: 3, reports.Fail: 4}
	worst := map[string]reports.Result{}
	took := map[string]reports.Duration{}
	seen := map[string]int{}
	for _, r := range results {
		took[r.ID] += r.Duration
		seen[r.ID] += r.Observations
		have, known := worst[r.ID]
		heavier := rank[r.Verdict] > rank[have.Verdict] || r.Verdict == have.Verdict && have.Advisory && !r.Advisory
		if r.Verdict == have.Verdict && r.Advisory == have.Advisory { // whichever came first, the report is the same
			heavier = cmp.Or(cmp.Compare(r.Scenario, have.Scenario), cmp.Compare(r.Reason, have.Reason)) < 0
		}
		if !known || heavier {
			worst[r.ID] = r
		}
	}
	merged := make([]reports.Result, 0, len(worst))
	for id, r := range worst {
		r.Duration = took[id]
		if r.Verdict == reports.Pass {
			r.Observations = seen[id]
		}
		merged = append(merged, r)
	}
	slices.SortFunc(merged, func(a, b reports.Result) int { return cmp.Compare(a.ID, b.ID) })
	return merged
}

// report makes a run out of its results.
func (s *Subject) report(results []reports.Result) *reports.Run {
	slices.SortFunc(results, func(a, b reports.Result) int { return cmp.Compare(a.ID, b.ID) })
	run := &reports.Run{Target: s.Target, Transport: s.Endpoint.Transport, Revision: s.Revision, Results: results, Notes: slices.Sorted(slices.Values(s.notes))}
	if f, err := s.facts(); err == nil {
		run.Server = reports.Server{Name: f.name, Version: f.version}
	}
	if err := s.cutShort(); err != nil {
		run.Incomplete = err.Error()
		run.StderrTail = s.logged()
	}
	judged := map[string]bool{}
	for _, r := range results {
		judged[r.ID] = true
	}
	for id, q := range s.Catalogue {
		if !s.selected(q) || judged[id] || s.Extra {
			continue
		}
		if q.Testability == spec.Untestable || q.Level == spec.May {
			run.Untestable++
		} else {
			run.Unchecked++
		}
	}
	return run
}
