package refserver

import (
	"context"
	"errors"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// sweep removes what processes that no longer run have left behind, and counts it.
func (e *engine) sweep(ctx context.Context) (n int, err error) {
	me := self()
	return e.remove(ctx, ownerLabel, func(labels map[string]string, created time.Time) bool {
		o, ok := parseOwner(labels[ownerLabel])
		return ok && o.left(me, time.Since(created))
	})
}

// remove removes those containers and networks of a label that it is to, and
// counts them.
func (e *engine) remove(ctx context.Context, label string, which func(labels map[string]string, created time.Time) bool) (n int, err error) {
	labelled := make(client.Filters).Add("label", label)
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labelled})
	if err != nil {
		return 0, err
	}
	var errs []error
	removed := func(err error) {
		switch {
		case err == nil:
			n++
		case !errdefs.IsNotFound(err) && !errdefs.IsConflict(err): // else another run is at it
			errs = append(errs, err)
		}
	}
	for _, c := range containers.Items {
		if which(c.Labels, time.Unix(c.Created, 0)) {
			_, err := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
			removed(err)
		}
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: labelled})
	if err != nil {
		return n, errors.Join(append(errs, err)...)
	}
	for _, w := range networks.Items {
		if which(w.Labels, w.Created) {
			_, err := e.NetworkRemove(ctx, w.ID, client.NetworkRemoveOptions{})
			removed(err)
		}
	}
	return n, errors.Join(errs...)
}

// outlived is the age at which the image of another build goes.
const outlived = time.Hour

// sweepImages removes images of earlier builds. One that a container runs from
// stays, since it is not removed by force.
func (e *engine) sweepImages(ctx context.Context, current string) {
	images, err := e.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", imageLabel)})
	if err != nil {
		return
	}
	for _, i := range images.Items {
		if i.Labels[imageLabel] != current && time.Since(time.Unix(i.Created, 0)) > outlived {
			e.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{PruneChildren: true}) //nolint:errcheck // the next build tries again
		}
	}
}
