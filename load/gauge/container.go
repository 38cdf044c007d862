package gauge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// maxStats bounds what the engine may say of a container.
const maxStats = 1 << 20

// engineLimit bounds how long the engine may take for one answer.
const engineLimit = 5 * time.Second

// A Container is the gauge of a container of the engine that DOCKER_HOST names,
// or the usual socket.
type Container struct {
	Name   string
	id     string
	engine *client.Client
}

// NewContainer finds a container by its name or id.
func NewContainer(ctx context.Context, name string) (*Container, error) {
	engine, err := client.New(client.FromEnv)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	found, err := engine.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err == nil && (found.Container.State == nil || !found.Container.State.Running) {
		err = fmt.Errorf("the container %s does not run", name)
	}
	if err != nil {
		engine.Close() //nolint:errcheck // nothing was sent that could be lost
		return nil, err
	}
	return &Container{Name: strings.TrimPrefix(found.Container.Name, "/"), id: found.Container.ID, engine: engine}, nil
}

// PublishedBy finds the container that publishes the port of a URL on this
// machine. It returns nil if there is none, or no engine that could tell.
func PublishedBy(ctx context.Context, address string) *Container {
	port := portOf(address)
	engine, err := client.New(client.FromEnv)
	if port == 0 || err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	list, err := engine.ContainerList(ctx, client.ContainerListOptions{})
	if err == nil {
		for _, c := range list.Items {
			if publishes(c, port) {
				name := c.ID
				if len(c.Names) > 0 {
					name = strings.TrimPrefix(c.Names[0], "/")
				}
				return &Container{Name: name, id: c.ID, engine: engine}
			}
		}
	}
	engine.Close() //nolint:errcheck // nothing was sent that could be lost
	return nil
}

func portOf(address string) uint16 {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// publishes reports whether a container answers at a port of the loopback
// interface.
func publishes(c container.Summary, port uint16) bool {
	for _, p := range c.Ports {
		here := !p.IP.IsValid() || p.IP.IsLoopback() || p.IP == netip.IPv4Unspecified() || p.IP == netip.IPv6Unspecified()
		if p.PublicPort == port && p.Type == "tcp" && here {
			return true
		}
	}
	return false
}

// Source is "container".
func (*Container) Source() string { return "container" }

// Every is short, for most engines take a second for an answer.
func (*Container) Every() time.Duration { return 100 * time.Millisecond }

// Close ends the connection to the engine.
func (c *Container) Close() { c.engine.Close() } //nolint:errcheck // nothing was sent that could be lost

// Read asks the engine. Memory is what counts against the limit of the
// container, without the pages of files that the kernel drops when it needs them.
func (c *Container) Read(ctx context.Context) (Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	answer, err := c.engine.ContainerStats(ctx, c.id, client.ContainerStatsOptions{})
	if err != nil {
		return Reading{}, err
	}
	defer answer.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxStats)).Decode(&s); err != nil {
		return Reading{}, fmt.Errorf("the engine's figures are not understood: %w", err)
	}
	if s.Read.IsZero() || s.CPUStats.CPUUsage.TotalUsage == 0 && s.MemoryStats.Usage == 0 {
		return Reading{}, fmt.Errorf("the engine has no figures of %s", c.Name)
	}
	r := Reading{At: s.Read, CPU: float64(s.CPUStats.CPUUsage.TotalUsage) / 1e9, Counts: map[string]float64{}}
	r.Memory = float64(s.MemoryStats.Usage)
	for _, name := range []string{"inactive_file", "total_inactive_file"} { // cgroups 2 and 1
		if cache, ok := s.MemoryStats.Stats[name]; ok && cache < s.MemoryStats.Usage {
			r.Memory -= float64(cache)
			break
		}
	}
	if s.PidsStats.Current > 0 {
		r.Counts[Threads] = float64(s.PidsStats.Current)
	}
	return r, nil
}
