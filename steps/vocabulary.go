package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cucumber/godog"

	"github.com/mcpcheck/mcpcheck/internal/suggest"
)

// words is the vocabulary with its expressions, compiled once: godog would
// compile them again for each scenario.
var words = sync.OnceValue(func() []compiled {
	list := make([]compiled, len(vocabulary))
	for i, s := range vocabulary {
		list[i] = compiled{s, s.expr()}
	}
	return list
})

type compiled struct {
	step
	expr *regexp.Regexp
}

// register gives a scenario its words.
func register(sc *godog.ScenarioContext, w *World) {
	for _, c := range words() {
		handler := c.handler(w, c.keyword)
		switch c.keyword {
		case given:
			sc.Given(c.expr, handler)
		case when:
			sc.When(c.expr, handler)
		case then:
			sc.Then(c.expr, handler)
		}
	}
}

// Lint reads feature files and says in one line what is wrong with them, before
// any server is asked anything.
func Lint(features fs.FS) error {
	suite := godog.TestSuite{Options: &godog.Options{FS: features, Paths: []string{"."}}}
	list, err := suite.RetrieveFeatures()
	if err != nil {
		return errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	var faults []error
	scenarios := 0
	for _, f := range list {
		scenarios += len(f.Pickles)
		for _, p := range f.Pickles {
			if err := undefined(p); err != nil {
				faults = append(faults, fmt.Errorf("%s: scenario %q: %w", f.Uri, p.Name, err))
			}
		}
	}
	switch len(faults) {
	case 0:
	case 1:
		return faults[0]
	default:
		return fmt.Errorf("%w (and %d more)", faults[0], len(faults)-1)
	}
	if scenarios == 0 {
		return errors.New("there is no scenario")
	}
	return nil
}

// keywordOf names the keywords by what the parser takes them for.
var keywordOf = map[string]keyword{"Context": given, "Action": when, "Outcome": then}

// undefined says which step of a scenario the vocabulary does not have, and
// which phrase may have been meant.
func undefined(sc *godog.Scenario) error {
	if len(sc.Steps) == 0 {
		return errors.New("it has no steps")
	}
	for _, s := range sc.Steps {
		fits := slices.DeleteFunc(slices.Clone(words()), func(c compiled) bool { return !c.expr.MatchString(s.Text) })
		said := keywordOf[string(s.Type)]
		switch {
		case len(fits) == 0:
			return fmt.Errorf("no step says %q%s", s.Text, meant(s.Text))
		case said != "" && !slices.ContainsFunc(fits, func(c compiled) bool { return c.keyword == said }):
			return fmt.Errorf("%q is said with %s, want %s: Given names a state, When an act of the client, Then an observation", s.Text, said, fits[0].keyword)
		}
	}
	return nil
}

// meant ends the message about a step that there is not.
func meant(text string) string {
	phrases := make([]string, len(vocabulary))
	for i, s := range vocabulary {
		phrases[i] = s.phrase
	}
	if near := suggest.Closest(text, phrases); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ": mcpcheck list --steps shows what can be said"
}

// Vocabulary lists what a feature file can say, each with its keyword.
func Vocabulary() []string {
	list := make([]string, len(vocabulary))
	for i, s := range vocabulary {
		list[i] = string(s.keyword) + " " + s.phrase
	}
	slices.Sort(list)
	return list
}
