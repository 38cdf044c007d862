package target

import (
	"fmt"
	"strings"
)

// choice ends the message about a name that is unknown: the one that is
// probably meant, and what there is.
func choice(name string, known []string) string {
	out := ""
	best := max(len(name)/3, 1) + 1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < best {
			best, out = d, fmt.Sprintf("; did you mean %q", k)
		}
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

// distance is the number of letters to insert, delete or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
