package refserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// pingTime is how long an engine may take to say that it is there.
const pingTime = 10 * time.Second

// An engine is a Docker engine on this machine.
type engine struct {
	*client.Client
	host         string // how it is reached
	architecture string // as uname has it
}

// connect finds the engine that the environment names. Testcontainers by itself
// would take another when that one does not answer, and say nothing of it.
func connect(ctx context.Context) (*engine, error) {
	named := os.Getenv("DOCKER_HOST")
	if named != "" {
		if err := local(named); err != nil {
			return nil, err
		}
		c, err := client.New(client.FromEnv)
		if err != nil {
			return nil, fmt.Errorf("DOCKER_HOST is %q: %s", named, oneLine(err))
		}
		defer c.Close() //nolint:errcheck // it was but asked
		if err := ping(ctx, c); err != nil {
			return nil, because(ctx, fmt.Errorf("no Docker engine answers at DOCKER_HOST %q: %w", named, err))
		}
	}
	configure()
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err == nil {
		err = ping(ctx, c.Client)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("no Docker engine answers: start one, or name it in DOCKER_HOST (%s)", reason(err))
	case named != "" && c.DaemonHost() != named:
		return nil, fmt.Errorf("DOCKER_HOST is %q, but a .testcontainers.properties file names the engine at %q: remove one of them", named, c.DaemonHost())
	}
	if err := local(c.DaemonHost()); err != nil {
		return nil, err
	}
	info, err := c.Client.Info(ctx, client.InfoOptions{})
	switch {
	case err != nil:
		return nil, because(ctx, fmt.Errorf("the Docker engine at %s: %w", c.DaemonHost(), err))
	case info.Info.OSType != "linux":
		return nil, fmt.Errorf("the Docker engine at %s runs containers of %s, want linux", c.DaemonHost(), info.Info.OSType)
	}
	return &engine{c.Client, c.DaemonHost(), info.Info.Architecture}, nil
}

// configure settles what testcontainers reads from its environment, once. It
// would fetch an image to clean up after us, which we do ourselves; and in a
// container it would look for ports at the gateway, but they are on loopback.
func configure() {
	for name, value := range map[string]string{"TESTCONTAINERS_RYUK_DISABLED": "true", "TESTCONTAINERS_HOST_OVERRIDE": loopback} {
		os.Setenv(name, value) //nolint:errcheck // only a malformed name is refused
	}
	log.SetDefault(log.NewNoopLogger()) //nolint:forbidigo // what matters is in the errors
}

const loopback = "127.0.0.1"

// local refuses an engine on another machine, whose loopback is not ours.
func local(host string) error {
	u, err := url.Parse(host)
	if err != nil || u.Scheme == "" {
		return fmt.Errorf("DOCKER_HOST is %q, want such as unix:///var/run/docker.sock", host)
	}
	switch u.Scheme {
	case "unix", "npipe":
		return nil
	case "tcp", "http", "https":
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("the Docker engine %q is on another machine: the containers publish ports on loopback only, so it has to be on this one", host)
}

func ping(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	_, err := c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	return err
}

// reason is the first line of what an engine that is missing leads to: each
// place that was tried has one.
func reason(err error) string {
	var dial *net.OpError
	if errors.As(err, &dial) {
		return dial.Error()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
