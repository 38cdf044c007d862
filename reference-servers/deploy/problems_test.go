package deploy_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"

	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/reference-servers/docker"
	"github.com/mcpcheck/mcpcheck/reference-servers/gateway"
	"github.com/mcpcheck/mcpcheck/reference-servers/github"
	"github.com/mcpcheck/mcpcheck/reference-servers/postgres"
	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// flags are those of mcpcheck serve NAME.
func flags(name string) (*pflag.FlagSet, bool) {
	add, ok := map[string]func(*pflag.FlagSet){
		"docker":   new(docker.Options).AddFlags,
		"github":   new(github.Options).AddFlags,
		"postgres": new(postgres.Options).AddFlags,
		"gateway":  new(gateway.Options).AddFlags,
	}[name]
	if !ok {
		return nil, false
	}
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	add(fs)
	new(service.Config).AddFlags(fs)
	return fs, true
}

// command says what is wrong with what a container runs, and its environment.
func command(args []string, env map[string]string) (problems []string) {
	if len(args) == 0 {
		return []string{"it serves nothing"}
	}
	fs, ok := flags(args[0])
	if !ok {
		return []string{"there is no mcpcheck serve " + args[0]}
	}
	if err := fs.Parse(args[1:]); err != nil {
		problems = append(problems, err.Error())
	} else if fs.NArg() > 0 {
		problems = append(problems, fmt.Sprintf("arguments %q are too many", fs.Args()))
	}
	var help []string
	fs.VisitAll(func(f *pflag.Flag) {
		help = append(help, strings.FieldsFunc(f.Usage, func(r rune) bool { return strings.ContainsRune(" ();,", r) })...)
	})
	for name := range env {
		if !slices.Contains(help, name) {
			problems = append(problems, name+" is read by no flag")
		}
	}
	if _, port, _ := strings.Cut(env["MCP_ADDRESS"], ":"); port != "8080" {
		problems = append(problems, "it listens at port "+port+", want 8080")
	}
	return problems
}

// problems are those between objects.
func (m manifest) problems() (problems []string) {
	say := func(o meta.Object, format string, a ...any) {
		problems = append(problems, describe(o)+" "+fmt.Sprintf(format, a...))
	}
	namespaces := map[string]bool{}
	for _, o := range m {
		if _, is := o.(*core.Namespace); !is {
			namespaces[o.GetNamespace()] = true
		} else {
			namespaces[o.GetName()] = true
		}
		switch o := o.(type) {
		case *apps.Deployment:
			if pods := m.pods(o.Spec.Selector); len(pods) != 1 || pods[0] != o {
				say(o, "does not select its own pods, and no others")
			}
		case *core.Service:
			pods := m.pods(&meta.LabelSelector{MatchLabels: o.Spec.Selector})
			if len(o.Spec.Selector) == 0 || len(pods) != 1 {
				say(o, "selects no pod, or several: %d", len(pods))
			}
			for _, p := range o.Spec.Ports {
				for _, d := range pods {
					if !opens(d, p.TargetPort) {
						say(o, "wants a port: %s has no port %s", d.Name, p.TargetPort.String())
					}
				}
			}
		case *autoscaling.HorizontalPodAutoscaler:
			r := o.Spec.ScaleTargetRef
			d, ok := all[*apps.Deployment](m)[r.Name]
			if !ok || r.Kind != "Deployment" || r.APIVersion != "apps/v1" {
				say(o, "scales no Deployment")
			} else if d.Spec.Replicas != nil {
				say(o, "and its Deployment both say how many replicas there are")
			}
			if o.Spec.MinReplicas == nil || *o.Spec.MinReplicas > o.Spec.MaxReplicas {
				say(o, "has no range of replicas")
			}
			if got := metrics(o); got != "cpu 70, memory 80, mcp_requests_per_second 100" {
				say(o, "scales by %s", got)
			}
		case *policy.PodDisruptionBudget:
			if len(m.pods(o.Spec.Selector)) != 1 {
				say(o, "selects no pod, or several")
			}
			if o.Spec.MaxUnavailable == nil || o.Spec.MaxUnavailable.IntValue() < 1 {
				say(o, "lets no node be drained")
			}
		case *networking.NetworkPolicy:
			m.policy(o, say)
		case *monitoring.ServiceMonitor:
			selected := 0
			for _, s := range all[*core.Service](m) {
				if matches(&o.Spec.Selector, s.Labels) {
					selected++
					for _, e := range o.Spec.Endpoints {
						if !slices.ContainsFunc(s.Spec.Ports, func(p core.ServicePort) bool { return p.Name == e.Port }) {
							say(o, "wants a port: %s has no port %s", s.Name, e.Port)
						}
					}
				}
			}
			if selected != 4 {
				say(o, "selects no Service, or not all: %d of 4", selected)
			}
		}
	}
	if len(namespaces) != 1 {
		problems = append(problems, fmt.Sprintf("the objects are of several namespaces: %v", namespaces))
	}
	return append(problems, m.registered()...)
}

// policy says what is wrong with who may reach whom.
func (m manifest) policy(o *networking.NetworkPolicy, say func(meta.Object, string, ...any)) {
	pods := m.pods(&o.Spec.PodSelector)
	if len(pods) == 0 {
		say(o, "selects no pod")
	}
	ports := func(ports []networking.NetworkPolicyPort, of []*apps.Deployment) {
		for _, p := range ports {
			for _, d := range of {
				if !opens(d, *p.Port) {
					say(o, "wants a port: %s has no port %s", d.Name, p.Port.String())
				}
			}
		}
	}
	peers := func(list []networking.NetworkPolicyPeer) (found []*apps.Deployment) {
		for _, p := range list {
			if p.PodSelector != nil {
				some := m.pods(p.PodSelector)
				if len(some) == 0 {
					say(o, "lets in or out what selects no pod")
				}
				found = append(found, some...)
			}
		}
		return found
	}
	for _, in := range o.Spec.Ingress {
		peers(in.From)
		ports(in.Ports, pods)
	}
	for _, out := range o.Spec.Egress {
		ports(out.Ports, peers(out.To))
	}
}

