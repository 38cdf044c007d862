package reports_test

import (
	"math"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

func percentiles(p50, p99 float64) reports.Percentiles {
	return reports.Percentiles{Mean: p50 * 1.1, P50: p50, P90: p50 + (p99-p50)/4, P95: p50 + (p99-p50)/2, P99: p99, P999: p99 * 1.4, Max: p99 * 2}
}

// loaded is a load test of which a tenth goes wrong in the middle.
func loaded(seconds int) *reports.Load {
	l := &reports.Load{
		Plan: reports.LoadPlan{Loop: "open", Rate: 120, Duration: reports.Duration(seconds) * reports.Duration(time.Second), Sessions: 2, Workers: 1000,
			Mix: []reports.LoadMixPart{{Operation: "tools/call search", Share: 0.75}, {Operation: "tools/list", Share: 0.25}}},
		Duration: reports.Duration(seconds) * reports.Duration(time.Second), Rate: 119.5, Throughput: 107.4, ErrorShare: 0.1,
		Latency: percentiles(12.3, 187), Service: percentiles(11.2, 91), Slip: percentiles(0.01, 0.4),
		Objectives: []reports.Objective{{Objective: "p99<200ms", Actual: "187ms", Met: true}, {Objective: "errors<1%", Actual: "10.000%"}},
		RetryAfter: []string{"3"}, Timeline: &reports.Timeline{Width: ms(100)},
	}
	for i := range 10 * seconds {
		p := percentiles(12+3*math.Sin(float64(i)/5), 120+60*math.Cos(float64(i)/9))
		m := reports.LoadMoment{Planned: 12, Sent: 12, Latency: &p, Outcomes: map[string]uint64{"ok": 12}}
		if third := 10 * seconds / 3; i >= third && i < 2*third {
			m.Outcomes = map[string]uint64{"ok": 8, "timeout": 2, "JSON-RPC error": 2}
		}
		l.Timeline.Moments = append(l.Timeline.Moments, m)
		l.Planned, l.Requests = l.Planned+m.Planned, l.Requests+m.Sent
	}
	for i := range 50 {
		rest := math.Exp2(-float64(i) / 5)
		l.Distribution = append(l.Distribution, reports.QuantilePoint{Share: 1 - rest, Latency: 8 + 6*float64(i), Service: 7 + 2*float64(i)})
	}
	l.Outcomes = []reports.LoadOutcome{{Outcome: "ok", Count: l.Requests * 9 / 10, Share: 0.9}, {Outcome: "timeout", Count: l.Requests / 20, Share: 0.05}, {Outcome: "JSON-RPC error -32603", Count: l.Requests / 20, Share: 0.05}}
	for _, part := range l.Plan.Mix {
		l.Operations = append(l.Operations, reports.LoadOperation{Operation: part.Operation, Requests: l.Requests / 2, Latency: percentiles(12, 180)})
	}
	return l
}

// ofLoad is a run of nothing but a load test.
func ofLoad(l *reports.Load) reports.Run {
	return reports.Run{Target: "http://127.0.0.1:3000/mcp", Transport: spec.StreamableHTTP, Revision: spec.R20251125, Duration: ms(10000), Load: l}
}

// allFailed is a load test that nobody answered.
func allFailed() *reports.Load {
	l := loaded(4)
	l.Throughput, l.ErrorShare = 0, 1
	l.Outcomes = []reports.LoadOutcome{{Outcome: "transport error connection refused", Count: l.Requests, Share: 1}}
	for i := range l.Timeline.Moments {
		l.Timeline.Moments[i].Latency = &reports.Percentiles{}
		l.Timeline.Moments[i].Outcomes = map[string]uint64{"transport error": 12}
	}
	l.Latency, l.Service, l.Distribution = reports.Percentiles{}, reports.Percentiles{}, []reports.QuantilePoint{{}}
	return l
}

// measuredCapacity is what a search found of a server that holds 838/s.
func measuredCapacity() *reports.Capacity {
	const most = 1060
	step := func(phase string, rate, throughput, p50, p99, n float64, held bool) reports.CapacityStep {
		s := reports.CapacityStep{Rate: rate, Phase: phase, Duration: ms(2500), Held: held, Throughput: throughput, Latency: percentiles(p50, p99), Service: percentiles(p50, p99),
			InProgress: n, Server: &reports.Resources{CPU: throughput / 900, Memory: (60 + throughput/20) * (1 << 20), Source: "process"}}
		if !held {
			s.Broken = []reports.Objective{{Objective: "p99<200ms", Actual: "412ms"}}
		}
		return s
	}
	c := &reports.Capacity{
		SLO: []string{"p99<200ms", "errors<0.1%"}, Rate: 838, Low: 834, High: 838, Knee: 640, Saturation: most, Transport: "streamable-http", Replicas: 1,
		USL:    &reports.USL{Lambda: 120, Sigma: 0.03, Kappa: 0.0009, R2: 0.994, Levels: 7, Peak: 1062, PeakConcurrency: 32.8},
		Server: &reports.Resources{CPU: 0.93, Memory: 102 << 20, Source: "process"}, Idle: &reports.Resources{CPU: 0.01, Memory: 55 << 20, Source: "process"},
		Mix:   []reports.LoadMixPart{{Operation: "tools/call search", Share: 1}},
		Notes: []string{"the knee is where the median latency leaves 9.70 ms, its level at the lowest rate, by half"},
	}
	for _, n := range []float64{1, 2, 4, 8, 16, 32, 64} {
		x := 120 * n / (1 + 0.03*(n-1) + 0.0009*n*(n-1))
		c.Steps = append(c.Steps, step("level", x, x, n/x*1000, n/x*2500, n, true))
	}
	for _, x := range []struct {
		phase string
		rate  float64
	}{{"search", 130}, {"search", 260}, {"search", 520}, {"search", 1040}, {"refine", 736}, {"refine", 875}, {"refine", 802}, {"refine", 838}, {"confirm", 838}, {"confirm", 838}, {"confirm", 838}} {
		p50 := 8.5 / (1 - min(x.rate/most, 0.99))
		c.Steps = append(c.Steps, step(x.phase, x.rate, min(x.rate, 1010), p50, p50*4, x.rate*p50/1000, x.rate <= 838))
	}
	return c
}

// measuredAutoscale is a target with a simulation in which some wait.
func measuredAutoscale() *reports.Capacity {
	c := measuredCapacity()
	c.Autoscale = &reports.Autoscale{
		Metric: "mcp_requests_per_second", Target: 562, Headroom: 0.329, Peak: 9000, Replicas: 17, MinReplicas: 4, MaxReplicas: 19,
		Arithmetic: []reports.Arithmetic{{Of: "target", Formula: "capacity × (1 − headroom)", Numbers: "838/s × (1 − 32.9%)", Result: "562/s", Reason: "averageValue, per replica, rounded down"}},
		Warnings:   []string{"no counter of requests was seen on the server"}, Files: []string{"deploy/hpa.yaml"},
		Simulation: &reports.Simulation{Traffic: "step", Duration: ms(3600_000), Requests: 18e6, Late: 54321, Dropped: 1234, MostReplicas: 17, Changes: 3, PodHours: 11.5, StaticPodHours: 17},
	}
	for i := range 240 {
		s := reports.SimulationSample{At: ms(int64(i) * 15000), Offered: 3000, Replicas: 6, Ready: 6, Metric: 500}
		if i >= 80 {
			s.Offered, s.Replicas, s.Ready, s.Metric = 9000, 17, 17, 529
		}
		if i >= 80 && i < 88 {
			s.Ready, s.Metric, s.Late, s.Dropped, s.Queue = 6, 1060, 3000, 80, 20000
		}
		c.Autoscale.Simulation.Samples = append(c.Autoscale.Simulation.Samples, s)
	}
	return c
}

func ofCapacity(c *reports.Capacity) reports.Run {
	return reports.Run{Target: "http://127.0.0.1:3000/mcp", Transport: spec.StreamableHTTP, Revision: spec.R20251125, Duration: ms(60000), Capacity: c}
}

const injected = `</title></text></svg></style><script>alert(1)</script><img src=x onerror=alert(1)>"'&` + hostile

// A measurement is a run that has to be shown well, with words that a reader
// has to find, and how many pictures there are.
type measurement struct {
	reason   string
	run      reports.Run
	words    []string
	pictures int
}

func measurements() []measurement {
	one := loaded(1)
	single := loaded(1)
	single.Timeline.Moments, single.Distribution = single.Timeline.Moments[:1], single.Distribution[:1]
	old := loaded(2)
	old.Timeline, old.Distribution = nil, nil
	closed := loaded(2)
	closed.Plan.Loop, closed.Plan.Rate, closed.Plan.Concurrency, closed.Planned = "closed", 0, 8, 0
	wicked := loaded(2)
	wicked.Notes, wicked.RetryAfter = []string{injected}, []string{injected}
	wicked.Outcomes[1].Outcome, wicked.Operations[0].Operation, wicked.Plan.Mix[0].Operation = injected, injected, injected
	wicked.Objectives = append(wicked.Objectives, reports.Objective{Objective: injected, Actual: injected})
	wicked.Timeline.Moments[3].Outcomes = map[string]uint64{injected: 3}
	wickedRun := ofLoad(wicked)
	wickedRun.Target, wickedRun.Server, wickedRun.Notes = "http://127.0.0.1:9/"+injected, reports.Server{Name: injected}, []string{injected}
	wickedScale := measuredAutoscale()
	wickedScale.SLO, wickedScale.Notes, wickedScale.Mix[0].Operation, wickedScale.Autoscale.Metric = []string{injected}, []string{injected}, injected, injected
	wickedScale.Steps[3].Phase, wickedScale.Autoscale.Simulation.Traffic, wickedScale.Autoscale.Warnings = injected, injected, []string{injected}
	level := measuredCapacity()
	level.Steps, level.USL, level.Rate, level.Knee, level.Saturation = level.Steps[:1], nil, 0, 0, 0
	level.Refusals = []string{"no request succeeded, not even one at a time"}
	step := measuredCapacity()
	step.Steps, step.USL = step.Steps[8:9], nil
	blind := measuredCapacity()
	for i := range blind.Steps {
		blind.Steps[i].Server = nil
	}
	blind.Server, blind.Idle = nil, nil
	refused := measuredCapacity()
	refused.Autoscale = &reports.Autoscale{Refusals: []string{"the steps were too short"}}
	broken := loaded(2)
	broken.Timeline.Moments[5].Latency, broken.Timeline.Moments[6].Latency = &reports.Percentiles{P50: math.Inf(1), Max: math.NaN()}, nil
	broken.Distribution = append(broken.Distribution, reports.QuantilePoint{Share: 1, Latency: math.NaN()}, reports.QuantilePoint{Share: math.NaN()})
	soaked := measuredCapacity()
	soaked.Sessions = &reports.SessionsCeiling{Opened: 512, Streams: 256, Reached: true, Reason: "HTTP status 503", Memory: 70 << 10, R2: 0.97, NotEnded: 3}
	for _, n := range []int{1, 64, 128, 256, 512} {
		soaked.Sessions.Levels = append(soaked.Sessions.Levels, reports.CeilingLevel{Sessions: n, Streams: min(n, 256), Opening: ms(12), Answer: float64(n) / 20, Memory: float64(n)*70*1024 + 50<<20})
	}
	soaked.Soak = &reports.Soak{Duration: ms(600_000), Rate: 400, Phases: []reports.SoakPhase{{Phase: "requests", Duration: ms(300_000), CoolDown: ms(60_000), Requests: 120_000}},
		Trends: []reports.Trend{{Phase: "requests", Of: "memory", Slope: 123456, R2: 0.98, Before: 1e8, After: 2e8, Verdict: "leak", Reason: "it grows, and rest gives nothing back"}}}
	compared := loaded(3)
	compared.Comparison = &reports.Comparison{Before: "before.json", Runs: 2, Changes: []reports.Change{
		{Metric: "p99", Before: 120, After: 187, P: 0.001, Floor: 12, Verdict: reports.Worse, Why: "by more than the figures vary"},
		{Metric: "errors", Before: 0.1, After: 0.1, P: 1, Verdict: reports.Same, Why: "no difference"},
	}}
	return []measurement{
		{"a load test with failures", ofLoad(loaded(12)), []string{"107/s", "120/s", "12.3 ms", "187 ms", "10.000%", "1440 of 1440 requests sent", "p99<200ms", "JSON-RPC error -32603", "timeout: 80"}, 5},
		{"one second", ofLoad(one), []string{"120 of 120 requests sent"}, 5},
		{"one moment", ofLoad(single), []string{"187 ms"}, 5},
		{"a minute with a thousand times as much", ofLoad(loaded(60)), []string{"7200 of 7200"}, 5},
		{"a closed loop", ofLoad(closed), []string{"closed loop, 8 at a time"}, 5},
		{"everything failed", ofLoad(allFailed()), []string{"100.000%", "connection refused", "0.00/s"}, 4},
		{"nothing was sent", ofLoad(&reports.Load{Plan: reports.LoadPlan{Loop: "open", Rate: 10}}), []string{"no request was sent"}, 0},
		{"a report of an older mcpcheck", ofLoad(old), []string{"this report has no timeline"}, 0},
		{"figures that are no numbers", ofLoad(broken), []string{"107/s"}, 5},
		{"a hostile server under load", wickedRun, []string{"<script>alert(1)</script>", "107/s"}, 5},
		{"a capacity", ofCapacity(measuredCapacity()), []string{"838/s", "640/s", "1060/s", "0.93 cores", "102 MiB", "R² 0.994", "got 412ms"}, 5},
		{"a single level", ofCapacity(level), []string{"no rate", "not even one at a time"}, 3},
		{"a single step", ofCapacity(step), []string{"838/s"}, 4},
		{"nothing but a refusal", ofCapacity(&reports.Capacity{Refusals: []string{"the search was cut short"}}), []string{"the search was cut short"}, 0},
		{"a server that cannot be watched", ofCapacity(blind), []string{"838/s"}, 3},
		{"sessions and a soak", ofCapacity(soaked), []string{"512 were open at once", "256 streams", "70.0 KiB", "HTTP status 503", "leak", "200 M", "rest gives nothing back"}, 7},
		{"a comparison", ofLoad(compared), []string{"before.json", "worse", "120 ms", "by more than the figures vary"}, 5},
		{"a target with its simulation", ofCapacity(measuredAutoscale()), []string{"562/s", "mcp_requests_per_second", "838/s × (1 − 32.9%)", "54321 (0.302%)", "deploy/hpa.yaml", "at most 20000"}, 10},
		{"no target", ofCapacity(refused), []string{"no target follows: the steps were too short"}, 5},
		{"a hostile server that is to be scaled", ofCapacity(wickedScale), []string{"<script>alert(1)</script>", "562/s"}, 10},
	}
}
