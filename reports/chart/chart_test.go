package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// shapes are the elements of a picture, with what their text is.
type shape struct {
	name, class, text string
	attributes        map[string]string
}

func read(t testing.TB, svg string) (list []shape) {
	t.Helper()
	var open []int
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return list
		case err != nil:
			t.Fatalf("the picture is not well-formed: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			s := shape{name: x.Name.Local, attributes: map[string]string{}}
			for _, a := range x.Attr {
				s.attributes[a.Name.Local] = a.Value
			}
			s.class = s.attributes["class"]
			open = append(open, len(list))
			list = append(list, s)
		case xml.CharData:
			if len(open) > 0 {
				list[open[len(open)-1]].text += string(x)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func draw(t testing.TB, c chart.Chart) []shape {
	t.Helper()
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, string(svg))
}

func labels(list []shape) (axis []string) {
	for _, s := range list {
		if s.name == "text" && strings.Contains(s.class, "axis") {
			axis = append(axis, strings.TrimSpace(s.text))
		}
	}
	return axis
}

func classes(list []shape, name string) (found []string) {
	for _, s := range list {
		if s.name == name && !strings.Contains(s.class, "axis") && !strings.Contains(s.class, "none") && s.class != "grid stroke" {
			found = append(found, s.class)
		}
	}
	return found
}

func TestLayers(t *testing.T) {
	nan := math.NaN()
	x := []float64{0, 1, 2, 3, 4}
	for _, tt := range []struct {
		reason         string
		layer          chart.Layer
		paths, circles []string
	}{
		{"a line", chart.Layer{Class: "a", X: x, Y: []float64{1, 2, 3, 2, 1}}, []string{"a stroke"}, nil},
		{"what lies under it", chart.Layer{Class: "a", X: x, Y: []float64{1, 2, 3, 2, 1}, Area: true}, []string{"a fill", "a stroke"}, nil},
		{"dots", chart.Layer{Class: "a", X: x[:2], Y: []float64{1, 2}, Dots: true}, nil, []string{"dot a stroke", "dot a stroke"}},
		{"a gap cuts it, and what is alone is a dot", chart.Layer{Class: "a", X: x, Y: []float64{1, nan, 2, 3, nan}}, []string{"a stroke"}, []string{"dot a stroke"}},
		{"nothing but gaps", chart.Layer{Class: "a", X: x, Y: []float64{nan, math.Inf(1), nan, math.Inf(-1), 1e300}}, nil, nil},
		{"nothing at all", chart.Layer{Class: "a"}, nil, nil},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got := draw(t, chart.Chart{X: chart.Axis{}.Fit(tt.layer.X), Y: chart.Axis{}.Fit(tt.layer.Y), Layers: []chart.Layer{tt.layer}})
			if p := classes(got, "path"); !slices.Equal(p, tt.paths) {
				t.Errorf("paths %q, want %q", p, tt.paths)
			}
			if c := classes(got, "circle"); !slices.Equal(c, tt.circles) {
				t.Errorf("circles %q, want %q", c, tt.circles)
			}
			for _, s := range got {
				if s.attributes["style"] != "" {
					t.Errorf("a colour that no page can change: %s %s", s.name, s.attributes["style"])
				}
			}
		})
	}
}

