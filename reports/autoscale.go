package reports

// An Autoscale is the autoscaling target that follows from a Capacity, with the
// arithmetic that leads to it. Rates are in requests a second.
type Autoscale struct {
	// Refusals are the reasons for which there is no target; all else is empty then.
	Refusals []string `json:"refusals,omitempty"`

	Metric   string  `json:"metric,omitempty"`   // as the HPA names it
	Series   string  `json:"series,omitempty"`   // the counter behind it, as Prometheus names it
	Target   float64 `json:"target,omitempty"`   // what each replica is to take
	Headroom float64 `json:"headroom,omitempty"` // the share of the capacity that is kept free, from 0 to 1
	Peak     float64 `json:"peak,omitempty"`     // the rate that is planned for

	// SessionTarget is how many sessions each replica is to have, if it holds only so
	// many; SessionMetric, as the HPA names it, and the gauge behind it are absent if
	// the server was not seen to export one.
	SessionTarget int    `json:"sessionTarget,omitempty"`
	SessionMetric string `json:"sessionMetric,omitempty"`
	SessionSeries string `json:"sessionSeries,omitempty"`

	Replicas    int `json:"replicas,omitempty"` // at the peak
	MinReplicas int `json:"minReplicas,omitempty"`
	MaxReplicas int `json:"maxReplicas,omitempty"`

	CPURequest     float64 `json:"cpuRequest,omitempty"`     // cores; 0 if the server's use is not known
	CPUUtilization int     `json:"cpuUtilization,omitempty"` // percent of the request, at which the HPA also acts
	Memory         float64 `json:"memory,omitempty"`         // bytes, requested and the limit

	Arithmetic []Arithmetic `json:"arithmetic,omitempty"`
	Warnings   []string     `json:"warnings,omitempty"`
	Files      []string     `json:"files,omitempty"` // that were written
	Simulation *Simulation  `json:"simulation,omitempty"`
}

// Arithmetic is one step from the measurement to the manifests: the formula, the
// same with numbers, what comes out, and why it is so.
type Arithmetic struct {
	Of      string `json:"of"`
	Formula string `json:"formula,omitempty"`
	Numbers string `json:"numbers,omitempty"`
	Result  string `json:"result"`
	Reason  string `json:"reason"`
}

// A Simulation is how the recommendation fares when traffic is played to it.
// Requests are late if their replica had more than its capacity or they had to
// wait, and dropped if they waited for longer than clients do.
type Simulation struct {
	Traffic  string   `json:"traffic"`
	Duration Duration `json:"duration"` // seconds

	Requests float64 `json:"requests"`
	Late     float64 `json:"late"`
	Dropped  float64 `json:"dropped"`

	MostReplicas int     `json:"mostReplicas"`
	Changes      int     `json:"changes"` // of the number of replicas
	PodHours     float64 `json:"podHours"`
	// StaticPodHours are what as many replicas as the peak needs would cost if
	// they ran all the time.
	StaticPodHours float64 `json:"staticPodHours"`

	Samples []SimulationSample `json:"samples"`
}

// A SimulationSample is the state at one moment of a simulation; Late and Dropped
// are rates since the sample before.
type SimulationSample struct {
	At       Duration `json:"at"`      // seconds
	Offered  float64  `json:"offered"` // requests a second
	Replicas int      `json:"replicas"`
	Ready    int      `json:"ready"`
	Metric   float64  `json:"metric"` // what the HPA saw last, per replica
	Queue    float64  `json:"queue"`  // requests that wait
	Late     float64  `json:"late"`
	Dropped  float64  `json:"dropped"`
}
