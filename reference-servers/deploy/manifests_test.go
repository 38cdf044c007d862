package deploy_test

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// kinds are the types that manifests are made of; no other is expected.
var kinds = map[string]func() meta.Object{
	"v1 Namespace":                            func() meta.Object { return &core.Namespace{} },
	"v1 ServiceAccount":                       func() meta.Object { return &core.ServiceAccount{} },
	"v1 Service":                              func() meta.Object { return &core.Service{} },
	"v1 ConfigMap":                            func() meta.Object { return &core.ConfigMap{} },
	"v1 Secret":                               func() meta.Object { return &core.Secret{} },
	"apps/v1 Deployment":                      func() meta.Object { return &apps.Deployment{} },
	"policy/v1 PodDisruptionBudget":           func() meta.Object { return &policy.PodDisruptionBudget{} },
	"autoscaling/v2 HorizontalPodAutoscaler":  func() meta.Object { return &autoscaling.HorizontalPodAutoscaler{} },
	"networking.k8s.io/v1 NetworkPolicy":      func() meta.Object { return &networking.NetworkPolicy{} },
	"monitoring.coreos.com/v1 ServiceMonitor": func() meta.Object { return &monitoring.ServiceMonitor{} },
}

// A manifest is what an overlay renders to.
type manifest []meta.Object

// render renders an overlay, and decodes each object into its type. A field that
// the type does not have is a mistake.
func render(t *testing.T, path string) (m manifest) {
	t.Helper()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rendered.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind := r.GetApiVersion() + " " + r.GetKind()
		create, ok := kinds[kind]
		if !ok {
			t.Fatalf("%s %s: not among the kinds that are known", kind, r.GetName())
		}
		o := create()
		if err := yaml.UnmarshalStrict(text, o); err != nil {
			t.Fatalf("%s %s: %v", kind, r.GetName(), err)
		}
		m = append(m, o)
	}
	return m
}

// all returns the objects of one type, by name.
func all[T meta.Object](m manifest) map[string]T {
	found := map[string]T{}
	for _, o := range m {
		if v, ok := o.(T); ok {
			found[o.GetName()] = v
		}
	}
	return found
}

func TestOverlays(t *testing.T) {
	overlays, err := filepath.Glob("kubernetes/overlays/*")
	if err != nil || len(overlays) != 3 {
		t.Fatalf("%d overlays, want development, staging and production: %v", len(overlays), err)
	}
	for _, path := range overlays {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			m := render(t, path)
			servers := 0
			for _, problem := range m.problems() {
				t.Error(problem)
			}
			for name, d := range all[*apps.Deployment](m) {
				if strings.HasSuffix(name, "-mcp") {
					servers++
					for _, problem := range m.server(d) {
						t.Errorf("%s: %s", name, problem)
					}
				}
			}
			if servers != 4 {
				t.Errorf("%d servers, want docker, github, postgres and gateway", servers)
			}
		})
	}
}

