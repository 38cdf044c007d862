package steps

import (
	"fmt"
	"regexp"
	"slices"
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

// undefined says which step of a scenario the vocabulary does not have, and
// which phrase may have been meant.
func undefined(sc *godog.Scenario) error {
	phrases := make([]string, len(vocabulary))
	for i, s := range vocabulary {
		phrases[i] = s.phrase
	}
	for _, s := range sc.Steps {
		if slices.ContainsFunc(words(), func(c compiled) bool { return c.expr.MatchString(s.Text) }) {
			continue
		}
		if near := suggest.Closest(s.Text, phrases); near != "" {
			return fmt.Errorf("no step says %q, did you mean %q?", s.Text, near)
		}
		return fmt.Errorf("no step says %q: mcpcheck list --steps shows what can be said", s.Text)
	}
	return fmt.Errorf("a step is said with a keyword that it does not have: Given names a state, When an act of the client, Then an observation")
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
