package autoscale

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"

	"github.com/mcpcheck/mcpcheck/reports"
)

var update = flag.Bool("update", false, "write the goldens")

func recommend(t *testing.T, c *reports.Capacity, in Inputs) *Recommendation {
	t.Helper()
	r, err := Recommend(c, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s\n(-update if that is right)", path, got, want)
	}
}

// cases are the goldens: a stateless server of which all is known, and one with
// sessions of which little is.
func cases() map[string]func() (*reports.Capacity, Inputs) {
	return map[string]func() (*reports.Capacity, Inputs){
		"stateless": func() (*reports.Capacity, Inputs) { return sample(), inputs() },
		"sessions": func() (*reports.Capacity, Inputs) {
			c := sample()
			c.Stateful, c.Metrics, c.Knee, c.Server, c.Idle = true, nil, 0, nil, nil
			c.Rate, c.Low, c.High, c.Saturation, c.USL = 7.5, 7.4, 7.5, 8, nil
			c.Steps = []reports.CapacityStep{
				{Rate: 5, Held: true, Duration: reports.Duration(20 * time.Second)},
				{Rate: 7.5, Held: true, Duration: reports.Duration(20 * time.Second)},
				{Rate: 8, Duration: reports.Duration(20 * time.Second)},
			}
			c.Sessions = &reports.SessionsCeiling{Opened: 400, Streams: 400, Reached: true, Reason: "session 401 was refused, 4 times: HTTP status 503", Memory: 1 << 20, R2: 0.99}
			c.SessionMetrics = []string{"mcp_active_sessions"}
			c.Soak = &reports.Soak{Trends: []reports.Trend{{Phase: "sessions", Of: "memory", Points: 54, Before: 60 << 20, After: 66 << 20, Rested: 66 << 20, PerUnit: 2048, R2: 0.98, Slope: 4e7, Verdict: "leak", Reason: "it grew all the time, and did not come back in the rest"}, {Of: "latency p99", Verdict: "steady"}}}
			in := Inputs{Peak: 20, PeakSessions: 2000, Headroom: 0.3, Deployment: "notes", Selector: "app.kubernetes.io/name=notes", Container: "server", RateWindow: 90 * time.Second}
			return c, in
		},
	}
}

func TestGoldens(t *testing.T) {
	for name, make := range cases() {
		t.Run(name, func(t *testing.T) {
			c, in := make()
			r := recommend(t, c, in)
			files, err := r.Files()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				golden(t, name+"/"+f.Name, f.Data)
				strict(t, f, r)
			}
			traffic, err := Shape("ramp", in.Peak)
			if err != nil {
				t.Fatal(err)
			}
			if r.Simulation, err = r.Simulate(traffic); err != nil {
				t.Fatal(err)
			}
			c.Autoscale = &r.Autoscale
			var text bytes.Buffer
			if err := reports.Text(reports.TextOptions{})(&text, &reports.Report{Runs: []reports.Run{{Target: "http://127.0.0.1:3000/mcp", Capacity: c}}}); err != nil {
				t.Fatal(err)
			}
			golden(t, name+"/report.text", text.Bytes())
		})
	}
}