// registered says which servers of the registry are not where it says.
func (m manifest) registered() (problems []string) {
	dir, err := os.MkdirTemp("", "registry")
	if err != nil {
		return []string{err.Error()}
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "servers.json")
	if err := os.WriteFile(path, m.registry(), 0o600); err != nil {
		return []string{err.Error()}
	}
	servers, err := target.Resolve(target.Selection{Registry: path})
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range servers {
		for _, text := range []string{s.URL, s.HealthCheck} {
			u, err := url.Parse(text)
			if err != nil {
				return append(problems, err.Error())
			}
			if !slices.ContainsFunc(m, func(o meta.Object) bool {
				service, is := o.(*core.Service)
				return is && service.Name == u.Hostname() && slices.ContainsFunc(service.Spec.Ports, func(p core.ServicePort) bool { return strconv.Itoa(int(p.Port)) == u.Port() })
			}) {
				problems = append(problems, fmt.Sprintf("the registry: %s at %s is no Service of the manifest", s.Name, text))
			}
			if u.Path != "/mcp" && u.Path != "/ready" {
				problems = append(problems, fmt.Sprintf("the registry: %s has nothing at %s", s.Name, text))
			}
		}
	}
	return problems
}

// server says what is wrong with one of our servers.
func (m manifest) server(d *apps.Deployment) (problems []string) {
	say := func(format string, a ...any) { problems = append(problems, fmt.Sprintf(format, a...)) }
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	env := m.settings(c)
	problems = command(c.Args, env)
	if !m.has("ServiceAccount", pod.ServiceAccountName) {
		say("there is no ServiceAccount %s", pod.ServiceAccountName)
	}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef == nil || !m.has("ConfigMap", from.ConfigMapRef.Name) {
			say("there is no ConfigMap that its environment comes from")
		}
	}
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil && !m.has("ConfigMap", v.ConfigMap.Name) {
			say("there is no ConfigMap %s", v.ConfigMap.Name)
		}
		if !slices.ContainsFunc(c.VolumeMounts, func(mount core.VolumeMount) bool { return mount.Name == v.Name }) {
			say("the volume %s is mounted nowhere", v.Name)
		}
	}
	if len(c.VolumeMounts) != len(pod.Volumes) {
		say("%d mounts of %d volumes", len(c.VolumeMounts), len(pod.Volumes))
	}
	for name, probe := range map[string]*core.Probe{"/health": c.LivenessProbe, "/health ": c.StartupProbe, "/ready": c.ReadinessProbe} {
		switch {
		case probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != strings.TrimSpace(name):
			say("a probe of %s is missing", name)
		case !opens(d, probe.HTTPGet.Port):
			say("a probe wants a port: the pod has no port %s", probe.HTTPGet.Port.String())
		}
	}
	for _, list := range []core.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		if list.Cpu().IsZero() || list.Memory().IsZero() {
			say("it does not say how much CPU and memory it needs, and may have")
		}
	}
	for resource, request := range c.Resources.Requests {
		if limit := c.Resources.Limits[resource]; request.Cmp(limit) > 0 {
			say("it asks for more %s than it may have", resource)
		}
	}
	safe := c.SecurityContext
	if pod.SecurityContext == nil || !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser != 65532 || safe == nil ||
		!*safe.ReadOnlyRootFilesystem || *safe.AllowPrivilegeEscalation || len(safe.Capabilities.Drop) != 1 || *pod.AutomountServiceAccountToken {
		say("it may do more than it needs to")
	}
	drain, err1 := time.ParseDuration(env["MCP_DRAIN_DELAY"])
	end, err2 := time.ParseDuration(env["MCP_SHUTDOWN_TIMEOUT"])
	if grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; err1 != nil || err2 != nil || drain+end >= grace {
		say("it ends after %v and %v, but is killed after %v", drain, end, grace)
	}
	if env["MCP_STATELESS"] != "true" {
		say("its sessions are on one replica")
	}
	return problems
}

// pods are the Deployments whose pods a selector selects.
func (m manifest) pods(s *meta.LabelSelector) (found []*apps.Deployment) {
	for _, d := range all[*apps.Deployment](m) {
		if matches(s, d.Spec.Template.Labels) {
			found = append(found, d)
		}
	}
	return found
}

func matches(s *meta.LabelSelector, of map[string]string) bool {
	selector, err := meta.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(of))
}

func opens(d *apps.Deployment, port intstr.IntOrString) bool {
	return slices.ContainsFunc(d.Spec.Template.Spec.Containers[0].Ports, func(p core.ContainerPort) bool {
		return port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal
	})
}

// metrics says by what an autoscaler scales.
func metrics(h *autoscaling.HorizontalPodAutoscaler) string {
	var words []string
	for _, m := range h.Spec.Metrics {
		switch {
		case m.Resource != nil && m.Resource.Target.AverageUtilization != nil:
			words = append(words, fmt.Sprintf("%s %d", m.Resource.Name, *m.Resource.Target.AverageUtilization))
		case m.Pods != nil && m.Pods.Target.AverageValue != nil:
			words = append(words, fmt.Sprintf("%s %d", m.Pods.Metric.Name, m.Pods.Target.AverageValue.Value()))
		}
	}
	return strings.Join(words, ", ")
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
