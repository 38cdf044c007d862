package autoscale

import (
	"math"
	"strings"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/mcpcheck/mcpcheck/reports"
)

// line is traffic along straight lines.
func line(points ...TrafficPoint) Traffic { return Traffic{Name: "line", Points: points} }

func simulate(t *testing.T, c Cluster, traffic Traffic) *reports.Simulation {
	t.Helper()
	s, err := Simulate(c, traffic)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cluster holds 100/s a pod and aims at 50.
func cluster(least, most int32) Cluster {
	return Cluster{
		HPA: &autoscalingv2.HorizontalPodAutoscaler{Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			MinReplicas: &least, MaxReplicas: most,
			Metrics: []autoscalingv2.MetricSpec{{Pods: &autoscalingv2.PodsMetricSource{Target: autoscalingv2.MetricTarget{AverageValue: milli(50000)}}}},
		}},
		Rate: 100, Saturation: 120, PodStart: 20 * time.Second, Sync: 15 * time.Second, Scrape: 15 * time.Second, Window: time.Minute, Patience: 30 * time.Second,
	}
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-6*max(1, want) }

// TestSimulationByHand plays what can be worked out with a pencil.
func TestSimulationByHand(t *testing.T) {
	for _, tt := range []struct {
		reason                              string
		cluster                             Cluster
		traffic                             Traffic
		late, dropped                       float64
		most, changes                       int
		podHours, static, requests, lastPod float64
	}{
		{"a steady rate at the target: nothing happens for an hour",
			cluster(2, 10), line(TrafficPoint{0, 200}, TrafficPoint{time.Hour, 200}), 0, 0, 4, 0, 4, 4, 720000, 4},
		{"within the tolerance nothing happens either",
			cluster(2, 10), line(TrafficPoint{0, 200}, TrafficPoint{time.Second, 218}, TrafficPoint{time.Hour, 218}), 0, 0, 4, 0, 4, 5, 9 + 200 + 218*3599, 4},
		// 220/s for the one pod: 100 of each second's 120 in time would be the
		// capacity, but after the first second all that is served has waited.
		// 120 are served each second, 100 wait more each second, and of those who
		// came at t some have waited 30 s at t+30.
		{"one pod that may not become two, beyond saturation",
			cluster(1, 1), line(TrafficPoint{0, 220}, TrafficPoint{time.Minute, 220}), 0, 0, 1, 0, 1. / 60, 1. / 60, 13200, 1},
		{"one pod between capacity and saturation: the excess is late",
			cluster(1, 1), line(TrafficPoint{0, 110}, TrafficPoint{time.Minute, 110}), 600, 0, 1, 0, 1. / 60, 1. / 60, 6600, 1},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			s := simulate(t, tt.cluster, tt.traffic)
			if strings.Contains(tt.reason, "beyond saturation") {
				beyond(t, s)
				return
			}
			last := s.Samples[len(s.Samples)-1]
			if !near(s.Late, tt.late) || !near(s.Dropped, tt.dropped) || s.MostReplicas != tt.most || s.Changes != tt.changes ||
				!near(s.PodHours, tt.podHours) || !near(s.StaticPodHours, tt.static) || math.Abs(s.Requests-tt.requests) > 10 || float64(last.Replicas) != tt.lastPod {
				t.Errorf("got %+v", *s)
			}
		})
	}
}

// beyond: of 220/s one pod serves 120/s. What it serves in time is 100 of the
// first second; all else waits, and gives up after 30 s, or is left in the end.
func beyond(t *testing.T, s *reports.Simulation) {
	t.Helper()
	if inTime := s.Requests - s.Late - s.Dropped; !near(inTime, 100) {
		t.Errorf("%v in time, want 100", inTime)
	}
	// The queue is first in, first out: at second t it serves what came at
	// t·120/220. What waits reaches 30 s when t·100/220 = 30, at 66 s: not yet.
	if s.Dropped != 0 {
		t.Errorf("%v dropped within a minute, want 0", s.Dropped)
	}
	c := cluster(1, 1)
	longer := simulate(t, c, line(TrafficPoint{0, 220}, TrafficPoint{10 * time.Minute, 220}))
	// From then on 100 a second give up, but for the granularity of a second.
	if want := 100. * (600 - 66); math.Abs(longer.Dropped-want) > 300 {
		t.Errorf("%v dropped in ten minutes, want about %v", longer.Dropped, want)
	}
}

