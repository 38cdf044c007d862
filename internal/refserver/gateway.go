package refserver

import (
	"context"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"github.com/mcpcheck/mcpcheck/reference-servers/deploy"
)

// gateway is the gateway of the Kubernetes manifests, with the servers of their
// registry under the names that they have there.
func gateway(ctx context.Context, e *engine, note func(string)) ([][]part, error) {
	var stages [][]part
	for _, makes := range []func(context.Context, *engine, func(string)) ([][]part, error){docker, github, postgres} {
		own, err := makes(ctx, e, note)
		if err != nil {
			return nil, err
		}
		own[len(own)-1][0].name += "-mcp"
		for i, parts := range own {
			if i == len(stages) {
				stages = append(stages, nil)
			}
			stages[i] = append(stages[i], parts...)
		}
	}
	return append(stages, []part{{
		name: "gateway-mcp", command: []string{"gateway", "--registry", "/servers.json"}, ready: "/ready", env: shared(nil),
		files: []testcontainers.ContainerFile{{Reader: strings.NewReader(deploy.Registry), ContainerFilePath: "/servers.json", FileMode: 0o644}},
	}}), nil
}
