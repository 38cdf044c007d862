package steps

import (
	"strings"
	"testing"
)

func TestGuessable(t *testing.T) {
	for _, c := range []struct {
		reason    string
		ids       string
		guessable bool
	}{
		{"random UUIDs", "0b7e1c0e-3f0a-4c55-9d6b-2f6f1f4f9a01 c2b8f0de-8f6d-4a10-b7a7-77f1d2a3c4e5 9a1d2c3b-4e5f-4061-8273-94a5b6c7d8e9", false},
		{"UUIDs behind a word", "mcp-session-0b7e1c0e-3f0a-4c55-9d6b-2f6f1f4f9a01 mcp-session-c2b8f0de-8f6d-4a10-b7a7-77f1d2a3c4e5", false},
		{"UUIDs that begin with the time", "0192f1c5-7a10-7c55-9d6b-2f6f1f4f9a01 0192f1c5-7a13-7a10-b7a7-77f1d2a3c4e5", false},
		{"random hex", "8f14e45fceea167a5a36dedd4bea2543 c9f0f895fb98ab9159f51fd0297e236d", false},
		{"a long random number", "48201938475610293847561 90817263544938271605948", false},
		{"short ones", "a8Xk29sLq0 pW7zRt61mB", true},
		{"a counter", "session-of-server-00000001 session-of-server-00000002 session-of-server-00000003", true},
		{"a counter that grows longer", "session-of-the-server-9 session-of-the-server-10", true},
		{"nanoseconds", "session-1732485600123456789 session-1732485600987654321", true},
		{"the same one", "8f14e45fceea167a5a36dedd4bea2543 8f14e45fceea167a5a36dedd4bea2543", true},
	} {
		if why := guessable(strings.Fields(c.ids)); (why != "") != c.guessable {
			t.Errorf("%s: guessable says %q, want %v", c.reason, why, c.guessable)
		}
	}
}

func TestForgedID(t *testing.T) {
	for _, c := range []struct{ id, want string }{
		{"0b7e1c0e-3f0a-4c55-9d6b-2f6f1f4f9a01", "0b7e1c0e-3f0a-4c55-9d6b-2f601f4f9a01"},
		{"0000", "0001"},
		{"ab.-", "ab.-0"},
		{"x", "0"},
		{"", "0"},
	} {
		if got := forgedID(c.id); got != c.want {
			t.Errorf("forgedID(%q) is %q, want %q", c.id, got, c.want)
		}
	}
}

func TestVisibleASCII(t *testing.T) {
	for id, want := range map[string]bool{"!~": true, "": false, "a b": false, "a\x7f": false, "ä": false, "a\t": false} {
		if got := visibleASCII(id); got != want {
			t.Errorf("visibleASCII(%q) is %v, want %v", id, got, want)
		}
	}
}
