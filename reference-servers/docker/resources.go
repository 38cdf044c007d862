package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/moby/moby/client"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

const scheme = "docker://container/"

// refresh brings the resources in line with the containers. While the engine does
// not answer, they stay as they were.
func (d *dockerServer) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	select {
	case d.refreshing <- struct{}{}:
		defer func() { <-d.refreshing }()
	case <-ctx.Done():
		return
	}
	list, err := d.containers(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return
	}
	now := make(map[string]mcp.Resource, len(list))
	var added []server.ServerResource
	for _, c := range list {
		r := mcp.NewResource(scheme+c.ID, c.Name, mcp.WithResourceTitle(c.Name+" ("+c.Status+")"),
			mcp.WithResourceDescription(fmt.Sprintf("Container of %s: %s", c.Image, c.Status)), mcp.WithMIMEType("application/json"))
		now[r.URI] = r
		if !reflect.DeepEqual(d.listed[r.URI], r) {
			added = append(added, server.ServerResource{Resource: r, Handler: d.readContainer(c.ID)})
		}
	}
	var gone []string
	for uri := range d.listed {
		if _, still := now[uri]; !still {
			gone = append(gone, uri)
		}
	}
	if len(added) > 0 {
		d.mcp.AddResources(added...)
	}
	if len(gone) > 0 {
		d.mcp.DeleteResources(gone...)
	}
	d.listed = now
}

// changes are the events after which the list of resources may be another.
var changes = client.Filters{}.Add("type", "container").
	Add("event", "create", "start", "die", "destroy", "rename", "pause", "unpause")

// settle is how long a burst of events is waited for, and retry how long after the
// engine was lost it is asked again.
const settle, retry = 100 * time.Millisecond, 2 * time.Second

// watch refreshes the resources when the engine tells of a change, so that clients
// are told, too. It asks the client directly: a stream is no call that could trip
// the breaker.
func (d *dockerServer) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if d.negotiate(ctx) == nil {
			events := d.client.Events(ctx, client.EventsListOptions{Filters: changes})
			d.refresh(ctx)
			d.follow(ctx, events)
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
		}
	}
}

func (d *dockerServer) follow(ctx context.Context, events client.EventsResult) {
	var settled <-chan time.Time
	for {
		select {
		case <-events.Messages:
			if settled == nil {
				settled = time.After(settle)
			}
		case <-settled:
			settled = nil
			d.refresh(ctx)
		case <-events.Err:
			return
		}
	}
}

func (e *engine) templates() []server.ServerResourceTemplate {
	return []server.ServerResourceTemplate{
		{
			Template: mcp.NewResourceTemplate(scheme+"{id}", "container", mcp.WithTemplateTitle("State of a container"),
				mcp.WithTemplateDescription("Id, name, status, image, ports and labels of the container with this id or name"), mcp.WithTemplateMIMEType("application/json")),
			Handler: func(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return e.readContainer(variable(r, "id"))(ctx, r)
			},
		},
		{
			Template: mcp.NewResourceTemplate(scheme+"{id}/logs", "logs", mcp.WithTemplateTitle("Log of a container"),
				mcp.WithTemplateDescription("The last lines that the container with this id or name wrote"), mcp.WithTemplateMIMEType("text/plain")),
			Handler: func(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				text, _, err := e.logs(ctx, variable(r, "id"), 100, "", false)
				if err != nil {
					return nil, asResource(err)
				}
				return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "text/plain", Text: text}}, nil
			},
		},
	}
}

func (e *engine) readContainer(id string) server.ResourceHandlerFunc {
	return func(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		c, err := e.inspect(ctx, id)
		if err != nil {
			return nil, asResource(err)
		}
		text, err := json.Marshal(detailed(c).Container)
		if err != nil {
			return nil, err
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "application/json", Text: string(text)}}, nil
	}
}

// asResource says of a URI that names no container that there is no such resource.
func asResource(err error) error {
	if service.IsInvalid(err) {
		return service.NotFound(err)
	}
	return err
}

// variable is a part of the URI, as the template names it.
func variable(r mcp.ReadResourceRequest, name string) string {
	switch v := r.Params.Arguments[name].(type) {
	case string:
		return v
	case []string:
		if len(v) == 1 {
			return v[0]
		}
	}
	return ""
}
