package autoscale

import (
	"slices"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// behavior reads rules in the form in which the documentation shows them.
func behavior(t *testing.T, text string) *autoscalingv2.HorizontalPodAutoscalerBehavior {
	t.Helper()
	var b autoscalingv2.HorizontalPodAutoscalerBehavior
	if err := yaml.UnmarshalStrict([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func plainController(least, most int32, b *autoscalingv2.HorizontalPodAutoscalerBehavior) *controller {
	return newController(autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: &least, MaxReplicas: most, Behavior: b})
}

// TestDesired holds the worked examples of the documentation's "Algorithm details",
// of its walkthrough, and what follows from its words on missing metrics.
func TestDesired(t *testing.T) {
	tolerance := func(s string) *autoscalingv2.HorizontalPodAutoscalerBehavior {
		q := resource.MustParse(s)
		return &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: &autoscalingv2.HPAScalingRules{Tolerance: &q}}
	}
	same := func(n int, v int64) pods { return pods{values: slices.Repeat([]int64{v}, n)} }
	const mebibyte = 1 << 20
	for _, tt := range []struct {
		reason   string
		behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
		current  int
		pods     pods
		target   int64
		want     int
	}{
		{"200m of 100m: the number of replicas is doubled", nil, 3, same(3, 200), 100, 6},
		{"50m of 100m: it is halved", nil, 4, same(4, 50), 100, 2},
		{"half of an odd number is rounded up", nil, 3, same(3, 50), 100, 2},
		{"305% of 50%: one replica becomes seven", nil, 1, same(1, 305), 50, 7},
		{"0% of 50%: down to the minimum, which comes later", nil, 7, same(7, 0), 50, 0},
		{"66m of 500m at one replica stays at one", nil, 1, same(1, 66), 500, 1},
		{"a tenth too much is tolerated", nil, 10, same(10, 110), 100, 10},
		{"a tenth too little is tolerated", nil, 10, same(10, 90), 100, 10},
		{"more than a tenth too much is not", nil, 10, same(10, 111), 100, 12},
		{"more than a tenth too little is not", nil, 10, same(10, 89), 100, 9},
		{"105 MiB of 100 MiB with a tolerance of 5%", tolerance("0.05"), 20, same(20, 105*mebibyte), 100 * mebibyte, 20},
		{"more than 105 MiB", tolerance("0.05"), 20, same(20, 106*mebibyte), 100 * mebibyte, 22},
		{"the tolerance up says nothing of down", tolerance("0.05"), 20, same(20, 94*mebibyte), 100 * mebibyte, 20},
		{"a tolerance of 0", tolerance("0"), 20, same(20, 101), 100, 21},
		{"the mean counts", nil, 3, pods{values: []int64{100, 200, 300}}, 100, 6},
		{"a pod without a metric is idle on the way up", nil, 3, pods{values: []int64{200, 200}, missing: 1}, 100, 4},
		{"pods without a metric end a step up that they make superfluous", nil, 4, pods{values: []int64{200, 200}, missing: 2}, 100, 4},
		{"pods without a metric never turn up into down", nil, 5, pods{values: []int64{120, 120}, missing: 3}, 100, 5},
		{"a pod without a metric is at the target on the way down", nil, 3, pods{values: []int64{40, 40}, missing: 1}, 100, 2},
		{"more pods than replicas never turn down into up", nil, 2, pods{values: []int64{60, 60, 60}, missing: 1}, 100, 2},
		{"no metric at all: nothing happens", nil, 3, pods{missing: 3}, 100, 3},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if got := plainController(1, 100, tt.behavior).desired(tt.current, tt.pods, tt.target); got != tt.want {
				t.Errorf("got %d replicas, want %d", got, tt.want)
			}
		})
	}
}

// play lets a controller act at a fixed interval on a list of recommendations.
func play(c *controller, every time.Duration, current int, desired []int) (got []int) {
	for i, d := range desired {
		current = c.next(time.Duration(i+1)*every, current, d)
		got = append(got, current)
	}
	return got
}

func repeat(n, times int) []int { return slices.Repeat([]int{n}, times) }

