package steps

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/safety"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// remedy says what would make a requirement applicable, or let it be judged.
// What a step knows of that goes first; then what the catalogue says that the
// requirement needs.
func (s *Subject) remedy(r reports.Result) string {
	switch {
	case r.Remedy != "":
		return r.Remedy
	case r.Verdict == reports.Inconclusive:
		return lets(r)
	case r.Verdict != reports.NotApplicable:
		return ""
	}
	q := s.Catalogue[r.ID]
	var list []string
	switch {
	case q.Testability == spec.Fixture && q.Unobserved != "":
		list = append(list, "the server offers what this takes: "+strings.TrimSuffix(q.Unobserved, "."))
	case r.Reason != noneSeen:
		return ""
	case q.Needs != "" && q.Needs != "none":
		list = append(list, "the server sends what this is about, which takes: "+q.Needs)
	default:
		list = append(list, "the server sends what this is about")
	}
	if r.Reason == noneSeen && strings.Contains(q.Needs, "tool") {
		if more := s.forbidden(); more != "" {
			list = append(list, "more is seen when more tools are called: "+more)
		}
	}
	return strings.Join(list, "; ")
}

// lets says what would let an inconclusive requirement be judged.
func lets(r reports.Result) string {
	why := r.Reason + " " + r.Cause
	switch {
	case strings.Contains(why, fmt.Sprint(http.StatusUnauthorized)):
		return "mcpcheck has credentials: --token-env VAR, --header-env K=VAR or --header 'K: V'"
	case strings.Contains(why, ErrDeadline.Error()):
		return "the run has more time: --deadline"
	case strings.Contains(why, wire.ErrTimeout.Error()), strings.Contains(why, "the scenario took longer"):
		return "the server answers in time, or has more time: --timeout"
	case r.Cause != "":
		return "that is put right: it is told once, and this hangs on it"
	}
	return ""
}

// forbidden says how tools could be called that may not be; "" if all may.
func (s *Subject) forbidden() string {
	l := s.lists["tools/list"]
	if !l.had() { // nothing is asked for the sake of words
		return ""
	}
	var names []string
	for _, item := range l.value.items {
		if name := item.text("name"); name != "" && !safety.Callable(item.Raw, s.AllowTools) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "a tool is marked with annotations.readOnlyHint, or named by --allow-tool as one that does no harm (of " + some(names) + ")"
}

// some names a few of many.
func some(names []string) string {
	const few = 4
	if over := len(names) - few; over > 1 {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", over)
	}
	return strings.Join(names, ", ")
}

// argumentsWanted says which of the tools that may be called need arguments that
// mcpcheck cannot make; "" if none does.
func argumentsWanted(safe []*Tool) string {
	var names []string
	for _, t := range safe {
		if t.Arguments == nil {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(`--args FILE gives arguments to %s, such as {"%s": {}} with members`, some(names), names[0])
}

// wantsTool says how a tool that fits could be had.
func (s *Subject) wantsTool(safe []*Tool) string {
	var list []string
	for _, way := range []string{argumentsWanted(safe), s.forbidden()} {
		if way != "" {
			list = append(list, way)
		}
	}
	return strings.Join(list, "; or ")
}

// undeclared is why what hangs on a capability is not applicable.
func (s *Subject) undeclared(capability string) error {
	where := "initialize"
	if s.Revision.Modern() {
		where = "server/discover"
	}
	return applicableIf("the server declares capabilities."+capability+" in its answer to "+where, "the server does not declare %s", capability)
}

// notLaunched is why what shows on a process only is not applicable.
func notLaunched() error {
	return applicableIf("mcpcheck launches the server: --target COMMAND", "mcpcheck did not launch the server")
}
