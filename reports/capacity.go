package reports

import (
	"fmt"
	"slices"
)

// A Capacity is what one replica of a server can take. Rates are in requests a
// second, times in milliseconds, CPU in cores, memory in bytes.
type Capacity struct {
	SLO []string `json:"slo"` // the objectives that had to hold

	// Rate is the highest that held for whole steps, and again when it was repeated;
	// Low and High are the throughputs that the repetitions at that rate reached. It
	// is 0 if there is none.
	Rate float64 `json:"rate"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Knee is the rate from which on latency grows faster than load, Saturation
	// the highest throughput that was seen at all. 0 means that it was not reached.
	Knee       float64 `json:"knee,omitempty"`
	Saturation float64 `json:"saturation,omitempty"`

	Steps []CapacityStep `json:"steps"`
	USL   *USL           `json:"usl,omitempty"`

	Server *Resources `json:"server,omitempty"` // used at Rate; nil if it could not be observed
	Idle   *Resources `json:"idle,omitempty"`   // used before any load
	// Generator is what mcpcheck itself used at Rate; SharedCPUs how many CPUs it
	// shared with the server, 0 if each had a machine of its own.
	Generator  *Resources `json:"generator,omitempty"`
	SharedCPUs int        `json:"sharedCPUs,omitempty"`

	Sessions  *SessionsCeiling `json:"sessionsCeiling,omitempty"`
	Soak      *Soak            `json:"soak,omitempty"`
	Mix       []LoadMixPart    `json:"mix"`
	Transport string           `json:"transport"`
	Stateful  bool             `json:"stateful"`          // the server assigned sessions
	Metrics   []string         `json:"metrics,omitempty"` // names of request counters that the server's /metrics exports
	// SessionMetrics are the names of gauges of its that follow the open sessions.
	SessionMetrics []string `json:"sessionMetrics,omitempty"`
	// Replicas is how many answered while it was measured; 0 if that is not known.
	Replicas int `json:"replicas,omitempty"`

	Notes []string `json:"notes,omitempty"`
	// Refusals are the reasons for which no autoscaling target follows.
	Refusals []string `json:"refusals,omitempty"`

	Autoscale *Autoscale `json:"autoscale,omitempty"` // what follows, if it was asked for
}

// Shared says in words that mcpcheck and the server had one machine, and what
// each took of it; "" if they had not.
func (c *Capacity) Shared() string {
	if c.SharedCPUs == 0 {
		return ""
	}
	words := fmt.Sprintf("mcpcheck and the server shared one machine of %s", plural(c.SharedCPUs, "CPU"))
	if s, g := c.Server, c.Generator; s != nil && g != nil {
		words += fmt.Sprintf(": the server used %.2f of them and mcpcheck %.2f", s.CPU, g.CPU)
	}
	return words + "; the server may hold more where it is alone"
}

// A CapacityStep is one rate that was tried for a while.
type CapacityStep struct {
	Rate       float64     `json:"rate"`
	Phase      string      `json:"phase"`    // "search", "refine", "confirm" or "level"
	Duration   Duration    `json:"duration"` // seconds that were measured
	Held       bool        `json:"held"`
	Broken     []Objective `json:"broken,omitempty"`
	Throughput float64     `json:"throughput"`
	ErrorShare float64     `json:"errorShare"`
	Latency    Percentiles `json:"latency"`
	Service    Percentiles `json:"service"`
	InProgress float64     `json:"inProgress"` // requests, on average (Little's law)
	Server     *Resources  `json:"server,omitempty"`
	Generator  *Resources  `json:"generator,omitempty"` // what mcpcheck itself used

	GeneratorBound bool `json:"generatorBound,omitempty"`
	RateLimited    bool `json:"rateLimited,omitempty"`
}

// Resources are what a server used.
type Resources struct {
	CPU    float64 `json:"cpu"`    // cores, on average
	Memory float64 `json:"memory"` // bytes resident, at the most
	Source string  `json:"source"` // "process", "container" or "metrics"
}

// USL is a fit of the Universal Scalability Law, X(N) = λN / (1 + σ(N−1) + κN(N−1)).
type USL struct {
	Lambda float64 `json:"lambda"` // throughput of one request at a time
	Sigma  float64 `json:"sigma"`  // contention
	Kappa  float64 `json:"kappa"`  // coherency
	R2     float64 `json:"r2"`
	Levels int     `json:"levels"`
	// Peak is the throughput at PeakConcurrency, where the curve is highest; 0 if it
	// rises for ever.
	Peak            float64 `json:"peak,omitempty"`
	PeakConcurrency float64 `json:"peakConcurrency,omitempty"`
}

// A SessionsCeiling is how many sessions, each with a stream if the server has
// one, were open at once, and all answered. Where the revision has no sessions,
// it is streams alone.
type SessionsCeiling struct {
	Opened  int    `json:"opened"`           // sessions
	Streams int    `json:"streams"`          // that were open at the same time, at the most
	Reached bool   `json:"reached"`          // the server took no more; else the search ended there
	Reason  string `json:"reason,omitempty"` // what broke first, or why the search ended

	// StreamsReached says that the server took no more streams, although it did
	// more sessions, and StreamsReason why.
	StreamsReached bool   `json:"streamsReached,omitempty"`
	StreamsReason  string `json:"streamsReason,omitempty"`

	Memory float64        `json:"memoryPerSession,omitempty"` // bytes, by the slope of all levels; 0 if that is no line
	R2     float64        `json:"memoryR2,omitempty"`         // of that slope
	Levels []CeilingLevel `json:"levels"`
	// NotEnded are the sessions whose end the server did not confirm.
	NotEnded int      `json:"notEnded,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// A CeilingLevel is what was seen with so many sessions open.
type CeilingLevel struct {
	Sessions int      `json:"sessions"`
	Streams  int      `json:"streams"`
	Opening  Duration `json:"opening"`          // seconds that the last of them took to open, at the most
	Answer   float64  `json:"answer"`           // milliseconds, the slowest of one ping each
	Memory   float64  `json:"memory,omitempty"` // bytes
}

// A Soak is the verdict on leaks of a long run at a moderate rate.
type Soak struct {
	Duration Duration    `json:"duration"`
	Rate     float64     `json:"rate"` // requests a second
	Phases   []SoakPhase `json:"phases"`
	Trends   []Trend     `json:"trends"`
	Notes    []string    `json:"notes,omitempty"`
}

// A SoakPhase is a part of a soak that puts one kind of load on the server, with
// the rest after it.
type SoakPhase struct {
	Phase      string   `json:"phase"` // "requests", "sessions" or "abandoned sessions"
	Duration   Duration `json:"duration"`
	CoolDown   Duration `json:"coolDown"`
	Requests   uint64   `json:"requests"` // or sessions, with one request each
	ErrorShare float64  `json:"errorShare"`
}

// A Trend is how one figure moved over a phase of a soak.
type Trend struct {
	Phase   string  `json:"phase"`
	Of      string  `json:"of"` // "memory", "open files", "threads", "goroutines", "latency p50" or "latency p99"
	Points  int     `json:"points"`
	Slope   float64 `json:"slope"` // per hour
	R2      float64 `json:"r2"`
	Before  float64 `json:"before"`
	After   float64 `json:"after"`             // at the end
	Rested  float64 `json:"rested,omitempty"`  // after the cool-down
	PerUnit float64 `json:"perUnit,omitempty"` // growth for each request or session
	// Verdict is "steady", "leak", "kept" of what abandoned sessions leave behind,
	// "grows" of latency, or "inconclusive", and Reason says why.
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// Leaks reports whether the server does not give something back.
func (s *Soak) Leaks() bool {
	return s != nil && slices.ContainsFunc(s.Trends, func(t Trend) bool { return t.Verdict == "leak" })
}

// Tells reports whether a soak says anything of leaks: of memory, in any phase.
func (s *Soak) Tells() bool {
	return s != nil && slices.ContainsFunc(s.Trends, func(t Trend) bool { return t.Of == "memory" && t.Verdict != "inconclusive" })
}
