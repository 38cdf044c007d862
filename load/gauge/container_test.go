package gauge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// engine plays a Docker engine with two containers, of which one runs.
func engine(t *testing.T) {
	t.Helper()
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	var asked atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Api-Version", "1.44")
		_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
		answer := func(v any) { json.NewEncoder(w).Encode(v) } //nolint:errcheck // the client may be gone
		type object = map[string]any
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			fmt.Fprint(w, "OK")
		case path == "containers/json":
			answer([]object{
				{"Id": "ff", "Names": []string{"/other"}, "Ports": []object{{"IP": "10.0.0.1", "PrivatePort": 80, "PublicPort": 3000, "Type": "tcp"}, {"PrivatePort": 3000, "Type": "tcp"}}},
				{"Id": id, "Names": []string{"/mcp"}, "Ports": []object{{"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 3000, "Type": "tcp"}}},
			})
		case path == "containers/mcp/json":
			answer(object{"Id": id, "Name": "/mcp", "State": object{"Running": true}})
		case path == "containers/ended/json":
			answer(object{"Id": "ee", "Name": "/ended", "State": object{"Running": false}})
		case path == "containers/"+id+"/stats":
			if r.URL.Query().Get("stream") != "false" || r.URL.Query().Get("one-shot") != "true" {
				t.Errorf("the engine is asked for %q, want one sample at once", r.URL.RawQuery)
			}
			n := asked.Add(1)
			answer(object{
				"id": id, "read": fmt.Sprintf("2026-11-25T00:00:%02dZ", n),
				"cpu_stats":    object{"cpu_usage": object{"total_usage": n * 700e6}},
				"memory_stats": object{"usage": 100 << 20, "stats": object{"inactive_file": 30 << 20}},
				"pids_stats":   object{"current": 8},
			})
		default:
			w.WriteHeader(http.StatusNotFound)
			answer(object{"message": "no such container"})
		}
	}))
	t.Cleanup(h.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+strings.TrimPrefix(h.URL, "http://"))
	t.Setenv("DOCKER_TLS_VERIFY", "")
	t.Setenv("DOCKER_CERT_PATH", "")
	t.Setenv("DOCKER_API_VERSION", "")
}

func TestContainer(t *testing.T) {
	engine(t)
	named, err := NewContainer(t.Context(), "mcp")
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	found := PublishedBy(t.Context(), "http://localhost:3000/mcp")
	if found == nil {
		t.Fatal("the container that publishes the port is not found")
	}
	defer found.Close()
	for _, c := range []*Container{named, found} {
		a, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cores := (b.CPU - a.CPU) / b.At.Sub(a.At).Seconds()
		if c.Name != "mcp" || cores < 0.699 || cores > 0.701 || b.Memory != 70<<20 || b.Counts[Threads] != 8 {
			t.Errorf("%s used %v cores and %+v, want 0.7 cores, and 70 MiB without the cache", c.Name, cores, b)
		}
	}
}

func TestNoContainer(t *testing.T) {
	engine(t)
	for name, want := range map[string]string{"ended": "does not run", "nobody": "no such container"} {
		if _, err := NewContainer(t.Context(), name); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	for _, address := range []string{"http://127.0.0.1:3001/mcp", "http://10.0.0.1:3000/mcp", "http://[::1/mcp", ""} {
		if c := PublishedBy(t.Context(), address); c != nil {
			t.Errorf("%q is taken for that of %s", address, c.Name)
		}
	}
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	if c := PublishedBy(t.Context(), "http://127.0.0.1:3000/mcp"); c != nil {
		t.Error("a container is found without an engine")
	}
}
