package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// An engine is a Docker Engine, asked through a Guard.
type engine struct {
	client *client.Client
	guard  *service.Guard
	Options

	turn       chan struct{} // of who negotiates the API's version
	negotiated atomic.Bool
}

func connect(o Options, g *service.Guard) (*engine, error) {
	c, err := client.New(client.WithHost(o.Host), client.WithTLSClientConfigFromEnv(), client.WithAPIVersionFromEnv(), client.WithUserAgent("mcpcheck"))
	if err != nil {
		return nil, err
	}
	return &engine{client: c, guard: g, Options: o, turn: make(chan struct{}, 1)}, nil
}

// negotiate finds out the version of the engine's API, once. Left to itself, the
// client does so in its first call, and holds up all others until that is
// answered, whatever their deadlines.
func (e *engine) negotiate(ctx context.Context) error {
	if e.negotiated.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.negotiated.Load() {
		return nil
	}
	_, err := e.client.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	e.negotiated.Store(err == nil)
	return err
}

// reference is what an id or a name of a container looks like. Nothing else may
// become a part of the path of a request to the engine.
var reference = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$`)

func checkReference(text string) error {
	if !reference.MatchString(text) {
		return fmt.Errorf("container is %.60q, want an id or a name: letters, digits, and _ . - after the first", text)
	}
	return nil
}

// call makes one request, and tells errors of the caller from those of the engine.
func (e *engine) call(ctx context.Context, operation string, f func(context.Context) error) error {
	return e.guard.Call(ctx, operation, func(ctx context.Context) error {
		if err := e.negotiate(ctx); err != nil {
			return err
		}
		err := f(ctx)
		switch {
		case errdefs.IsNotFound(err):
			return service.NotFound(err)
		case errdefs.IsInvalidArgument(err), errdefs.IsConflict(err), errdefs.IsNotModified(err), errdefs.IsPermissionDenied(err):
			return service.Healthy(err)
		}
		return err
	})
}

func (e *engine) ping(ctx context.Context) error {
	if err := e.negotiate(ctx); err != nil {
		return err
	}
	_, err := e.client.Ping(ctx, client.PingOptions{})
	return err
}

func (e *engine) containers(ctx context.Context, o client.ContainerListOptions) (list []Container, err error) {
	err = e.call(ctx, "container_list", func(ctx context.Context) error {
		r, err := e.client.ContainerList(ctx, o)
		for _, c := range r.Items {
			list = append(list, summarised(c))
		}
		return err
	})
	return list, err
}

func (e *engine) inspect(ctx context.Context, id string) (r container.InspectResponse, err error) {
	if err := checkReference(id); err != nil {
		return r, service.Invalid(err)
	}
	err = e.call(ctx, "container_inspect", func(ctx context.Context) error {
		result, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		r = result.Container
		return err
	})
	return r, err
}

func (e *engine) start(ctx context.Context, id string) error {
	return e.call(ctx, "container_start", func(ctx context.Context) error {
		_, err := e.client.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
}

func (e *engine) stop(ctx context.Context, id string, seconds *int) error {
	return e.call(ctx, "container_stop", func(ctx context.Context) error {
		_, err := e.client.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: seconds})
		return err
	})
}

func (e *engine) restart(ctx context.Context, id string, seconds *int) error {
	return e.call(ctx, "container_restart", func(ctx context.Context) error {
		_, err := e.client.ContainerRestart(ctx, id, client.ContainerRestartOptions{Timeout: seconds})
		return err
	})
}

func (e *engine) images(ctx context.Context) (list []Image, err error) {
	err = e.call(ctx, "image_list", func(ctx context.Context) error {
		r, err := e.client.ImageList(ctx, client.ImageListOptions{})
		for _, i := range r.Items {
			list = append(list, imageOf(i))
		}
		return err
	})
	return list, err
}

// logs returns the end of what a container wrote, and whether there was more of
// it than is returned.
func (e *engine) logs(ctx context.Context, id string, lines int, since string, times bool) (text string, cut bool, err error) {
	lines = min(lines, e.MaxLines)
	c, err := e.inspect(ctx, id)
	if err != nil {
		return "", false, err
	}
	err = e.call(ctx, "container_logs", func(ctx context.Context) error {
		r, err := e.client.ContainerLogs(ctx, c.ID, client.ContainerLogsOptions{
			ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines), Since: since, Timestamps: times,
		})
		if err != nil {
			return err
		}
		defer r.Close()
		kept := &tail{limit: e.MaxBytes}
		if c.Config != nil && c.Config.Tty {
			_, err = io.Copy(kept, r)
		} else {
			_, err = stdcopy.StdCopy(kept, kept, r)
		}
		text, cut = kept.String(), kept.cut
		return err
	})
	return text, cut, err
}

// tail keeps the last bytes that were written.
type tail struct {
	limit int
	data  []byte
	cut   bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if over := len(t.data) - t.limit; over > 0 && over > t.limit/2 {
		t.drop(over)
	}
	return len(p), nil
}

func (t *tail) drop(over int) {
	t.cut = true
	t.data = append(t.data[:0], t.data[over:]...)
}

// String is valid UTF-8, whatever the container wrote.
func (t *tail) String() string {
	if over := len(t.data) - t.limit; over > 0 {
		t.drop(over)
	}
	return string(bytes.ToValidUTF8(t.data, []byte("\uFFFD")))
}

// told is an error in the words that a client is given.
func told(err error) string {
	if errors.Is(err, service.ErrUnavailable) {
		return err.Error()
	}
	return "docker engine: " + err.Error()
}
