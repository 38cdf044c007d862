// Package refserver starts the reference servers that have a backend, with it, in
// containers. They run from one image FROM scratch, which is built out of the
// mcpcheck program itself, on a network of their own, and are reached over
// loopback only. What it starts it ends; what a process that was killed has left
// behind, the next one clears away. It is apart because nothing else of mcpcheck
// needs a container.
package refserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

// Options say what to run.
type Options struct {
	// Program is the static Linux program to build the image of; when empty the
	// one that runs, or MCPCHECK_SERVER_IMAGE names an image that is ready.
	Program string
	// Note is told in a line of what is not a matter of course; nil for nobody.
	Note func(string)
}

// A Running is a reference server that answers.
type Running struct {
	URL string
	set *set
}

// Stop ends the server and its backend, and leaves nothing behind.
func (r *Running) Stop() error { return r.set.stop() }

// stopTime bounds the time to remove what was started.
const stopTime = 30 * time.Second

// Start starts a reference server and its backend. It returns once the server
// says that it is ready. Its errors are one line each.
func Start(ctx context.Context, name string, o Options) (*Running, error) {
	makes, ok := references[name]
	if !ok {
		return nil, fmt.Errorf("no reference server %q runs in containers", name)
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	if n, err := e.sweep(ctx); err != nil {
		o.Note("what an earlier run left behind could not be cleared away: " + oneLine(err))
	} else if n > 0 {
		o.Note(fmt.Sprintf("cleared away %d containers and networks that an earlier run left behind", n))
	}
	image, err := e.serverImage(ctx, o.Program)
	if err != nil {
		return nil, err
	}
	plan, err := makes(ctx, e, o.Note)
	if err != nil {
		return nil, err
	}
	s := &set{engine: e, run: rand.Text(), image: image}
	s.labels = labels(name, s.run)
	url, err := s.start(ctx, plan)
	if err != nil {
		if left := s.stop(); left != nil {
			o.Note(left.Error())
		}
		return nil, err
	}
	return &Running{url, s}, nil
}

// A set is what belongs to one reference server.
type set struct {
	engine *engine
	run    string // tells it from another of the same name
	labels map[string]string
	image  string // that the parts run from, unless they name another

	network *testcontainers.DockerNetwork
}

// start starts the parts, stage by stage, and returns the URL of the last.
func (s *set) start(ctx context.Context, stages [][]part) (url string, err error) {
	made, cancel := uninterrupted(ctx)
	defer cancel()
	if s.network, err = network.New(made, network.WithLabels(s.labels)); err != nil {
		return "", because(ctx, fmt.Errorf("the network of the containers: %w", err))
	}
	for _, stage := range stages {
		both, fail := context.WithCancelCause(ctx)
		urls := make([]string, len(stage))
		var wg sync.WaitGroup
		for i, p := range stage {
			wg.Go(func() {
				var err error
				if urls[i], err = s.startPart(both, p); err != nil {
					fail(because(both, err)) // the first counts
				}
			})
		}
		wg.Wait()
		err := context.Cause(both)
		fail(nil)
		if err != nil {
			return "", err
		}
		url = urls[0]
	}
	return url, nil
}

// uninterrupted is for what the engine would go on with when its client has left:
// something would be made of which nobody knows.
func uninterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), stopTime)
}

// stop removes what was started. It does so even when the run was interrupted.
func (s *set) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	_, err := s.engine.remove(ctx, runLabel+"="+s.run, func(map[string]string, time.Time) bool { return true })
	if err != nil {
		return fmt.Errorf("not all containers were removed, the next run will try again: %s", oneLine(err))
	}
	return nil
}

// because prefers the interruption to what it has led to.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.New(oneLine(err))
}

// oneLine makes one line of an error of several.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
