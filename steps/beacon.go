package steps

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// RefVariable is the environment variable in which a launched server finds the
// address of a [Beacon].
const RefVariable = "MCPCHECK_REF_URL"

// A Beacon is an address that nobody has reason to visit. A fixture server
// refers to it in the schema of a tool, and whoever comes has followed that
// reference.
type Beacon struct {
	URL string

	listener net.Listener
	mu       sync.Mutex
	visits   int
}

// NewBeacon opens an address on loopback.
func NewBeacon() (*Beacon, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Beacon{URL: fmt.Sprintf("http://%s/schema.json", l.Addr()), listener: l}
	go b.serve()
	return b, nil
}

// Close gives the address back.
func (b *Beacon) Close() { b.listener.Close() }

// serve counts a visitor and sends it away.
func (b *Beacon) serve() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.visits++
		b.mu.Unlock()
		go func() {
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Second))                                                  //nolint:errcheck
			conn.Read(make([]byte, 4096))                                                                  //nolint:errcheck
			conn.Write([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")) //nolint:errcheck
		}()
	}
}

func (b *Beacon) visited() int { b.mu.Lock(); defer b.mu.Unlock(); return b.visits }

// light puts up a beacon for a server that is launched, which will find its
// address. Without one, what needs it is not applicable.
func (s *Subject) light() (put func()) {
	if s.Beacon != nil || len(s.Endpoint.Command) == 0 || !s.Revision.Modern() {
		return func() {}
	}
	b, err := NewBeacon()
	if err != nil {
		return func() {}
	}
	s.Beacon = b
	s.Endpoint.Env = append(s.Endpoint.Env[:len(s.Endpoint.Env):len(s.Endpoint.Env)], RefVariable+"="+b.URL)
	return b.Close
}

// referringTool takes a tool whose inputSchema refers to the beacon.
func (w *World) referringTool(context.Context) error {
	const none = "no tool that may be called refers to the address in " + RefVariable + ", which mcpcheck sets for a server that it launches"
	b := w.subject.Beacon
	if b == nil {
		return notApplicable(none)
	}
	return w.takeTool(none, func(t *Tool) bool {
		for _, p := range positions(t.Schema) {
			if ref, ok := p.schema["$ref"].(string); ok && strings.HasPrefix(ref, b.URL) {
				return true
			}
		}
		return false
	})
}

// notFetched waits, since a server may follow a reference after it answered.
func (w *World) notFetched(ctx context.Context) error {
	if _, err := w.response(); err != nil {
		return inconclusive{err}
	}
	w.await(ctx, w.subject.silence(), func(*wire.Message) bool { return w.subject.Beacon.visited() > 0 })
	if n := w.subject.Beacon.visited(); n > 0 {
		return unmetf("no request to the address that the inputSchema of "+w.tool.label()+" refers to", "%d", n)
	}
	return nil
}

func (w *World) refusesUnresolved(context.Context) error {
	refused, err := w.refused()
	if err == nil && !refused {
		return unmetf("an error, or a result with isError true, since the inputSchema of "+w.tool.label()+" refers to what cannot be had",
			"%s", brief(string(w.x.Response().Raw)))
	}
	return err
}
