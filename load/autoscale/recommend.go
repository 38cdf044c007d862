package autoscale

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/mcpcheck/mcpcheck/reports"
)

// A Recommendation is what follows from a capacity: the figures with the way to
// them, and the objects that carry them into a cluster. When it was refused,
// there are only the reasons.
type Recommendation struct {
	reports.Autoscale
	HPA     *autoscalingv2.HorizontalPodAutoscaler
	KEDA    *ScaledObject // instead of the HPA
	Adapter *AdapterConfig
	Budget  *policyv1.PodDisruptionBudget
	Patch   *appsv1.Deployment // what to merge into the deployment

	inputs          Inputs
	capacity        *reports.Capacity
	sessionReplicas int // that the sessions of the peak take; 0 if that is not known
}

// Recommend works out the target. Its error is about the inputs; what is wrong
// with the capacity is in the refusals.
func Recommend(c *reports.Capacity, in Inputs) (*Recommendation, error) {
	assumed := in
	in, err := in.complete()
	if err != nil {
		return nil, err
	}
	r := &Recommendation{inputs: in, capacity: c}
	if r.Refusals = refusals(c); len(r.Refusals) > 0 {
		return r, nil
	}
	r.Peak, r.Metric = in.Peak, in.Metric
	r.series()
	r.target(assumed)
	r.sessions()
	r.Replicas = max(r.Replicas, r.sessionReplicas)
	if r.Replicas > mostReplicas {
		return &Recommendation{Autoscale: reports.Autoscale{Refusals: []string{fmt.Sprintf(
			"a peak of %s takes %d replicas of %s each, more than %d: make a replica faster first", perSecond(in.Peak), r.Replicas, perSecond(r.Target), mostReplicas)}}}, nil
	}
	r.replicas()
	r.resources()
	r.warn()
	r.HPA, r.Budget, r.Patch = r.autoscaler(), r.budget(), r.patch()
	r.KEDA, r.Adapter = r.scaledObject(), r.adapter()
	return r, nil
}

func (r *Recommendation) step(of, formula, numbers, result, reason string, a ...any) {
	r.Arithmetic = append(r.Arithmetic, reports.Arithmetic{Of: of, Formula: formula, Numbers: numbers, Result: result, Reason: fmt.Sprintf(reason, a...)})
}

// target finds how much of its capacity a replica is to use.
func (r *Recommendation) target(assumed Inputs) {
	c, in := r.capacity, r.inputs
	r.step("capacity", "", "", perSecond(c.Rate),
		"the highest rate at which one replica held %s for whole steps, each time; there it answered %s to %s; %s",
		strings.Join(c.SLO, ", "), perSecond(c.Low), perSecond(c.High), r.mix())

	reaction := in.Scrape + in.RateWindow/2 + in.Sync + in.PodStart
	r.step("reaction time", "scrape + rate window / 2 + sync + pod start",
		fmt.Sprintf("%s + %s / 2 + %s + %s%s", in.Scrape, in.RateWindow, in.Sync, in.PodStart, guess(assumed.PodStart == 0)), reaction.String(),
		"so long after the load grew does a new replica help; a rate over a window shows the load of half a window ago")
	growth := math.Pow(1+in.Growth, reaction.Minutes())
	r.step("growth factor", "(1 + growth a minute) ^ reaction time in minutes",
		fmt.Sprintf("(1 + %.3g)%s ^ %.2f", in.Growth, guess(assumed.Growth == 0), reaction.Minutes()), fmt.Sprintf("%.3f", growth),
		"by so much may the load exceed what the autoscaler last saw, before it is relieved")
	r.step("tolerance factor", "1 + the autoscaler's tolerance", fmt.Sprintf("1 + %.1f", defaultTolerance), fmt.Sprintf("%.1f", 1+defaultTolerance),
		"the autoscaler takes what is within a tenth of its target for on target, and does nothing")
	strain := growth * (1 + defaultTolerance)
	if in.Headroom > 0 {
		r.Headroom = in.Headroom
		r.step("headroom", "", "", percent(r.Headroom), "as it was asked for")
		if strain := (1 - r.Headroom) * strain; strain > 1 {
			r.Warnings = append(r.Warnings, fmt.Sprintf(
				"a headroom of %s does not cover growth of %s a minute: until new replicas serve, those that there are get up to %s of their capacity; it takes %s",
				percent(r.Headroom), percent(in.Growth), percent(strain), percent(1-(1-r.Headroom)/strain)))
		}
	} else {
		needed := math.Ceil(in.Peak * strain / c.Rate)
		r.step("replicas without a loss", "⌈peak × growth factor × tolerance factor / capacity⌉",
			fmt.Sprintf("⌈%s × %.3f × %.1f / %s⌉", perSecond(in.Peak), growth, 1+defaultTolerance, perSecond(c.Rate)), fmt.Sprintf("%.0f", needed),
			"so many take the peak while it still grows; one more is there to be lost, and the others then take its share")
		r.Headroom = 1 - needed/(needed+1)/strain
		r.step("headroom", "1 − n / (n + 1) / (growth factor × tolerance factor)",
			fmt.Sprintf("1 − %.0f / %.0f / (%.3f × %.1f)", needed, needed+1, growth, 1+defaultTolerance), percent(r.Headroom),
			"what is kept free for growth until relief comes and, where n + 1 replicas run, for one that is lost at the same time")
	}
	r.Target = floor(c.Rate * (1 - r.Headroom))
	r.step("target", "capacity × (1 − headroom)", fmt.Sprintf("%s × (1 − %s)", perSecond(c.Rate), percent(r.Headroom)), plain(r.Target)+"/s",
		"averageValue of %s, per replica, rounded down", r.Metric)
	r.Replicas = int(math.Ceil(in.Peak / r.Target))
}