// TestProblems breaks a manifest, to see that it is told.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		want  string
		wreck func(manifest)
	}{
		{"selects no pod", func(m manifest) {
			all[*core.Service](m)["docker-mcp"].Spec.Selector["app.kubernetes.io/name"] = "doker-mcp"
		}},
		{"has no port web", func(m manifest) { all[*core.Service](m)["docker-mcp"].Spec.Ports[0].TargetPort.StrVal = "web" }},
		{"does not select its own pods", func(m manifest) { all[*apps.Deployment](m)["docker-mcp"].Spec.Template.Labels = nil }},
		{"has no port metrics", func(m manifest) {
			all[*apps.Deployment](m)["docker-mcp"].Spec.Template.Spec.Containers[0].ReadinessProbe.HTTPGet.Port.StrVal = "metrics"
		}},
		{"there is no ServiceAccount", func(m manifest) {
			all[*apps.Deployment](m)["docker-mcp"].Spec.Template.Spec.ServiceAccountName = "default"
		}},
		{"scales no Deployment", func(m manifest) {
			all[*autoscaling.HorizontalPodAutoscaler](m)["docker-mcp"].Spec.ScaleTargetRef.Name = "docker"
		}},
		{"selects no pod", func(m manifest) {
			all[*policy.PodDisruptionBudget](m)["docker-mcp"].Spec.Selector.MatchLabels = map[string]string{"a": "b"}
		}},
		{"selects no Service", func(m manifest) {
			all[*monitoring.ServiceMonitor](m)["mcp"].Spec.Selector.MatchLabels = map[string]string{"a": "b"}
		}},
		{"selects no pod", func(m manifest) {
			all[*networking.NetworkPolicy](m)["github-mcp"].Spec.PodSelector.MatchLabels = map[string]string{"a": "b"}
		}},
		{"there is no ConfigMap", func(m manifest) {
			all[*apps.Deployment](m)["gateway-mcp"].Spec.Template.Spec.Volumes[0].ConfigMap.Name = "mcp-registry"
		}},
		{"unknown flag: --registri", func(m manifest) {
			all[*apps.Deployment](m)["gateway-mcp"].Spec.Template.Spec.Containers[0].Args[1] = "--registri"
		}},
		{"RATE_LIMITS is read by no flag", func(m manifest) {
			c := &all[*apps.Deployment](m)["gateway-mcp"].Spec.Template.Spec.Containers[0]
			c.Env = append(c.Env, core.EnvVar{Name: "RATE_LIMITS"})
		}},
		{"listens at port 8081", func(m manifest) {
			for name, c := range all[*core.ConfigMap](m) {
				if strings.HasPrefix(name, "mcp-settings") {
					c.Data["MCP_ADDRESS"] = ":8081"
				}
			}
		}},
		{"no Service of the manifest", func(m manifest) {
			delete(all[*core.Service](m)["github-mcp"].Spec.Selector, "")
			all[*core.Service](m)["github-mcp"].Name = "hub"
		}},
		{"ends after", func(m manifest) {
			*all[*apps.Deployment](m)["docker-mcp"].Spec.Template.Spec.TerminationGracePeriodSeconds = 20
		}},
	} {
		m := render(t, "kubernetes/overlays/staging")
		tt.wreck(m)
		problems := m.problems()
		for _, d := range all[*apps.Deployment](m) {
			problems = append(problems, m.server(d)...)
		}
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.want) }) {
			t.Errorf("no problem says %q, but these: %q", tt.want, problems)
		}
	}
}

// TestCopies holds that files which kustomize wants within its folder are those
// that they were copied from.
func TestCopies(t *testing.T) {
	for copied, original := range map[string]string{
		"kubernetes/overlays/development/shop.sql": "shop.sql",
		"kubernetes/overlays/development/role.sql": "../postgres/role.sql",
	} {
		if !bytes.Equal(read(t, copied), read(t, original)) {
			t.Errorf("%s is not what %s is", copied, original)
		}
	}
}

func describe(o meta.Object) string {
	return fmt.Sprintf("%s %s", reflect.TypeOf(o).Elem().Name(), o.GetName())
}

// has says whether there is an object of a kind and name.
func (m manifest) has(kind, name string) bool {
	return slices.ContainsFunc(m, func(o meta.Object) bool { return describe(o) == kind+" "+name })
}

// settings are the environment of a container, as far as the manifest tells it.
func (m manifest) settings(c core.Container) map[string]string {
	env := map[string]string{}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			if cm, ok := all[*core.ConfigMap](m)[from.ConfigMapRef.Name]; ok {
				maps.Copy(env, cm.Data)
			}
		}
	}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	return env
}

// registry is what the gateway is told of the servers.
func (m manifest) registry() []byte {
	for name, c := range all[*core.ConfigMap](m) {
		if strings.HasPrefix(name, "mcp-registry-") {
			return []byte(c.Data["servers.json"])
		}
	}
	return nil
}
