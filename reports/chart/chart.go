// Package chart draws numbers over numbers as SVG that a page can style: shapes
// have classes instead of colours, so that one picture serves light, dark and
// paper. It knows nothing of what the numbers mean.
//
// The drawing is done by chartdraw, the core of github.com/go-analyze/charts. It
// was chosen among the libraries that are kept: it emits classes, takes scales of
// our own (a logarithm of what is slower than a quantile is nobody's default) and
// costs some 2 MB of the program. gonum.org/v1/plot draws as well, but with fixed
// colours, and costs 7 MB, mostly fonts. go-echarts and vegeta's plot need
// JavaScript, the first a megabyte in each page; without it, or on paper in the
// dark, they show nothing.
package chart

import (
	"bytes"
	"html/template"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// A Chart is a picture of some layers over two axes.
type Chart struct {
	Title  string // for those who cannot see it
	Width  int    // pixels; 0 for 600
	Height int    // 0 for 230
	X, Y   Axis
	Layers []Layer // the first is the lowest
	Marks  []Mark
	Spots  []Spot
}

// A Layer is one line, or what lies under it. Values that are not finite are
// gaps; a value alone is a dot.
type Layer struct {
	Class string
	X, Y  []float64
	Area  bool // fills down to the X axis
	Dots  bool // no line: the values alone
	Steps bool // each value lasts until the next
	Dash  bool
}

// A Mark is a straight line with a remark, across the chart.
type Mark struct {
	Class string
	At    float64
	Level bool // at a value of Y, else of X
	Label string
}

// A Spot is a part of the X axis that tells more when pointed at.
type Spot struct {
	From, To float64
	Text     string
}

// grid is by how much coordinates are finer than pixels: chartdraw's are integers.
const grid = 4

const fontSize = 11

// SVG draws the chart.
func (c Chart) SVG() (template.HTML, error) {
	if c.Width == 0 {
		c.Width = 600
	}
	if c.Height == 0 {
		c.Height = 230
	}
	x, y := c.X.scale(), c.Y.scale()
	spots := &spots{list: c.Spots}
	axis := chartdraw.Style{ClassName: "axis", StrokeColor: drawing.ColorBlack, StrokeWidth: 1, FontStyle: chartdraw.FontStyle{FontSize: fontSize * grid, FontColor: drawing.ColorBlack}}
	none := chartdraw.Style{ClassName: "none", Padding: chartdraw.Box{Top: 14 * grid, Left: 2 * grid, Right: 14 * grid, Bottom: 4 * grid, IsSet: true}}
	picture := chartdraw.Chart{
		Width: c.Width * grid, Height: c.Height * grid, DPI: 72, Background: none, Canvas: none,
		XAxis: chartdraw.XAxis{Style: axis, Range: x, Ticks: ticks(c.X, x, "", ""), GridMajorStyle: chartdraw.Hidden(), GridMinorStyle: chartdraw.Hidden()},
		// The secondary axis is the one on the left.
		YAxis:          chartdraw.YAxis{Style: chartdraw.Hidden(), Range: &scale{max: 1}},
		YAxisSecondary: chartdraw.YAxis{Style: axis, Range: y, Ticks: ticks(c.Y, y, "", "  "), Zero: chartdraw.GridLine{Style: chartdraw.Hidden()}, GridMajorStyle: chartdraw.Hidden(), GridMinorStyle: chartdraw.Hidden()},
		Series:         []chartdraw.Series{gridLines{values: c.Y.values(y)}},
	}
	for _, l := range c.Layers {
		picture.Series = append(picture.Series, l.series()...)
	}
	for i, m := range c.Marks {
		picture.Series = append(picture.Series, mark{Mark: m, row: i})
	}
	picture.Series = append(picture.Series, spots)
	var b bytes.Buffer
	if err := picture.Render(chartdraw.SVG, &b); err != nil {
		return "", err
	}
	svg := bytes.TrimSuffix(b.Bytes(), []byte("</svg>"))
	svg = bytes.Replace(svg, []byte("<svg "), []byte(`<svg class="chart" role="img" aria-label="`+template.HTMLEscapeString(c.Title)+`" `), 1)
	svg = append(svg, spots.out.Bytes()...)
	return template.HTML(append(svg, "</svg>"...)), nil //nolint:gosec // chartdraw and spots escape what is text
}