// strict demands that a manifest is what its reader takes, and nothing else.
func strict(t *testing.T, f File, r *Recommendation) {
	t.Helper()
	decode := func(into any) {
		t.Helper()
		if err := yaml.UnmarshalStrict(f.Data, into); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	switch f.Name {
	case "hpa.yaml":
		var hpa autoscalingv2.HorizontalPodAutoscaler
		decode(&hpa)
		target := hpa.Spec.Metrics[0].Pods.Target.AverageValue.AsApproximateFloat64()
		if hpa.APIVersion != "autoscaling/v2" || hpa.Kind != "HorizontalPodAutoscaler" || math.Abs(target-r.Target) > 1e-9 ||
			int(*hpa.Spec.MinReplicas) != r.MinReplicas || int(hpa.Spec.MaxReplicas) != r.MaxReplicas || *hpa.Spec.Behavior.ScaleDown.StabilizationWindowSeconds != 300 {
			t.Errorf("%s does not say what was worked out: %+v", f.Name, hpa)
		}
	case "pdb.yaml":
		var pdb policyv1.PodDisruptionBudget
		decode(&pdb)
		if pdb.APIVersion != "policy/v1" || pdb.Kind != "PodDisruptionBudget" || pdb.Spec.MaxUnavailable.IntValue() != 1 || len(pdb.Spec.Selector.MatchLabels) != 1 {
			t.Errorf("%s does not say what was worked out: %+v", f.Name, pdb)
		}
	case "merge/deployment.yaml":
		var patch appsv1.Deployment
		decode(&patch)
		if patch.APIVersion != "apps/v1" || patch.Kind != "Deployment" || patch.Spec.Replicas != nil {
			t.Errorf("%s does not say what was worked out: %+v", f.Name, patch)
		}
	case "keda/scaledobject.yaml":
		conforms(t, "keda-scaledobject.schema.json", f)
		var object ScaledObject
		decode(&object) // the behavior is of Kubernetes types
	case "merge/prometheus-adapter.yaml":
		conforms(t, "prometheus-adapter.schema.json", f)
	default:
		t.Errorf("nothing checks %s", f.Name)
	}
}

func conforms(t *testing.T, schema string, f File) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile(filepath.Join("testdata", schema))
	if err != nil {
		t.Fatal(err)
	}
	data, err := yaml.YAMLToJSONStrict(f.Data)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s: %v", f.Name, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		reason string
		change func(*reports.Capacity)
		want   []string // each refusal begins so
	}{
		{"a sound measurement", func(c *reports.Capacity) {}, nil},
		{"stdio", func(c *reports.Capacity) { c.Transport = "stdio" }, []string{"the server speaks over stdio"}},
		{"replicas unknown", func(c *reports.Capacity) { c.Replicas = 0 }, []string{"it is not known how many replicas answered"}},
		{"several replicas", func(c *reports.Capacity) { c.Replicas = 3 }, []string{"3 replicas answered"}},
		{"generator-bound at the capacity", func(c *reports.Capacity) { c.Steps[6].GeneratorBound = true }, []string{"at 120/s mcpcheck could not send"}},
		{"generator-bound where the search turned", func(c *reports.Capacity) { c.Steps[5].GeneratorBound = true }, []string{"at 126/s mcpcheck could not send"}},
		{"generator-bound far beyond decides nothing", func(c *reports.Capacity) { c.Steps[3].GeneratorBound = true }, nil},
		{"429s where the search turned", func(c *reports.Capacity) { c.Steps[5].RateLimited = true }, []string{"at 126/s the server answered 429"}},
		{"429s far beyond decide nothing", func(c *reports.Capacity) { c.Steps[3].RateLimited = true }, nil},
		{"errors at the lowest step", func(c *reports.Capacity) { c.Steps[0].Held = false; c.Steps[0].ErrorShare = 0.02 },
			[]string{"the objectives were broken already at the lowest rate, 20.0/s (2.00% errors"}},
		{"nothing held", func(c *reports.Capacity) {
			c.Rate = 0
			for i := range c.Steps {
				c.Steps[i].Held = false
			}
		}, []string{"the objectives were broken already at the lowest rate", "no rate was found"}},
		{"steps too short", func(c *reports.Capacity) {
			for i := range c.Steps {
				c.Steps[i].Duration = reports.Duration(time.Second)
			}
		}, []string{"the steps at 120/s were too short, 1.0 s and 120 requests"}},
		{"too few requests", func(c *reports.Capacity) {
			c.Rate = 20
			c.Steps[1].Held = false
			c.Steps[0].Duration = reports.Duration(4 * time.Second)
		}, []string{"the steps at 20.0/s were too short, 4.0 s and 80 requests"}},
		{"no step at the capacity", func(c *reports.Capacity) { c.Rate = 100 }, []string{"no step at 100/s is on record"}},
		{"a poor fit", func(c *reports.Capacity) { c.USL.R2 = 0.71 }, []string{"the scalability law fits the figures poorly, R² 0.710"}},
		{"a server that takes one request at a time: no R², and yet the law holds", func(c *reports.Capacity) {
			c.USL = &reports.USL{Lambda: 150, Sigma: 1, R2: 0.02, Levels: 7}
			levels(c, 151, 149, 152, 150, 148, 150, 151)
		}, nil},
		{"figures that jump", func(c *reports.Capacity) {
			c.USL = &reports.USL{Lambda: 150, Sigma: 1, R2: 0.02, Levels: 7}
			levels(c, 190, 110, 152, 150, 190, 110, 151)
		}, []string{"the scalability law fits the figures poorly, R² 0.020"}},
		{"a fit that is no number", func(c *reports.Capacity) { c.USL.R2 = math.NaN() }, []string{"the scalability law fits the figures poorly"}},
		{"a fit to few levels", func(c *reports.Capacity) { c.USL.Levels = 5 }, []string{"the scalability law was fitted to 5 levels"}},
		{"no fit is no reason", func(c *reports.Capacity) { c.USL = nil }, nil},
		{"closed loops decide nothing", func(c *reports.Capacity) {
			c.Steps = append(c.Steps,
				reports.CapacityStep{Phase: "level", Rate: 5, GeneratorBound: true, RateLimited: true},
				reports.CapacityStep{Phase: "level", Rate: 121, GeneratorBound: true, RateLimited: true})
		}, nil},
		{"a step that failed on the way and held later", func(c *reports.Capacity) { c.Steps[2].GeneratorBound = true }, nil},
		{"one reason once", func(c *reports.Capacity) {
			c.Steps[5].RateLimited, c.Steps[6].RateLimited = true, true
			c.Refusals = []string{"at 126/s the server answered 429: what was found is its limit on rates, not its capacity"}
		}, []string{"at 126/s the server answered 429"}},
		{"what the search itself refused", func(c *reports.Capacity) { c.Refusals = []string{"the autoscaler was active"} }, []string{"the autoscaler was active"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := sample()
			tt.change(c)
			r := recommend(t, c, inputs())
			if !slices.EqualFunc(r.Refusals, tt.want, strings.HasPrefix) {
				t.Errorf("got %q, want %q", r.Refusals, tt.want)
			}
			if refused := r.HPA == nil && r.Target == 0 && len(r.Arithmetic) == 0; refused != (len(tt.want) > 0) {
				t.Errorf("a figure and its refusal: %+v", r.Autoscale)
			}
		})
	}
}

