package spec

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	maxPatternBytes = 4 << 10
	maxMatchTime    = 200 * time.Millisecond
)

// patterns compiles the regular expressions of a schema. JSON Schema means
// those of ECMAScript. Go's run in linear time but lack lookaround and some
// escapes, so what Go refuses goes to a backtracking engine, with a time limit.
type patterns struct {
	meter   *meter
	refused error // the last one that neither engine takes
}

func (p *patterns) compile(s string) (jsonschema.Regexp, error) {
	if len(s) > maxPatternBytes {
		panic(spent(fmt.Sprintf("has a pattern of %d bytes, more than %d", len(s), maxPatternBytes)))
	}
	p.meter.charge(1 + len(s)/16)
	if re, err := regexp.Compile(s); err == nil {
		return &linear{re, instructions(s), p.meter}, nil
	}
	for _, options := range []regexp2.RegexOptions{regexp2.ECMAScript | regexp2.Unicode, regexp2.None} {
		if re, err := regexp2.Compile(s, options); err == nil {
			re.MatchTimeout = maxMatchTime
			return &backtracking{re, p.meter}, nil
		}
	}
	p.refused = fmt.Errorf("pattern is %q", short(s))
	return nil, p.refused
}

// check is the format "regex".
func (p *patterns) check(v any) error {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	if _, err := p.compile(s); err != nil {
		return errors.New("is not a regular expression")
	}
	return nil
}

// linear is a pattern whose cost is its size times the length of the string.
type linear struct {
	*regexp.Regexp
	size  int
	meter *meter
}

func (l *linear) MatchString(s string) bool {
	l.meter.charge(l.size * (1 + len(s)/64) / 8)
	return l.Regexp.MatchString(s)
}

// instructions is the size of a compiled pattern: "x{1000}" has a thousand.
func instructions(s string) int {
	re, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return len(s)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return len(s)
	}
	return len(prog.Inst)
}

// backtracking is a pattern that can take time without end.
type backtracking struct {
	*regexp2.Regexp
	meter *meter
}

func (b *backtracking) MatchString(s string) bool {
	b.meter.charge(8 + len(s)/16)
	ok, err := b.Regexp.MatchString(s)
	if err != nil {
		panic(spent(fmt.Sprintf("has a pattern that took longer than %s", maxMatchTime)))
	}
	return ok
}
