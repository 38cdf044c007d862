package reports

import "fmt"

// A Comparison holds a load test against an earlier one.
type Comparison struct {
	Before string `json:"before"` // the files of the earlier one
	Runs   int    `json:"runs"`   // how many load tests there were before
	// Changes is empty if there are Refusals: the reasons for which the two cannot
	// be compared.
	Changes  []Change `json:"changes,omitempty"`
	Refusals []string `json:"refusals,omitempty"`
}

// The verdicts on a Change.
const (
	Same   = "same" // as far as can be told
	Better = "better"
	Worse  = "worse"
)

// A Change is how one figure differs, and why that counts or does not.
type Change struct {
	Metric string  `json:"metric"` // "p50", "p95", "p99", "throughput" or "errors"
	Before float64 `json:"before"` // milliseconds, answers a second, or a share from 0 to 1
	After  float64 `json:"after"`
	P      float64 `json:"p"`     // how probable such a difference is if nothing has changed
	Floor  float64 `json:"floor"` // the smallest difference that counts, in the unit of the figure
	// Verdict is Same unless P is small and the difference larger than Floor.
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// A LoadPart is one of several parts of a load test, of equal length, which show
// by how much its figures vary.
type LoadPart struct {
	Requests   uint64  `json:"requests"`   // that were due in it
	Throughput float64 `json:"throughput"` // answers that came in it and are a success, a second
	P50        float64 `json:"p50"`        // of the latency, in milliseconds
	P95        float64 `json:"p95"`
	P99        float64 `json:"p99"`
}

// worse lists the figures that are worse than before.
func (c *Comparison) worse() []string {
	var list []string
	if c == nil {
		return nil
	}
	for _, x := range c.Changes {
		if x.Verdict == Worse {
			list = append(list, line(x.Metric, maxLabel))
		}
	}
	return list
}

func (c *Comparison) refused() []string {
	if c == nil {
		return nil
	}
	var list []string
	for _, reason := range c.Refusals {
		list = append(list, "it cannot be compared: "+line(reason, maxLabel))
	}
	return list
}

// figure writes a figure of a Change in its unit.
func (c Change) figure(v float64) string {
	switch c.Metric {
	case "throughput":
		return fmt.Sprintf("%.1f/s", v)
	case "errors":
		return fmt.Sprintf("%.3f%%", 100*v)
	}
	return milliseconds(v) + " ms"
}

// comparison draws a line for each figure.
func (p *page) comparison(c *Comparison) {
	if c == nil {
		return
	}
	p.heading("Comparison", "with "+line(c.Before, maxField))
	for _, reason := range c.Refusals {
		p.field(2, "it cannot be compared: ", reason)
	}
	styles := map[string]style{Better: green, Worse: red}
	for _, x := range c.Changes {
		p.printf("  %-10s  %s  %s, before %s\n", line(x.Metric, maxLabel), p.paint(styles[x.Verdict], fmt.Sprintf("%-6s", line(x.Verdict, maxLabel))), x.figure(x.After), x.figure(x.Before))
		p.field(22, "", x.Why)
	}
}

// junitComparison makes a test case of each figure.
func junitComparison(run Run, class string) []junitCase {
	if run.Load == nil || run.Load.Comparison == nil {
		return nil
	}
	var cases []junitCase
	for _, x := range run.Load.Comparison.Changes {
		c := junitCase{Name: line(x.Metric, maxLabel) + " is not worse than before", Class: class + ".comparison"}
		words := line(fmt.Sprintf("%s, before %s: %s", x.figure(x.After), x.figure(x.Before), x.Why), maxField)
		if x.Verdict == Worse {
			c.Failure = &junitFinding{Type: "comparison", Message: words}
		} else {
			c.Out = &junitText{words + "\n"}
		}
		cases = append(cases, c)
	}
	return cases
}
