package steps_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// onPost lets f answer what is POSTed.
func onPost(f func(http.ResponseWriter, note) bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				v, _ := decode(body)
				if m, ok := v.(note); ok && f(w, m) {
					return
				}
			}
			h.ServeHTTP(w, r)
		})
	}
}

// onHead lets f change the head of each answer.
func onHead(f func(*http.Request, http.Header, int)) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(&header{w, func(status int) { f(r, w.Header(), status) }, false}, r)
		})
	}
}

type header struct {
	http.ResponseWriter
	change func(int)
	done   bool
}

func (h *header) WriteHeader(status int) {
	if !h.done {
		h.done = true
		h.change(status)
	}
	h.ResponseWriter.WriteHeader(status)
}

func (h *header) Write(p []byte) (int, error) {
	if !h.done {
		h.WriteHeader(http.StatusOK)
	}
	return h.ResponseWriter.Write(p)
}

func (h *header) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// chain has a request pass the last of the wraps first.
func chain(wraps ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		for _, wrap := range wraps {
			h = wrap(h)
		}
		return h
	}
}

func onlyPOST(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func onlyJSON(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			r.Header.Set("Accept", "application/json")
		}
		h.ServeHTTP(w, r)
	})
}

// onlyStreams puts what is JSON in an event, with all that a stream may hold
// beside.
func onlyStreams(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tw := &teller{ResponseWriter: w}
		h.ServeHTTP(tw, r)
		if t := w.Header().Get("Content-Type"); tw.status <= 200 && strings.HasPrefix(t, "application/json") {
			w.Header().Set("Content-Type", "text/event-stream")
			event := ": welcome\r\nretry: 10\r\n\r\nevent: message\r\ndata:" + string(tw.held) + "\r\n\r\n"
			tw.held = []byte(event)
		}
		tw.end()
	})
}

// plainRefusals says in words what is wrong with a request.
func plainRefusals(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tw := &teller{ResponseWriter: w}
		h.ServeHTTP(tw, r)
		if tw.status >= 400 {
			tw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			tw.held = []byte(http.StatusText(tw.status) + "\n")
		}
		tw.end()
	})
}

// sessionless gives each request a session of its own, which the client does not
// see.
func sessionless(h http.Handler) http.Handler {
	const id = "Mcp-Session-Id"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		v, _ := decode(body)
		m, _ := v.(note)
		switch {
		case m["method"] == "initialize":
			r.Header.Del(id)
			onHead(func(_ *http.Request, h http.Header, _ int) { h.Del(id) })(h).ServeHTTP(w, r)
		default:
			revision := spec.R20250326
			if v := r.Header.Get("MCP-Protocol-Version"); slices.Contains(spec.Revisions, spec.Revision(v)) {
				revision = spec.Revision(v)
			}
			hello := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":`+
				`{"protocolVersion":"`+string(revision)+`","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`))
			hello.Header.Set("Content-Type", "application/json")
			hello.Host = r.Host
			first := httptest.NewRecorder()
			h.ServeHTTP(first, hello)
			r.Header.Set(id, first.Header().Get(id))
			h.ServeHTTP(w, r)
		}
	})
}

// escaped writes the same JSON otherwise.
func escaped(data []byte) []byte {
	var b strings.Builder
	quoted := false
	for i, c := range []rune(string(data)) {
		switch {
		case c == '"' && (i == 0 || !strings.HasSuffix(b.String(), "\\")):
			quoted = !quoted
			b.WriteRune(c)
		case quoted && (c == '/' || c > 0x7e) && c < 0x10000:
			fmt.Fprintf(&b, "\\u%04x", c)
		case !quoted && (c == ':' || c == ','):
			b.WriteString(" " + string(c) + "\t")
		default:
			b.WriteRune(c)
		}
	}
	return []byte(b.String() + "  ")
}

// offering is a server with the named capabilities only.
func offering(names ...string) twist {
	unknown := func(m note) (note, bool) {
		method, _ := m["method"].(string)
		area, _, _ := strings.Cut(method, "/")
		area = strings.TrimSuffix(area, "s")
		known := map[string]bool{"initialize": true, "ping": true, "notification": true, "server": true, "subscription": true, "": true}
		for _, name := range names {
			known[strings.TrimSuffix(name, "s")] = true
		}
		if known[area] || m["id"] == nil {
			return nil, false
		}
		return refusal(m, -32601, "Method not found"), true
	}
	return twist{ask: unknown, tell: func(method string, m note) note {
		if name, found := strings.CutSuffix(textOf(m["method"]), "/list_changed"); found && !slices.Contains(names, strings.TrimPrefix(name, "notifications/")) {
			return nil
		}
		if p, _ := m["params"].(note); m["method"] == "notifications/subscriptions/acknowledged" {
			filter, _ := p["notifications"].(note)
			for kind := range filter {
				if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(kind, strings.TrimSuffix(name, "s")) }) {
					delete(filter, kind)
				}
			}
		}
		r, _ := m["result"].(note)
		c, _ := r["capabilities"].(note)
		for name := range c {
			if !slices.Contains(names, name) {
				delete(c, name)
			}
		}
		if blocks, _ := r["content"].([]any); !slices.Contains(names, "resources") {
			for i, block := range blocks {
				if block, _ := block.(note); block["type"] == "resource" {
					blocks[i] = note{"type": "text", "text": "a resource"}
				}
			}
		}
		return m
	}}
}

func textOf(v any) string { s, _ := v.(string); return s }

// wordy adds what nobody knows to all that it sends.
func wordy(method string, m note) note {
	if e, _ := m["error"].(note); e != nil && e["data"] == nil {
		e["data"] = []any{"see https://example.com/errors", 1, nil}
	}
	r, _ := m["result"].(note)
	if r == nil {
		return m
	}
	if c, _ := r["capabilities"].(note); c != nil {
		c["x-tea"] = note{"milk": true}
		c["experimental"] = note{"com.example/cake": note{"slices": 8}}
	}
	if i, _ := r["serverInfo"].(note); i != nil {
		i["vendor"] = note{"name": "Example"}
	}
	for _, list := range []string{"tools", "prompts", "resources", "resourceTemplates"} {
		items, _ := r[list].([]any)
		for _, item := range items {
			if item, _ := item.(note); item != nil {
				item["x-rank"] = 1
				item["_meta"] = note{"com.example/rank": 1}
			}
		}
	}
	meta, _ := r["_meta"].(note)
	if meta == nil {
		meta = note{}
	}
	meta["com.example/took"] = 0.5
	r["_meta"] = meta
	if method != "ping" {
		r["x-extra"] = []any{nil}
	}
	return m
}
