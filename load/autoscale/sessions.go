package autoscale

import (
	"fmt"
	"math"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// sessions finds how many sessions a replica is to have, if it holds only so
// many, and how many replicas those of the peak take. A client that is idle
// makes no requests, and takes its place all the same.
func (r *Recommendation) sessions() {
	s, in := r.capacity.Sessions, r.inputs
	if s == nil || !s.Reached || s.Opened == 0 {
		if in.PeakSessions > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("whether %d sessions at the peak are too many is not known: no ceiling was found; measure with --sessions-ceiling", in.PeakSessions))
		}
		return
	}
	r.SessionTarget = max(int(math.Floor(float64(s.Opened)*(1-r.Headroom))), 1)
	r.step("session target", "sessions that a replica holds × (1 − headroom)", fmt.Sprintf("%d × (1 − %s)", s.Opened, percent(r.Headroom)), fmt.Sprint(r.SessionTarget),
		"the server took no more (%s); sessions are kept free as requests are, for growth and for those of a replica that is lost", s.Reason)
	if in.PeakSessions > 0 {
		r.sessionReplicas = int(math.Ceil(float64(in.PeakSessions) / float64(r.SessionTarget)))
		r.step("replicas for the sessions", "⌈sessions at the peak / session target⌉", fmt.Sprintf("⌈%d / %d⌉", in.PeakSessions, r.SessionTarget), fmt.Sprint(r.sessionReplicas), "so many take the sessions of the peak")
	}
	switch found := r.capacity.SessionMetrics; {
	case in.SessionSeries != "":
		r.SessionSeries = in.SessionSeries
		if len(found) > 0 && !slices.Contains(found, in.SessionSeries) {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s was not seen to follow the sessions; %s did", in.SessionSeries, strings.Join(found, ", ")))
		}
	case slices.Contains(found, SessionMetric):
		r.SessionSeries = SessionMetric
	case len(found) > 0:
		r.SessionSeries = found[0]
	default:
		words := fmt.Sprintf("a replica takes %d sessions, so %d at the peak: if clients are idle for long, sessions run out before requests do, and no metric that was seen on the server shows it; export %s, or name another by --session-series",
			s.Opened, s.Opened*max(r.Replicas, r.sessionReplicas, 2), SessionMetric)
		r.Warnings = append(r.Warnings, words)
		return
	}
	r.SessionMetric = SessionMetric
}

// sessionMetric is the second line of the HPA: it takes the most replicas that
// any metric asks for.
func (r *Recommendation) sessionMetric() autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.PodsMetricSourceType,
		Pods: &autoscalingv2.PodsMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: r.SessionMetric},
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: milli(float64(r.SessionTarget) * 1000)},
		},
	}
}
