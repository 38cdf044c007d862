package chart

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-analyze/charts/chartdraw"
)

// An Axis goes from Min to Max. A linear one ends at a round value if that is not
// set to be exact.
type Axis struct {
	Min, Max float64
	Log      bool
	Exact    bool
	Ticks    []float64            // nil for round values
	Label    func(float64) string // nil for the number alone
}

// Values beyond these are taken for gaps: nothing that is measured is as large,
// and axes of hundreds of decades show nothing.
const (
	most10  = 1e12
	least10 = 1e-6 // on a logarithmic axis
)

// gap reports whether a value cannot be drawn.
func gap(v float64) bool { return !(math.Abs(v) <= most10) }

// Fit returns the axis with bounds that hold some values. A linear one begins at 0.
func (a Axis) Fit(lists ...[]float64) Axis {
	least, most := math.Inf(1), math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			if gap(v) || a.Log && v < least10 {
				continue
			}
			least, most = min(least, v), max(most, v)
		}
	}
	switch {
	case least > most:
		a.Min, a.Max = 0, 1
		a.Log = false
	case a.Log:
		a.Min, a.Max = lower(least), upper(most)
	default:
		a.Min, a.Max = min(0, least), most
	}
	return a
}

// lower and upper are the round values of a logarithmic axis next to v.
func lower(v float64) float64 {
	digit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{5, 2} {
		if v >= n*digit {
			return n * digit
		}
	}
	return digit
}

func upper(v float64) float64 {
	digit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*digit {
			return n * digit
		}
	}
	return 10 * digit
}

const wanted = 5 // ticks on a linear axis, about

func step(span float64) float64 { return upper(span / wanted * 0.999) }

// scale settles the bounds.
func (a Axis) scale() *scale {
	s := &scale{min: a.Min, max: a.Max, log: a.Log && a.Min >= least10}
	if gap(s.min) || gap(s.max) {
		s.min, s.max, s.log = 0, 1, false
	}
	switch {
	case s.log && s.max < s.min*1.01:
		s.max = s.min * 10
	case s.max-s.min < max(least10, math.Abs(s.min)*1e-6):
		s.max = s.min + max(math.Abs(s.min), 1)
	}
	if !s.log && !a.Exact {
		d := step(s.max - s.min)
		s.max = math.Ceil(s.max/d-1e-9) * d
	}
	return s
}

// values are where the ticks are.
func (a Axis) values(s *scale) (list []float64) {
	if a.Ticks != nil {
		for _, v := range a.Ticks {
			if v >= s.min && v <= s.max {
				list = append(list, v)
			}
		}
		return list
	}
	if s.log {
		for _, among := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 6, 8}} {
			list = nil
			for digit := math.Pow(10, math.Floor(math.Log10(s.min))); digit <= s.max; digit *= 10 {
				for _, n := range among {
					if v := n * digit; v >= s.min*(1-1e-9) && v <= s.max*(1+1e-9) {
						list = append(list, v)
					}
				}
			}
			if len(list) >= 4 {
				return list
			}
		}
		return list
	}
	d := step(s.max - s.min)
	for i := math.Ceil(s.min/d - 1e-9); i*d <= s.max*(1+1e-9); i++ {
		list = append(list, i*d+0) // no -0
	}
	return list
}

func ticks(a Axis, s *scale, before, after string) (list []chartdraw.Tick) {
	label := a.Label
	if label == nil {
		label = Number
	}
	for _, v := range a.values(s) {
		list = append(list, chartdraw.Tick{Value: v, Label: before + label(v) + after})
	}
	return list
}

// Number writes a value with as many digits as mean something, and large ones in
// thousands.
func Number(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + " M"
	case abs >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + " k"
	case abs >= 100 || v == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// A scale is a chartdraw.Range that keeps its own bounds and knows logarithms.
type scale struct {
	min, max float64
	log      bool
	domain   int
}

// String is what the interface wants.
func (s *scale) String() string       { return fmt.Sprintf("%g to %g", s.min, s.max) }
func (s *scale) IsZero() bool         { return false }
func (s *scale) GetMin() float64      { return s.min }
func (s *scale) SetMin(float64)       {}
func (s *scale) GetMax() float64      { return s.max }
func (s *scale) SetMax(float64)       {}
func (s *scale) GetDelta() float64    { return s.max - s.min }
func (s *scale) GetDomain() int       { return s.domain }
func (s *scale) SetDomain(domain int) { s.domain = domain }
func (s *scale) IsDescending() bool   { return false }

// GetTicks keeps chartdraw from ticks of its own where an axis has none.
func (s *scale) GetTicks(chartdraw.ValueFormatter) []chartdraw.Tick { return nil }

// Translate keeps what is beyond the bounds at them.
func (s *scale) Translate(v float64) int {
	share := (v - s.min) / (s.max - s.min)
	if s.log {
		share = math.Log(max(v, s.min)/s.min) / math.Log(s.max/s.min)
	}
	return int(math.Round(min(max(share, 0), 1) * float64(s.domain)))
}
