package ceiling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/ceiling"
	"github.com/mcpcheck/mcpcheck/load/gauge"
)

// A capped server takes so many sessions and streams, and no more.
type capped struct {
	sessions, streams int
	evicts            bool // the oldest session instead of refusing the newest
	keeps             bool // DELETE is not allowed
	hiccups           int  // sessions that are refused although there is room
	status            int  // of a refusal; 0 for an error of JSON-RPC

	mu        sync.Mutex
	open      []string
	streaming int
	opened    int
	most      int
}

func (c *capped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	json.NewDecoder(r.Body).Decode(&q) //nolint:errcheck // the client under test writes well
	id := r.Header.Get("Mcp-Session-Id")
	switch {
	case r.URL.Path == "/metrics":
		c.mu.Lock()
		defer c.mu.Unlock()
		fmt.Fprintf(w, "# TYPE mcp_active_sessions gauge\nmcp_active_sessions %d\n# TYPE go_goroutines gauge\ngo_goroutines %d\n# TYPE level gauge\nlevel 3\n", len(c.open), len(c.open))
	case q.Method == "initialize":
		c.initialize(w, q.ID)
	case !c.knows(id):
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		c.forget(w, id)
	case r.Method == http.MethodGet:
		c.stream(w, r)
	case q.Method == "ping":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{}}`, q.ID)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (c *capped) initialize(w http.ResponseWriter, id json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	refused := len(c.open) >= c.sessions && !c.evicts
	if len(c.open) > 2 && c.hiccups > 0 {
		c.hiccups--
		refused = true
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case refused && c.status > 0:
		w.WriteHeader(c.status)
		return
	case refused:
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"too many sessions"}}`, id)
		return
	case len(c.open) >= c.sessions:
		c.open = c.open[1:]
	}
	session := fmt.Sprint("s", c.opened)
	c.open = append(c.open, session)
	c.most = max(c.most, len(c.open))
	w.Header().Set("Mcp-Session-Id", session)
	fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"capped","version":"1"}}}`, id)
}

func (c *capped) count() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.open) }

func (c *capped) knows(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.open {
		if s == id {
			return true
		}
	}
	return false
}

func (c *capped) forget(w http.ResponseWriter, id string) {
	if c.keeps {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.open {
		if s == id {
			c.open = append(c.open[:i:i], c.open[i+1:]...)
			return
		}
	}
}

func (c *capped) stream(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if c.streaming >= c.streams {
		none := c.streams == 0
		c.mu.Unlock()
		w.WriteHeader(map[bool]int{true: http.StatusMethodNotAllowed, false: http.StatusServiceUnavailable}[none])
		return
	}
	c.streaming++
	c.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
	c.mu.Lock()
	c.streaming--
	c.mu.Unlock()
}

// Source, Every and Read make a gauge of it: each session takes 1000 bytes.
func (c *capped) Source() string       { return "process" }
func (c *capped) Every() time.Duration { return time.Millisecond }
func (c *capped) Read(context.Context) (gauge.Reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return gauge.Reading{At: time.Now(), Memory: 1e6 + 1000*float64(len(c.open))}, nil
}

func plan(t *testing.T, h http.Handler) load.Plan {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return load.Plan{Target: "capped", Revision: spec.R20251125, Endpoint: wire.Endpoint{Transport: spec.StreamableHTTP, URL: s.URL + "/mcp"}}
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		server   *capped
		options  ceiling.Options
		sessions int
		streams  int
		reached  bool
		want     string // in the reason
		left     int
	}{
		{"refused with an error", &capped{sessions: 37}, ceiling.Options{}, 37, 0, true, "session 38 was refused, 4 times: initialize is answered with error -32000", 0},
		{"refused with a status", &capped{sessions: 37, streams: 1000, status: 503}, ceiling.Options{}, 37, 37, true, "HTTP status 503", 0},
		{"a power of two", &capped{sessions: 64, status: 503}, ceiling.Options{}, 64, 0, true, "session 65", 0},
		{"a single session", &capped{sessions: 1, status: 503}, ceiling.Options{}, 1, 0, true, "session 2", 0},
		{"streams run out before sessions", &capped{sessions: 50, streams: 20, status: 503}, ceiling.Options{}, 50, 20, true, "session 51", 0},
		{"the oldest are thrown out", &capped{sessions: 40, evicts: true}, ceiling.Options{}, 40, 0, true, "of 64 sessions that were open, 24 no longer answered: HTTP status 404", 0},
		{"a moment's refusal is none", &capped{sessions: 37, hiccups: 2, status: 503}, ceiling.Options{}, 37, 0, true, "session 38", 0},
		{"bounded by the count", &capped{sessions: 1000}, ceiling.Options{Most: 20}, 20, 0, false, "no more than 20 were to be opened", 0},
		{"sessions cannot be ended", &capped{sessions: 12, keeps: true, status: 503}, ceiling.Options{}, 12, 0, true, "session 13", 12},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			server := tt.server
			p := plan(t, server)
			m, err := gauge.NewMetrics(t.Context(), gauge.Beside(p.Endpoint.URL), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			tt.options.Pause, tt.options.Gauge, tt.options.Metrics = time.Millisecond, server, m
			got, err := ceiling.Find(t.Context(), p, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			c := got.Ceiling
			if c.Opened != tt.sessions || c.Streams != tt.streams || c.Reached != tt.reached || !strings.Contains(c.Reason, tt.want) {
				t.Errorf("got %d sessions, %d streams, reached %t because %q, want %d, %d, %t because of %q", c.Opened, c.Streams, c.Reached, c.Reason, tt.sessions, tt.streams, tt.reached, tt.want)
			}
			if limited := tt.streams > 0 && tt.streams < tt.sessions; c.StreamsReached != limited {
				t.Errorf("streams are said to run out %t (%q), want %t", c.StreamsReached, c.StreamsReason, limited)
			}
			if server.count() != tt.left || c.NotEnded != tt.left {
				t.Errorf("%d sessions are left, and %d are said to be, want %d", server.count(), c.NotEnded, tt.left)
			}
			if tt.sessions >= 12 && !tt.server.evicts && (c.Memory < 999 || c.Memory > 1001) {
				t.Errorf("a session takes %.1f bytes, R² %.3f, want 1000", c.Memory, c.R2)
			}
			if tt.sessions >= 12 && (len(got.Metrics) != 1 || got.Metrics[0] != "mcp_active_sessions") && !tt.server.evicts {
				t.Errorf("%q follow the sessions, want mcp_active_sessions", got.Metrics)
			}
		})
	}
}

// TestInterrupted demands that nothing stays open when the search is called off.
func TestInterrupted(t *testing.T) {
	server := &capped{sessions: 1000, streams: 1000}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := ceiling.Options{Begin: func(n int) {
		if n == 64 {
			cancel()
		}
	}}
	got, err := ceiling.Find(ctx, plan(t, server), o)
	if err != nil || got.Ceiling.Reached || got.Ceiling.Opened < 32 || got.Ceiling.Reason != "it was interrupted" {
		t.Errorf("got %+v, %v, want 32 sessions or more until then", got.Ceiling, err)
	}
	if server.count() > 0 || got.Ceiling.NotEnded != 0 {
		t.Errorf("%d of %d sessions are still open", server.count(), server.most)
	}
}

func TestNone(t *testing.T) {
	_, err := ceiling.Find(t.Context(), plan(t, &capped{status: 503}), ceiling.Options{Pause: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "not even one session") || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v, want that not even one is taken, and why", err)
	}
}
