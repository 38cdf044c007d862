package gauge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	// maxMetrics bounds a page of metrics, in bytes.
	maxMetrics = 8 << 20
	// scrapeLimit bounds how long it may take.
	scrapeLimit = 5 * time.Second
)

// Metrics are what a server exports for Prometheus.
type Metrics struct {
	URL    string
	Header http.Header // sent with each request, such as credentials

	client http.Client
}

// NewMetrics makes sure that there are metrics at a URL.
func NewMetrics(ctx context.Context, address string, header http.Header) (*Metrics, error) {
	m := &Metrics{URL: address, Header: header, client: http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	_, err := m.Scrape(ctx)
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Beside is where the metrics of a server usually are: at the same address, at
// the path /metrics.
func Beside(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/metrics"}).String()
}

// Close gives the connection back.
func (m *Metrics) Close() { m.client.CloseIdleConnections() }

// A Scrape holds the sums of all series of a name, at one moment.
type Scrape struct {
	At       time.Time
	Counters map[string]float64 // what only grows
	Gauges   map[string]float64 // what goes up and down
}

// Scrape reads all metrics.
func (m *Metrics) Scrape(ctx context.Context) (*Scrape, error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range m.Header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4")
	asked := time.Now()
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status is %d, want 200", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxMetrics+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxMetrics:
		return nil, fmt.Errorf("the metrics are longer than %d MiB", maxMetrics>>20)
	}
	s, err := parse(data)
	if err != nil {
		return nil, err
	}
	s.At = asked.Add(time.Since(asked) / 2) // it counts while it is being asked
	return s, nil
}

// parse reads the text format of Prometheus.
func parse(data []byte) (*Scrape, error) {
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is not the text format of Prometheus: %w", err)
	}
	s := &Scrape{Counters: map[string]float64{}, Gauges: map[string]float64{}}
	for name, f := range families {
		s.take(name, f)
	}
	if len(s.Counters)+len(s.Gauges) == 0 {
		return nil, errors.New("there are no metrics")
	}
	return s, nil
}

func (s *Scrape) take(name string, f *dto.MetricFamily) {
	for _, m := range f.GetMetric() {
		switch f.GetType() {
		case dto.MetricType_COUNTER:
			s.Counters[name] += m.GetCounter().GetValue()
		case dto.MetricType_GAUGE:
			s.Gauges[name] += m.GetGauge().GetValue()
		case dto.MetricType_SUMMARY:
			s.Counters[name+"_count"] += float64(m.GetSummary().GetSampleCount())
		case dto.MetricType_HISTOGRAM:
			s.Counters[name+"_count"] += float64(m.GetHistogram().GetSampleCount())
		case dto.MetricType_UNTYPED:
			// Without a type the name is all there is to go by.
			if strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") {
				s.Counters[name] += m.GetUntyped().GetValue()
			} else {
				s.Gauges[name] += m.GetUntyped().GetValue()
			}
		}
	}
}

// Source is "metrics".
func (*Metrics) Source() string { return "metrics" }

// Every is half a second: the server itself has to answer.
func (*Metrics) Every() time.Duration { return 500 * time.Millisecond }

// The names that client libraries of all languages use.
const (
	cpuSeconds = "process_cpu_seconds_total"
	resident   = "process_resident_memory_bytes"
)

var counted = map[string]string{
	"process_open_fds":            Files,
	"go_goroutines":               Goroutines,
	"go_threads":                  Threads,
	"jvm_threads_current":         Threads,
	"nodejs_active_handles_total": "handles",
}

// Read takes from a scrape what a process used. It is an error if the server
// does not tell.
func (m *Metrics) Read(ctx context.Context) (Reading, error) {
	s, err := m.Scrape(ctx)
	if err != nil {
		return Reading{}, err
	}
	cpu, has := s.Counters[cpuSeconds]
	memory, also := s.Gauges[resident]
	if !has || !also {
		return Reading{}, fmt.Errorf("%s and %s are not among the metrics", cpuSeconds, resident)
	}
	r := Reading{At: s.At, CPU: cpu, Memory: memory, Counts: map[string]float64{}}
	for name, of := range counted {
		if v, ok := s.Gauges[name]; ok {
			r.Counts[of] = v
		}
	}
	return r, nil
}
