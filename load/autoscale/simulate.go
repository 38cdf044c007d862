package autoscale

import (
	"errors"
	"fmt"
	"math"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/mcpcheck/mcpcheck/reports"
)

// A Cluster is what a simulated autoscaler works with. Times are whole seconds.
type Cluster struct {
	HPA        *autoscalingv2.HorizontalPodAutoscaler // its first metric is one of Pods
	Rate       float64                                // what one replica holds
	Saturation float64                                // what one replica serves at the most; at least Rate
	PodStart   time.Duration                          // until a new pod serves
	Sync       time.Duration                          // how often the autoscaler looks
	Scrape     time.Duration                          // how often the metric is sampled
	Window     time.Duration                          // over which its rate is taken
	Patience   time.Duration                          // how long a client waits before it gives up
	// SessionLife is how long a client stays with the replica that it first met;
	// 0 if any replica takes any request.
	SessionLife time.Duration
}

const (
	tick        = time.Second
	mostSamples = 300
	mostTicks   = 1 << 31 // of all pods together: some ten seconds of work
)

// Simulate plays traffic to a cluster. Requests are a fluid: what matters here is
// how much there is, not which. Load spreads evenly over the replicas that are
// ready, or stays with its session.
func Simulate(c Cluster, traffic Traffic) (*reports.Simulation, error) {
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	for _, d := range []time.Duration{c.Sync, c.Scrape, c.Window} {
		if d < tick {
			return nil, fmt.Errorf("an interval is %s, want 1s or more", d)
		}
	}
	ticks := int64(traffic.Duration() / tick)
	if ticks == 0 || float64(ticks)*float64(c.HPA.Spec.MaxReplicas) > mostTicks {
		return nil, fmt.Errorf("%d pods for %s are not simulated", c.HPA.Spec.MaxReplicas, traffic.Duration())
	}
	s := &simulation{Cluster: c, target: target, controller: newController(c.HPA.Spec), traffic: traffic}
	s.Saturation = max(s.Saturation, s.Rate)
	s.start()
	every := max(c.Sync, (traffic.Duration()/mostSamples + c.Sync - 1).Truncate(c.Sync))
	for i := range ticks {
		now := time.Duration(i) * tick
		if now > 0 && now%c.Sync.Truncate(tick) == 0 {
			s.scale(now)
		}
		if now%c.Scrape.Truncate(tick) == 0 {
			s.scrape(now)
		}
		if now%every.Truncate(tick) == 0 {
			s.sample(now, every)
		}
		s.serve(now)
	}
	end := time.Duration(ticks) * tick
	for _, p := range s.pods {
		s.abandon(p, end)
	}
	s.sample(end, every)
	s.result.Traffic, s.result.Duration = traffic.Name, reports.Duration(end)
	s.result.StaticPodHours = float64(s.enough(s.highest)) * end.Hours()
	return &s.result, nil
}

func (c Cluster) target() (int64, error) {
	if c.HPA == nil || len(c.HPA.Spec.Metrics) == 0 || c.HPA.Spec.Metrics[0].Pods == nil || c.HPA.Spec.Metrics[0].Pods.Target.AverageValue == nil {
		return 0, errors.New("the HPA has no metric of pods with an average value")
	}
	if v := c.HPA.Spec.Metrics[0].Pods.Target.AverageValue.MilliValue(); v > 0 {
		return v, nil
	}
	return 0, errors.New("the target of the HPA is not above 0")
}

type simulation struct {
	Cluster
	target     int64 // thousandths
	controller *controller
	traffic    Traffic
	pods       []*pod
	highest    float64 // rate
	metric     float64 // as the autoscaler saw it last
	late, gone float64 // since the last sample
	result     reports.Simulation
}

// A pod is one replica.
type pod struct {
	ready   time.Duration
	rate    float64   // what its sessions ask for
	queue   []cohort  // the oldest first
	served  float64   // since it began
	samples []float64 // of served, for one window
}

// A cohort is the requests that came at one moment and still wait.
type cohort struct {
	at time.Duration
	n  float64
}

// enough is how many replicas the autoscaler settles on for a rate.
func (s *simulation) enough(rate float64) int {
	n := int(math.Ceil(rate * 1000 / float64(s.target)))
	return min(max(n, s.controller.least), s.controller.most)
}

// start begins as if the first rate had lasted for long.
func (s *simulation) start() {
	rate := s.traffic.At(0)
	n := s.enough(rate)
	each := rate / float64(n)
	for range n {
		p := &pod{rate: each}
		for range s.Window/s.Scrape + 1 {
			p.samples = append(p.samples, p.served)
			p.served += each * s.Scrape.Seconds()
		}
		p.served = p.samples[len(p.samples)-1]
		s.pods = append(s.pods, p)
	}
	s.result.MostReplicas = n
}

