package baseline_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/baseline"
	"github.com/mcpcheck/mcpcheck/internal/spec"
)

var ids = []string{"ping.respond-empty", "tools.call.unknown-tool"}

func TestParse(t *testing.T) {
	full := baseline.Entry{
		ID: "ping.respond-empty", Reason: "because", Link: "https://example.com/issues/1",
		Revisions: []spec.Revision{spec.R20250618, spec.R20251125}, Transport: spec.Stdio, Server: "files", Line: 1,
	}
	for _, tt := range []struct {
		reason, text string
		want         []baseline.Entry
	}{
		{"no entry", "[]", nil},
		{"only comments, as when the last entry is taken out", "# nothing\n", nil},
		{"no byte", "", nil},
		{"what is necessary", "- id: ping.respond-empty\n  reason: because\n", []baseline.Entry{{ID: "ping.respond-empty", Reason: "because", Line: 1}}},
		{"all there is", "- id: ping.respond-empty\n  reason: because\n  link: https://example.com/issues/1\n  revision: [2025-06-18, 2025-11-25]\n  transport: stdio\n  server: files\n", []baseline.Entry{full}},
		{"JSON is YAML", `[{"id": "ping.respond-empty", "reason": "because"}]`, []baseline.Entry{{ID: "ping.respond-empty", Reason: "because", Line: 1}}},
		{"one revision", "# c\n- {id: ping.respond-empty, reason: because, revision: 2025-06-18}\n", []baseline.Entry{{ID: "ping.respond-empty", Reason: "because", Revisions: []spec.Revision{spec.R20250618}, Line: 2}}},
		{"a reason that is a number", "- {id: ping.respond-empty, reason: 4711}", []baseline.Entry{{ID: "ping.respond-empty", Reason: "4711", Line: 1}}},
		{"one requirement in two places", "- {id: ping.respond-empty, reason: a, server: x}\n- {id: ping.respond-empty, reason: b, server: y}\n", []baseline.Entry{
			{ID: "ping.respond-empty", Reason: "a", Server: "x", Line: 1}, {ID: "ping.respond-empty", Reason: "b", Server: "y", Line: 2}}},
	} {
		if got, err := baseline.Parse([]byte(tt.text), ids); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v; want %+v", tt.reason, got, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ reason, text, want string }{
		{"a typo in the id", "\n- {id: ping.repond-empty, reason: a}", `line 2: no requirement is called "ping.repond-empty", did you mean "ping.respond-empty"?`},
		{"an id like none", "- {id: moon, reason: a}", `line 1: no requirement is called "moon"`},
		{"a prefix is no id", "- {id: ping., reason: a}", `line 1: no requirement is called "ping."`},
		{"no id", "- {reason: a}", "line 1: the entry has no id"},
		{"no reason", "- id: ping.respond-empty\n", `line 1: the entry on "ping.respond-empty" has no reason`},
		{"a reason of nothing", "- id: ping.respond-empty\n  reason: ' '\n", "line 2: reason is empty or no text"},
		{"a reason that was never given", "- id: ping.respond-empty\n  reason: 'TODO: why'\n", `line 2: the reason is still "TODO: why"`},
		{"that in small letters", "- {id: ping.respond-empty, reason: todo}", `line 1: the reason is still "todo"`},
		{"a reason that is a list", "- {id: ping.respond-empty, reason: [a]}", "line 1: reason is empty or no text"},
		{"an alias", "- &a {id: ping.respond-empty, reason: a}\n- *a\n", "line 2: want an entry with id and reason"},
		{"a typo in a key", "- id: ping.respond-empty\n  raeson: a\n", `line 2: "raeson" is not a member of an entry, did you mean "reason"?`},
		{"an unknown key", "- {id: ping.respond-empty, reason: a, expires-on: never}", `line 1: "expires-on" is not a member of an entry, want one of id, reason`},
		{"a key that is no text", "- {[id]: ping.respond-empty}", `line 1: "" is not a member of an entry`},
		{"a key given twice", "- {id: ping.respond-empty, reason: a, reason: b}", "line 1: reason is given twice"},
		{"a link that is none", "- {id: ping.respond-empty, reason: a, link: issue 7}", `line 1: link is "issue 7"`},
		{"a link that runs something", "- {id: ping.respond-empty, reason: a, link: 'javascript:alert(1)'}", "line 1: link is"},
		{"a link with a password", "- {id: ping.respond-empty, reason: a, link: 'https://u:p@example.com'}", "line 1: link holds credentials"},
		{"a revision that is none", "- {id: ping.respond-empty, reason: a, revision: 2025-06-19}", `line 1: revision "2025-06-19" is not published`},
		{"no revision", "- {id: ping.respond-empty, reason: a, revision: []}", "line 1: revision is an empty list"},
		{"a transport that is none", "- {id: ping.respond-empty, reason: a, transport: http}", `line 1: transport is "http", want one of stdio`},
		{"the same twice", "- {id: ping.respond-empty, reason: a}\n- {id: ping.respond-empty, reason: b}\n", `line 2: the entry on "ping.respond-empty" in line 1 says the same`},
		{"the same in another order", "- {id: ping.respond-empty, reason: a, revision: [2025-06-18, 2025-11-25]}\n- {id: ping.respond-empty, reason: b, revision: [2025-11-25, 2025-06-18]}\n", "line 2: "},
		{"an object", "ping.respond-empty: a", "line 1: want a list of entries"},
		{"a text", "ping.respond-empty", "line 1: want a list of entries"},
		{"an entry of a word", "- ping.respond-empty", "line 1: want an entry with id and reason"},
		{"two documents", "[]\n---\n[]\n", "line 2: a second document begins here"},
		{"no YAML", "- {id: [", "line 1: "},
	} {
		if got, err := baseline.Parse([]byte(tt.text), ids); err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %+v and %q; want one line that begins %q", tt.reason, got, err, tt.want)
		}
	}
}

// FuzzParse demands that what is read can be written, and says the same then.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"[]", "- id: ping.respond-empty\n  reason: because\n", "- {id: ping.respond-empty, reason: '- a: b', revision: [2025-06-18], transport: stdio, server: \"a\\nb\"}",
		"- &a {id: *a}", "a: [", "---\n---\n", "? [a]\n: b", "- {id: tools.call.unknown-tool, reason: \"\\u0085\", link: 'https://e/'}", "- <<: {id: x}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := baseline.Parse([]byte(s), ids)
		if err != nil {
			if err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %q, want one line", err)
			}
			return
		}
		data, err := baseline.Format(list)
		if err != nil {
			t.Fatal(err)
		}
		again, err := baseline.Parse(data, ids)
		if err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, data)
		}
		for _, l := range [][]baseline.Entry{list, again} {
			for i := range l {
				l[i].Line = 0
			}
		}
		if !reflect.DeepEqual(list, again) {
			t.Errorf("written and read again it is %+v, want %+v\n%s", again, list, data)
		}
	})
}
