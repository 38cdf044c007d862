package autoscale

import (
	"fmt"
	"regexp"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A ScaledObject is that of KEDA, as far as it is used here:
// https://keda.sh/docs/latest/reference/scaledobject-spec/.
type ScaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ScaledObjectSpec `json:"spec"`
}

// ScaledObjectSpec says what to scale, and on what.
type ScaledObjectSpec struct {
	ScaleTargetRef  ScaledObjectTarget    `json:"scaleTargetRef"`
	PollingInterval int32                 `json:"pollingInterval,omitempty"`
	MinReplicaCount int32                 `json:"minReplicaCount"`
	MaxReplicaCount int32                 `json:"maxReplicaCount"`
	Fallback        *ScaledObjectFallback `json:"fallback,omitempty"`
	Advanced        *ScaledObjectAdvanced `json:"advanced,omitempty"`
	Triggers        []ScaledObjectTrigger `json:"triggers"`
}

// ScaledObjectTarget names a workload, by default a Deployment.
type ScaledObjectTarget struct {
	Name string `json:"name"`
}

// ScaledObjectFallback says how many replicas to run while the metric cannot be had.
type ScaledObjectFallback struct {
	FailureThreshold int32 `json:"failureThreshold"`
	Replicas         int32 `json:"replicas"`
}

// ScaledObjectAdvanced is handed on to the HPA that KEDA makes.
type ScaledObjectAdvanced struct {
	HPA ScaledObjectHPA `json:"horizontalPodAutoscalerConfig"`
}

// ScaledObjectHPA is the part of the HPA that KEDA lets one choose.
type ScaledObjectHPA struct {
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

// A ScaledObjectTrigger is a source of a metric; what Metadata holds depends on
// the type: https://keda.sh/docs/latest/scalers/prometheus/.
type ScaledObjectTrigger struct {
	Type       string            `json:"type"`
	MetricType string            `json:"metricType,omitempty"`
	Metadata   map[string]string `json:"metadata"`
}

// scaledObject does with KEDA what the HPA does with prometheus-adapter. KEDA
// divides the sum over all pods by their number.
func (r *Recommendation) scaledObject() *ScaledObject {
	in := r.inputs
	trigger := func(query, threshold string) ScaledObjectTrigger {
		return ScaledObjectTrigger{Type: "prometheus", MetricType: "AverageValue", Metadata: map[string]string{"serverAddress": in.Prometheus, "query": query, "threshold": threshold}}
	}
	pods := fmt.Sprintf(`{namespace="%s",pod=~"%s-.*"}`, in.Namespace, regexp.QuoteMeta(in.Deployment))
	triggers := []ScaledObjectTrigger{trigger(fmt.Sprintf("sum(rate(%s%s[%s]))", r.Series, pods, promDuration(in.RateWindow)), plain(r.Target))}
	if r.SessionMetric != "" {
		triggers = append(triggers, trigger(fmt.Sprintf("sum(%s%s)", r.SessionSeries, pods), fmt.Sprint(r.SessionTarget)))
	}
	return &ScaledObject{
		TypeMeta:   metav1.TypeMeta{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject"},
		ObjectMeta: r.meta(),
		Spec: ScaledObjectSpec{
			ScaleTargetRef:  ScaledObjectTarget{Name: in.Deployment},
			PollingInterval: int32(in.Sync / time.Second),
			MinReplicaCount: int32(r.MinReplicas),
			MaxReplicaCount: int32(r.MaxReplicas),
			Fallback:        &ScaledObjectFallback{FailureThreshold: 3, Replicas: int32(r.Replicas)},
			Advanced:        &ScaledObjectAdvanced{HPA: ScaledObjectHPA{Behavior: r.behavior()}},
			Triggers:        triggers,
		},
	}
}

// An AdapterConfig is the part of the configuration of prometheus-adapter that
// makes custom metrics:
// https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md.
type AdapterConfig struct {
	Rules []AdapterRule `json:"rules"`
}

// An AdapterRule makes a custom metric of series.
type AdapterRule struct {
	SeriesQuery  string           `json:"seriesQuery"`
	Resources    AdapterResources `json:"resources"`
	Name         AdapterName      `json:"name"`
	MetricsQuery string           `json:"metricsQuery"`
}

// AdapterResources says which label names which kind of object.
type AdapterResources struct {
	Overrides map[string]AdapterResource `json:"overrides"`
}

// AdapterResource is a kind of object.
type AdapterResource struct {
	Resource string `json:"resource"`
}

// AdapterName makes the name of the metric from that of the series.
type AdapterName struct {
	Matches string `json:"matches"`
	As      string `json:"as"`
}

func (r *Recommendation) adapter() *AdapterConfig {
	c := &AdapterConfig{Rules: []AdapterRule{rule(r.Series, r.Metric, fmt.Sprintf("sum(rate(<<.Series>>{<<.LabelMatchers>>}[%s])) by (<<.GroupBy>>)", promDuration(r.inputs.RateWindow)))}}
	if r.SessionMetric != "" {
		c.Rules = append(c.Rules, rule(r.SessionSeries, r.SessionMetric, "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)"))
	}
	return c
}

// rule makes a metric of pods from series.
func rule(series, metric, query string) AdapterRule {
	return AdapterRule{
		SeriesQuery: series + `{namespace!="",pod!=""}`,
		Resources: AdapterResources{Overrides: map[string]AdapterResource{
			"namespace": {Resource: "namespace"},
			"pod":       {Resource: "pod"},
		}},
		Name:         AdapterName{Matches: "^" + series + "$", As: metric},
		MetricsQuery: query,
	}
}

// promDuration writes a duration of whole seconds as Prometheus reads it.
func promDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
