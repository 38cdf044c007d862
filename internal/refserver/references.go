package refserver

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/testcontainers/testcontainers-go"
)

// Names are those of the reference servers that run in containers.
func Names() []string { return slices.Sorted(maps.Keys(references)) }

// references say what each consists of: the parts of a stage start together, once
// those of the stage before are ready. The first of the last stage is the server.
var references = map[string]func(context.Context, *engine, func(string)) ([][]part, error){
	"docker":   docker,
	"gateway":  gateway,
	"github":   github,
	"postgres": postgres,
}

// shared is what servers on the shared runtime are told. Their address is one of
// a network of their own, which nobody else is on.
func shared(more map[string]string) map[string]string {
	env := map[string]string{"MCP_TRANSPORT": "http", "MCP_ADDRESS": ":8080", "MCP_ALLOWED_HOSTS": "*"}
	maps.Copy(env, more)
	return env
}

// docker is the server of the engine that it runs on, and a container to look at.
func docker(_ context.Context, e *engine, _ func(string)) ([][]part, error) {
	socket := testcontainers.MustExtractDockerSocket(context.Background())
	groups := []string{"0"} // Docker Desktop's socket is root's
	if gid, ok := groupOf(socket); ok {
		groups = append(groups, gid)
	}
	return [][]part{{
		{
			name: "docker", command: []string{"docker"}, ready: "/ready",
			env:   shared(map[string]string{"DOCKER_HOST": "unix:///var/run/docker.sock"}),
			binds: []string{socket + ":/var/run/docker.sock"}, groups: groups,
		},
		{name: "sample", command: []string{"everything", "--http", "0.0.0.0:8080"}, open: true},
	}}, nil
}

// github is the server of the stand-in of GitHub, which it starts itself when it
// has no token. Ours is not handed on: a reference run asks nothing of others.
func github(context.Context, *engine, func(string)) ([][]part, error) {
	return [][]part{{{name: "github", command: []string{"github"}, ready: "/ready", env: shared(nil)}}}, nil
}

// groupOf returns the group that may use a file of this machine.
func groupOf(path string) (gid string, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	id, ok := group(info)
	return fmt.Sprint(id), ok
}