// scale is one turn of the autoscaler.
func (s *simulation) scale(now time.Duration) {
	seen := pods{}
	sum := 0.0
	for _, p := range s.pods {
		if len(p.samples) < 2 {
			seen.missing++ // a rate takes two samples
			continue
		}
		// What was not sampled within the window counts as no increase: the rate of
		// a counter that is younger than the window comes out too low.
		v := (p.samples[len(p.samples)-1] - p.samples[0]) / s.Window.Seconds()
		seen.values = append(seen.values, int64(math.Round(v*1000)))
		sum += v
	}
	if len(seen.values) > 0 {
		s.metric = sum / float64(len(seen.values))
	}
	current := len(s.pods)
	n := s.controller.next(now, current, s.controller.desired(current, seen, s.target))
	if n == current {
		return
	}
	s.result.Changes++
	for len(s.pods) < n {
		s.pods = append(s.pods, &pod{ready: now + s.PodStart})
	}
	for len(s.pods) > n {
		s.remove(now)
	}
	s.result.MostReplicas = max(s.result.MostReplicas, n)
}

// remove ends the newest pod, as a ReplicaSet does: those that are not ready are
// the newest.
func (s *simulation) remove(now time.Duration) {
	last := s.pods[len(s.pods)-1]
	s.pods = s.pods[:len(s.pods)-1]
	s.abandon(last, now)
}

// abandon counts what waits at a pod that is watched no longer: it is still
// served, late.
func (s *simulation) abandon(p *pod, now time.Duration) {
	for _, w := range p.queue {
		if w.at < now {
			s.late += w.n
			s.result.Late += w.n
		}
	}
}

func (s *simulation) scrape(now time.Duration) {
	keep := int(s.Window/s.Scrape) + 1
	for _, p := range s.pods {
		if p.ready > now {
			continue
		}
		p.samples = append(p.samples, p.served)
		if len(p.samples) > keep {
			p.samples = p.samples[1:]
		}
	}
}

func (s *simulation) sample(now, every time.Duration) {
	x := reports.SimulationSample{
		At: reports.Duration(now), Offered: s.traffic.At(now), Replicas: len(s.pods), Metric: s.metric,
		Late: s.late / every.Seconds(), Dropped: s.gone / every.Seconds(),
	}
	for _, p := range s.pods {
		if p.ready <= now {
			x.Ready++
		}
		for _, w := range p.queue {
			x.Queue += w.n
		}
	}
	s.late, s.gone = 0, 0
	s.result.Samples = append(s.result.Samples, x)
}

// serve is one second of traffic.
func (s *simulation) serve(now time.Duration) {
	rate := s.traffic.At(now + tick/2)
	s.highest = max(s.highest, rate)
	s.result.Requests += rate * tick.Seconds()
	s.result.PodHours += float64(len(s.pods)) * tick.Hours()
	ready := s.pods
	for len(ready) > 0 && ready[len(ready)-1].ready > now {
		ready = ready[:len(ready)-1]
	}
	s.spread(ready, rate)
	for _, p := range ready {
		late, gone := p.serve(now, s.Rate, s.Saturation, s.Patience)
		s.late += late
		s.gone += gone
		s.result.Late += late
		s.result.Dropped += gone
	}
}

// spread gives each pod its share of the load: an equal one, or that of its
// sessions and of its part of the new ones.
func (s *simulation) spread(ready []*pod, rate float64) {
	stay := 0.0
	if s.SessionLife > 0 {
		stay = max(0, 1-tick.Seconds()/s.SessionLife.Seconds())
	}
	kept := 0.0
	for _, p := range ready {
		p.rate *= stay
		kept += p.rate
	}
	if kept > rate {
		for _, p := range ready {
			p.rate *= rate / kept
		}
		return
	}
	for _, p := range ready {
		p.rate += (rate - kept) / float64(len(ready))
	}
}

// serve lets a pod work for one tick. What it serves beyond its capacity, and
// what had to wait, is late; who waited for too long has gone.
func (p *pod) serve(now time.Duration, capacity, saturation float64, patience time.Duration) (late, gone float64) {
	for len(p.queue) > 0 && now-p.queue[0].at >= patience {
		gone += p.queue[0].n
		p.queue = p.queue[1:]
	}
	p.queue = append(p.queue, cohort{now, p.rate * tick.Seconds()})
	done := 0.0
	for room := saturation * tick.Seconds(); len(p.queue) > 0 && room > 0; {
		first := &p.queue[0]
		n := min(first.n, room)
		if first.at < now {
			late += n
		} else {
			late += min(n, max(0, done+n-capacity*tick.Seconds()))
		}
		done, room, first.n = done+n, room-n, first.n-n
		if first.n > 1e-9 {
			break
		}
		p.queue = p.queue[1:]
	}
	p.served += done
	return late, gone
}
