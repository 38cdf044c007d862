package autoscale

import (
	"math"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// milli is a quantity of thousandths, rounded down.
func milli(v float64) *resource.Quantity {
	return resource.NewMilliQuantity(int64(math.Floor(v+1e-6)), resource.DecimalSI)
}

func pointer[T any](v T) *T { return &v }

func (r *Recommendation) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: r.inputs.Deployment, Namespace: r.inputs.Namespace}
}

func (r *Recommendation) autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: r.meta(),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: r.inputs.Deployment},
			MinReplicas:    pointer(int32(r.MinReplicas)),
			MaxReplicas:    int32(r.MaxReplicas),
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.PodsMetricSourceType,
				Pods: &autoscalingv2.PodsMetricSource{
					Metric: autoscalingv2.MetricIdentifier{Name: r.Metric},
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: milli(r.Target * 1000)},
				},
			}},
			Behavior: r.behavior(),
		},
	}
	if r.SessionMetric != "" {
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, r.sessionMetric())
	}
	if r.CPUUtilization > 0 {
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, autoscalingv2.MetricSpec{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricSource{
				Name:   corev1.ResourceCPU,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: pointer(int32(r.CPUUtilization))},
			},
		})
	}
	return hpa
}

// behavior goes up at once, as far as Kubernetes goes by default, and down
// slowly: a pod too many costs less than the requests that miss one.
func (r *Recommendation) behavior() *autoscalingv2.HorizontalPodAutoscalerBehavior {
	most := pointer(autoscalingv2.MaxChangePolicySelect)
	down := []autoscalingv2.HPAScalingPolicy{{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 60}}
	if !r.capacity.Stateful { // where a pod takes its sessions with it, one at a time is fast enough
		down = append(down, autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 10, PeriodSeconds: 60})
	}
	return &autoscalingv2.HorizontalPodAutoscalerBehavior{
		ScaleUp: &autoscalingv2.HPAScalingRules{
			StabilizationWindowSeconds: pointer(int32(0)),
			SelectPolicy:               most,
			Policies: []autoscalingv2.HPAScalingPolicy{
				{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15},
				{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15},
			},
		},
		ScaleDown: &autoscalingv2.HPAScalingRules{
			StabilizationWindowSeconds: pointer(int32(downWindow)), SelectPolicy: most, Policies: down,
		},
	}
}

// budget lets one pod at a time be evicted: that is what the headroom covers.
func (r *Recommendation) budget() *policyv1.PodDisruptionBudget {
	key, value := r.inputs.label()
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: r.meta(),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: pointer(intstr.FromInt32(1)),
			Selector:       &metav1.LabelSelector{MatchLabels: map[string]string{key: value}},
		},
	}
}

// patch is what to merge into the deployment: what a pod requests, and time to
// finish the streams that are open when it has to go.
func (r *Recommendation) patch() *appsv1.Deployment {
	c := corev1.Container{
		Name: r.inputs.Container,
		Lifecycle: &corev1.Lifecycle{
			PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: int64(drain / time.Second)}},
		},
	}
	if r.CPURequest > 0 {
		c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: *milli(r.CPURequest * 1000)}
	}
	if r.Memory > 0 {
		q := *resource.NewQuantity(int64(r.Memory), resource.BinarySI)
		if c.Resources.Requests == nil {
			c.Resources.Requests = corev1.ResourceList{}
		}
		c.Resources.Requests[corev1.ResourceMemory] = q
		c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: q}
	}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: r.meta(),
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: pointer(int64((drain + r.inputs.Patience) / time.Second)),
			Containers:                    []corev1.Container{c},
		}}},
	}
}