// TestSimulatedStep follows the autoscaler through a step, turn by turn.
func TestSimulatedStep(t *testing.T) {
	c := cluster(2, 10)
	s := simulate(t, c, line(TrafficPoint{0, 100}, TrafficPoint{60 * time.Second, 100}, TrafficPoint{61 * time.Second, 400}, TrafficPoint{900 * time.Second, 400}))
	at := func(d time.Duration) reports.SimulationSample {
		for _, x := range s.Samples {
			if x.At == reports.Duration(d) {
				return x
			}
		}
		t.Fatalf("no sample at %s", d)
		return reports.SimulationSample{}
	}
	// Until 75 the metric is that of 60: 50 a pod. At 75 the newest sample is that
	// of 60; at 90 that of 75: 45 s of 50, 1 s of a mean of 125 and 14 s of 120 a
	// pod, at which two pods are saturated, so 67 of 50: two become three.
	if x := at(75 * time.Second); x.Replicas != 2 || !near(x.Metric, 50) {
		t.Errorf("at 75 s: %+v", x)
	}
	if x := at(90 * time.Second); x.Replicas != 3 || math.Abs(x.Metric-(45*50+15*120)/60.) > 1 {
		t.Errorf("at 90 s: %+v", x)
	}
	if x := at(105 * time.Second); x.Ready != 2 {
		t.Errorf("at 105 s a pod of 90 s is ready: %+v", x)
	}
	if x := at(120 * time.Second); x.Ready < 3 {
		t.Errorf("at 120 s a pod of 90 s is not ready: %+v", x)
	}
	// The pod of 90 s is ready at 110 and sampled at 120 for the first time: at 135
	// it has no rate yet, and the metric is that of two saturated pods.
	if x := at(135 * time.Second); x.Ready < 3 || math.Abs(x.Metric-120) > 2 {
		t.Errorf("at 135 s: %+v", x)
	}
	last := s.Samples[len(s.Samples)-1]
	if last.Replicas != 8 || !near(last.Metric, 50) || last.Late != 0 {
		t.Errorf("in the end: %+v, want 8 replicas at 50/s", last)
	}
	if s.Late == 0 {
		t.Error("nobody had to wait for the new pods")
	}
}

