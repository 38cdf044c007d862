package docker

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/moby/moby/client"
)

// What the tools return.
type (
	containerList struct {
		Containers []Container `json:"containers"`
	}
	imageList struct {
		Images []Image `json:"images"`
	}
	logText struct {
		Container string `json:"container"`
		Log       string `json:"log"`
		Truncated bool   `json:"truncated" jsonschema:"whether lines before these were left out for their size"`
	}
	change struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Before string `json:"before" jsonschema:"the status that it had"`
		Status string `json:"status"`
	}
)

func (e *engine) tools() []server.ServerTool {
	one := mcp.WithString("container", mcp.Required(), mcp.Description("Id or name of the container"),
		mcp.MinLength(1), mcp.MaxLength(255), mcp.Pattern(reference.String()))
	grace := mcp.WithInteger("timeout", mcp.Description("Seconds that it has to end by itself before it is killed; 10 unless the container says otherwise"), mcp.Min(0), mcp.Max(20))
	return []server.ServerTool{
		tool[containerList](e.listContainers, "list_containers", "List containers", "Lists containers with their id, name, status, image, ports and labels.", reads,
			mcp.WithBoolean("all", mcp.Description("Also those that do not run"), mcp.DefaultBool(true)),
			mcp.WithString("status", mcp.Description("Only those with this status"), mcp.Enum("created", "running", "paused", "restarting", "removing", "exited", "dead")),
			mcp.WithString("name", mcp.Description("Only those whose name contains this"), mcp.MaxLength(255)),
			mcp.WithString("label", mcp.Description("Only those with this label: KEY or KEY=VALUE"), mcp.MaxLength(1000)),
			mcp.WithInteger("limit", mcp.Description("At most so many, the newest first"), mcp.Min(1), mcp.Max(1000), mcp.DefaultNumber(100))),
		tool[Details](e.inspectContainer, "inspect_container", "Inspect a container", "Tells the state of one container in full. Of its environment it tells the names only.", reads, one),
		tool[logText](e.containerLogs, "container_logs", "Read the log of a container", "Returns the last lines that a container wrote to stdout and stderr.", reads, one,
			mcp.WithInteger("tail", mcp.Description("How many lines"), mcp.Min(1), mcp.Max(e.MaxLines), mcp.DefaultNumber(min(100, e.MaxLines))),
			mcp.WithString("since", mcp.Description("Only what is newer: a time such as 2026-01-02T15:04:05Z, or a duration such as 10m"), mcp.MaxLength(64)),
			mcp.WithBoolean("timestamps", mcp.Description("Begin each line with its time"), mcp.DefaultBool(false))),
		tool[change](e.startContainer, "start_container", "Start a container", "Starts a container that is stopped. It does nothing to one that runs.", starts, one),
		tool[change](e.stopContainer, "stop_container", "Stop a container", "Stops a container, and with it all that runs in it. It does nothing to one that is stopped.", stops, one, grace),
		tool[change](e.restartContainer, "restart_container", "Restart a container", "Stops a container if it runs, and starts it.", restarts, one, grace),
		tool[imageList](e.listImages, "list_images", "List images", "Lists the images that the engine holds.", reads),
	}
}

// The hints of the tools. All of them speak to one engine, so none is open to the world.
var (
	no, yes  = false, true
	reads    = mcp.ToolAnnotation{ReadOnlyHint: &yes, DestructiveHint: &no, IdempotentHint: &yes, OpenWorldHint: &no}
	starts   = mcp.ToolAnnotation{ReadOnlyHint: &no, DestructiveHint: &no, IdempotentHint: &yes, OpenWorldHint: &no}
	stops    = mcp.ToolAnnotation{ReadOnlyHint: &no, DestructiveHint: &yes, IdempotentHint: &yes, OpenWorldHint: &no}
	restarts = mcp.ToolAnnotation{ReadOnlyHint: &no, DestructiveHint: &yes, IdempotentHint: &no, OpenWorldHint: &no}
)

// tool makes a tool whose results are of type T. What goes wrong with the engine
// is a result, too: the model that called it can make something of that.
func tool[T any](f func(context.Context, mcp.CallToolRequest) (T, error), name, title, text string, hints mcp.ToolAnnotation, options ...mcp.ToolOption) server.ServerTool {
	options = append([]mcp.ToolOption{
		mcp.WithDescription(text), mcp.WithToolTitle(title), mcp.WithToolAnnotation(hints), mcp.WithOutputSchema[T](), mcp.WithSchemaAdditionalProperties(false),
	}, options...)
	return server.ServerTool{Tool: mcp.NewTool(name, options...), Handler: func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		result, err := f(ctx, r)
		if err != nil {
			return mcp.NewToolResultError(told(err)), nil
		}
		return mcp.NewToolResultStructuredOnly(result), nil
	}}
}

func (e *engine) listContainers(ctx context.Context, r mcp.CallToolRequest) (containerList, error) {
	filters := client.Filters{}
	for _, name := range []string{"status", "name", "label"} {
		if value := r.GetString(name, ""); value != "" {
			filters.Add(name, value)
		}
	}
	list, err := e.containers(ctx, client.ContainerListOptions{
		All: r.GetBool("all", true) || len(filters["status"]) > 0, Limit: r.GetInt("limit", 100), Filters: filters,
	})
	return containerList{append([]Container{}, list...)}, err
}

func (e *engine) inspectContainer(ctx context.Context, r mcp.CallToolRequest) (Details, error) {
	c, err := e.inspect(ctx, r.GetString("container", ""))
	return detailed(c), err
}

func (e *engine) containerLogs(ctx context.Context, r mcp.CallToolRequest) (logText, error) {
	id := r.GetString("container", "")
	text, cut, err := e.logs(ctx, id, r.GetInt("tail", 100), r.GetString("since", ""), r.GetBool("timestamps", false))
	return logText{id, text, cut}, err
}

func (e *engine) startContainer(ctx context.Context, r mcp.CallToolRequest) (change, error) {
	return e.changed(ctx, r, func(id string) error { return e.start(ctx, id) })
}

func (e *engine) stopContainer(ctx context.Context, r mcp.CallToolRequest) (change, error) {
	return e.changed(ctx, r, func(id string) error { return e.stop(ctx, id, seconds(r)) })
}

func (e *engine) restartContainer(ctx context.Context, r mcp.CallToolRequest) (change, error) {
	return e.changed(ctx, r, func(id string) error { return e.restart(ctx, id, seconds(r)) })
}

// changed does something to a container and tells how it was before and after.
func (e *engine) changed(ctx context.Context, r mcp.CallToolRequest, do func(id string) error) (change, error) {
	before, err := e.inspect(ctx, r.GetString("container", ""))
	if err != nil {
		return change{}, err
	}
	if err := do(before.ID); err != nil {
		return change{}, err
	}
	after, err := e.inspect(ctx, before.ID)
	if err != nil {
		return change{}, fmt.Errorf("it was done, but the state after it is not known: %w", err)
	}
	was, is := detailed(before), detailed(after)
	return change{is.ID, is.Name, was.Status, is.Status}, nil
}

func seconds(r mcp.CallToolRequest) *int {
	if _, given := r.GetArguments()["timeout"]; !given {
		return nil
	}
	n := r.GetInt("timeout", 10)
	return &n
}

func (e *engine) listImages(ctx context.Context, _ mcp.CallToolRequest) (imageList, error) {
	list, err := e.images(ctx)
	return imageList{append([]Image{}, list...)}, err
}
