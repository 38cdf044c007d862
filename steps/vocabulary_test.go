package steps_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/steps"
)

// TestVocabulary demands that the built-in features say nothing that there is
// not.
func TestVocabulary(t *testing.T) {
	if err := steps.Lint(features.Scenarios); err != nil {
		t.Error(err)
	}
	for _, phrase := range steps.Vocabulary() {
		if strings.Contains(phrase, "should") {
			t.Errorf("%q: a step states, it does not wish", phrase)
		}
	}
}

func TestLint(t *testing.T) {
	const head = "Feature: Mine\n  Scenario: One\n"
	for _, tt := range []struct{ reason, text, want string }{
		{"what can be said", head + "    Given a session\n    When the client requests ping\n    Then the result is empty\n", ""},
		{"a typo", head + "    Given a sesion\n", `mine.feature: scenario "One": no step says "a sesion", did you mean "a session"?`},
		{"nothing like it", head + "    Given the moon is full tonight over the sea\n", `mine.feature: scenario "One": no step says "the moon is full tonight over the sea": mcpcheck list --steps shows what can be said`},
		{
			"another keyword", head + "    When a session\n",
			`mine.feature: scenario "One": "a session" is said with When, want Given: Given names a state, When an act of the client, Then an observation`,
		},
		{"no steps", head, `mine.feature: scenario "One": it has no steps`},
		{"two faults", head + "    Given a sesion\n  Scenario: Two\n", `mine.feature: scenario "One": no step says "a sesion", did you mean "a session"? (and 1 more)`},
		{"no scenario", "Feature: Mine\n", "there is no scenario"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			err := steps.Lint(fstest.MapFS{"mine.feature": {Data: []byte(tt.text)}})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
