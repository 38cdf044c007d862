package refserver

import (
	"os"
	"strings"
	"testing"
)

// TestDockerfile holds that the image built here is the one that is deployed.
func TestDockerfile(t *testing.T) {
	data, err := os.ReadFile("../../reference-servers/deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, deployed, ok := strings.Cut(string(data), "FROM scratch\n")
	if !ok {
		t.Fatal("the deployed image is not FROM scratch")
	}
	for _, dropped := range []string{"--from=build ", "/etc/ssl/certs/ca-certificates.crt /", "/mcpcheck /mcpcheck"} {
		deployed = strings.ReplaceAll(deployed, dropped, map[string]string{
			"/etc/ssl/certs/ca-certificates.crt /": "ca-certificates.crt /", "/mcpcheck /mcpcheck": "mcpcheck /mcpcheck",
		}[dropped])
	}
	if got := strings.TrimPrefix(dockerfile, "FROM scratch\n"); got != deployed {
		t.Errorf("built here:\n%s\ndeployed:\n%s", got, deployed)
	}
}
