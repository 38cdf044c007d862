package refserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	mobynet "github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"
)

// A part is one container of a reference server.
type part struct {
	name    string // by which the others reach it
	image   string // "" for that of the servers
	command []string
	env     map[string]string
	files   []testcontainers.ContainerFile
	binds   []string // paths of the machine
	groups  []string // that its user belongs to as well

	ready string   // path that says yes when it is ready; it has an endpoint, then
	check []string // or a command within the container that succeeds
	open  bool     // or that it has a port which answers at all
	wants string   // what to do when its image cannot be had
}

const (
	port      = "8080/tcp" // where our servers listen
	readyTime = 40 * time.Second
)

// startPart starts a part, and returns its endpoint once it is ready.
func (s *set) startPart(ctx context.Context, p part) (url string, err error) {
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithLabels(s.labels),
		testcontainers.WithEnv(p.env),
		testcontainers.WithFiles(p.files...),
		network.WithNetwork([]string{p.name}, s.network),
		testcontainers.WithHostConfigModifier(p.host),
	}
	if p.command != nil {
		options = append(options, testcontainers.WithCmd(p.command...))
	}
	var until wait.Strategy
	switch {
	case p.ready != "":
		until = wait.ForHTTP(p.ready).WithPort(port).WithPollInterval(50 * time.Millisecond).WithStartupTimeout(readyTime)
	case p.open:
		until = wait.ForHTTP("/mcp").WithPort(port).WithStatusCodeMatcher(func(int) bool { return true }).WithPollInterval(50 * time.Millisecond).WithStartupTimeout(readyTime)
	default:
		until = wait.ForExec(p.check).WithPollInterval(250 * time.Millisecond).WithStartupTimeout(readyTime)
	}
	if p.listens() {
		options = append(options, testcontainers.WithExposedPorts(port))
	}
	if p.open { // it has no /health
		options = append(options, testcontainers.WithConfigModifier(func(c *container.Config) {
			c.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
		}))
	}
	options = append(options, testcontainers.WithWaitStrategyAndDeadline(readyTime, until))

	image := cmp.Or(p.image, s.image)
	_, err = s.engine.ImageInspect(ctx, image)
	here, made := err == nil, ctx
	if here { // else it is pulled, which may take its time
		var cancel context.CancelFunc
		made, cancel = uninterrupted(ctx)
		defer cancel()
	}
	c, err := testcontainers.Run(made, image, append(options, testcontainers.WithNoStart())...)
	if err != nil {
		return "", p.unmade(image, here, err)
	}
	if err := c.Start(ctx); err != nil {
		return "", p.unready(ctx, c, err)
	}
	if !p.listens() {
		return "", nil
	}
	mapped, err := c.MappedPort(ctx, port)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	return fmt.Sprintf("http://%s:%d/mcp", loopback, mapped.Num()), nil
}

func (p part) listens() bool { return p.ready != "" || p.open }

// host publishes the port on loopback, and sees to it that the container can do
// no more than it needs to.
func (p part) host(h *container.HostConfig) {
	h.Binds, h.GroupAdd = p.binds, p.groups
	h.SecurityOpt = []string{"no-new-privileges"}
	if p.image == "" {
		h.CapDrop = []string{"ALL"}
		h.ReadonlyRootfs = len(p.files) == 0 // files are copied into it
	}
	if p.listens() {
		h.PortBindings = mobynet.PortMap{mobynet.MustParsePort(port): {{HostIP: netip.MustParseAddr(loopback)}}}
	}
}

// unmade says why there is no container of a part.
func (p part) unmade(image string, here bool, err error) error {
	switch {
	case here:
		return fmt.Errorf("the container of %s could not be made from %s: %s", p.name, image, cause(err))
	case p.image == "":
		p.wants = "MCPCHECK_SERVER_IMAGE names it"
	}
	return fmt.Errorf("the image %s is not here and cannot be pulled: %s (%s)", image, p.wants, cause(err))
}

// unready says why a container is not ready, in its own words if it had any.
func (p part) unready(ctx context.Context, c *testcontainers.DockerContainer, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	said := ""
	if logs, err := c.Logs(ctx); err == nil {
		data, _ := io.ReadAll(io.LimitReader(logs, 1<<20))
		logs.Close()
		said = lastLine(string(data))
	}
	if state, stateErr := c.State(ctx); stateErr == nil && !state.Running {
		return fmt.Errorf("the container of %s ended with status %d: %s", p.name, state.ExitCode, cmp.Or(said, cause(err)))
	}
	return fmt.Errorf("the container of %s did not get ready: %s; its last line: %q", p.name, cause(err), said)
}

// cause is what went wrong in the end, without the steps that led there.
func cause(err error) string {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return oneLine(err)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
