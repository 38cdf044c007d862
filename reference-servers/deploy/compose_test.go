package deploy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithEnv([]string{"MCP_TOKEN=secret"}), cli.WithInterpolation(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	servers := 0
	for name, s := range project.Services {
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); err != nil && v.Source != "/var/run/docker.sock" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" || name != "gateway-mcp" {
				t.Errorf("%s publishes port %s at %q: only the gateway may, on loopback", name, p.Published, p.HostIP)
			}
		}
		if s.HealthCheck == nil {
			t.Errorf("%s has no health check", name)
		}
		if strings.HasSuffix(name, "-mcp") {
			servers++
			server(t, s)
		}
	}
	if servers != 4 {
		t.Errorf("%d servers, want docker, github, postgres and gateway", servers)
	}
	if u := project.Services["postgres-mcp"].Environment["DB_CONNECTION_STRING"]; !strings.Contains(*u, "@database:5432/"+*project.Services["database"].Environment["POSTGRES_DB"]+"?") {
		t.Errorf("postgres-mcp asks %s, which is not the database", *u)
	}
}

func server(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	env := map[string]string{}
	for name, value := range s.Environment {
		env[name] = *value
	}
	for _, problem := range command(s.Command, env) {
		t.Errorf("%s: %s", s.Name, problem)
	}
	if s.Name != s.Command[0]+"-mcp" {
		t.Errorf("%s serves %s", s.Name, s.Command[0])
	}
	if want := []string{"CMD", "/mcpcheck", "serve", "health", "http://127.0.0.1:8080/ready"}; !slices.Equal(s.HealthCheck.Test, want) {
		t.Errorf("%s: its health check is %q, want %q", s.Name, s.HealthCheck.Test, want)
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.User != "" {
		t.Errorf("%s may do more than it needs to", s.Name)
	}
}

// TestComposeToken demands that no gateway is open by mistake.
func TestComposeToken(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.LoadProject(t.Context()); err == nil || !strings.Contains(err.Error(), "MCP_TOKEN") {
		t.Errorf("without MCP_TOKEN: %v", err)
	}
}
