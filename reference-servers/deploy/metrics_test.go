package deploy_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// named matches what may be the name of a metric of ours.
var named = regexp.MustCompile(`\bmcp_[a-z_]+`)

// made are the metrics that the servers have.
func made(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`"(mcp_[a-z_]+)", "`).FindAllStringSubmatch(string(read(t, "../service/metrics.go")), -1) {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if suffix == "" || strings.HasSuffix(m[1], "_seconds") {
				found[m[1]+suffix] = true
			}
		}
	}
	if !found["mcp_requests_total"] {
		t.Fatalf("the metrics of the servers were not found, but %v", found)
	}
	return found
}

// labels are those of metrics, which look like a metric themselves.
var labelled = map[string]bool{"mcp_method_name": true}

func TestDashboard(t *testing.T) {
	var board struct {
		UID    string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Query string }
		}
	}
	if err := json.Unmarshal(read(t, "kubernetes/base/dashboard.json"), &board); err != nil {
		t.Fatal(err)
	}
	metrics, variables, exprs := made(t), map[string]bool{"__rate_interval": true}, map[string]string{}
	for _, v := range board.Templating.List {
		variables[v.Name] = true
		exprs["variable "+v.Name] = v.Query
	}
	for _, p := range board.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			exprs[p.Title] += target.Expr + "\n"
		}
	}
	if len(board.Panels) < 6 || board.UID == "" {
		t.Errorf("%d panels, uid %q", len(board.Panels), board.UID)
	}
	for title, expr := range exprs {
		for _, name := range named.FindAllString(expr, -1) {
			if !metrics[name] && !labelled[name] {
				t.Errorf("%s: no server has %s", title, name)
			}
		}
		for _, v := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(expr, -1) {
			if !variables[v[1]] {
				t.Errorf("%s: there is no variable %s", title, v[1])
			}
		}
		if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
			t.Errorf("%s: %s is not closed", title, expr)
		}
	}
}

// TestAdapter holds that the metric which autoscalers ask for is made of one that
// the servers have.
func TestAdapter(t *testing.T) {
	var values struct {
		Rules struct {
			Custom []struct {
				SeriesQuery, MetricsQuery string
				Name                      struct{ As string }
			}
		}
	}
	if err := yaml.Unmarshal(read(t, "kubernetes/prometheus-adapter.yaml"), &values); err != nil {
		t.Fatal(err)
	}
	if len(values.Rules.Custom) != 1 || values.Rules.Custom[0].Name.As != "mcp_requests_per_second" {
		t.Fatalf("the rules are %+v", values)
	}
	if name := named.FindString(values.Rules.Custom[0].SeriesQuery); !made(t)[name] {
		t.Errorf("no server has %q", name)
	}
}
