package spec

import (
	"fmt"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A meter bounds the work of one compilation or validation. The library has no
// way to stop, so a meter that runs out panics with spent, and the caller,
// which holds no lock of the library, recovers.
type meter struct {
	left     int
	ticks    int
	deadline time.Time
}

// spent is what a meter panics with: why.
type spent string

const (
	baseWork     = 1_000_000
	workPerValue = 20
	maxTime      = 2 * time.Second
)

func newMeter(values int) *meter {
	m := new(meter)
	m.reset(values)
	return m
}

// reset fills the meter for a document of so many values.
func (m *meter) reset(values int) {
	m.left = baseWork + workPerValue*values
	m.ticks = 0
	m.deadline = time.Now().Add(maxTime)
}

func (m *meter) charge(work int) {
	if m.left -= work; m.left < 0 {
		panic(spent("took too many steps"))
	}
	if m.ticks++; m.ticks%64 == 0 && time.Now().After(m.deadline) {
		panic(spent(fmt.Sprintf("took longer than %s", maxTime)))
	}
}

// prepare puts the meter into every schema reachable from the root, and
// refuses one that applies itself to the same value: it has no meaning, and
// what the library says of it depends on where it meets the loop.
func (f *foreign) prepare() error {
	const entered, done = 1, 2
	state := map[*jsonschema.Schema]int{}
	todo := []*jsonschema.Schema{f.root}
	var visit func(s *jsonschema.Schema) error
	visit = func(s *jsonschema.Schema) error {
		switch {
		case state[s] == done:
			return nil
		case state[s] == entered:
			return fmt.Errorf("%w: %q leads back to itself", ErrReference, strings.TrimPrefix(s.Location, base))
		}
		state[s] = entered
		same, inner := parts(s)
		if len(same) > 0 {
			f.inline++
		}
		for _, p := range same {
			if err := visit(p); err != nil {
				return err
			}
		}
		todo = append(todo, inner...)
		f.install(s, len(same)+len(inner))
		state[s] = done
		return nil
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}

// install makes a schema charge the meter before it looks at a value. The
// format is the one keyword that the library runs early, on any type of value,
// and lets others supply.
func (f *foreign) install(s *jsonschema.Schema, parts int) {
	work := 1 + parts
	if s.Enum != nil {
		work += len(s.Enum.Values) / 16
	}
	format := &jsonschema.Format{Validate: func(any) error { return nil }}
	if s.Format != nil {
		*format = *s.Format
	}
	if format.Name == "regex" {
		format.Validate = (&patterns{meter: f.meter}).check
	}
	judge := format.Validate
	format.Validate = func(v any) error {
		more := 0
		switch v := v.(type) {
		case map[string]any:
			more = len(v) * (1 + len(s.PatternProperties))
		case []any:
			more = len(v)
		case string:
			more = len(v) / 256
		}
		f.meter.charge(work + more)
		return judge(v)
	}
	s.Format = format
}

// parts lists the schemas that a schema applies to the same value, and those
// that it applies to something within it.
func parts(s *jsonschema.Schema) (same, inner []*jsonschema.Schema) {
	add := func(to *[]*jsonschema.Schema, list ...*jsonschema.Schema) {
		for _, p := range list {
			if p != nil {
				*to = append(*to, p)
			}
		}
	}
	among := func(to *[]*jsonschema.Schema, v any) {
		switch v := v.(type) {
		case *jsonschema.Schema:
			add(to, v)
		case []*jsonschema.Schema:
			add(to, v...)
		}
	}
	add(&same, s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else)
	add(&same, s.AllOf...)
	add(&same, s.AnyOf...)
	add(&same, s.OneOf...)
	for _, p := range s.Dependencies {
		among(&same, p)
	}
	for _, p := range s.DependentSchemas {
		add(&same, p)
	}
	if s.DynamicRef != nil {
		// Where it leads is known only when it runs; there the library
		// itself notices a loop.
		add(&inner, s.DynamicRef.Ref)
	}
	add(&inner, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema)
	add(&inner, s.PrefixItems...)
	for _, p := range s.Properties {
		add(&inner, p)
	}
	for _, p := range s.PatternProperties {
		add(&inner, p)
	}
	among(&inner, s.AdditionalProperties)
	among(&inner, s.Items)
	among(&inner, s.AdditionalItems)
	return same, inner
}
