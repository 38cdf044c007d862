package autoscale

import (
	"math"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// Defaults of kube-controller-manager and of the API.
const (
	defaultTolerance = 0.1
	defaultSync      = 15 * time.Second
	downWindow       = 300
)

// A controller is the memory of the HPA controller about one HPA. Times count
// from any origin.
type controller struct {
	least, most              int
	up, down                 autoscalingv2.HPAScalingRules // complete
	tolerateUp, tolerateDown float64

	recommended []event // desired replicas, as they were before they were bounded
	added       []event // changes of the number of replicas
	removed     []event
}

// An event is a number of replicas at a time.
type event struct {
	at time.Duration
	n  int
}

func newController(spec autoscalingv2.HorizontalPodAutoscalerSpec) *controller {
	c := &controller{least: 1, most: int(spec.MaxReplicas)}
	if spec.MinReplicas != nil {
		c.least = int(*spec.MinReplicas)
	}
	var up, down *autoscalingv2.HPAScalingRules
	if spec.Behavior != nil {
		up, down = spec.Behavior.ScaleUp, spec.Behavior.ScaleDown
	}
	c.up = complete(up, 0,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15},
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15})
	c.down = complete(down, downWindow,
		autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15})
	c.tolerateUp, c.tolerateDown = c.up.Tolerance.AsApproximateFloat64(), c.down.Tolerance.AsApproximateFloat64()
	return c
}

// complete fills in what is left open, as the API server does.
func complete(given *autoscalingv2.HPAScalingRules, window int32, policies ...autoscalingv2.HPAScalingPolicy) autoscalingv2.HPAScalingRules {
	rules := autoscalingv2.HPAScalingRules{}
	if given != nil {
		rules = *given.DeepCopy()
	}
	if rules.StabilizationWindowSeconds == nil {
		rules.StabilizationWindowSeconds = &window
	}
	if rules.SelectPolicy == nil {
		most := autoscalingv2.MaxChangePolicySelect
		rules.SelectPolicy = &most
	}
	if rules.Policies == nil {
		rules.Policies = policies
	}
	if rules.Tolerance == nil {
		rules.Tolerance = milli(defaultTolerance * 1000)
	}
	return rules
}

// Pods are what the controller knows of the pods of a workload.
type pods struct {
	values  []int64 // the metric of those that have one, in thousandths
	missing int     // those without one
}

// desired is how many replicas a Pods metric asks for. Pods without a metric are
// taken to be at the target when there are too many, and idle when there are too
// few: both dampen the change.
func (c *controller) desired(current int, p pods, target int64) int {
	ready := len(p.values)
	if ready == 0 {
		return current // a metric that cannot be had changes nothing
	}
	ratio := usage(p.values, target)
	if p.missing == 0 {
		if c.tolerates(ratio) {
			return current
		}
		return int(math.Ceil(ratio * float64(ready)))
	}
	all := append([]int64(nil), p.values...)
	for range p.missing {
		if ratio < 1 {
			all = append(all, target)
		} else {
			all = append(all, 0)
		}
	}
	damped := usage(all, target)
	if c.tolerates(damped) || ratio < 1 && damped > 1 || ratio > 1 && damped < 1 {
		return current
	}
	n := int(math.Ceil(damped * float64(len(all))))
	if damped < 1 && n > current || damped > 1 && n < current {
		return current
	}
	return n
}

func (c *controller) tolerates(ratio float64) bool {
	return 1-c.tolerateDown <= ratio && ratio <= 1+c.tolerateUp
}

// usage is the mean of the values, in whole thousandths, as a share of the target.
func usage(values []int64, target int64) float64 {
	sum := int64(0)
	for _, v := range values {
		sum += v
	}
	return float64(sum/int64(len(values))) / float64(target)
}