// levels adds the steps of closed loops with 1, 2, 4 and so on in progress.
func levels(c *reports.Capacity, throughputs ...float64) {
	for i, x := range throughputs {
		c.Steps = append(c.Steps, reports.CapacityStep{Phase: level, Rate: x, Throughput: x, InProgress: float64(int(1) << i), Duration: reports.Duration(2 * time.Second)})
	}
}

func TestRefusesTooManyReplicas(t *testing.T) {
	in := inputs()
	in.Peak = 1e7
	r := recommend(t, sample(), in)
	if len(r.Refusals) != 1 || !strings.Contains(r.Refusals[0], "more than 10000") || r.HPA != nil {
		t.Errorf("got %q", r.Refusals)
	}
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		reason string
		change func(*reports.Capacity, *Inputs)
		want   string
	}{
		{"sticky sessions", func(c *reports.Capacity, _ *Inputs) { c.Stateful = true }, "sessions stay with the replica that opened them"},
		{"no counter seen", func(c *reports.Capacity, _ *Inputs) { c.Metrics = nil }, "no counter of requests was seen"},
		{"a counter that is not there", func(_ *reports.Capacity, in *Inputs) { in.Series = "calls_total" }, "the server does not export calls_total"},
		{"a counter of HTTP requests", func(c *reports.Capacity, _ *Inputs) { c.Metrics = []string{"http_requests_total"} }, "http_requests_total counts HTTP requests"},
		{"the end was not found", func(c *reports.Capacity, _ *Inputs) { c.Steps[3].Held, c.Steps[5].Held = true, true }, "the search ended before the server did"},
		{"above the knee", func(c *reports.Capacity, _ *Inputs) { c.Knee = 70 }, "the target lies above the knee at 70.0/s"},
		{"CPU unknown", func(c *reports.Capacity, _ *Inputs) {
			c.Server, c.Idle = nil, nil
			for i := range c.Steps {
				c.Steps[i].Server = nil
			}
		}, "the server's use of CPU was not observed"},
		{"CPU that does not grow", func(c *reports.Capacity, _ *Inputs) {
			c.Server.CPU = 0.2
			for i := range c.Steps {
				c.Steps[i].Server.CPU = 0.2
			}
		}, "CPU does not grow with load"},
		{"too little headroom", func(_ *reports.Capacity, in *Inputs) { in.Headroom = 0.1 }, "a headroom of 10% does not cover growth of 20% a minute"},
		{"too little headroom for few replicas", func(_ *reports.Capacity, in *Inputs) { in.Headroom, in.Peak = 0.2, 200 },
			"a headroom of 20% covers the loss of one replica only where there are 5 or more: with 3 the others then get up to 120% of their capacity"},
		{"sessions run out", func(c *reports.Capacity, _ *Inputs) { c.Sessions = &reports.SessionsCeiling{Opened: 50, Reached: true} }, "a replica takes 50 sessions, so 600 at the peak"},
		{"a leak", func(c *reports.Capacity, _ *Inputs) {
			c.Soak = &reports.Soak{Trends: []reports.Trend{{Of: "memory", Slope: 1e6, Verdict: "leak"}}}
		}, "memory grew by 1e+06 an hour"},
		{"a label that is guessed", func(*reports.Capacity, *Inputs) {}, "the pods of search are taken to have the label app=search"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c, in := sample(), inputs()
			before := recommend(t, c, in).Warnings
			tt.change(c, &in)
			after := recommend(t, c, in).Warnings
			has := func(list []string) bool {
				return slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, tt.want) })
			}
			if !has(after) {
				t.Errorf("got %q, want %q", after, tt.want)
			}
			if tt.reason != "a label that is guessed" && has(before) {
				t.Errorf("it warns without a cause: %q", before)
			}
		})
	}
}

