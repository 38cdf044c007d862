package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// A mutant is one change of the program that its tests should notice.
type mutant struct {
	file string // base name
	line int
	does string // what the change is, in a few words
	text string // the source that it changes
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.does, m.text) }

// A mutator rewrites files so that each place which can be changed asks at run
// time whether it is the one that is: all mutants are compiled at once.
type mutator struct {
	files   *token.FileSet
	mutants []mutant

	source  []byte
	opens   []insertion
	closes  []insertion
	results [][]ast.Expr // result types of the functions around the place
}

type insertion struct {
	at   int
	text string
}

// runtime is the file that the rewritten package needs. The chosen mutant and
// the file that collects which ones were reached come from the environment.
const runtime = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	mutantChosen  = func() int { n, err := strconv.Atoi(os.Getenv("MUTANT")); if err != nil { return -1 }; return n }()
	mutantReached sync.Map
	mutantLog     = func() *os.File { f, _ := os.OpenFile(os.Getenv("MUTANTS_REACHED"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); return f }()
)

func mutated(n int) bool {
	if mutantLog != nil {
		if _, known := mutantReached.LoadOrStore(n, true); !known {
			mutantLog.WriteString(strconv.Itoa(n) + "\n")
		}
	}
	return n == mutantChosen
}

func mutantNot[B ~bool](n int, b B) B { if mutated(n) { return !b }; return b }

func mutantOr[B ~bool](n int, a, b B) B { if mutated(n) { return b }; return a }

