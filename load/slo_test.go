package load

import (
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reports"
)

func TestParseSLO(t *testing.T) {
	l := &reports.Load{Requests: 100, Rate: 96, Throughput: 95.5, ErrorShare: 0.001, Latency: reports.Percentiles{P99: 180, P999: 250, Max: 300}}
	for _, tt := range []struct {
		reason, slo string
		met         bool
		actual      string
	}{
		{"a percentile below its bound", "p99<200ms", true, "180ms"},
		{"a strict bound is not met by its own value", "p99<180ms", false, "180ms"},
		{"the other is", "p99<=180ms", true, "180ms"},
		{"a percentile with a point in its name", "p99.9<0.2s", false, "250ms"},
		{"a share in percent", "errors<0.1%", false, "0.100%"},
		{"the same as a fraction", "errors<=0.001", true, "0.100%"},
		{"a rate with its unit", "rate>=95/s", true, "96.0/s"},
		{"and without, with blanks around", " throughput > 95.5 ", false, "95.5/s"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			slo, err := ParseSLO(tt.slo)
			if err != nil {
				t.Fatal(err)
			}
			got := slo.Judge(l)
			if len(got) != 1 || got[0].Met != tt.met || got[0].Actual != tt.actual {
				t.Errorf("got %+v, want met %v, actual %s", got, tt.met, tt.actual)
			}
		})
	}
}

func TestParseSLOMistakes(t *testing.T) {
	for _, tt := range []struct{ slo, says string }{
		{"", "none of <= >= < >"},
		{"p99", "none of"},
		{"p98<1ms", `no "p98", want one of errors, max, mean`},
		{"p99<200", "want a time"},
		{"p99<-1ms", "want a time"},
		{"errors<200%", "want a share"},
		{"errors<NaN", "want a share"},
		{"rate>=x/s", "want a rate"},
		{"p99<1ms,", "none of"},
	} {
		if _, err := ParseSLO(tt.slo); err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error is %v, want one line with %q", tt.slo, err, tt.says)
		}
	}
}

func FuzzParseSLO(f *testing.F) {
	f.Add("p99<200ms,errors<0.1%,rate>=95/s")
	f.Fuzz(func(t *testing.T, s string) {
		slo, err := ParseSLO(s)
		if err == nil && len(slo) == 0 {
			t.Error("neither an objective nor an error")
		}
		slo.Judge(&reports.Load{})
	})
}
