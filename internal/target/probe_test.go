package target

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A script answers each method with the body that it names: a result, or an
// error if it has a code. A method that is not in it is not known.
type script map[string]string

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var m struct {
		ID     json.RawMessage
		Method string
	}
	json.Unmarshal(body, &m)
	if m.ID == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	answer, ok := s[m.Method]
	if !ok {
		answer = `{"code":-32601,"message":"no such method"}`
	}
	member := "result"
	if strings.Contains(answer, `"code"`) {
		member = "error"
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,%q:%s}`, m.ID, member, answer)
}

// TestProbe demands that the revisions which a server serves are found, and that
// it is believed only as far as it keeps its word.
func TestProbe(t *testing.T) {
	const (
		legacy   = `{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"}}`
		modern   = `{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}`
		tools    = `{"tools":[]}`
		unserved = `{"code":-32022,"message":"unsupported protocol version"}`
	)
	for _, tt := range []struct {
		reason string
		server script
		want   []spec.Revision
		note   string
		err    string
	}{
		{"legacy", script{"initialize": legacy}, []spec.Revision{spec.R20250618}, "", ""},
		{"modern", script{"server/discover": modern, "tools/list": tools}, []spec.Revision{spec.R20260728}, "", ""},
		{"both", script{"initialize": legacy, "server/discover": modern, "tools/list": tools}, []spec.Revision{spec.R20250618, spec.R20260728}, "", ""},
		{"discovery alone", script{"initialize": legacy, "server/discover": modern, "tools/list": unserved}, []spec.Revision{spec.R20250618}, "tools/list is refused with -32022", ""},
		{"discovery that lists nothing", script{"initialize": legacy, "server/discover": `{"supportedVersions":[],"capabilities":{}}`}, []spec.Revision{spec.R20250618}, "", ""},
		{"discovery that is ill-typed", script{"initialize": legacy, "server/discover": `{"supportedVersions":"2026-07-28"}`}, []spec.Revision{spec.R20250618, spec.R20260728}, "does not say in supportedVersions", ""},
		{"discovery that leaves it out", script{"server/discover": `{"capabilities":{}}`}, []spec.Revision{spec.R20260728}, "does not say in supportedVersions", ""},
		{"modern without discovery", script{"initialize": legacy, "tools/list": `{"resultType":"complete","tools":[]}`}, []spec.Revision{spec.R20250618, spec.R20260728}, "in the manner of 2026-07-28", ""},
		{"lists without a handshake", script{"initialize": legacy, "tools/list": tools}, []spec.Revision{spec.R20250618}, "", ""},
		{"a result of something else", script{"initialize": legacy, "server/discover": `{}`}, []spec.Revision{spec.R20250618}, "", ""},
		{"a revision that is not published", script{"initialize": `{"protocolVersion":"2025-12-31"}`}, []spec.Revision{spec.R20251125}, `offers revision "2025-12-31", which is not published: judged against 2025-11-25`, ""},
		{"a handshake without a revision", script{"initialize": `{"capabilities":{}}`}, []spec.Revision{spec.R20251125}, "has no protocolVersion", ""},
		{"a stateless revision in a handshake", script{"initialize": `{"protocolVersion":"2026-07-28"}`}, []spec.Revision{spec.R20251125}, "", ""},
		{"a refusal", script{"initialize": `{"code":-32000,"message":"come\nback later"}`}, nil, "", "initialize is refused with error -32000: come"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			h := httptest.NewServer(tt.server)
			defer h.Close()
			f, err := Probe(t.Context(), wire.Endpoint{URL: h.URL, Timeout: 2 * time.Second})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("got %v, %v, want the error %q", f, err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Endpoint.Transport != spec.StreamableHTTP || !reflect.DeepEqual(f.Newest(), tt.want) {
				t.Errorf("found %v over %s, want %v", f.Newest(), f.Endpoint.Transport, tt.want)
			}
			if notes := strings.Join(f.Notes, "\n"); (notes != "") != (tt.note != "" || f.Garbled != nil) || !strings.Contains(notes, tt.note) {
				t.Errorf("notes are %q, want %q", notes, tt.note)
			}
		})
	}
}

// TestProbeOlderTransport demands that a server of HTTP+SSE is found behind the
// refusal of a POST.
func TestProbeOlderTransport(t *testing.T) {
	answers := make(chan string)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sse", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "event: endpoint\ndata: /post\n\n")
		w.(http.Flusher).Flush()
		for {
			select {
			case a := <-answers:
				fmt.Fprintf(w, "data: %s\n\n", a)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		var m struct{ ID json.RawMessage }
		json.NewDecoder(r.Body).Decode(&m)
		w.WriteHeader(http.StatusAccepted)
		if m.ID == nil {
			return
		}
		select {
		case answers <- fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2024-11-05"}}`, m.ID):
		case <-t.Context().Done():
		}
	})
	h := httptest.NewServer(mux)
	defer h.CloseClientConnections()
	f, err := Probe(t.Context(), wire.Endpoint{URL: h.URL + "/sse", Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if f.Endpoint.Transport != spec.SSE || f.Legacy != spec.R20241105 || f.Modern != nil {
		t.Errorf("found %+v, want 2024-11-05 over HTTP+SSE", f)
	}
}

// TestNegotiates asks for each revision of the handshake.
func TestNegotiates(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			ID     json.RawMessage
			Params struct{ ProtocolVersion spec.Revision }
		}
		json.NewDecoder(r.Body).Decode(&m)
		if m.Params.ProtocolVersion < spec.R20250326 {
			m.Params.ProtocolVersion = spec.R20251125
		}
		script{"initialize": fmt.Sprintf(`{"protocolVersion":%q}`, m.Params.ProtocolVersion)}.
			ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fmt.Sprintf(`{"id":%s,"method":"initialize"}`, m.ID))))
	})
	h := httptest.NewServer(echo)
	defer h.Close()
	got := Negotiates(t.Context(), wire.Endpoint{URL: h.URL, Transport: spec.StreamableHTTP, Timeout: 2 * time.Second})
	if want := []spec.Revision{spec.R20250326, spec.R20250618, spec.R20251125}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestProbeIsBounded demands that an interruption ends the search at once.
func TestProbeIsBounded(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer h.Close()
	defer h.CloseClientConnections()
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	started := time.Now()
	if f, err := Probe(ctx, wire.Endpoint{URL: h.URL, Timeout: time.Minute}); err == nil {
		t.Errorf("found %+v", f)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
