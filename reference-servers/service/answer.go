package service

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// unseal takes the seal off a cursor, and refuses one that seal did not make:
// mcp-go goes on after any text.
func (g *Guard) unseal(m *message) *refusal {
	var cursor string
	if !strings.HasSuffix(m.method, "/list") || json.Unmarshal(m.params["cursor"], &cursor) != nil || m.params["cursor"] == nil {
		return nil
	}
	bare, _, _ := strings.Cut(cursor, ".")
	if cursor != g.seal(m.method, bare) {
		return &refusal{id: m.id, code: mcp.INVALID_PARAMS, text: m.method + ": the cursor is none that this server gave out"}
	}
	m.params["cursor"], _ = json.Marshal(bare)
	return nil
}

// seal marks a cursor as ours. It keeps nothing secret: replicas read each
// other's cursors.
func (g *Guard) seal(method, cursor string) string {
	sum := sha256.Sum256([]byte(g.name + "\n" + method + "\n" + cursor))
	return cursor + "." + hex.EncodeToString(sum[:6])
}

// answer is what goes to the client in place of mcp-go's response: with the id as
// it was sent, and the code that belongs to a handler's error.
func (g *Guard) answer(m *message, response []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(response, &fields) != nil || fields["id"] == nil || fields["method"] != nil || m.id == nil {
		return response
	}
	fields["id"] = m.id
	if fields["error"] != nil {
		fields["error"] = m.fault(fields["error"])
		if !known(m.method) { // mcp-go has no hook for it
			g.metrics.requests.WithLabelValues("unknown", "", "error").Inc()
		}
	}
	if result := fields["result"]; result != nil && strings.HasSuffix(m.method, "/list") {
		fields["result"] = g.sealed(m.method, result)
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return response
	}
	return out
}

func known(method string) bool {
	_, takes := parameters[method]
	return takes || method == string(mcp.MethodPing) || method == string(mcp.MethodServerDiscover) || strings.HasPrefix(method, "tasks/")
}

func (m *message) fault(raw json.RawMessage) json.RawMessage {
	var e map[string]any
	if json.Unmarshal(raw, &e) != nil {
		return raw
	}
	m.mu.Lock()
	code, data := m.failed, m.data
	m.mu.Unlock()
	if code != 0 {
		e["code"] = code
	}
	if data != nil {
		e["data"] = data
	}
	if e["code"] == float64(mcp.INVALID_REQUEST) && m.params != nil {
		e["code"] = mcp.INVALID_PARAMS // the request was one, or it would not have come here
	}
	if m.method == string(mcp.MethodResourcesRead) && m.uri != "" && e["data"] == nil {
		e["data"] = map[string]string{"uri": m.uri}
	}
	if out, err := json.Marshal(e); err == nil {
		return out
	}
	return raw
}

func (g *Guard) sealed(method string, result json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	var cursor string
	if json.Unmarshal(result, &fields) != nil || fields["nextCursor"] == nil || json.Unmarshal(fields["nextCursor"], &cursor) != nil {
		return result
	}
	fields["nextCursor"], _ = json.Marshal(g.seal(method, cursor))
	if out, err := json.Marshal(fields); err == nil {
		return out
	}
	return result
}
