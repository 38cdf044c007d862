package steps

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// readMetrics reads the text format of Prometheus as a server of Prometheus does:
// what a Content-Type does not claim is not taken for it.
func readMetrics(p *page) (map[string]*dto.MetricFamily, error) {
	if p.status != 200 {
		return nil, unmetf("HTTP status 200", "%d", p.status)
	}
	claimed := p.header.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(claimed)
	if kind != "text/plain" && kind != "application/openmetrics-text" {
		return nil, unmetf("the Content-Type text/plain; version=0.0.4", "%q", brief(claimed))
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(p.body))
	switch {
	case err != nil && kind != "text/plain":
		return nil, inconclusivef("the metrics are in the format OpenMetrics, which mcpcheck does not read: %w", err)
	case err != nil:
		return nil, unmetf("metrics in the text format of Prometheus", "%s", brief(err.Error()))
	case len(families) == 0:
		return nil, unmetf("metrics", "none")
	}
	return families, nil
}

func (w *World) metricsReadable(context.Context) error {
	_, err := readMetrics(w.operation.seen)
	return err
}

// counters sums up each family that counts something the server does. What the
// process and the runtime count would grow without any call.
func counters(families map[string]*dto.MetricFamily) map[string]float64 {
	sums := map[string]float64{}
	for name, f := range families {
		if slices.ContainsFunc([]string{"process_", "go_", "promhttp_", "python_", "nodejs_", "jvm_"}, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		for _, m := range f.GetMetric() {
			switch f.GetType() {
			case dto.MetricType_COUNTER:
				sums[name] += m.GetCounter().GetValue()
			case dto.MetricType_HISTOGRAM:
				sums[name] += float64(m.GetHistogram().GetSampleCount())
			case dto.MetricType_SUMMARY:
				sums[name] += float64(m.GetSummary().GetSampleCount())
			default: // of another type is what goes down as well
			}
		}
	}
	return sums
}

func (w *World) scrape(ctx context.Context) (map[string]float64, error) {
	p, err := w.subject.get(ctx, w.operation.address)
	if err != nil {
		return nil, inconclusivef("%s does not answer: %w", w.operation.address, err)
	}
	families, err := readMetrics(p)
	if err != nil {
		return nil, rootCause{fmt.Errorf("the metrics cannot be read: %w", err)}
	}
	return counters(families), nil
}

func (w *World) measureCalls(ctx context.Context, n int) error {
	before, err := w.scrape(ctx)
	if err != nil {
		return err
	}
	for range n {
		if err := w.callTool(ctx); err != nil {
			return err
		}
		if w.x.Response() == nil {
			return inconclusivef("a call has no answer: %s", silence(w.x))
		}
	}
	after, err := w.scrape(ctx)
	if err != nil {
		return err
	}
	w.operation.grown = map[string]float64{}
	for name, v := range after {
		w.operation.grown[name] = v - before[name]
	}
	return nil
}

func (w *World) counterGrown(_ context.Context, n int) error {
	most := 0.0
	for _, by := range w.operation.grown {
		most = max(most, by)
	}
	if most >= float64(n) {
		return nil
	}
	names := slices.Sorted(maps.Keys(w.operation.grown))
	if len(names) == 0 {
		return unmetf("a counter of what the server does", "metrics without any")
	}
	return unmetf(fmt.Sprintf("a counter that %d calls have grown by %d or more", n, n), "at most %g more, in %s", most, some(names))
}
