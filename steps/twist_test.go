package steps_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A note is a JSON-RPC message as plain JSON.
type note = map[string]any

// A twist stands between the everything server and its client, and makes another
// server of it. Each part may be nil.
type twist struct {
	// ask sees what the client sends, and may change it. What it returns with true
	// is answered in the server's place; nil means that nothing is.
	ask func(m note) (answer note, taken bool)
	// tell sees what the server sends, with the method that it answers (or "") and
	// may change it; nil keeps it from the client.
	tell func(method string, m note) note
	// first has messages sent before another one, where that can be.
	first func(method string, m note) []note
	// say writes a message otherwise.
	say func(data []byte) []byte
	// web wraps the server of HTTP, outside of the above.
	web func(h http.Handler) http.Handler
}

func decode(data []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	return v, d.Decode(&v) == nil
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func refusal(m note, code int, message string) note {
	return note{"jsonrpc": "2.0", "id": m["id"], "error": note{"code": code, "message": message}}
}

// asked remembers which method each id is of.
type asked struct {
	mu      sync.Mutex
	methods map[string]string
}

func (a *asked) saw(m note) {
	method, _ := m["method"].(string)
	if m["id"] == nil || method == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.methods == nil {
		a.methods = map[string]string{}
	}
	a.methods[string(encode(m["id"]))] = method
}

func (a *asked) of(m note) string {
	if m["method"] != nil {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.methods[string(encode(m["id"]))]
}

// put hands a message to the server, or gives the answer in its place.
func (t twist) put(a *asked, data []byte) (forward []byte, answer note, taken bool) {
	v, _ := decode(data)
	list, _ := v.([]any)
	for _, m := range list {
		if m, ok := m.(note); ok {
			a.saw(m)
		}
	}
	m, ok := v.(note)
	if !ok {
		return data, nil, false
	}
	a.saw(m)
	if t.ask == nil {
		return data, nil, false
	}
	before := encode(m)
	if answer, taken = t.ask(m); taken {
		return nil, answer, true
	}
	if after := encode(m); !bytes.Equal(before, after) {
		data = after
	}
	return data, nil, false
}

// told returns what the client gets in the place of data, which is a message, an
// array of them or no JSON.
func (t twist) told(a *asked, data []byte) (out [][]byte) {
	v, ok := decode(data)
	if !ok {
		return [][]byte{data}
	}
	say := func(v any) {
		data := encode(v)
		if t.say != nil {
			data = t.say(data)
		}
		out = append(out, data)
	}
	tell := t.tell
	if tell == nil {
		tell = func(_ string, m note) note { return m }
	}
	switch v := v.(type) {
	case note:
		method := a.of(v)
		if t.first != nil {
			for _, m := range t.first(method, v) {
				say(m)
			}
		}
		if v = tell(method, v); v != nil {
			say(v)
		}
	case []any:
		list := []any{}
		for _, m := range v {
			m, _ := m.(note)
			if m = tell(a.of(m), m); m != nil {
				list = append(list, m)
			}
		}
		say(list)
	default:
		out = append(out, data)
	}
	return out
}

// over applies the twist to HTTP.
func (t twist) over(h http.Handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &asked{}
		if r.Method == http.MethodPost && r.Body != nil {
			body, _ := io.ReadAll(r.Body)
			body, answer, taken := t.put(a, body)
			if taken {
				reply(w, r, answer)
				return
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		if t.tell == nil && t.say == nil && t.first == nil {
			h.ServeHTTP(w, r)
			return
		}
		tw := &teller{ResponseWriter: w, change: func(data []byte) [][]byte { return t.told(a, data) }}
		defer tw.end()
		h.ServeHTTP(tw, r)
	})
	if t.web != nil {
		return t.web(inner)
	}
	return inner
}

func reply(w http.ResponseWriter, r *http.Request, answer note) {
	if answer == nil {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if e, failed := answer["error"].(note); failed && r.Header.Get("MCP-Protocol-Version") >= "2026" {
		status := map[any]int{-32601: http.StatusNotFound, -32603: http.StatusInternalServerError}[e["code"]]
		w.WriteHeader(max(status, 200))
	}
	w.Write(encode(answer))
}

// A teller changes the messages that pass through it: a whole body of JSON, or
// each event of a stream.
type teller struct {
	http.ResponseWriter
	change func([]byte) [][]byte
	status int
	held   []byte
}

func (t *teller) WriteHeader(status int) { t.status = status }

func (t *teller) Write(p []byte) (int, error) {
	t.held = append(t.held, p...)
	return len(p), nil
}

func (t *teller) streams() bool {
	return strings.HasPrefix(t.Header().Get("Content-Type"), "text/event-stream")
}

func (t *teller) head() {
	if t.status >= 0 {
		t.Header().Del("Content-Length")
		t.ResponseWriter.WriteHeader(max(t.status, 200))
		t.status = -1
	}
}

func (t *teller) Flush() {
	if !t.streams() {
		return
	}
	t.head()
	for {
		event, rest, whole := bytes.Cut(t.held, []byte("\n\n"))
		if !whole {
			break
		}
		t.held = rest
		t.event(event)
	}
	http.NewResponseController(t.ResponseWriter).Flush() //nolint:errcheck // it is one that can
}

func (t *teller) event(event []byte) {
	before, data, ok := strings.Cut(string(event), "data: {")
	if !ok || t.change == nil {
		io.WriteString(t.ResponseWriter, string(event)+"\n\n") //nolint:errcheck // the client may be gone
		return
	}
	list := t.change([]byte("{" + data))
	for i, data := range list {
		if i == len(list)-1 {
			io.WriteString(t.ResponseWriter, before) //nolint:errcheck // the client may be gone
		}
		io.WriteString(t.ResponseWriter, "data: "+string(data)+"\n\n") //nolint:errcheck // the client may be gone
	}
}

func (t *teller) end() {
	t.Flush()
	body := t.held
	if !t.streams() && len(body) > 0 && t.change != nil {
		list := t.change(body)
		body = list[len(list)-1]
	}
	t.head()
	t.ResponseWriter.Write(body) //nolint:errcheck // the client may be gone
}

// between applies the twist to a process.
func (t twist) between(c *wire.Child) *wire.Child {
	a := &asked{}
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	var mu sync.Mutex
	write := func(line []byte) {
		mu.Lock()
		defer mu.Unlock()
		if len(line) > 0 {
			out.Write(append(line, '\n')) //nolint:errcheck // the client may be gone
		}
	}
	to, from := c.Stdin, c.Stdout
	go func() {
		defer to.Close()
		eachLine(in, func(line []byte) {
			line, answer, taken := t.put(a, line)
			if taken {
				if answer != nil {
					write(encode(answer))
				}
				return
			}
			to.Write(append(line, '\n')) //nolint:errcheck // the server may be gone
		})
		in.Close()
	}()
	go func() {
		defer out.Close()
		eachLine(from, func(line []byte) {
			for _, line := range t.told(a, line) {
				write(line)
			}
		})
	}()
	twisted := *c
	twisted.Stdin, twisted.Stdout = stdin, stdout
	return &twisted
}

func eachLine(r io.Reader, f func([]byte)) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			f(bytes.TrimSuffix(line, []byte("\n")))
		}
		if err != nil {
			return
		}
	}
}
