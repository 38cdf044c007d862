package target

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/suggest"
)

// choice ends the message about a name that is unknown: the one that is
// probably meant, and what there is.
func choice(name string, known []string) string {
	out := ""
	lower := make([]string, len(known))
	for i, k := range known {
		lower[i] = strings.ToLower(k)
	}
	if i := slices.Index(lower, suggest.Closest(strings.ToLower(name), lower)); i >= 0 {
		out = fmt.Sprintf("; did you mean %q", known[i])
	}
	const most = 10
	shown := make([]string, 0, most)
	for _, k := range known[:min(len(known), most)] {
		shown = append(shown, fmt.Sprintf("%q", k))
	}
	out += "; there are " + strings.Join(shown, ", ")
	if n := len(known) - most; n > 0 {
		out += fmt.Sprintf(" and %d more", n)
	}
	return out
}
