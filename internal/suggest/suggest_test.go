package suggest_test

import (
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/suggest"
)

func TestClosest(t *testing.T) {
	known := []string{"a session", "a session of its own", "a new connection"}
	for _, c := range []struct{ word, want, reason string }{
		{"a sesion", "a session", "a letter is missing"},
		{"an session", "a session", "another article"},
		{"a new conection", "a new connection", "a letter is missing in a longer phrase"},
		{"the moon", "", "nothing is near: a wrong hint is worse than none"},
		{"", "", "an empty word means nothing"},
	} {
		if got := suggest.Closest(c.word, known); got != c.want {
			t.Errorf("%q: got %q, want %q: %s", c.word, got, c.want, c.reason)
		}
	}
}
