package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/reports/chart"
)

// outcomeRanks are the outcomes in the order in which they are stacked, which is
// also that of their colours.
var outcomeRanks = []string{"ok", "tool error", "JSON-RPC error", "HTTP status", "rate limited", "timeout", "transport error", "wrong answer", "cross-session leak"}

func rank(outcome string) int {
	if i := slices.Index(outcomeRanks, outcome); i >= 0 {
		return i
	}
	return len(outcomeRanks)
}

// moments is the timeline of a load test, to be drawn.
type moments struct {
	*Load
	*Timeline
	bounds []chart.Mark
}

func (m moments) width() float64 { return time.Duration(m.Width).Seconds() }

// end is when the last moment ends: a length need not be a multiple of theirs.
func (m moments) end() float64 {
	all := m.width() * float64(len(m.Moments))
	if d := time.Duration(m.Plan.Duration).Seconds(); d > all-m.width() && d < all {
		return d
	}
	return all
}

// middles are where values are drawn, and of each moment the seconds it lasts.
func (m moments) middles() (at, lasts []float64) {
	for i := range m.Moments {
		from := float64(i) * m.width()
		to := min(from+m.width(), m.end())
		at, lasts = append(at, (from+to)/2), append(lasts, to-from)
	}
	return at, lasts
}

func (m moments) base() chart.Chart {
	c := chart.Chart{X: timeAxis(m.end())}
	_, lasts := m.middles()
	for i, x := range m.Moments {
		from := float64(i) * m.width()
		words := []string{"from " + clock(from) + " on"}
		if x.Latency != nil {
			words = append(words, fmt.Sprintf("p50 %s ms, p99 %s ms, max %s ms", milliseconds(x.Latency.P50), milliseconds(x.Latency.P99), milliseconds(x.Latency.Max)))
		}
		sent := "sent " + perSecond(float64(x.Sent)/lasts[i])
		if m.Plan.Loop == "open" {
			sent += " of " + perSecond(float64(x.Planned)/lasts[i])
		}
		words = append(words, sent)
		for _, k := range slices.SortedFunc(maps.Keys(x.Outcomes), order) {
			words = append(words, fmt.Sprintf("%s %d", line(k, 40), x.Outcomes[k]))
		}
		c.Spots = append(c.Spots, chart.Spot{From: from, To: from + lasts[i], Text: strings.Join(words, "\n")})
	}
	return c
}

func (m moments) latency() (figure, chart.Chart) {
	at, _ := m.middles()
	c := m.base()
	f := figure{Title: "Latency over time", Remark: "of the requests that were due at that time"}
	var all [][]float64
	for _, q := range []struct {
		class, name string
		of          func(*Percentiles) float64
	}{
		{"max", "slowest", func(p *Percentiles) float64 { return p.Max }},
		{"s3", "p99", func(p *Percentiles) float64 { return p.P99 }},
		{"s2", "p90", func(p *Percentiles) float64 { return p.P90 }},
		{"s1", "p50", func(p *Percentiles) float64 { return p.P50 }},
	} {
		y := make([]float64, len(at))
		for i, x := range m.Moments {
			y[i] = math.NaN()
			if x.Latency != nil {
				y[i] = q.of(x.Latency)
			}
		}
		all = append(all, y)
		c.Layers = append(c.Layers, chart.Layer{Class: q.class, X: at, Y: y})
		f.Legend = append(f.Legend, legend{q.class, q.name})
	}
	c.Y = latencyAxis(m.bounds, all...)
	c.Marks = within(c.Y, m.bounds)
	return f, c
}

func (m moments) rates() (figure, chart.Chart) {
	at, lasts := m.middles()
	c := m.base()
	var planned, sent, fine []float64
	for i, x := range m.Moments {
		planned = append(planned, float64(x.Planned)/lasts[i])
		sent = append(sent, float64(x.Sent)/lasts[i])
		fine = append(fine, float64(x.Outcomes["ok"])/lasts[i])
	}
	f := figure{Title: "Rate over time", Remark: "requests a second", Legend: []legend{{"s1", "sent"}, {"k0", "of those due, succeeded"}}}
	c.Y = chart.Axis{}.Fit(planned, sent, fine)
	c.Layers = []chart.Layer{{Class: "k0 faint", X: at, Y: fine, Area: true}, {Class: "s1", X: at, Y: sent}}
	if m.Plan.Loop == "open" {
		f.Legend = append([]legend{{"plan", "planned"}}, f.Legend...)
		c.Layers = append(c.Layers, chart.Layer{Class: "plan", X: at, Y: planned, Dash: true})
	}
	return f, c
}

// kinds are the outcomes that there are.
func (m moments) kinds() map[string]bool {
	kinds := map[string]bool{}
	for _, x := range m.Moments {
		for k := range x.Outcomes {
			kinds[k] = true
		}
	}
	return kinds
}

// outcomes stacks what became of the requests that were due at a time.
func (m moments) outcomes(title string, kinds []string) (figure, chart.Chart) {
	at, lasts := m.middles()
	c := m.base()
	f := figure{Title: title, Remark: "a second, of the requests that were due at that time"}
	slices.SortFunc(kinds, order)
	sum := make([]float64, len(at))
	for _, k := range kinds {
		total := uint64(0)
		for i, x := range m.Moments {
			sum[i] += float64(x.Outcomes[k]) / lasts[i]
			total += x.Outcomes[k]
		}
		class := fmt.Sprintf("k%d", rank(k))
		c.Layers = append([]chart.Layer{{Class: class + " stack", X: at, Y: slices.Clone(sum), Area: true}}, c.Layers...)
		f.Legend = append(f.Legend, legend{class, fmt.Sprintf("%s: %d", line(k, 40), total)})
	}
	c.Y = chart.Axis{}.Fit(sum)
	return f, c
}