func TestSeries(t *testing.T) {
	for _, tt := range []struct {
		reason string
		found  []string
		named  string
		want   string
	}{
		{"that of OpenTelemetry goes first", []string{"mcp_requests_total", "mcp_server_operation_duration_seconds_count", "http_requests_total"}, "", otel},
		{"one of MCP before one of HTTP", []string{"http_requests_total", "mcp_tool_calls_total"}, "", "mcp_tool_calls_total"},
		{"the only one", []string{"jobs_total"}, "", "jobs_total"},
		{"the user's", []string{"mcp_requests_total", "jobs_total"}, "jobs_total", "jobs_total"},
		{"none was seen", nil, "", otel},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c, in := sample(), inputs()
			c.Metrics, in.Series = tt.found, tt.named
			r := recommend(t, c, in)
			if r.Series != tt.want || r.Adapter.Rules[0].SeriesQuery != tt.want+`{namespace!="",pod!=""}` || !strings.Contains(r.KEDA.Spec.Triggers[0].Metadata["query"], tt.want+"{") {
				t.Errorf("got %s, want %s: %+v", r.Series, tt.want, r.Adapter.Rules)
			}
		})
	}
}

// TestSessions demands a second metric where sessions may run out before
// requests do, and only where there is one to look at.
func TestSessions(t *testing.T) {
	ceiling := func(opened int, reached bool) *reports.SessionsCeiling {
		return &reports.SessionsCeiling{Opened: opened, Reached: reached, Reason: "session refused"}
	}
	for _, tt := range []struct {
		reason   string
		ceiling  *reports.SessionsCeiling
		found    []string
		in       Inputs // what it sets of it
		target   int    // 0 for no such metric
		series   string
		replicas int
		warning  string
	}{
		{"no ceiling was looked for", nil, nil, Inputs{}, 0, "", 12, ""},
		{"none was found", ceiling(500, false), []string{"mcp_active_sessions"}, Inputs{}, 0, "", 12, ""},
		{"requests limit", ceiling(500, true), []string{"mcp_active_sessions", "mcp_sessions"}, Inputs{PeakSessions: 1000}, 350, "mcp_active_sessions", 12, ""},
		{"sessions limit", ceiling(50, true), []string{"mcp_sessions"}, Inputs{PeakSessions: 1000}, 35, "mcp_sessions", 29, ""},
		{"the user's gauge", ceiling(50, true), []string{"mcp_sessions"}, Inputs{SessionSeries: "mine"}, 35, "mine", 12, "mine was not seen to follow the sessions; mcp_sessions did"},
		{"nothing to look at", ceiling(50, true), nil, Inputs{PeakSessions: 1000}, 0, "", 29, "a replica takes 50 sessions, so 1450 at the peak"},
		{"sessions are asked for, and no ceiling is known", nil, nil, Inputs{PeakSessions: 1000}, 0, "", 12, "whether 1000 sessions at the peak are too many is not known"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c, in := sample(), inputs()
			c.Sessions, c.SessionMetrics = tt.ceiling, tt.found
			in.Headroom, in.PeakSessions, in.SessionSeries = 0.3, tt.in.PeakSessions, tt.in.SessionSeries
			if in.Peak = 900; tt.replicas == 12 {
				in.Peak = 12 * 84
			}
			r := recommend(t, c, in)
			var pods []string
			for _, m := range r.HPA.Spec.Metrics {
				if m.Pods != nil {
					pods = append(pods, m.Pods.Metric.Name+" "+m.Pods.Target.AverageValue.String())
				}
			}
			want := []string{"mcp_requests_per_second 84"}
			if tt.target > 0 {
				want = append(want, fmt.Sprintf("mcp_active_sessions %d", tt.target))
			}
			if !slices.Equal(pods, want) || r.Replicas != tt.replicas || r.SessionSeries != tt.series {
				t.Errorf("got %q of %q for %d replicas, want %q of %q for %d", pods, r.SessionSeries, r.Replicas, want, tt.series, tt.replicas)
			}
			if len(r.Adapter.Rules) != len(want) || len(r.KEDA.Spec.Triggers) != len(want) {
				t.Errorf("there are %d rules and %d triggers for %d metrics", len(r.Adapter.Rules), len(r.KEDA.Spec.Triggers), len(want))
			} else if tt.target > 0 {
				if rule := r.Adapter.Rules[1]; rule.Name.Matches != "^"+tt.series+"$" || rule.Name.As != "mcp_active_sessions" || strings.Contains(rule.MetricsQuery, "rate(") {
					t.Errorf("the rule is %+v, want the sum of %s", rule, tt.series)
				}
				if m := r.KEDA.Spec.Triggers[1].Metadata; !strings.HasPrefix(m["query"], "sum("+tt.series+"{") || m["threshold"] != fmt.Sprint(tt.target) {
					t.Errorf("the trigger is %v", m)
				}
			}
			told := slices.ContainsFunc(r.Warnings, func(s string) bool { return strings.Contains(s, " sessions") && !strings.HasPrefix(s, "sessions stay") })
			if told != (tt.warning != "") || told && !slices.ContainsFunc(r.Warnings, func(s string) bool { return strings.HasPrefix(s, tt.warning) }) {
				t.Errorf("got %q, want %q", r.Warnings, tt.warning)
			}
		})
	}
}