// TestBehavior holds the worked examples of "Configurable scaling behavior" in the
// documentation and of its enhancement proposal, KEP-853.
func TestBehavior(t *testing.T) {
	const (
		// "Scaling policies"
		fourOrTenPercent = `
scaleDown:
  stabilizationWindowSeconds: 0
  policies:
  - {type: Pods, value: 4, periodSeconds: 60}
  - {type: Percent, value: 10, periodSeconds: 60}`
		// "Example: limit scale down rate"
		tenPercent = `
scaleDown:
  stabilizationWindowSeconds: 0
  policies:
  - {type: Percent, value: 10, periodSeconds: 60}`
		atMostFive = tenPercent + `
  - {type: Pods, value: 5, periodSeconds: 60}
  selectPolicy: Min`
		// "Example: disable scale down", story 4
		disabled = `{scaleDown: {selectPolicy: Disabled}}`
		// story 1
		tenfold = `{scaleUp: {policies: [{type: Percent, value: 900, periodSeconds: 60}]}}`
		// story 2
		onePerTen = `{scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 600}]}}`
		// story 3
		gradual = `{scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 300}]}}`
		// story 5
		stableDown = `{scaleDown: {stabilizationWindowSeconds: 600, policies: [{type: Pods, value: 5, periodSeconds: 60}]}}`
		// story 6
		stableUp = `{scaleUp: {stabilizationWindowSeconds: 300, policies: [{type: Pods, value: 20, periodSeconds: 60}]}}`
	)
	for _, tt := range []struct {
		reason   string
		behavior string
		every    time.Duration
		current  int
		desired  []int
		want     []int
	}{
		{"80 replicas down to 10: 8 fewer each minute, 10% rounded up, and from 40 on 4", fourOrTenPercent, time.Minute, 80, repeat(10, 16),
			[]int{72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10, 10, 10}},
		{"the policy holds for a minute, however often the controller looks", fourOrTenPercent, 15 * time.Second, 80, repeat(10, 9),
			[]int{72, 72, 72, 72, 64, 64, 64, 64, 57}},
		{"10% a minute", tenPercent, time.Minute, 100, repeat(1, 4), []int{90, 81, 72, 64}},
		{"10% a minute, but never more than 5", atMostFive, time.Minute, 100, repeat(1, 4), []int{95, 90, 85, 80}},
		{"5 a minute, but never more than 10%", atMostFive, time.Minute, 30, repeat(1, 4), []int{27, 24, 21, 18}},
		{"never down", disabled, time.Minute, 30, []int{1, 1, 31, 1, 1, 1, 1, 1, 1, 1, 1}, []int{30, 30, 31, 31, 31, 31, 31, 31, 31, 31, 31}},
		{"by default 4 pods or 100% each 15 s", `{}`, 15 * time.Second, 1, repeat(70, 6), []int{5, 10, 20, 40, 70, 70}},
		{"by default not up to more in a shorter time", `{}`, 5 * time.Second, 1, repeat(70, 7), []int{5, 5, 5, 10, 10, 10, 20}},
		{"by default down to anything, 5 minutes after the last high recommendation", `{}`, time.Minute, 50, append([]int{50}, repeat(2, 6)...),
			[]int{50, 50, 50, 50, 50, 2, 2}},
		{"900%: 1 → 10 → 100 → 1000", tenfold, time.Minute, 1, repeat(1000, 4), []int{10, 100, 1000, 1000}},
		{"one pod in ten minutes: 1000 → … → 999 → … → 998", onePerTen, time.Minute, 1000, repeat(1, 18),
			[]int{1000, 1000, 1000, 1000, 1000, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 998, 998, 998}},
		{"one pod in five minutes: 1 → 2 → 3 → 4", gradual, 5 * time.Minute, 1, repeat(10, 3), []int{2, 3, 4}},
		{"small steps up add up within the period", `{scaleUp: {policies: [{type: Pods, value: 4, periodSeconds: 60}]}}`, 15 * time.Second, 1, []int{3, 5, 9, 9, 9},
			[]int{3, 5, 5, 5, 7}},
		{"up by the policy that changes least", `{scaleUp: {selectPolicy: Min}}`, 15 * time.Second, 2, repeat(100, 4), []int{4, 8, 12, 16}},
		{"never up", `{scaleUp: {selectPolicy: Disabled}}`, time.Minute, 5, []int{9, 9, 5}, []int{5, 5, 5}},
		{"what went up within the period may go down again", `{scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 1, periodSeconds: 60}]}}`,
			15 * time.Second, 4, []int{6, 1, 1}, []int{6, 3, 3}},
		{"stabilized down: the highest of ten minutes is 10, then 9", stableDown, time.Minute, 10, []int{10, 9, 8, 9, 9, 8, 9, 8, 9, 8, 7},
			[]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9}},
		// The proposal counts six recommendations to five minutes: they come a bit
		// more often than once a minute.
		{"stabilized up: the lowest of five minutes is 2, then 3", stableUp, 59 * time.Second, 2, []int{2, 3, 19, 10, 3, 4, 7}, []int{2, 2, 2, 2, 2, 2, 3}},
		// What is exactly as old as the window is long has left it.
		{"stabilized up, once a minute", stableUp, time.Minute, 2, []int{2, 3, 19, 10, 3, 4, 7}, []int{2, 2, 2, 2, 2, 3, 3}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := plainController(1, 1000, behavior(t, tt.behavior))
			if got := play(c, tt.every, tt.current, tt.desired); !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// TestBounds holds what minReplicas and maxReplicas do.
func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		reason           string
		current, desired int
		want             int
	}{
		{"not below minReplicas", 5, 1, 3},
		{"not above maxReplicas", 8, 40, 10},
		{"more than maxReplicas at once down to it", 40, 40, 10},
		{"fewer than minReplicas at once up to it", 1, 1, 3},
		{"0 replicas switch the autoscaler off", 0, 5, 0},
		{"within the bounds as desired", 5, 6, 6},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := plainController(3, 10, behavior(t, `{scaleDown: {stabilizationWindowSeconds: 0}}`))
			if got := c.next(time.Minute, tt.current, tt.desired); got != tt.want {
				t.Errorf("got %d replicas, want %d", got, tt.want)
			}
		})
	}
}
