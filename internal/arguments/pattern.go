package arguments

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// matching makes a short string that a regular expression matches. It knows what
// Go's expressions have in common with those of ECMAScript, which JSON Schema
// means.
func (g *generator) matching(pattern string) (any, error) {
	refused := fmt.Errorf("a string has to match the pattern %q, and none is offered", pattern)
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, refused
	}
	var b strings.Builder
	if !g.spell(tree, &b, 0) {
		return nil, refused
	}
	return b.String(), nil
}

// spell writes the shortest string that it can think of. It reports whether
// there was one.
func (g *generator) spell(re *syntax.Regexp, b *strings.Builder, depth int) bool {
	if depth > maxDepth || g.charge(1) != nil {
		return false
	}
	repeat := func(n int) bool {
		for range n {
			if !g.spell(re.Sub[0], b, depth+1) {
				return false
			}
		}
		return true
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
		return g.charge(len(re.Rune)/16) == nil
	case syntax.OpCharClass:
		c, ok := within(re.Rune)
		b.WriteRune(c)
		return ok
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
		return true
	case syntax.OpCapture, syntax.OpPlus:
		return repeat(1)
	case syntax.OpRepeat:
		return repeat(re.Min)
	case syntax.OpConcat:
		for _, part := range re.Sub {
			if !g.spell(part, b, depth+1) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		return g.spell(re.Sub[0], b, depth+1)
	}
	return false
}

// within chooses a character of a class, which is a list of ranges: one that is
// usual in names, if there is any.
func within(ranges []rune) (rune, bool) {
	for _, c := range "a0A-_ ." {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= c && c <= ranges[i+1] {
				return c, true
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		if c := max(ranges[i], '!'); c <= min(ranges[i+1], '~') {
			return c, true
		}
	}
	if len(ranges) == 0 {
		return 0, false
	}
	return ranges[0], true
}