// next is how many replicas there are to be, given that the metrics ask for
// desired, and remembers that.
func (c *controller) next(now time.Duration, current, desired int) int {
	var n int
	switch {
	case current == 0:
		return 0 // autoscaling is switched off
	case current > c.most:
		n = c.most
	case current < c.least:
		n = c.least
	default:
		if len(c.recommended) == 0 {
			c.recommended = append(c.recommended, event{now, current})
		}
		n = c.bound(now, current, c.stabilize(now, current, desired))
	}
	switch {
	case n > current:
		c.added = append(since(c.added, now-c.longest()), event{now, n - current})
	case n < current:
		c.removed = append(since(c.removed, now-c.longest()), event{now, current - n})
	}
	return n
}

// stabilize goes up no further than the lowest recommendation within the window
// for that, and down no further than the highest.
func (c *controller) stabilize(now time.Duration, current, desired int) int {
	up, down := now-seconds(*c.up.StabilizationWindowSeconds), now-seconds(*c.down.StabilizationWindowSeconds)
	lowest, highest := desired, desired
	for _, r := range c.recommended {
		if r.at > up {
			lowest = min(lowest, r.n)
		}
		if r.at > down {
			highest = max(highest, r.n)
		}
	}
	c.recommended = append(since(c.recommended, min(up, down)), event{now, desired})
	return min(max(current, lowest), highest)
}

// bound keeps to the policies and to the least and most replicas.
func (c *controller) bound(now time.Duration, current, desired int) int {
	switch {
	case desired > current:
		return min(desired, c.most, max(c.upLimit(now, current), current))
	case desired < current:
		return max(desired, c.least, min(c.downLimit(now, current), current))
	}
	return desired
}

// upLimit is how many replicas the policies let there be.
func (c *controller) upLimit(now time.Duration, current int) int {
	if *c.up.SelectPolicy == autoscalingv2.DisabledPolicySelect {
		return current
	}
	limit, choose := math.MinInt32, largest
	if *c.up.SelectPolicy == autoscalingv2.MinChangePolicySelect {
		limit, choose = math.MaxInt32, smallest
	}
	for _, p := range c.up.Policies {
		before := c.before(now, current, p)
		if p.Type == autoscalingv2.PodsScalingPolicy {
			limit = choose(limit, before+int(p.Value))
		} else {
			limit = choose(limit, int(math.Ceil(float64(before)*(1+float64(p.Value)/100))))
		}
	}
	return limit
}

// downLimit is how few replicas the policies let there be.
func (c *controller) downLimit(now time.Duration, current int) int {
	if *c.down.SelectPolicy == autoscalingv2.DisabledPolicySelect {
		return current
	}
	limit, choose := math.MaxInt32, smallest
	if *c.down.SelectPolicy == autoscalingv2.MinChangePolicySelect {
		limit, choose = math.MinInt32, largest
	}
	for _, p := range c.down.Policies {
		before := c.before(now, current, p)
		if p.Type == autoscalingv2.PodsScalingPolicy {
			limit = choose(limit, before-int(p.Value))
		} else {
			limit = choose(limit, int(float64(before)*(1-float64(p.Value)/100)))
		}
	}
	return limit
}

// before is how many replicas there were when the period of a policy began.
func (c *controller) before(now time.Duration, current int, p autoscalingv2.HPAScalingPolicy) int {
	from := now - seconds(p.PeriodSeconds)
	return current - sum(c.added, from) + sum(c.removed, from)
}

func sum(list []event, after time.Duration) (n int) {
	for _, e := range list {
		if e.at > after {
			n += e.n
		}
	}
	return n
}

// since drops what is older than needed; lists are in the order of time.
func since(list []event, from time.Duration) []event {
	for len(list) > 0 && list[0].at < from {
		list = list[1:]
	}
	return list
}

// longest is the longest period of all policies.
func (c *controller) longest() (d time.Duration) {
	for _, rules := range []autoscalingv2.HPAScalingRules{c.up, c.down} {
		for _, p := range rules.Policies {
			d = max(d, seconds(p.PeriodSeconds))
		}
	}
	return d
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

func smallest(a, b int) int { return min(a, b) }
func largest(a, b int) int  { return max(a, b) }
