package docker

import (
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
)

// A Container is what a client is told of one.
type Container struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Status string            `json:"status" jsonschema:"created, running, paused, restarting, removing, exited or dead"`
	Image  string            `json:"image"`
	Ports  []Port            `json:"ports"`
	Labels map[string]string `json:"labels"`
	Detail string            `json:"detail,omitempty" jsonschema:"the status in words, such as Up 2 hours"`
	Health string            `json:"health,omitempty"`
}

// A Port is one that a container listens at, and where the host publishes it.
type Port struct {
	Container int    `json:"container"`
	Protocol  string `json:"protocol"`
	HostIP    string `json:"hostIp,omitempty"`
	Host      int    `json:"host,omitempty"`
}

// Details are a Container with what an inspection adds. Of the environment they
// hold the names alone: values are often secrets.
type Details struct {
	Container
	Created      string   `json:"created"`
	Started      string   `json:"started,omitempty"`
	Finished     string   `json:"finished,omitempty"`
	ExitCode     int      `json:"exitCode"`
	Error        string   `json:"error,omitempty"`
	OOMKilled    bool     `json:"oomKilled"`
	RestartCount int      `json:"restartCount"`
	Command      []string `json:"command"`
	Environment  []string `json:"environment" jsonschema:"names of the variables"`
	Networks     []string `json:"networks"`
	Mounts       []string `json:"mounts" jsonschema:"where volumes and folders are mounted"`
}

// An Image is one that the engine holds.
type Image struct {
	ID      string   `json:"id"`
	Tags    []string `json:"tags"`
	Size    int64    `json:"size" jsonschema:"bytes"`
	Created string   `json:"created"`
}

func summarised(c container.Summary) Container {
	v := Container{ID: c.ID, Status: string(c.State), Image: c.Image, Ports: []Port{}, Labels: notNil(c.Labels), Detail: c.Status}
	if len(c.Names) > 0 {
		v.Name = strings.TrimPrefix(c.Names[0], "/")
	}
	if c.Health != nil {
		v.Health = string(c.Health.Status)
	}
	for _, p := range c.Ports {
		port := Port{Container: int(p.PrivatePort), Protocol: p.Type, Host: int(p.PublicPort)}
		if p.IP.IsValid() {
			port.HostIP = p.IP.String()
		}
		v.Ports = append(v.Ports, port)
	}
	sortPorts(v.Ports)
	return v
}

func detailed(c container.InspectResponse) Details {
	v := Details{
		Container: Container{ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Image: c.Image, Ports: []Port{}, Labels: map[string]string{}},
		Created:   c.Created, RestartCount: c.RestartCount,
		Command: slices.Concat([]string{c.Path}, c.Args), Environment: []string{}, Networks: []string{}, Mounts: []string{},
	}
	if s := c.State; s != nil {
		v.Status, v.ExitCode, v.Error, v.OOMKilled = string(s.Status), s.ExitCode, s.Error, s.OOMKilled
		v.Started, v.Finished = when(s.StartedAt), when(s.FinishedAt)
		if s.Health != nil {
			v.Health = string(s.Health.Status)
		}
	}
	if c.Config != nil {
		v.Image, v.Labels = c.Config.Image, notNil(c.Config.Labels)
		for _, entry := range c.Config.Env {
			name, _, _ := strings.Cut(entry, "=")
			v.Environment = append(v.Environment, name)
		}
	}
	if c.NetworkSettings != nil {
		for p, bindings := range c.NetworkSettings.Ports {
			if len(bindings) == 0 {
				v.Ports = append(v.Ports, Port{Container: int(p.Num()), Protocol: string(p.Proto())})
			}
			for _, b := range bindings {
				v.Ports = append(v.Ports, Port{Container: int(p.Num()), Protocol: string(p.Proto()), HostIP: b.HostIP.String(), Host: number(b.HostPort)})
			}
		}
		for name := range c.NetworkSettings.Networks {
			v.Networks = append(v.Networks, name)
		}
		slices.Sort(v.Networks)
	}
	for _, m := range c.Mounts {
		v.Mounts = append(v.Mounts, m.Destination)
	}
	sortPorts(v.Ports)
	return v
}

func imageOf(i image.Summary) Image {
	tags := []string{}
	for _, tag := range i.RepoTags {
		if tag != "<none>:<none>" { // how older engines say that there is none
			tags = append(tags, tag)
		}
	}
	return Image{ID: i.ID, Tags: tags, Size: i.Size, Created: time.Unix(i.Created, 0).UTC().Format(time.RFC3339)}
}

func sortPorts(ports []Port) {
	slices.SortFunc(ports, func(a, b Port) int {
		if a.Container != b.Container {
			return a.Container - b.Container
		}
		return strings.Compare(a.Protocol+a.HostIP, b.Protocol+b.HostIP)
	})
}

// when leaves out the engine's zero time.
func when(text string) string {
	if strings.HasPrefix(text, "0001-") {
		return ""
	}
	return text
}

func number(text string) (n int) {
	for _, r := range text {
		if r < '0' || r > '9' {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}

func notNil(labels map[string]string) map[string]string {
	if labels == nil {
		return map[string]string{}
	}
	return labels
}