// replicas finds between how many the autoscaler may choose.
func (r *Recommendation) replicas() {
	r.Replicas = max(2, r.Replicas)
	r.MinReplicas = max(2, int(math.Ceil(1/r.Headroom-1e-9)))
	if r.inputs.Headroom == 0 {
		r.Replicas = max(r.Replicas, r.MinReplicas)
	}
	if r.MinReplicas > r.Replicas {
		r.Warnings = append(r.Warnings, fmt.Sprintf(
			"a headroom of %s covers the loss of one replica only where there are %d or more: with %d the others then get up to %s of their capacity",
			percent(r.Headroom), r.MinReplicas, r.Replicas, percent(r.Target*float64(r.Replicas)/float64(r.Replicas-1)/r.capacity.Rate)))
		r.MinReplicas = r.Replicas
	}
	formula, numbers := "⌈peak / target⌉, at least minReplicas", fmt.Sprintf("⌈%s / %s/s⌉", perSecond(r.Peak), plain(r.Target))
	if r.sessionReplicas > 0 {
		formula, numbers = "max(⌈peak / target⌉, replicas for the sessions), at least minReplicas", fmt.Sprintf("max(%s, %d)", numbers, r.sessionReplicas)
	}
	r.step("replicas at the peak", formula, numbers, fmt.Sprint(r.Replicas),
		"what the autoscaler settles on; with one lost, each of the others gets %s, %s of its capacity",
		perSecond(r.Peak/float64(r.Replicas-1)), percent(r.Peak/float64(r.Replicas-1)/r.capacity.Rate))
	r.step("minReplicas", "max(2, ⌈1 / headroom⌉), at most the replicas at the peak", fmt.Sprintf("max(2, ⌈1 / %s⌉)", percent(r.Headroom)), fmt.Sprint(r.MinReplicas),
		"of so many replicas at the target one can be lost without the others getting more than their capacity")
	r.MaxReplicas = r.Replicas + int(math.Ceil(float64(r.Replicas)*defaultTolerance))
	r.step("maxReplicas", "n + ⌈n × tolerance⌉", fmt.Sprintf("%d + ⌈%d × %.1f⌉", r.Replicas, r.Replicas, defaultTolerance), fmt.Sprint(r.MaxReplicas),
		"the metric may read a tenth too high at the peak; beyond that a bound keeps a runaway client from buying nodes")
}

func (r *Recommendation) mix() string {
	if len(r.capacity.Mix) == 0 {
		return "it holds for the mix of requests that was sent, no other"
	}
	var parts []string
	for _, m := range r.capacity.Mix {
		parts = append(parts, fmt.Sprintf("%s %s", percent(m.Share), m.Operation))
	}
	return "it holds for this mix, no other: " + strings.Join(parts, ", ")
}

// otel is the counter of requests of the semantic conventions of OpenTelemetry
// for MCP, as Prometheus names it.
const otel = "mcp_server_operation_duration_seconds_count"

// series chooses the counter that is the source of the metric.
func (r *Recommendation) series() {
	found := r.capacity.Metrics
	switch {
	case r.inputs.Series != "":
		r.Series = r.inputs.Series
		if len(found) > 0 && !slices.Contains(found, r.Series) {
			r.Warnings = append(r.Warnings, fmt.Sprintf("the server does not export %s; it exports %s", r.Series, strings.Join(found, ", ")))
		}
	case len(found) == 0:
		r.Series = otel
		r.Warnings = append(r.Warnings, "no counter of requests was seen on the server: the manifests name that of OpenTelemetry, "+otel+
			", and without one the autoscaler does nothing on requests; export it, or name another by --series")
	default:
		r.Series = slices.MaxFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(likely(a), likely(b)), cmp.Compare(b, a)) })
	}
	if strings.Contains(r.Series, "http") {
		r.Warnings = append(r.Warnings, r.Series+" counts HTTP requests: what was measured are MCP requests; streams that are opened, sessions that end and health checks count in addition")
	}
}

// likely says how much the name of a counter looks like that of MCP requests.
func likely(name string) (n int) {
	if name == otel {
		return 100
	}
	for word, weight := range map[string]int{"mcp": 8, "operation": 4, "request": 4, "rpc": 2, "call": 2, "http": 1} {
		if strings.Contains(name, word) {
			n += weight
		}
	}
	return n
}

// floor keeps three digits and never rounds up.
func floor(v float64) float64 {
	if v >= 100 {
		return math.Floor(v)
	}
	if v >= 10 {
		return math.Floor(v*10+1e-9) / 10
	}
	return max(math.Floor(v*1000+1e-9)/1000, 0.001)
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func percent(v float64) string {
	if s := fmt.Sprintf("%.1f", 100*v); strings.HasSuffix(s, ".0") {
		return strings.TrimSuffix(s, ".0") + "%"
	}
	return fmt.Sprintf("%.1f%%", 100*v)
}

func guess(is bool) string {
	if is {
		return " (assumed)"
	}
	return ""
}

// Simulate plays traffic to the recommendation.
func (r *Recommendation) Simulate(t Traffic) (*reports.Simulation, error) {
	in := r.inputs
	c := Cluster{
		HPA: r.HPA, Rate: r.capacity.Rate, Saturation: max(r.capacity.Saturation, r.capacity.Rate),
		PodStart: in.PodStart, Sync: in.Sync, Scrape: in.Scrape, Window: in.RateWindow, Patience: in.Patience,
	}
	if r.capacity.Stateful {
		c.SessionLife = in.SessionLife
	}
	return Simulate(c, t)
}

// drain is how long a pod still serves after it was told to end, before it is
// told so itself: routes to it take a while to go.
const drain = 10 * time.Second
