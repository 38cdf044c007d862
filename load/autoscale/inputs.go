package autoscale

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Inputs are what the user knows and no measurement tells. A zero value stands
// for the default.
type Inputs struct {
	Peak     float64 // requests a second that the service has to take
	Growth   float64 // by which share the load grows within a minute, at the most
	Headroom float64 // the share of the capacity to keep free; 0 to derive it

	PodStart   time.Duration // from the decision until a new pod serves within the objectives
	Scrape     time.Duration // how often Prometheus samples
	RateWindow time.Duration // over which it takes the rate
	Sync       time.Duration // how often the autoscaler looks
	Patience   time.Duration // how long clients wait; also how long a pod may finish

	PeakSessions int // that are open at the same time; 0 if that is not known

	SessionLife time.Duration // how long a session lasts, for the simulation

	Namespace  string
	Deployment string
	Container  string // by default named like the deployment
	Selector   string // KEY=VALUE, the label of the pods; by default app=DEPLOYMENT
	Metric     string // as the HPA is to call it
	Series     string // the counter that the server exports; by default what was found
	// SessionSeries is the gauge of open sessions that the server exports; by default
	// what was found.
	SessionSeries string
	Prometheus    string // its address, for KEDA
}

// Defaults of Inputs.
const (
	DefaultGrowth     = 0.2
	DefaultPodStart   = 30 * time.Second
	DefaultScrape     = 15 * time.Second
	DefaultRateWindow = time.Minute
	DefaultPatience   = 30 * time.Second
	DefaultDeployment = "mcp-server"
	DefaultMetric     = "mcp_requests_per_second"
	SessionMetric     = "mcp_active_sessions" // as the HPA calls it
	DefaultPrometheus = "http://prometheus-operated.monitoring.svc:9090"

	defaultSessionLife = 10 * time.Minute
)

// Bounds on what a Deployment is scaled to.
const mostReplicas = 10000

// Check says what is wrong with the inputs, before anything is measured.
func (in Inputs) Check() error {
	_, err := in.complete()
	return err
}

func (in Inputs) complete() (Inputs, error) {
	in.Growth = cmp.Or(in.Growth, DefaultGrowth)
	in.PodStart = cmp.Or(in.PodStart, DefaultPodStart)
	in.Scrape = cmp.Or(in.Scrape, DefaultScrape)
	in.RateWindow = cmp.Or(in.RateWindow, DefaultRateWindow)
	in.Sync = cmp.Or(in.Sync, defaultSync)
	in.Patience = cmp.Or(in.Patience, DefaultPatience)
	in.SessionLife = cmp.Or(in.SessionLife, defaultSessionLife)
	in.Namespace = cmp.Or(in.Namespace, "default")
	in.Deployment = cmp.Or(in.Deployment, DefaultDeployment)
	in.Container = cmp.Or(in.Container, in.Deployment)
	in.Selector = cmp.Or(in.Selector, "app="+in.Deployment)
	in.Metric = cmp.Or(in.Metric, DefaultMetric)
	in.Prometheus = cmp.Or(in.Prometheus, DefaultPrometheus)
	return in, in.check()
}

var (
	dnsLabel   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelKey   = regexp.MustCompile(`^([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

func (in Inputs) check() error {
	switch {
	case !(in.Peak > 0) || math.IsInf(in.Peak, 0):
		return fmt.Errorf("the peak is %v/s, want more than 0", in.Peak)
	case !(in.Growth > 0 && in.Growth <= 100):
		return fmt.Errorf("the growth is %v a minute, want a share above 0", in.Growth)
	case in.PeakSessions < 0:
		return fmt.Errorf("the sessions at the peak are %d, want 0 or more", in.PeakSessions)
	case !(in.Headroom >= 0 && in.Headroom < 0.95):
		return fmt.Errorf("the headroom is %.0f%%, want less than 95%%", 100*in.Headroom)
	}
	names := []struct{ name, is string }{{"namespace", in.Namespace}, {"deployment", in.Deployment}, {"container", in.Container}}
	for _, n := range names {
		if !dnsLabel.MatchString(n.is) {
			return fmt.Errorf("the %s is %q, want lower-case letters, digits and hyphens", n.name, n.is)
		}
	}
	names = []struct{ name, is string }{{"metric", in.Metric}, {"series", cmp.Or(in.Series, "_")}, {"series of sessions", cmp.Or(in.SessionSeries, "_")}}
	for _, n := range names {
		if !metricName.MatchString(n.is) {
			return fmt.Errorf("the %s is %q, want letters, digits and the characters _ and : only", n.name, n.is)
		}
	}
	if key, value := in.label(); !labelKey.MatchString(key) || !labelValue.MatchString(value) || !strings.Contains(in.Selector, "=") {
		return fmt.Errorf("the selector is %q, want KEY=VALUE", in.Selector)
	}
	times := []struct {
		name string
		d    time.Duration
	}{{"time that a pod takes to start", in.PodStart}, {"scrape interval", in.Scrape}, {"rate window", in.RateWindow}, {"sync period", in.Sync}, {"time that clients wait", in.Patience}}
	for _, t := range times {
		if t.d < time.Second || t.d > time.Hour || t.d%time.Second != 0 {
			return fmt.Errorf("the %s is %s, want whole seconds, from 1s to 1h", t.name, t.d)
		}
	}
	if in.RateWindow < 2*in.Scrape {
		return fmt.Errorf("the rate window is %s, want at least two scrapes of %s: a rate takes two samples", in.RateWindow, in.Scrape)
	}
	if in.SessionLife < time.Second {
		return fmt.Errorf("a session lasts %s, want 1s or more", in.SessionLife)
	}
	return nil
}

// label is that of the pods.
func (in Inputs) label() (key, value string) {
	key, value, _ = strings.Cut(in.Selector, "=")
	return key, value
}

// ParseGrowth reads a share per time, such as "20%/m" or "100%/h".
func ParseGrowth(s string) (float64, error) {
	number, unit, ok := strings.Cut(strings.TrimSpace(s), "%/")
	minutes, known := map[string]float64{"s": 1. / 60, "m": 1, "min": 1, "h": 60}[unit]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || !known || err != nil || !(v > 0 && v <= 10000) {
		return 0, fmt.Errorf("the growth is %q, want a share of the load in a time, such as 20%%/m or 100%%/h", s)
	}
	return v / 100 / minutes, nil
}

// ParseHeadroom reads a share such as "30%", or "auto", which is 0.
func ParseHeadroom(s string) (float64, error) {
	if s == "auto" || s == "" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v > 0 && v < 95) {
		return 0, fmt.Errorf("the headroom is %q, want auto, or a share below 95%% such as 30%%", s)
	}
	return v / 100, nil
}
