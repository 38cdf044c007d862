package reports

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A page is text in the making. Its methods make harmless what they are given,
// except printf and paint, which take it as it is.
type page struct {
	bytes.Buffer
	TextOptions
	strict bool
}

func newPage(o TextOptions) *page {
	switch {
	case o.Width <= 0:
		o.Width = 100
	case o.Width < 40:
		o.Width = 40
	}
	return &page{TextOptions: o}
}

// A style is the parameter of an ANSI SGR sequence.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *page) paint(s style, text string) string {
	if !p.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (p *page) heading(title, remark string) {
	p.printf("\n%s", p.paint(bold, title))
	if remark != "" {
		p.printf(" %s", p.paint(dim, "("+remark+")"))
	}
	p.printf("\n")
}

// field writes text of any length behind a label, further lines under the first.
func (p *page) field(indent int, label, text string) {
	p.block(plain, indent, label, lines(text, maxField)...)
}

// block writes lines that are visible already.
func (p *page) block(s style, indent int, label string, list ...string) {
	margin := strings.Repeat(" ", indent)
	room := max(p.Width-indent-utf8.RuneCountInString(label), 20)
	for _, whole := range list {
		for _, part := range wrap(whole, room) {
			part = strings.TrimRight(part, " ")
			if part == "" && strings.TrimSpace(label) == "" {
				p.printf("\n")
				continue
			}
			p.printf("%s%s%s\n", margin, p.paint(dim, label), p.paint(s, part))
			label = strings.Repeat(" ", utf8.RuneCountInString(label))
		}
	}
}

// verbatim writes lines, visible already, that the reader may want to copy: they
// are not wrapped.
func (p *page) verbatim(indent int, list []string) {
	for _, l := range list {
		p.printf("%s%s\n", strings.Repeat(" ", indent), l)
	}
}

// A cell is one field of a table.
type cell struct {
	text  string
	style style
}

// table aligns columns; those that hold numbers, below the head, to the right.
func (p *page) table(indent int, rows [][]cell) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", indent))
		for i, c := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text))
			if i > 0 {
				b.WriteString("  ")
			}
			switch first := rows[len(rows)-1][i].text; {
			case numeric(first):
				b.WriteString(gap + p.paint(c.style, c.text))
			case i == len(row)-1:
				b.WriteString(p.paint(c.style, c.text))
			default:
				b.WriteString(p.paint(c.style, c.text) + gap)
			}
		}
		p.printf("%s\n", b.String())
	}
}

func numeric(s string) bool { return s == "·" || s != "" && strings.Trim(s, "0123456789.%") == "" }
