package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// A param is the type of a {placeholder}: what it looks like in a feature file
// and what it becomes in Go. These are the only regular expressions of the
// vocabulary.
type param[T any] struct {
	name    string
	pattern string // without groups
	parse   func(string) (T, error)
}

var (
	code       = param[string]{"code", `-\d+`, asString}
	count      = param[int]{"count", `\d+`, strconv.Atoi}
	capability = param[string]{"capability", `[a-z]+(?:\.[a-zA-Z]+)?`, asString}
	duration   = param[time.Duration]{"duration", `\d+(?:\.\d+)?(?:us|ms|s|m|h)`, asDuration}
	header     = param[string]{"header", `[A-Za-z-]+`, asString}
	items      = param[string]{"items", `tools|resources|resource templates|prompts`, asString}
	jsonText   = param[string]{"json", `[\[{"0-9tfn-].*`, asString}
	kind       = param[string]{"kind", `tool|resource|prompt`, asString}
	latency    = param[string]{"latency", `p50|p90|p95|p99|p99\.9|mean latency|max latency`, asString}
	method     = param[string]{"method", `[\w./-]+`, asString}
	metaKey    = param[string]{"key", `[\w./-]+`, asString}
	name       = param[string]{"name", `[A-Za-z]\w*`, asString}
	names      = param[[]string]{"names", `\w+(?:, \w+)*`, splitNames}
	percent    = param[float64]{"percent", `\d+(?:\.\d+)?%`, asShare}
	rate       = param[float64]{"rate", `\d+(?:\.\d+)?/[smh]`, asRate}
	revision   = param[spec.Revision]{"revision", `\S+`, asRevision}
	stream     = param[string]{"stream", `[A-Z]`, asString}
	text       = param[string]{"text", `"[^"]*"`, unquote}
	writing    = param[string]{"writing", inPieces + "|" + inOneWrite + "|" + endedByCRLF + "|" + ofOneMiB, asString}
	uri        = param[string]{"uri", `\S+`, asString}
)

func asString(s string) (string, error)          { return s, nil }
func asRevision(s string) (spec.Revision, error) { return spec.Revision(s), nil }
func splitNames(s string) ([]string, error)      { return strings.Split(s, ", "), nil }
func unquote(s string) (string, error)           { return strings.Trim(s, `"`), nil }

// A binding ties a phrase to a method of World. Godog passes strings; a binding
// turns them into the types that the method asks for.
type binding struct {
	params  []string // placeholder names, in order
	pattern []string // their patterns
	handler func(*World, keyword) any
}

func do(f func(*World, context.Context) error) binding {
	return binding{handler: func(w *World, k keyword) any {
		return func(ctx context.Context) error { return w.step(ctx, k, func() error { return f(w, ctx) }) }
	}}
}

func do1[A any](a param[A], f func(*World, context.Context, A) error) binding {
	return binding{[]string{a.name}, []string{a.pattern}, func(w *World, k keyword) any {
		return func(ctx context.Context, s string) error {
			return w.step(ctx, k, func() error {
				x, err := parse(a, s)
				if err != nil {
					return err
				}
				return f(w, ctx, x)
			})
		}
	}}
}

func do2[A, B any](a param[A], b param[B], f func(*World, context.Context, A, B) error) binding {
	return binding{[]string{a.name, b.name}, []string{a.pattern, b.pattern}, func(w *World, k keyword) any {
		return func(ctx context.Context, s, t string) error {
			return w.step(ctx, k, func() error {
				x, err := parse(a, s)
				if err != nil {
					return err
				}
				y, err := parse(b, t)
				if err != nil {
					return err
				}
				return f(w, ctx, x, y)
			})
		}
	}}
}

func do3[A, B, C any](a param[A], b param[B], c param[C], f func(*World, context.Context, A, B, C) error) binding {
	return binding{[]string{a.name, b.name, c.name}, []string{a.pattern, b.pattern, c.pattern}, func(w *World, k keyword) any {
		return func(ctx context.Context, s, t, u string) error {
			return w.step(ctx, k, func() error {
				x, err := parse(a, s)
				if err != nil {
					return err
				}
				y, err := parse(b, t)
				if err != nil {
					return err
				}
				z, err := parse(c, u)
				if err != nil {
					return err
				}
				return f(w, ctx, x, y, z)
			})
		}
	}}
}

// doText binds a phrase that is followed by a text block.
func doText(f func(*World, context.Context, string) error) binding {
	return binding{handler: func(w *World, k keyword) any {
		return func(ctx context.Context, d *godog.DocString) error {
			return w.step(ctx, k, func() error { return f(w, ctx, d.Content) })
		}
	}}
}

// doText1 binds a phrase with one placeholder that is followed by a text block.
func doText1[A any](a param[A], f func(*World, context.Context, A, string) error) binding {
	return binding{[]string{a.name}, []string{a.pattern}, func(w *World, k keyword) any {
		return func(ctx context.Context, s string, d *godog.DocString) error {
			return w.step(ctx, k, func() error {
				x, err := parse(a, s)
				if err != nil {
					return err
				}
				return f(w, ctx, x, d.Content)
			})
		}
	}}
}

func parse[T any](p param[T], s string) (T, error) {
	x, err := p.parse(s)
	if err != nil {
		err = &misspelt{fmt.Errorf("{%s} %q: %w", p.name, s, err)}
	}
	return x, err
}

// misspelt is a fault of the feature file.
type misspelt struct{ error }

type keyword string

const (
	given keyword = "Given"
	when  keyword = "When"
	then  keyword = "Then"
)

// A step is one entry of the vocabulary.
type step struct {
	keyword keyword
	phrase  string
	binding
}

var placeholder = regexp.MustCompile(`\\\{(\w+)\\\}`)

// expr compiles the phrase to an anchored expression. It panics if the
// placeholders are not those of the binding: a misdeclared step must not run.
func (s step) expr() *regexp.Regexp {
	i := 0
	expr := placeholder.ReplaceAllStringFunc(regexp.QuoteMeta(s.phrase), func(p string) string {
		name := p[2 : len(p)-2]
		if i >= len(s.params) || s.params[i] != name {
			panic(fmt.Sprintf("%q: placeholder {%s} is not bound", s.phrase, name))
		}
		i++
		return "(" + s.pattern[i-1] + ")"
	})
	if i != len(s.params) {
		panic(fmt.Sprintf("%q: bound to %d placeholders, has %d", s.phrase, len(s.params), i))
	}
	return regexp.MustCompile("^" + expr + "$")
}