// TestMemory demands that sessions do not end a pod at its limit before load does.
func TestMemory(t *testing.T) {
	c := sample()
	without := recommend(t, c, inputs()).Memory
	c.Sessions = &reports.SessionsCeiling{Opened: 64, Memory: 1 << 20}
	if with := recommend(t, c, inputs()).Memory; without != 144<<20 || with != 208<<20 {
		t.Errorf("%v bytes, with sessions %v, want %v and %v", without, with, 144<<20, 208<<20)
	}
}

// TestPromises demands of many capacities and peaks what the reasons in the
// arithmetic say: that growth and the loss of a replica are borne.
func TestPromises(t *testing.T) {
	for _, capacity := range []float64{0.9, 7, 33.3, 120, 4200} {
		for _, peak := range []float64{1, 50, 900, 20000} {
			for _, growth := range []float64{0.01, 0.2, 2} {
				in := inputs()
				in.Peak, in.Growth = peak, growth
				if peak/capacity > 2000 {
					continue
				}
				c := sample()
				c.Rate, c.Steps, c.USL = capacity, []reports.CapacityStep{{Rate: capacity, Held: true, Duration: reports.Duration(10 * time.Minute)}}, nil
				r := recommend(t, c, in)
				what := fmt.Sprintf("capacity %v, peak %v, growth %v: target %v, %d of %d..%d", capacity, peak, growth, r.Target, r.Replicas, r.MinReplicas, r.MaxReplicas)
				strain := 1.1 * math.Pow(1+growth, 80./60)
				if got := r.Target * strain; got > capacity {
					t.Errorf("%s: grows to %v before relief", what, got)
				}
				if n := float64(r.Replicas); n*r.Target < peak || peak/(n-1) > capacity {
					t.Errorf("%s: the peak is not borne, or not with one replica less", what)
				}
				planned := math.Ceil(peak*strain/capacity) + 1
				if got := r.Target * planned / (planned - 1) * strain; got > capacity*(1+1e-9) {
					t.Errorf("%s: with one of %v lost while the load grows the others get %v", what, planned, got)
				}
				for n := r.MinReplicas; n <= r.MaxReplicas; n++ {
					if got := r.Target * float64(n) / float64(n-1); got > capacity*(1+1e-9) {
						t.Errorf("%s: with one of %d lost the others get %v", what, n, got)
					}
				}
				if r.MinReplicas < 2 || r.MinReplicas > r.Replicas || r.Replicas >= r.MaxReplicas {
					t.Errorf("%s: out of order", what)
				}
			}
		}
	}
}

