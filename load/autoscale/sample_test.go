package autoscale

import (
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// sample is what a search found of a server that holds 120/s with 1.2 cores.
func sample() *reports.Capacity {
	step := func(rate float64, phase string, held bool, p99, cores float64) reports.CapacityStep {
		return reports.CapacityStep{
			Rate: rate, Phase: phase, Held: held, Throughput: rate, Duration: reports.Duration(10 * time.Second),
			Latency: reports.Percentiles{P50: p99 / 4, P99: p99}, Service: reports.Percentiles{P50: p99 / 4, P99: p99},
			InProgress: rate * p99 / 4000, Server: &reports.Resources{CPU: cores, Memory: 100 << 20, Source: "process"},
		}
	}
	return &reports.Capacity{
		SLO: []string{"p99<200ms", "errors<0.1%"}, Rate: 120, Low: 119, High: 120, Knee: 110, Saturation: 150,
		Steps: []reports.CapacityStep{
			step(20, "search", true, 40, 0.2), step(40, "search", true, 44, 0.4), step(80, "search", true, 60, 0.8),
			step(160, "search", false, 900, 1.5), step(120, "refine", true, 150, 1.2), step(126, "refine", false, 260, 1.3),
			step(120, "confirm", true, 150, 1.2), step(120, "confirm", true, 160, 1.2),
		},
		USL:    &reports.USL{Lambda: 25, Sigma: 0.05, Kappa: 0.001, R2: 0.99, Levels: 7},
		Server: &reports.Resources{CPU: 1.2, Memory: 110 << 20, Source: "process"}, Idle: &reports.Resources{CPU: 0.01, Memory: 60 << 20, Source: "process"},
		Mix:       []reports.LoadMixPart{{Operation: "tools/call search", Share: 0.8}, {Operation: "tools/list", Share: 0.2}},
		Transport: "http", Metrics: []string{"http_requests_total", "mcp_server_operation_duration_seconds_count"}, Replicas: 1,
	}
}

func inputs() Inputs {
	return Inputs{Peak: 900, PodStart: 20 * time.Second, Growth: 0.2, Namespace: "mcp", Deployment: "search"}
}
