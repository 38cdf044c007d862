package reports_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports"
)

// page is the report of a single run, as HTML.
func page(t testing.TB, run reports.Run) string {
	t.Helper()
	var b strings.Builder
	if err := reports.HTML(&b, &reports.Report{Tool: reports.Tool{Name: "mcpcheck", Version: "0.1.0"}, Runs: []reports.Run{run}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	tags   = regexp.MustCompile(`<(/?[A-Za-z][A-Za-z0-9]*)`)
	onward = regexp.MustCompile(`(?i)\s(src|href|srcset|xlink:href|action|data|on[a-z]+)\s*=\s*"[^"]*"|url\(|@import`)
	title  = regexp.MustCompile(`(?s)<title>.*?</title>`)
)

// allowed are all elements that a page may be made of: none loads anything.
var allowed = strings.Fields(`html head meta title style body header main p h1 h2 small ul li dl div dt dd section figure figcaption b span i
	svg path circle text rect table thead tbody tr th td`)

// standsAlone finds what a page must not have.
func standsAlone(t *testing.T, out string) {
	t.Helper()
	for _, m := range tags.FindAllStringSubmatch(out, -1) {
		if name := strings.TrimPrefix(m[1], "/"); !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+name+" ") {
			t.Fatalf("there is a <%s>", name)
		}
	}
	for _, m := range onward.FindAllString(out, -1) {
		t.Errorf("the page leads on: %s", m)
	}
	if strings.Contains(out, "ZgotmplZ") {
		t.Error("the template refused a value")
	}
}

func TestHTML(t *testing.T) {
	for _, tt := range measurements() {
		t.Run(tt.reason, func(t *testing.T) {
			out := page(t, tt.run)
			standsAlone(t, out)
			if n := strings.Count(out, "<svg "); n != tt.pictures {
				t.Errorf("%d pictures, want %d", n, tt.pictures)
			}
			if strings.Contains(out, "could not be drawn") {
				t.Error("a picture could not be drawn")
			}
			if broken := regexp.MustCompile(`"[^"<>]*(NaN|Inf)[^"<>]*"`).FindString(title.ReplaceAllString(out, "")); broken != "" {
				t.Errorf("a shape is where there is no number: %.80s", broken)
			}
			read := html.UnescapeString(out)
			for _, w := range tt.words {
				if !strings.Contains(read, w) {
					t.Errorf("%q is not shown", w)
				}
			}
			if !strings.Contains(out, `default-src 'none'`) {
				t.Error("nothing forbids the page to load what a server might slip in")
			}
		})
	}
}

// TestHTMLDeterministic matters since reports are compared.
func TestHTMLDeterministic(t *testing.T) {
	for _, tt := range measurements() {
		if a, b := page(t, tt.run), page(t, tt.run); a != b {
			t.Errorf("%s: two pages of one run differ", tt.reason)
		}
	}
}

func TestHTMLOfConformance(t *testing.T) {
	var b strings.Builder
	if err := reports.HTML(&b, sample()); err != nil {
		t.Fatal(err)
	}
	standsAlone(t, b.String())
	read := html.UnescapeString(b.String())
	for _, w := range []string{"errors.method-not-found.code", "the error code is that of an internal error", "does not conform"} {
		if !strings.Contains(read, w) {
			t.Errorf("%q is not shown", w)
		}
	}
	b.Reset()
	if err := reports.HTML(&b, &reports.Report{}); err != nil || !strings.Contains(b.String(), "no server to judge") {
		t.Errorf("a report without runs: %v", err)
	}
}

// FuzzHTML writes what a server or a user may have said.
func FuzzHTML(f *testing.F) {
	f.Add("p99<200ms", "ok", "tools/call x", 1.5)
	f.Add("p50<=1h", injected, injected, -1.0)
	f.Add("max<9999999h", "", "\xff", 1e300)
	f.Fuzz(func(t *testing.T, objective, outcome, operation string, v float64) {
		l := loaded(1)
		l.Objectives = []reports.Objective{{Objective: objective, Actual: outcome}}
		l.Outcomes[0].Outcome, l.Operations[0].Operation, l.Plan.Mix[0].Operation = outcome, operation, operation
		l.Timeline.Moments[2].Outcomes = map[string]uint64{outcome: 7}
		l.Timeline.Moments[3].Latency = &reports.Percentiles{P50: v, P99: v * 2, Max: v * 1e9}
		l.Distribution = append(l.Distribution, reports.QuantilePoint{Share: v, Latency: v, Service: -v})
		c := measuredCapacity()
		c.Steps, c.USL = c.Steps[:9], nil
		c.SLO, c.Rate, c.Knee, c.Steps[8].Rate, c.Steps[2].InProgress, c.Steps[4].Throughput = []string{objective}, v, v/2, v, v, v
		for _, run := range []reports.Run{ofLoad(l), ofCapacity(c)} {
			standsAlone(t, page(t, run))
		}
	})
}
