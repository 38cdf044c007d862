// Package safety says which tools of a server may be called without asking
// anybody.
//
// It goes by what the user allowed and by what the tool says of itself. A tool
// that says nothing may do anything, so it is not called; what a tool says need
// not be true, which is why the user can see and choose what is called.
package safety

import (
	"encoding/json"
	"slices"
)

// Callable reports whether a tool, as tools/list shows it, may be called: the
// user allowed its name, or it is marked read-only and not marked destructive.
// One that can only be called as a task never is.
func Callable(tool json.RawMessage, allowed []string) bool {
	var t struct {
		Name        string `json:"name"`
		Annotations struct {
			ReadOnly    *bool `json:"readOnlyHint"`
			Destructive *bool `json:"destructiveHint"`
		} `json:"annotations"`
		Execution struct {
			TaskSupport string `json:"taskSupport"`
		} `json:"execution"`
	}
	ok := json.Unmarshal(tool, &t) == nil
	switch {
	case t.Execution.TaskSupport == "required":
		return false
	case t.Name != "" && slices.Contains(allowed, t.Name):
		return true
	}
	a := t.Annotations
	return ok && a.ReadOnly != nil && *a.ReadOnly && (a.Destructive == nil || !*a.Destructive)
}
