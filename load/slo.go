package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// An SLO is a list of objectives, all of which have to hold.
type SLO []objective

// An objective is a bound on one figure of a load test.
type objective struct {
	text     string // as written
	metric   string
	operator string
	bound    float64 // milliseconds, a share from 0 to 1, or requests a second
}

// metrics lists what an objective can be about, with the unit of its bound.
var metrics = map[string]struct {
	unit string
	of   func(*reports.Load) float64
}{
	"mean":       {"time", func(l *reports.Load) float64 { return l.Latency.Mean }},
	"p50":        {"time", func(l *reports.Load) float64 { return l.Latency.P50 }},
	"p90":        {"time", func(l *reports.Load) float64 { return l.Latency.P90 }},
	"p95":        {"time", func(l *reports.Load) float64 { return l.Latency.P95 }},
	"p99":        {"time", func(l *reports.Load) float64 { return l.Latency.P99 }},
	"p99.9":      {"time", func(l *reports.Load) float64 { return l.Latency.P999 }},
	"max":        {"time", func(l *reports.Load) float64 { return l.Latency.Max }},
	"errors":     {"share", func(l *reports.Load) float64 { return l.ErrorShare }},
	"rate":       {"rate", func(l *reports.Load) float64 { return l.Rate }},
	"throughput": {"rate", func(l *reports.Load) float64 { return l.Throughput }},
}

// operators, the longer first.
var operators = []string{"<=", ">=", "<", ">"}

// ParseSLO reads objectives such as "p99<200ms,errors<0.1%,rate>=95/s".
func ParseSLO(s string) (SLO, error) {
	var slo SLO
	for part := range strings.SplitSeq(s, ",") {
		o, err := parseObjective(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("the objective %q: %w", strings.TrimSpace(part), err)
		}
		slo = append(slo, o)
	}
	return slo, nil
}

func parseObjective(s string) (objective, error) {
	at := strings.IndexAny(s, "<>")
	if at < 0 {
		return objective{}, fmt.Errorf("it has none of %s", strings.Join(operators, " "))
	}
	o := objective{text: s, metric: strings.TrimSpace(s[:at])}
	for _, op := range operators {
		if rest, ok := strings.CutPrefix(s[at:], op); ok {
			o.operator = op
			m, known := metrics[o.metric]
			if !known {
				return o, fmt.Errorf("there is no %q, want one of %s", o.metric, strings.Join(metricNames(), ", "))
			}
			var err error
			o.bound, err = parseBound(m.unit, strings.TrimSpace(rest))
			return o, err
		}
	}
	return o, nil
}

func metricNames() []string {
	names := make([]string, 0, len(metrics))
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseBound(unit, s string) (float64, error) {
	switch unit {
	case "time":
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("the bound is %q, want a time such as 200ms or 1.5s", s)
		}
		return reports.Milliseconds(d), nil
	case "share":
		number, percent := strings.CutSuffix(s, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if percent {
			v /= 100
		}
		if err != nil || !(v >= 0 && v <= 1) {
			return 0, fmt.Errorf("the bound is %q, want a share such as 0.1%%", s)
		}
		return v, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "/s"), 64)
	if err != nil || !(v >= 0) {
		return 0, fmt.Errorf("the bound is %q, want a rate such as 95/s", s)
	}
	return v, nil
}

// On reports whether an objective is on one of some metrics, such as "errors".
func (slo SLO) On(metrics ...string) bool {
	return slices.ContainsFunc(slo, func(o objective) bool { return slices.Contains(metrics, o.metric) })
}

// Texts are the objectives as they were written.
func (slo SLO) Texts() (list []string) {
	for _, o := range slo {
		list = append(list, o.text)
	}
	return list
}

// Judge says of each objective whether a load test met it.
func (slo SLO) Judge(l *reports.Load) []reports.Objective {
	list := make([]reports.Objective, len(slo))
	for i, o := range slo {
		m := metrics[o.metric]
		actual := m.of(l)
		list[i] = reports.Objective{Objective: o.text, Actual: showBound(m.unit, actual), Met: l.Requests > 0 && o.holds(actual)}
	}
	return list
}

func (o objective) holds(actual float64) bool {
	switch o.operator {
	case "<":
		return actual < o.bound
	case "<=":
		return actual <= o.bound
	case ">":
		return actual > o.bound
	}
	return actual >= o.bound
}

func showBound(unit string, v float64) string {
	switch unit {
	case "time":
		return time.Duration(v * float64(time.Millisecond)).Round(10 * time.Microsecond).String()
	case "share":
		return strconv.FormatFloat(v*100, 'f', 3, 64) + "%"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + "/s"
}

// Met reports whether all objectives hold.
func Met(list []reports.Objective) bool {
	return !slices.ContainsFunc(list, func(o reports.Objective) bool { return !o.Met })
}
