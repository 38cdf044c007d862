package service

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sony/gobreaker/v2"
)

// metrics are what /metrics shows. Their labels take values of bounded number
// only: a name that a client made up counts as unknown.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	operation *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	sessions  prometheus.Gauge
	streams   *prometheus.GaugeVec
	refused   *prometheus.CounterVec
	backend   *prometheus.CounterVec
	latency   *prometheus.HistogramVec
	breaker   *prometheus.GaugeVec
	ready     prometheus.Gauge
}

// The bounds are those that OpenTelemetry advises for MCP.
var bounds = []float64{.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60, 120, 300}

func newMetrics(name, version string) *metrics {
	registry := prometheus.NewRegistry()
	with := prometheus.WrapRegistererWith(prometheus.Labels{"server": name}, registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		with.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		c := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		with.MustRegister(c)
		return c
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		c := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
		with.MustRegister(c)
		return c
	}
	m := &metrics{
		registry: registry,
		requests: counter("mcp_requests_total", "Requests of clients.", "method", "tool", "outcome"),
		operation: histogram("mcp_server_operation_duration_seconds", "Duration of a request, as the server saw it.",
			"mcp_method_name", "gen_ai_tool_name", "error_type", "mcp_protocol_version", "network_transport"),
		inFlight: gauge("mcp_requests_in_flight", "Requests that are being handled.").WithLabelValues(),
		sessions: gauge("mcp_sessions", "Sessions that are open.").WithLabelValues(),
		streams:  gauge("mcp_streams", "Streams to clients that are open.", "kind"),
		refused:  counter("mcp_refused_total", "Messages that were not let in.", "reason"),
		backend:  counter("mcp_backend_calls_total", "Calls of the backend.", "operation", "outcome"),
		latency:  histogram("mcp_backend_call_duration_seconds", "Duration of a call of the backend.", "operation"),
		breaker:  gauge("mcp_breaker_state", "1 for the state that a backend's circuit breaker is in.", "backend", "state"),
		ready:    gauge("mcp_ready", "1 while /ready says yes, as of its last answer.").WithLabelValues(),
	}
	gauge("mcp_server_info", "1; the labels tell of the server.", "version").WithLabelValues(version).Set(1)
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.breakerState("", gobreaker.StateClosed)
	return m
}

func (m *metrics) backendCall(operation, outcome string, d time.Duration) {
	m.backend.WithLabelValues(operation, outcome).Inc()
	if outcome != "rejected" {
		m.latency.WithLabelValues(operation).Observe(d.Seconds())
	}
}

func (m *metrics) breakerState(backend string, now gobreaker.State) {
	for _, s := range []gobreaker.State{gobreaker.StateClosed, gobreaker.StateHalfOpen, gobreaker.StateOpen} {
		value := 0.0
		if s == now {
			value = 1
		}
		m.breaker.WithLabelValues(backend, s.String()).Set(value)
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