// TestHeadroomHolds plays growth as fast as the inputs say to recommendations:
// the headroom is there so that nobody waits, and where growth is faster some do.
func TestHeadroomHolds(t *testing.T) {
	for _, growth := range []float64{0.05, 0.2, 0.5} {
		in := inputs()
		in.Growth = growth
		r := recommend(t, sample(), in)
		growing := func(by float64) Traffic {
			start := r.Target * float64(r.MinReplicas)
			tr := line(TrafficPoint{0, start}, TrafficPoint{5 * time.Minute, start})
			for rate := start; rate < in.Peak; { // ten seconds each along a straight line
				rate = min(in.Peak, rate*math.Pow(1+by, 1./6))
				tr.Points = append(tr.Points, TrafficPoint{tr.Duration() + 10*time.Second, rate})
			}
			tr.Points = append(tr.Points, TrafficPoint{tr.Duration() + 10*time.Minute, in.Peak})
			return tr
		}
		play := func(tr Traffic) *reports.Simulation {
			s, err := r.Simulate(tr)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		if s := play(growing(growth)); s.Late+s.Dropped > 0 {
			t.Errorf("growth of %v a minute: %.0f of %.0f late, want none", growth, s.Late, s.Requests)
		}
		if s := play(growing(12 * growth)); s.Late == 0 {
			t.Errorf("growth twelve times as fast as %v a minute costs nothing: the headroom is too large", growth)
		}
	}
}

// TestSticky shows what sessions do: the same traffic, and more pods that do not help.
func TestSticky(t *testing.T) {
	c, in := sample(), inputs()
	traffic, err := Shape("step", in.Peak)
	if err != nil {
		t.Fatal(err)
	}
	free, err := recommend(t, c, in).Simulate(traffic)
	if err != nil {
		t.Fatal(err)
	}
	c.Stateful = true
	sticky, err := recommend(t, c, in).Simulate(traffic)
	if err != nil {
		t.Fatal(err)
	}
	if !(sticky.Late > 2*free.Late) {
		t.Errorf("with sessions %.0f are late, without %.0f", sticky.Late, free.Late)
	}
}

func TestShapes(t *testing.T) {
	for _, name := range Shapes {
		t.Run(name, func(t *testing.T) {
			tr, err := Shape(name, 900)
			if err != nil {
				t.Fatal(err)
			}
			most := 0.0
			for i, p := range tr.Points {
				most = max(most, p.Rate)
				if i > 0 && p.At <= tr.Points[i-1].At || p.Rate <= 0 {
					t.Errorf("point %d is %+v", i, p)
				}
			}
			if !near(most, 900) || tr.Points[0].At != 0 {
				t.Errorf("it goes up to %v, want 900, and begins at %s", most, tr.Points[0].At)
			}
			s := simulate(t, cluster(2, 40), tr)
			served := s.Requests - s.Late - s.Dropped
			if s.Requests <= 0 || served < 0 || s.PodHours <= 0 || len(s.Samples) > mostSamples+2 || s.PodHours > 40*tr.Duration().Hours() {
				t.Errorf("got %+v", s)
			}
		})
	}
	if _, err := Shape("square", 1); err == nil || !strings.Contains(err.Error(), "burst, diurnal, ramp, step") {
		t.Errorf("got %v", err)
	}
}

func TestSimulateRefuses(t *testing.T) {
	long := line(TrafficPoint{0, 1}, TrafficPoint{time.Hour, 1})
	for _, tt := range []struct {
		reason  string
		change  func(*Cluster)
		traffic Traffic
		want    string
	}{
		{"no HPA", func(c *Cluster) { c.HPA = nil }, long, "the HPA has no metric of pods"},
		{"a target of nothing", func(c *Cluster) { c.HPA.Spec.Metrics[0].Pods.Target.AverageValue = milli(0) }, long, "the target of the HPA"},
		{"no interval", func(c *Cluster) { c.Scrape = 0 }, long, "an interval is 0s"},
		{"no traffic", func(*Cluster) {}, Traffic{}, "10 pods for 0s are not simulated"},
		{"too much", func(c *Cluster) { c.HPA.Spec.MaxReplicas = 1e6 }, long, "1000000 pods for 1h0m0s are not simulated"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := cluster(2, 10)
			tt.change(&c)
			if _, err := Simulate(c, tt.traffic); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseTraffic(t *testing.T) {
	for _, tt := range []struct {
		reason, text string
		at           time.Duration
		rate         float64
		err          string
	}{
		{"seconds, with a heading", "seconds,rate\n0,10\n60,20\n", 30 * time.Second, 15, ""},
		{"durations and a unit", "0s,10/s\n1m,20/s\n2m30s,20\n", 2 * time.Minute, 20, ""},
		{"the beginning is where the first line is", "100,10\n160,40\n", 30 * time.Second, 25, ""},
		{"a remark, more columns and a byte order mark", "\ufeff# from the gateway\n0,10,x\n10,20,y\n", 5 * time.Second, 15, ""},
		{"after the end", "0,10\n10,20\n", time.Hour, 20, ""},
		{"one line", "0,10\n", 0, 0, "there are 1 points in time, want 2 or more"},
		{"nothing", "", 0, 0, "there are 0 points in time"},
		{"backwards", "10,1\n5,1\n", 0, 0, "line 2: the time is 5s, want more than that of the line before, 10s"},
		{"no time", "0,1\nnoon,1\n", 0, 0, `line 2: the time is "noon"`},
		{"no rate", "0,1\n1,many\n", 0, 0, `line 2: the rate is "many"`},
		{"a rate that is no number", "0,1\n1,NaN\n", 0, 0, `line 2: the rate is "NaN"`},
		{"a negative rate", "0,1\n1,-1\n", 0, 0, `line 2: the rate is "-1"`},
		{"one column", "0\n", 0, 0, "line 1 has 1 fields, want a time and a rate"},
		{"too long", "0,1\n1000000,1\n", 0, 0, "it lasts 277h46m40s"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			tr, err := ParseTraffic("trace.csv", []byte(tt.text))
			switch {
			case tt.err != "":
				if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
					t.Errorf("got %v, want %s", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			default:
				if got := tr.At(tt.at); !near(got, tt.rate) {
					t.Errorf("at %s it is %v, want %v", tt.at, got, tt.rate)
				}
			}
		})
	}
}

func FuzzParseTraffic(f *testing.F) {
	f.Add([]byte("seconds,rate\n0,10\n60,20\n"))
	f.Add([]byte("0s,10/s\n1m,20/s\n"))
	f.Add([]byte("\"0\",1\n1e3,2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, err := ParseTraffic("fuzz", data)
		if err != nil {
			return
		}
		if len(tr.Points) < 2 || tr.Points[0].At != 0 || tr.Duration() <= 0 || tr.Duration() > longestTraffic {
			t.Fatalf("taken: %+v", tr.Points)
		}
		for at := time.Duration(0); at <= tr.Duration(); at += tr.Duration()/7 + 1 {
			if r := tr.At(at); !(r >= 0 && r <= 1e9) {
				t.Fatalf("%v/s at %s", r, at)
			}
		}
	})
}
