package reports

import "fmt"

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
// one, were open at once.
type SessionsCeiling struct {
	Opened  int     `json:"opened"`
	Reached bool    `json:"reached"` // more were refused; else the search ended there
	Reason  string  `json:"reason,omitempty"`
	Memory  float64 `json:"memoryPerSession,omitempty"` // bytes, by the slope of all levels
}

// A Soak is the verdict on leaks of a long run at a moderate rate.
type Soak struct {
	Duration Duration `json:"duration"`
	Trends   []Trend  `json:"trends"`
}

// A Trend is how one figure moved over a soak.
type Trend struct {
	Of      string  `json:"of"`    // "memory", "memory without DELETE", "latency p99", "open files"
	Slope   float64 `json:"slope"` // per hour
	R2      float64 `json:"r2"`
	Before  float64 `json:"before"`
	After   float64 `json:"after"`   // the cool-down
	Verdict string  `json:"verdict"` // "steady", "leak" or "inconclusive"
}
