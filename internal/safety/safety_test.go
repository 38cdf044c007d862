package safety_test

import (
	"encoding/json"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/safety"
)

func TestCallable(t *testing.T) {
	for _, tt := range []struct {
		reason, tool string
		want         bool
	}{
		{"a tool that says nothing may do anything", `{"name":"a"}`, false},
		{"read-only", `{"name":"a","annotations":{"readOnlyHint":true}}`, true},
		{"read-only and expressly not destructive", `{"name":"a","annotations":{"readOnlyHint":true,"destructiveHint":false}}`, true},
		{"a tool that contradicts itself", `{"name":"a","annotations":{"readOnlyHint":true,"destructiveHint":true}}`, false},
		{"not destructive is not read-only", `{"name":"a","annotations":{"destructiveHint":false}}`, false},
		{"allowed by name", `{"name":"mine"}`, true},
		{"allowed, though destructive", `{"name":"mine","annotations":{"destructiveHint":true}}`, true},
		{"allowed, though its annotations are no object", `{"name":"mine","annotations":[]}`, true},
		{"read-only in a type that does not count", `{"name":"a","annotations":{"readOnlyHint":"true"}}`, false},
		{"a tool that is called as a task only", `{"name":"mine","annotations":{"readOnlyHint":true},"execution":{"taskSupport":"required"}}`, false},
		{"no tool", `[]`, false},
	} {
		if got := safety.Callable(json.RawMessage(tt.tool), []string{"mine"}); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.reason, got, tt.want)
		}
	}
}