func TestInputs(t *testing.T) {
	for _, tt := range []struct {
		reason string
		change func(*Inputs)
		want   string
	}{
		{"no peak", func(in *Inputs) { in.Peak = 0 }, "the peak is 0/s"},
		{"an endless peak", func(in *Inputs) { in.Peak = math.Inf(1) }, "the peak is +Inf/s"},
		{"shrinking", func(in *Inputs) { in.Growth = -1 }, "the growth is -1 a minute"},
		{"nothing left", func(in *Inputs) { in.Headroom = 0.99 }, "the headroom is 99%"},
		{"a namespace that is none", func(in *Inputs) { in.Namespace = "a/b" }, `the namespace is "a/b"`},
		{"a deployment that would break out of a query", func(in *Inputs) { in.Deployment = `x"}` }, `the deployment is "x\"}"`},
		{"a metric with a space", func(in *Inputs) { in.Metric = "a b" }, `the metric is "a b"`},
		{"a series with braces", func(in *Inputs) { in.Series = "a{}" }, `the series is "a{}"`},
		{"a selector without a value", func(in *Inputs) { in.Selector = "app" }, `the selector is "app"`},
		{"half a second", func(in *Inputs) { in.PodStart = 500 * time.Millisecond }, "the time that a pod takes to start is 500ms"},
		{"a window of one sample", func(in *Inputs) { in.RateWindow = 20 * time.Second }, "the rate window is 20s"},
		{"a short session", func(in *Inputs) { in.SessionLife = 1 }, "a session lasts 1ns"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			in := inputs()
			tt.change(&in)
			if _, err := Recommend(sample(), in); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseShares(t *testing.T) {
	for _, tt := range []struct {
		reason, text string
		parse        func(string) (float64, error)
		want         float64 // -1 for an error
	}{
		{"a minute", "20%/m", ParseGrowth, 0.2},
		{"an hour", "60%/h", ParseGrowth, 0.01},
		{"a second", "1%/s", ParseGrowth, 0.6},
		{"no unit", "20%", ParseGrowth, -1},
		{"no share", "20/m", ParseGrowth, -1},
		{"not growing", "0%/m", ParseGrowth, -1},
		{"no number", "NaN%/m", ParseGrowth, -1},
		{"derived", "auto", ParseHeadroom, 0},
		{"a share", "30%", ParseHeadroom, 0.3},
		{"no per cent", "30", ParseHeadroom, -1},
		{"all of it", "100%", ParseHeadroom, -1},
		{"none of it", "0%", ParseHeadroom, -1},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := tt.parse(tt.text)
			if err != nil {
				got = -1
			}
			if math.Abs(got-tt.want) > 1e-12 {
				t.Errorf("%q is %v (%v), want %v", tt.text, got, err, tt.want)
			}
		})
	}
}