func mutantNil(n int, err error) error { if mutated(n) { return nil }; return err }
`

// rewrite returns the source of a file with every change of it in place.
func (m *mutator) rewrite(path string, source []byte) ([]byte, error) {
	file, err := parser.ParseFile(m.files, path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	m.source, m.opens, m.closes = source, nil, nil
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			m.function(f.Type, f.Body)
		}
	}
	// Of what begins at one place the outer begins first, and ends last.
	sort.SliceStable(m.opens, func(i, j int) bool { return m.opens[i].at < m.opens[j].at })
	sort.SliceStable(m.closes, func(i, j int) bool { return m.closes[i].at < m.closes[j].at })
	var out bytes.Buffer
	last, opens, closes := 0, m.opens, m.closes
	for len(opens) > 0 || len(closes) > 0 {
		next := &closes
		if len(closes) == 0 || len(opens) > 0 && opens[0].at < closes[0].at {
			next = &opens
		}
		out.Write(source[last:(*next)[0].at])
		out.WriteString((*next)[0].text)
		last, *next = (*next)[0].at, (*next)[1:]
	}
	out.Write(source[last:])
	return out.Bytes(), nil
}

func (m *mutator) function(t *ast.FuncType, body *ast.BlockStmt) {
	var results []ast.Expr
	if t.Results != nil {
		for _, r := range t.Results.List {
			results = append(results, r.Type)
		}
	}
	m.results = append(m.results, results)
	m.block(body.List)
	m.results = m.results[:len(m.results)-1]
}

// block visits statements in the place where one may stand under a condition.
func (m *mutator) block(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && !bookkeeping(call) {
				m.without(s)
				continue
			}
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				m.without(s)
				continue
			}
		case *ast.IncDecStmt:
			m.without(s)
			continue
		}
		m.visit(s)
	}
}

// without leaves the statement out.
func (m *mutator) without(s ast.Stmt) {
	n := m.add(s, "left out")
	m.open(s.Pos(), fmt.Sprintf("if !mutated(%d) { ", n))
	m.visit(s)
	m.close(s.End(), " }")
}

func (m *mutator) visit(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			m.block(n.List)
			return false
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return true
			}
			if n.Init != nil {
				m.visit(n.Init)
			}
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					m.not(e)
				}
				m.block(c.(*ast.CaseClause).Body)
			}
			return false
		case *ast.CaseClause:
			for _, e := range n.List {
				m.visit(e)
			}
			m.block(n.Body)
			return false
		case *ast.CommClause:
			if n.Comm != nil {
				m.visit(n.Comm)
			}
			m.block(n.Body)
			return false
		case *ast.FuncLit:
			m.function(n.Type, n.Body)
			return false
		case *ast.IfStmt:
			if n.Init != nil {
				m.visit(n.Init)
			}
			m.not(n.Cond)
			m.block(n.Body.List)
			if n.Else != nil {
				m.visit(n.Else)
			}
			return false
		case *ast.BinaryExpr:
			return m.binary(n)
		case *ast.ReturnStmt:
			return m.returned(n)
		case *ast.GenDecl: // constants and types hold no conditions
			return n.Tok == token.VAR
		}
		return true
	})
}

// not turns a condition round.
func (m *mutator) not(e ast.Expr) {
	if b, ok := e.(*ast.BinaryExpr); ok {
		m.binary(b)
		return
	}
	n := m.add(e, "turned round")
	m.open(e.Pos(), fmt.Sprintf("mutantNot(%d, ", n))
	m.visit(e)
	m.close(e.End(), ")")
}

func (m *mutator) binary(b *ast.BinaryExpr) bool {
	var wrapped string
	switch b.Op {
	case token.LAND, token.LOR:
		// Each side is turned round: the whole would add little.
		m.not(b.X)
		m.not(b.Y)
		return false
	case token.EQL, token.NEQ:
		wrapped = fmt.Sprintf("mutantNot(%d, ", m.add(b, "turned round"))
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		wrapped = fmt.Sprintf("mutantNot(%d, ", m.add(b, "turned round"))
		if pure(b.X) && pure(b.Y) {
			edge := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[b.Op]
			m.open(b.Pos(), wrapped+fmt.Sprintf("mutantOr(%d, ", m.add(b, edge+" in its place")))
			m.close(b.End(), fmt.Sprintf(", %s %s %s))", m.text(b.X), edge, m.text(b.Y)))
			return false
		}
	default:
		return true
	}
	m.open(b.Pos(), wrapped)
	m.visit(b.X)
	m.visit(b.Y)
	m.close(b.End(), ")")
	return false
}

// returned drops the error that a function returns: a check that never fails.
func (m *mutator) returned(r *ast.ReturnStmt) bool {
	results := m.results[len(m.results)-1]
	if len(results) != 1 || len(r.Results) != 1 || m.text(results[0]) != "error" || m.text(r.Results[0]) == "nil" {
		return true
	}
	n := m.add(r, "no error")
	m.open(r.Results[0].Pos(), fmt.Sprintf("mutantNil(%d, ", n))
	m.visit(r.Results[0])
	m.close(r.End(), ")")
	return false
}

func (m *mutator) add(n ast.Node, does string) int {
	p := m.files.Position(n.Pos())
	text := strings.Join(strings.Fields(m.text(n)), " ")
	if len(text) > 90 {
		text = strings.ToValidUTF8(text[:90], "") + " …"
	}
	m.mutants = append(m.mutants, mutant{filepath.Base(p.Filename), p.Line, does, text})
	return len(m.mutants) - 1
}

func (m *mutator) open(at token.Pos, text string) {
	m.opens = append(m.opens, insertion{m.files.Position(at).Offset, text})
}

func (m *mutator) close(at token.Pos, text string) {
	m.closes = append(m.closes, insertion{m.files.Position(at).Offset, text})
}

func (m *mutator) text(n ast.Node) string {
	return string(m.source[m.files.Position(n.Pos()).Offset:m.files.Position(n.End()).Offset])
}

// pure reports whether an expression can be evaluated twice.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.ParenExpr:
		return pure(e.X)
	case *ast.BinaryExpr:
		return pure(e.X) && pure(e.Y) && e.Op != token.QUO
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.Ident)
		return ok && f.Name == "len" && len(e.Args) == 1 && pure(e.Args[0])
	}
	return false
}

// bookkeeping calls keep the program tidy and decide nothing: without them it
// hangs, or leaks what the test's end frees.
func bookkeeping(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return slices.Contains([]string{"panic", "close", "Close", "Lock", "Unlock", "RLock", "RUnlock", "Add", "Done", "Wait", "cancel", "stop", "Stop", "Cancel"}, name)
}
