package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/mcpcheck/mcpcheck/reports"
)

// defaultWidth is that of a report which no terminal limits, in columns.
const defaultWidth = 100

// width returns the columns of the terminal that w is, and whether it is one.
func width(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return defaultWidth, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns, err = strconv.Atoi(os.Getenv("COLUMNS"))
		if err != nil {
			columns = defaultWidth
		}
	}
	return columns, true
}

func textOptions(w io.Writer, strict, verbose bool) reports.TextOptions {
	columns, isTerminal := width(w)
	return reports.TextOptions{
		Color:  isTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		Strict: strict, Verbose: verbose, Width: columns,
	}
}

// A progress shows how a run gets on, on a terminal and nowhere else.
type progress struct {
	line *reports.Progress
	out  io.Writer
}

func terminal(w io.Writer) *progress {
	columns, ok := width(w)
	if !ok {
		return &progress{out: w}
	}
	return &progress{reports.NewProgress(w, columns), w}
}

func (p *progress) planned(total int) {
	if p.line != nil {
		p.line.Start(total)
	}
}

func (p *progress) done(area string) {
	if p.line != nil {
		p.line.Done(area)
	}
}

// note tells what is not a matter of course, terminal or not.
func (p *progress) note(text string) {
	p.clear()
	fmt.Fprintln(p.out, "mcpcheck: "+text)
}

func (p *progress) clear() {
	if p.line != nil {
		p.line.Clear()
	}
}
