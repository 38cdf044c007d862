package steps

import (
	"encoding/json"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// TestJudgedOrNot tells what passive checks leave to others from what they judge.
func TestJudgedOrNot(t *testing.T) {
	in := &Conversation{Session: answered(t, wire.Call{Method: "ping"}, emptyOK).Session}
	for _, c := range []struct {
		name   string
		f      func(*Conversation, *wire.Exchange, json.RawMessage) (bool, error)
		result string
		judged bool
		want   string
	}{
		{"capabilities with extensions that nobody can read", capabilitiesTyped, `{"capabilities":{"extensions":7}}`, true, met},
		{"capabilities that are none", capabilitiesTyped, `{"capabilities":[]}`, true, notMet},
		{"a capability that is none", capabilitiesTyped, `{"capabilities":{"tools":7}}`, true, notMet},
		{"no capabilities", capabilitiesTyped, `{}`, false, met},
		{"no extensions", extensionIDs, `{"capabilities":{}}`, false, met},
		{"extensions", extensionIDs, `{"capabilities":{"extensions":{"com.example/x":{}}}}`, true, met},
		{"an extension without prefix", extensionIDs, `{"capabilities":{"extensions":{"x":{}}}}`, true, notMet},
	} {
		judged, err := c.f(in, nil, json.RawMessage(c.result))
		if got := outcomeOf(err); judged != c.judged || got != c.want {
			t.Errorf("%s: judged is %t, the verdict %s (%v), want %t and %s", c.name, judged, got, err, c.judged, c.want)
		}
	}
}

// TestLacksSomething looks for a capability that was required though declared.
func TestLacksSomething(t *testing.T) {
	const body = `{"params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}}}}}`
	for data, want := range map[string]string{
		`{"requiredCapabilities":{"elicitation":{}}}`:               met,
		`{"requiredCapabilities":{"sampling":{}}}`:                  notMet,
		`{"requiredCapabilities":{"sampling":{"tools":{}}}}`:        met,
		`{"requiredCapabilities":{}}`:                               met,
		`{"requiredCapabilities":"sampling"}`:                       met,
		`{"requiredCapabilities":{"sampling":{},"elicitation":{}}}`: met,
		`null`: met,
	} {
		err := lacksSomething(&wire.Exchange{Body: []byte(body)}, &wire.RPCError{Data: json.RawMessage(data)})
		if got := outcomeOf(err); got != want {
			t.Errorf("%s is %s (%v), want %s", data, got, err, want)
		}
	}
}

// TestKnownOnlyLater leaves a type of content that a later revision brought to
// the check of types.
func TestKnownOnlyLater(t *testing.T) {
	x := answered(t, wire.Call{Method: "ping"}, emptyOK)
	for _, c := range []struct {
		revision spec.Revision
		kind     string
		judged   bool
		want     string
	}{
		{spec.R20241105, "text", true, met},
		{spec.R20241105, "audio", false, met},
		{spec.R20251125, "audio", true, met},
		{spec.R20251125, "smell", true, notMet},
	} {
		x.Session.SetRevision(c.revision)
		b := block{conversation: &Conversation{Session: x.Session}, Item: Item{Members: map[string]json.RawMessage{"type": mustJSON(c.kind)}}}
		judged, err := contentTyped(b)
		if got := outcomeOf(err); judged != c.judged || got != c.want {
			t.Errorf("%s in %s: judged is %t, the verdict %s (%v), want %t and %s", c.kind, c.revision, judged, got, err, c.judged, c.want)
		}
	}
}

// TestSessionIDs compares the ids of answers to initialize.
func TestSessionIDs(t *testing.T) {
	none := answered(t, wire.Call{Method: "initialize"}, emptyOK)
	w := &World{subject: &Subject{}, x: none, xs: []*wire.Exchange{none, none}}
	if got := outcomeOf(w.visibleID(t.Context())); got != notMet {
		t.Errorf("no id is visible: %s", got)
	}
	if got := outcomeOf(w.assignsID(t.Context())); got != inapplicable {
		t.Errorf("no id was assigned: %s", got)
	}
	if got := outcomeOf(w.idsDiffer(t.Context())); got != notMet {
		t.Errorf("twice the same id differs: %s", got)
	}
}

// TestPromptArguments judges the arguments of listed prompts.
func TestPromptArguments(t *testing.T) {
	for arguments, want := range map[string]string{
		`[{"name":"a"},{"name":"b","required":true,"title":"B"}]`: met,
		`["a"]`:                         notMet,
		`[{}]`:                          notMet,
		`[{"name":7}]`:                  notMet,
		`[{"name":"a","required":"y"}]`: notMet,
		`[]`:                            met,
	} {
		item := Item{Raw: json.RawMessage(`{}`), Members: map[string]json.RawMessage{"name": mustJSON("p"), "arguments": json.RawMessage(arguments)}}
		w := &World{subject: &Subject{Config: Config{Revision: spec.R20251125}}, listed: "prompts/list", list: &listing{items: []Item{item}}}
		err := w.eachArguments(t.Context())
		if got := outcomeOf(err); got != want {
			t.Errorf("%s is %s (%v), want %s", arguments, got, err, want)
		}
	}
}
