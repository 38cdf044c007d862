package soak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/load/gauge"
	"github.com/mcpcheck/mcpcheck/load/soak"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A keeper is a server that keeps a slice for each session, and may fail to
// give it back.
type keeper struct {
	leaksRequests, leaksSessions bool
	size                         int // bytes of a session that is open

	began    time.Time
	work     int // requests and sessions so far
	mu       sync.Mutex
	sessions map[string][]byte
	leaked   [][]byte
	opened   int
	ended    int
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	json.NewDecoder(r.Body).Decode(&q) //nolint:errcheck // the client under test writes well
	k.mu.Lock()
	defer k.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	id := r.Header.Get("Mcp-Session-Id")
	switch {
	case r.Method == http.MethodDelete:
		k.ended++
		if k.leaksSessions {
			k.leaked = append(k.leaked, make([]byte, 64<<10))
		}
		delete(k.sessions, id)
	case q.Method == "initialize":
		k.opened++
		k.work++
		session := fmt.Sprint("s", k.opened)
		k.sessions[session] = make([]byte, k.size)
		w.Header().Set("Mcp-Session-Id", session)
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"keeper","version":"1"}}}`, q.ID)
	case q.Method == "tools/call":
		k.work++
		if k.leaksRequests {
			k.leaked = append(k.leaked, make([]byte, 64<<10))
		}
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}`, q.ID)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// Source, Every and Read make a gauge of it, of what it holds and nothing else.
// Its clock goes by the work that is done, so that a busy machine bends no line.
func (k *keeper) Source() string       { return "process" }
func (k *keeper) Every() time.Duration { return time.Millisecond }
func (k *keeper) Read(context.Context) (gauge.Reading, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	held := 1 << 20
	for _, s := range k.sessions {
		held += len(s)
	}
	for _, s := range k.leaked {
		held += len(s)
	}
	return gauge.Reading{At: k.began.Add(time.Duration(k.work) * 100 * time.Microsecond), Memory: float64(held), Counts: map[string]float64{gauge.Goroutines: 7}}, nil
}

// TestLeaks demands that what a server keeps is told by what it keeps it for,
// and that nothing is told of one that gives all back.
func TestLeaks(t *testing.T) {
	for _, tt := range []struct {
		reason string
		server *keeper
		want   map[string]string // verdict on memory, by phase
	}{
		{"it gives all back", &keeper{size: 256}, map[string]string{soak.Requests: "steady", soak.Sessions: "steady", soak.Abandoned: "steady"}},
		{"a slice stays for each session", &keeper{size: 256, leaksSessions: true}, map[string]string{soak.Requests: "steady", soak.Sessions: "leak", soak.Abandoned: "steady"}},
		{"a slice stays for each request", &keeper{size: 256, leaksRequests: true}, map[string]string{soak.Requests: "leak", soak.Sessions: "leak"}},
		{"sessions stay that nobody ends", &keeper{size: 32 << 10}, map[string]string{soak.Requests: "steady", soak.Abandoned: "kept"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			k := tt.server
			k.sessions, k.began = map[string][]byte{}, time.Now()
			s := httptest.NewServer(k)
			defer s.Close()
			p := load.Plan{
				Target: "keeper", Revision: spec.R20251125, Endpoint: wire.Endpoint{Transport: spec.StreamableHTTP, URL: s.URL},
				Mix: load.Mix{{Name: "work", Method: "tools/call", Weight: 1, Params: map[string]any{"name": "work"}}},
			}
			var phases []string
			found, err := soak.Run(t.Context(), p, soak.Options{
				Duration: 2 * time.Second, Rate: 800, CoolDown: 10 * time.Millisecond, Least: 20, Gauge: k, Begin: func(p string) { phases = append(phases, p) },
			})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]reports.Trend{}
			for _, trend := range found.Trends {
				if trend.Of == "memory" {
					got[trend.Phase] = trend
				}
				if trend.Of == "goroutines" && trend.Verdict != "steady" {
					t.Errorf("got %+v, want steady", trend)
				}
			}
			for phase, want := range tt.want {
				if got[phase].Verdict != want {
					t.Errorf("%s: got %+v, want %s", phase, got[phase], want)
				}
			}
			if leak := found.Leaks(); leak != (k.leaksSessions || k.leaksRequests) {
				t.Errorf("a leak is told: %t", leak)
			}
			if len(phases) != 3 || len(found.Phases) != 3 {
				t.Fatalf("the phases were %q, want three", phases)
			}
			// The first session, that of the first phase, and those of the second are ended.
			if ended := 2 + int(found.Phases[1].Requests); k.ended != ended || k.opened != ended+int(found.Phases[2].Requests) {
				t.Errorf("%d sessions were opened and %d ended, want %d to be ended", k.opened, k.ended, ended)
			}
		})
	}
}

func TestTooShort(t *testing.T) {
	k := &keeper{sessions: map[string][]byte{}}
	s := httptest.NewServer(k)
	defer s.Close()
	p := load.Plan{
		Target: "keeper", Revision: spec.R20251125, Endpoint: wire.Endpoint{Transport: spec.StreamableHTTP, URL: s.URL},
		Mix: load.Mix{{Name: "work", Method: "tools/call", Weight: 1, Params: map[string]any{"name": "work"}}},
	}
	found, err := soak.Run(t.Context(), p, soak.Options{Duration: 200 * time.Millisecond, Rate: 100, Gauge: k})
	if err != nil {
		t.Fatal(err)
	}
	for _, trend := range found.Trends {
		if trend.Verdict != "inconclusive" || trend.Reason == "" {
			t.Errorf("got %+v, want no verdict from 20 requests", trend)
		}
	}
	if len(found.Trends) < 3 {
		t.Errorf("got %+v, want trends of memory and latency", found.Trends)
	}
}
