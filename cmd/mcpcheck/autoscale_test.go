package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// capacityReport writes the JSON report of a capacity of 120/s.
func capacityReport(t *testing.T, change func(*reports.Capacity)) string {
	t.Helper()
	step := func(rate float64, held bool, cores float64) reports.CapacityStep {
		return reports.CapacityStep{Rate: rate, Phase: "search", Held: held, Throughput: rate, Duration: reports.Duration(10 * time.Second), Server: &reports.Resources{CPU: cores, Memory: 64 << 20, Source: "process"}}
	}
	c := &reports.Capacity{
		SLO: []string{"p99<200ms"}, Rate: 120, Low: 119, High: 120, Transport: "http", Replicas: 1,
		Steps: []reports.CapacityStep{step(60, true, 0.6), step(120, true, 1.2), step(126, false, 1.3)},
	}
	if change != nil {
		change(c)
	}
	path := filepath.Join(t.TempDir(), "capacity.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run := reports.Run{Target: "http://127.0.0.1:3000/mcp", Capacity: c}
	if err := reports.JSON(f, &reports.Report{Runs: []reports.Run{run}}); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAutoscale(t *testing.T) {
	out := filepath.Join(t.TempDir(), "deploy")
	o := call(t, "autoscale", "--capacity", capacityReport(t, nil), "--peak", "900/s", "--growth", "20%/m", "--pod-start", "20s",
		"--namespace", "mcp", "--deployment", "search", "--traffic", "ramp", "--out", out)
	if o.status != conforms || o.stderr != "" {
		t.Fatalf("exit %d: %s", o.status, o.stderr)
	}
	for _, want := range []string{
		"target      78.4/s of each replica (mcp_requests_per_second)", "reaction time = scrape", "= 1m20s", "Simulation (ramp, 1h0m0s)", " 0 late (0.000%), 0 dropped",
		"warning: no counter of requests was seen", filepath.Join(out, "hpa.yaml"), "Verdict: one replica holds 120/s",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("the text lacks %q:\n%s", want, o.stdout)
		}
	}
	var files []string
	filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(out, path)
			files = append(files, filepath.ToSlash(name))
		}
		return err
	})
	if want := []string{"hpa.yaml", "keda/scaledobject.yaml", "merge/deployment.yaml", "merge/prometheus-adapter.yaml", "pdb.yaml"}; !slices.Equal(files, want) {
		t.Errorf("wrote %q, want %q", files, want)
	}
	hpa, err := os.ReadFile(filepath.Join(out, "hpa.yaml"))
	if err != nil || !strings.Contains(string(hpa), "averageValue: 78400m") || !strings.Contains(string(hpa), "namespace: mcp") {
		t.Errorf("%v, hpa.yaml is\n%s", err, hpa)
	}
}

// TestAutoscaleJSON demands that the JSON report says the same, and can be read again.
func TestAutoscaleJSON(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace.csv")
	if err := os.WriteFile(trace, []byte("time,rate\n0,200\n10m,900\n20m,200\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := call(t, "autoscale", "--capacity", capacityReport(t, nil), "--peak", "900/s", "--headroom", "30%", "--traffic", trace, "--report", "json=-")
	a := o.report(t).Runs[0].Capacity.Autoscale
	if o.status != conforms || a == nil || a.Target != 84 || a.Headroom != 0.3 || a.Replicas != 11 || a.Simulation == nil || a.Simulation.Traffic != "trace.csv" || len(a.Arithmetic) < 8 {
		t.Errorf("exit %d: %+v", o.status, a)
	}
}

func TestAutoscaleRefuses(t *testing.T) {
	unknown := capacityReport(t, func(c *reports.Capacity) { c.Replicas = 0 })
	twice := capacityReport(t, func(c *reports.Capacity) { c.Refusals = []string{"the figures vary too much"} })
	if o := call(t, "autoscale", "--capacity", twice, "--peak", "9/s"); o.status != unfinished || strings.Count(o.stdout, "the figures vary too much") != 1 {
		t.Errorf("exit %d: %s", o.status, o.stdout)
	}
	out := filepath.Join(t.TempDir(), "deploy")
	o := call(t, "autoscale", "--capacity", unknown, "--peak", "900/s", "--out", out)
	if o.status != unfinished || strings.Count(o.stdout, "no target follows: it is not known how many replicas answered") != 1 || !strings.Contains(o.stdout, "Verdict: one replica holds 120/s; no autoscaling target follows") {
		t.Errorf("exit %d: %s%s", o.status, o.stdout, o.stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("it wrote manifests for what it refused")
	}
	if o := call(t, "autoscale", "--capacity", unknown, "--peak", "900/s", "--replicas", "1"); o.status != conforms {
		t.Errorf("with --replicas 1 exit %d: %s", o.status, o.stdout)
	}
	if o := call(t, "autoscale", "--capacity", unknown, "--peak", "900/s", "--report", "junit=-"); o.status != unfinished || !strings.Contains(o.stdout, "<error") {
		t.Errorf("junit: exit %d, %s", o.status, o.stdout)
	}
}

func TestAutoscaleMistakes(t *testing.T) {
	report := capacityReport(t, nil)
	for _, tt := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"no capacity", []string{"--peak", "900/s"}, "autoscale needs --capacity"},
		{"no peak", []string{"--capacity", report}, "autoscale needs --peak"},
		{"a peak that is no rate", []string{"--capacity", report, "--peak", "many"}, `--peak: the rate is "many"`},
		{"no such report", []string{"--capacity", report + ".none", "--peak", "9/s"}, "--capacity: open "},
		{"a report that is none", []string{"--capacity", "autoscale_test.go", "--peak", "9/s"}, "--capacity: autoscale_test.go: not a report of mcpcheck in JSON"},
		{"growth without a time", []string{"--capacity", report, "--peak", "9/s", "--growth", "20%"}, `--growth: the growth is "20%"`},
		{"headroom that is no share", []string{"--capacity", report, "--peak", "9/s", "--headroom", "30"}, `--headroom: the headroom is "30"`},
		{"a deployment that is no name", []string{"--capacity", report, "--peak", "9/s", "--deployment", "A B"}, `the deployment is "A B"`},
		{"no such traffic", []string{"--capacity", report, "--peak", "9/s", "--traffic", "square"}, "--traffic: open square"},
		{"traffic that is none", []string{"--capacity", report, "--peak", "9/s", "--traffic", report}, "--traffic: line 1 has 1 fields"},
		{"fewer than no replicas", []string{"--capacity", report, "--peak", "9/s", "--replicas", "-1"}, "--replicas is -1"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, append([]string{"autoscale"}, tt.args...)...)
			if o.status != misused || o.stdout != "" || !strings.HasPrefix(o.stderr, "mcpcheck: "+tt.want) || strings.Count(o.stderr, "\n") != 1 {
				t.Errorf("exit %d, stdout %q, stderr %q, want one line that begins %q", o.status, o.stdout, o.stderr, tt.want)
			}
		})
	}
}
