package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// What CompileForeign can say of a schema that it cannot use. Only the first
// is certain to be the fault of who wrote the schema.
var (
	ErrNotSchema = errors.New("not a valid JSON Schema")
	ErrDialect   = errors.New("written in a dialect that is not known here")
	ErrReference = errors.New("reference that cannot be resolved")
	ErrPattern   = errors.New("regular expression that is not understood")
	ErrBounds    = errors.New("beyond the bounds within which schemas are judged")
)

// Bounds on schemas and documents of strangers, far above what the field has.
const (
	maxSchemaBytes    = 512 << 10
	maxSchemaValues   = 10_000
	maxSchemaDepth    = 128
	maxForeignBytes   = 16 << 20
	maxForeignValues  = 200_000
	maxForeignDepth   = 256
	maxEvaluationDeep = 100_000 // schemas times levels: what the stack has to hold
)

// base is where a foreign schema is said to live, so that its relative
// references resolve to something that the loader refuses.
const base = "mcp://schema/"

// CompileForeign compiles a schema that a server supplied, in the dialect that
// it declares or else in 2020-12. Nothing is fetched and no file is read, and
// the work on a hostile schema is bounded, here and in Validate. A format is
// asserted where the dialect asserts it: up to draft-07.
func CompileForeign(schema []byte) (Schema, error) {
	if len(schema) > maxSchemaBytes {
		return nil, fmt.Errorf("%w: it has %d bytes, want at most %d", ErrBounds, len(schema), maxSchemaBytes)
	}
	doc, size, err := decode(schema)
	if err != nil {
		return nil, fmt.Errorf("%w: it %w", ErrNotSchema, err)
	}
	switch {
	case size.depth > maxSchemaDepth:
		return nil, fmt.Errorf("%w: it is %d levels deep, want at most %d", ErrBounds, size.depth, maxSchemaDepth)
	case size.values > maxSchemaValues:
		return nil, fmt.Errorf("%w: it has %d values, want at most %d", ErrBounds, size.values, maxSchemaValues)
	case size.extreme:
		return nil, fmt.Errorf("%w: it has a number of more digits than can be computed with", ErrBounds)
	}
	return compileForeign(doc)
}

func compileForeign(doc any) (_ Schema, err error) {
	work := newMeter(maxForeignValues)
	defer func() {
		switch p := recover().(type) {
		case nil:
		case spent:
			err = fmt.Errorf("%w: to compile it %s", ErrBounds, p)
		default:
			err = fmt.Errorf("%w: the validator gave up on it: %v", ErrBounds, p)
		}
	}()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(refuse{})
	patterns := &patterns{meter: work}
	c.UseRegexpEngine(patterns.compile)
	if err := c.AddResource(base, doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSchema, err)
	}
	root, err := c.Compile(base)
	if err != nil {
		return nil, sorted(doc, err, patterns.refused)
	}
	f := &foreign{root: root, meter: work}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	return f, nil
}

// refuse is a loader that loads nothing.
type refuse struct{}

func (refuse) Load(url string) (any, error) {
	return nil, fmt.Errorf("%q is outside of the schema", strings.TrimPrefix(url, base))
}

// sorted tells the errors of the compiler apart.
func sorted(doc any, err error, pattern error) error {
	var (
		load    *jsonschema.LoadURLError
		pointer *jsonschema.JSONPointerNotFoundError
		anchor  *jsonschema.AnchorNotFoundError
		draft   *jsonschema.UnsupportedDraftError
		meta    *jsonschema.InvalidMetaSchemaURLError
		cycle   *jsonschema.MetaSchemaCycleError
		vocab   *jsonschema.UnsupportedVocabularyError
		regex   *jsonschema.InvalidRegexError
		broken  *jsonschema.SchemaValidationError
		verdict *jsonschema.ValidationError
	)
	switch {
	case errors.As(err, &load) && declares(doc, load.URL):
		return fmt.Errorf("%w: $schema is %q", ErrDialect, strings.TrimPrefix(load.URL, base))
	case errors.As(err, &load):
		return fmt.Errorf("%w: %w", ErrReference, load.Err)
	case errors.As(err, &draft), errors.As(err, &meta), errors.As(err, &cycle), errors.As(err, &vocab):
		return fmt.Errorf("%w: %s", ErrDialect, local(err))
	case errors.As(err, &pointer), errors.As(err, &anchor):
		return fmt.Errorf("%w: %s", ErrReference, local(err))
	case errors.As(err, &regex):
		return fmt.Errorf("%w: %s", ErrPattern, local(err))
	case errors.As(err, &broken) && errors.As(broken.Err, &verdict):
		list, patternsOnly := flatten(verdict)
		if patternsOnly && pattern != nil {
			return fmt.Errorf("%w: %w", ErrPattern, pattern)
		}
		list = tidy(list)
		texts := make([]string, 0, 3)
		for _, v := range list[:min(len(list), 3)] {
			texts = append(texts, v.String())
		}
		return fmt.Errorf("%w: %s", ErrNotSchema, strings.ReplaceAll(strings.Join(texts, "; "), "the document", "the schema"))
	}
	return fmt.Errorf("%w: %s", ErrNotSchema, local(err))
}

// local is an error without the address that we gave to the schema.
func local(err error) string { return strings.ReplaceAll(err.Error(), base, "") }

// declares reports whether a schema, or one embedded in it, names a dialect.
func declares(v any, url string) bool {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["$schema"].(string); ok {
			if s, _, _ = strings.Cut(s, "#"); s == url {
				return true
			}
		}
		for _, member := range v {
			if declares(member, url) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if declares(item, url) {
				return true
			}
		}
	}
	return false
}

// foreign is a schema that a server supplied.
type foreign struct {
	mu     sync.Mutex // one document at a time, for the meter
	root   *jsonschema.Schema
	meter  *meter
	inline int // schemas that apply others to the same value
}

func (f *foreign) Validate(doc []byte) (list []Violation) {
	unjudged := func(format string, args ...any) []Violation {
		return []Violation{{Text: fmt.Sprintf(format, args...), unjudged: true}}
	}
	if len(doc) > maxForeignBytes {
		return unjudged("has %d bytes, more than the %d that are judged", len(doc), maxForeignBytes)
	}
	v, size, err := decode(doc)
	switch {
	case err != nil:
		return []Violation{{Text: err.Error()}}
	case size.extreme:
		return unjudged("has a number of more digits than can be computed with")
	case size.depth > maxForeignDepth:
		return unjudged("is %d levels deep, more than the %d that are judged", size.depth, maxForeignDepth)
	case size.values > maxForeignValues:
		return unjudged("has %d values, more than the %d that are judged", size.values, maxForeignValues)
	case (size.depth+1)*(f.inline+1) > maxEvaluationDeep:
		return unjudged("is %d levels deep, too deep for a schema with %d references and combinations", size.depth, f.inline)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case spent:
			list = unjudged("could not be judged: %s", p)
		default:
			list = unjudged("could not be judged: the validator gave up: %v", p)
		}
	}()
	f.meter.reset(size.values)
	var verdict *jsonschema.ValidationError
	if err := f.root.Validate(v); errors.As(err, &verdict) {
		list, _ = flatten(verdict)
		if slices.ContainsFunc(list, func(v Violation) bool { return !v.unjudged }) {
			list = slices.DeleteFunc(list, Violation.Unjudged)
		}
		return tidy(list)
	} else if err != nil {
		return unjudged("could not be judged: %s", local(err))
	}
	return nil
}
