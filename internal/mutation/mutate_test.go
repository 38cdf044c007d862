package main

import (
	"go/token"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	for _, c := range []struct {
		why, in, want string
		does          []string
	}{
		{"a condition", "if ok { a := 1; _ = a }", "if mutantNot(0, ok) { a := 1; if !mutated(1) { _ = a } }", []string{"turned round", "left out"}},
		{"each side of one", "if a && !b { }", "if mutantNot(0, a) && mutantNot(1, !b) { }", []string{"turned round", "turned round"}},
		{"a comparison, and its edge", "if x < len(y) { }", "if mutantNot(0, mutantOr(1, x < len(y), x <= len(y))) { }", []string{"turned round", "<= in its place"}},
		{"what may not be evaluated twice has no edge", "if f() < 1 { }", "if mutantNot(0, f() < 1) { }", []string{"turned round"}},
		{"a call", "f(x == y)", "if !mutated(0) { f(mutantNot(1, x == y)) }", []string{"left out", "turned round"}},
		{"calls that only keep order stay", "mu.Lock()", "mu.Lock()", nil},
		{"a definition stays", "x := 1", "x := 1", nil},
		{"the head of a loop stays a statement", "for i = 0; i < n; i++ { }", "for i = 0; mutantNot(0, mutantOr(1, i < n, i <= n)); i++ { }", []string{"turned round", "<= in its place"}},
		{"a case without a tag", "switch { case a, b == 1: x++ }", "switch { case mutantNot(0, a), mutantNot(1, b == 1): if !mutated(2) { x++ } }", []string{"turned round", "turned round", "left out"}},
		{"a case with one", "switch x { case y: x++ }", "switch x { case y: if !mutated(0) { x++ } }", []string{"left out"}},
		{"what a select receives stays", "select { case v = <-c: x = v }", "select { case v = <-c: if !mutated(0) { x = v } }", []string{"left out"}},
		{"the error of a function", "return g(a)", "return mutantNil(0, g(a))", []string{"no error"}},
		{"no error stays none", "return nil", "return nil", nil},
		{"a function within has results of its own", "h(func() bool { return a == b })", "if !mutated(0) { h(func() bool { return mutantNot(1, a == b) }) }", []string{"left out", "turned round"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			m := &mutator{files: token.NewFileSet()}
			got, err := m.rewrite("x.go", []byte("package x\nfunc f() error { "+c.in+" }"))
			if err != nil {
				t.Fatal(err)
			}
			if want := "package x\nfunc f() error { " + c.want + " }"; string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			var does []string
			for _, one := range m.mutants {
				does = append(does, one.does)
			}
			if strings.Join(does, ", ") != strings.Join(c.does, ", ") {
				t.Errorf("got mutants %q, want %q", does, c.does)
			}
		})
	}
}
