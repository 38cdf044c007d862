package chart

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

const dot = 3.5 * grid // radius

// series cuts a layer at its gaps.
func (l Layer) series() (list []chartdraw.Series) {
	for from := 0; from < len(l.X); {
		if gap(l.X[from]) || gap(l.Y[from]) {
			from++
			continue
		}
		to := from
		for to < len(l.X) && !gap(l.X[to]) && !gap(l.Y[to]) {
			to++
		}
		list = append(list, l.part(from, to))
		from = to
	}
	return list
}

func (l Layer) part(from, to int) chartdraw.Series {
	if l.Dots || to-from == 1 {
		return dots{Layer: Layer{Class: l.Class, X: l.X[from:to], Y: l.Y[from:to]}}
	}
	s := chartdraw.ContinuousSeries{YAxis: chartdraw.YAxisSecondary, XValues: l.X[from:to], YValues: l.Y[from:to]}
	if l.Steps {
		s.XValues, s.YValues = stairs(s.XValues, s.YValues)
	}
	// What is drawn hangs on colours and widths; how it looks, on the class.
	s.Style = chartdraw.Style{ClassName: l.Class, StrokeColor: drawing.ColorBlack, StrokeWidth: 1}
	switch {
	case l.Area:
		s.Style.FillColor = drawing.ColorBlack
	case l.Dash:
		s.Style.StrokeDashArray = []float64{4 * grid, 4 * grid}
	}
	return s
}

// stairs adds a corner between each two values.
func stairs(x, y []float64) (xs, ys []float64) {
	for i := range x {
		if i > 0 {
			xs, ys = append(xs, x[i]), append(ys, y[i-1])
		}
		xs, ys = append(xs, x[i]), append(ys, y[i])
	}
	return xs, ys
}

// own is what the series that draw themselves have in common.
type own struct{}

// GetName is part of the interface.
func (own) GetName() string               { return "" }
func (own) GetYAxis() chartdraw.YAxisType { return chartdraw.YAxisSecondary }
func (own) GetStyle() (s chartdraw.Style) { return s }
func (own) Validate() error               { return nil }
func (own) pen(r chartdraw.Renderer, class string) {
	r.ResetStyle()
	r.SetClassName(class)
	r.SetStrokeColor(drawing.ColorBlack)
	r.SetStrokeWidth(1)
}

// dots are values that no line joins.
type dots struct {
	own
	Layer
}

// Len and GetValues let the chart know them.
func (d dots) Len() int                       { return len(d.X) }
func (d dots) GetValues(i int) (x, y float64) { return d.X[i], d.Y[i] }

// Render draws them.
func (d dots) Render(r chartdraw.Renderer, box chartdraw.Box, x, y chartdraw.Range, _ chartdraw.Style) {
	d.pen(r, "dot "+d.Class)
	for i := range d.X {
		r.Circle(dot, box.Left+x.Translate(d.X[i]), box.Bottom-y.Translate(d.Y[i]))
		r.FillStroke()
	}
	r.ResetStyle()
}

// gridLines are level lines at the ticks of the Y axis.
type gridLines struct {
	own
	values []float64
}

// Render draws them.
func (g gridLines) Render(r chartdraw.Renderer, box chartdraw.Box, _, y chartdraw.Range, _ chartdraw.Style) {
	g.pen(r, "grid")
	for _, v := range g.values {
		at := box.Bottom - y.Translate(v)
		r.MoveTo(box.Left, at)
		r.LineTo(box.Right, at)
		r.Stroke()
	}
	r.ResetStyle()
}

// mark is a Mark of which each has a row for its remark, so that those of lines
// that are close do not cover one another.
type mark struct {
	own
	Mark
	row int
}

// Render draws it.
func (m mark) Render(r chartdraw.Renderer, box chartdraw.Box, x, y chartdraw.Range, defaults chartdraw.Style) {
	m.pen(r, "mark "+m.Class)
	r.SetFont(defaults.Font)
	r.SetFontSize(fontSize * grid)
	width := r.MeasureText(m.Label).Width()
	at, textX, textY, class := 0, box.Left+4*grid, 0, "remark "
	if m.Level {
		at = box.Bottom - y.Translate(m.At)
		textY = at - 3*grid
		if at < box.Top+fontSize*grid {
			textY = at + (fontSize+2)*grid
		}
		r.MoveTo(box.Left, at)
		r.LineTo(box.Right, at)
	} else {
		at = box.Left + x.Translate(m.At)
		textX, textY = at+4*grid, box.Top+(m.row+1)*(fontSize+4)*grid
		if textX+width+width/4 > box.Right { // the page's font may be wider
			textX, class = at-4*grid, "remark end "
		}
		r.MoveTo(at, box.Bottom)
		r.LineTo(at, box.Top)
	}
	r.Stroke()
	m.pen(r, class+m.Class)
	r.SetFont(defaults.Font)
	r.SetFontSize(fontSize * grid)
	r.Text(m.Label, textX, textY)
	r.ResetStyle()
}

// spots are drawn after everything else, so that they are what is pointed at.
type spots struct {
	own
	list []Spot
	out  bytes.Buffer
}

// Render writes them.
func (s *spots) Render(_ chartdraw.Renderer, box chartdraw.Box, x, _ chartdraw.Range, _ chartdraw.Style) {
	for _, p := range s.list {
		from, to := x.Translate(p.From), x.Translate(p.To)
		if to-from < 2*grid {
			from, to = max(0, (from+to)/2-grid), (from+to)/2+grid
		}
		fmt.Fprintf(&s.out, `<rect class="spot" x="%d" y="%d" width="%d" height="%d"><title>%s</title></rect>`,
			box.Left+from, box.Top, to-from, box.Height(), template.HTMLEscapeString(p.Text))
	}
}