func TestAxis(t *testing.T) {
	ms := func(v float64) string { return chart.Number(v) + " ms" }
	for _, tt := range []struct {
		reason string
		axis   chart.Axis
		want   []string
	}{
		{"it ends at a round value", chart.Axis{}.Fit([]float64{3, 97}), []string{"0", "20", "40", "60", "80", "100"}},
		{"unless it is exact", chart.Axis{Exact: true}.Fit([]float64{3, 97}), []string{"0", "20", "40", "60", "80"}},
		{"thousands", chart.Axis{}.Fit([]float64{48000}), []string{"0", "10 k", "20 k", "30 k", "40 k", "50 k"}},
		{"less than one", chart.Axis{}.Fit([]float64{0.031}), []string{"0", "0.01", "0.02", "0.03", "0.04"}},
		{"decades", chart.Axis{Log: true, Label: ms}.Fit([]float64{0.2, 700}), []string{"1 ms", "10 ms", "100 ms", "1000 ms"}},
		{"less than a decade", chart.Axis{Log: true}.Fit([]float64{12, 44}), []string{"10", "15", "20", "30", "40", "50"}},
		{"one value", chart.Axis{Log: true}.Fit([]float64{10}), []string{"10", "20", "50", "100"}},
		{"zero has no logarithm", chart.Axis{Log: true}.Fit([]float64{0, 0}), []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{"no value", chart.Axis{}.Fit(nil), []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{"ticks of one's own", chart.Axis{Max: 8, Exact: true, Ticks: []float64{0, 4, 8, 16}}, []string{"0", "4", "8"}},
		{"bounds that are none", chart.Axis{Min: math.NaN(), Max: math.Inf(1)}, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
	} {
		got := labels(draw(t, chart.Chart{X: chart.Axis{Max: 1, Ticks: []float64{}}, Y: tt.axis}))
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: labels %q, want %q", tt.reason, got, tt.want)
		}
	}
}

// TestPlaces holds values to where they belong: a logarithm is spaced evenly.
func TestPlaces(t *testing.T) {
	got := draw(t, chart.Chart{X: chart.Axis{Min: 1, Max: 1000, Log: true, Ticks: []float64{1}}, Y: chart.Axis{Max: 1, Ticks: []float64{1}}, Layers: []chart.Layer{
		{Class: "a", X: []float64{1, 10, 100, 1000, 1e6}, Y: []float64{0, 0.5, 1, 2, -1}, Dots: true},
	}})
	var x, y []int
	for _, s := range got {
		if s.name == "circle" {
			for to, name := range map[*[]int]string{&x: "cx", &y: "cy"} {
				v, err := strconv.Atoi(s.attributes[name])
				if err != nil {
					t.Fatal(err)
				}
				*to = append(*to, v)
			}
		}
	}
	for i := 2; i < 4; i++ {
		if d := (x[i] - x[i-1]) - (x[1] - x[0]); d < -1 || d > 1 || x[1] <= x[0] {
			t.Errorf("decades at %v, want them evenly spaced", x)
		}
	}
	if x[4] != x[3] || y[3] != y[2] || y[4] != y[0] || y[0] <= y[1] || y[1] <= y[2] {
		t.Errorf("at %v and %v: want what is beyond the axes at their ends, and more higher up", x, y)
	}
}

func TestMarksAndSpots(t *testing.T) {
	const hostile = `</text><script>"'&`
	got := draw(t, chart.Chart{
		Title: hostile, X: chart.Axis{Max: 10}, Y: chart.Axis{Max: 10},
		Marks: []chart.Mark{{Class: "bound", At: 5, Level: true, Label: hostile}, {Class: "held", At: 9.9, Label: "holds 838/s"}},
		Spots: []chart.Spot{{From: 2, To: 2, Text: hostile}, {From: 3, To: 5, Text: "three"}},
	})
	var titles, remarks []string
	for _, s := range got {
		switch {
		case s.name == "script":
			t.Error("a label has become an element")
		case s.name == "title":
			titles = append(titles, s.text)
		case strings.HasPrefix(s.class, "remark"):
			remarks = append(remarks, s.text)
		case s.name == "rect" && (s.attributes["width"] == "0" || strings.HasPrefix(s.attributes["width"], "-")):
			t.Error("a spot is too narrow to be pointed at")
		}
	}
	if !slices.Equal(titles, []string{hostile, "three"}) || !slices.Equal(remarks, []string{hostile, "holds 838/s"}) || got[0].attributes["aria-label"] != hostile {
		t.Errorf("titles %q, remarks %q, %q", titles, remarks, got[0].attributes["aria-label"])
	}
}

// FuzzSVG draws any numbers.
func FuzzSVG(f *testing.F) {
	f.Add(0.0, 1.0, 2.0, 3.0, true)
	f.Add(5e-324, 1e308, -1.0, 1e-9, true)
	f.Add(math.Inf(1), math.NaN(), 1e15, 1e15+1, false)
	f.Fuzz(func(t *testing.T, a, b, c, d float64, logarithm bool) {
		x, y := []float64{a, b, c}, []float64{b, c, d}
		got := draw(t, chart.Chart{
			X: chart.Axis{Log: logarithm}.Fit(x), Y: chart.Axis{Min: a, Max: d, Log: !logarithm, Exact: logarithm},
			Layers: []chart.Layer{{X: x, Y: y}, {X: x, Y: y, Area: true, Steps: true}, {X: x, Y: y, Dots: true}},
			Marks:  []chart.Mark{{At: a}, {At: d, Level: true}}, Spots: []chart.Spot{{From: a, To: b}},
		})
		if n := len(labels(got)); n > 60 {
			t.Errorf("%d labels", n)
		}
		for _, s := range got {
			for name, v := range s.attributes {
				if strings.Contains(v, "NaN") || strings.Contains(v, "-92233720368") {
					t.Errorf("%s is %.80s", name, v)
				}
			}
		}
	})
}
