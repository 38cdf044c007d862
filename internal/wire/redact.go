package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// An Entry is one thing that went over the wire, as a report may show it.
type Entry struct {
	At        time.Time
	Direction string // "sent", "received" or "note"
	Kind      string // "request", "status", "event", "body", "line" or "process"
	Header    []string
	Text      string
}

// entryLimit bounds the text of an entry, in bytes.
const entryLimit = 4 << 10

// masked are the header fields whose values are secrets.
var masked = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true,
	"Mcp-Session-Id": true, "X-Api-Key": true, "Www-Authenticate": false,
}

// A redactor takes secrets out of what is recorded.
type redactor struct {
	secrets []string
	fields  map[string]bool
}

func newRedactor(e Endpoint) *redactor {
	r := &redactor{fields: map[string]bool{}}
	for name, values := range e.Header {
		r.fields[http.CanonicalHeaderKey(name)] = true
		for _, v := range values {
			r.learn(v)
			if _, token, ok := strings.Cut(v, " "); ok {
				r.learn(token)
			}
		}
	}
	for _, kv := range e.Env {
		_, v, _ := strings.Cut(kv, "=")
		r.learn(v)
	}
	if u, err := url.Parse(e.URL); err == nil {
		if password, ok := u.User.Password(); ok {
			r.learn(password)
		}
		for name, values := range u.Query() {
			if secretName(name) {
				for _, v := range values {
					r.learn(v)
				}
			}
		}
	}
	return r
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"key", "token", "secret", "password", "sig", "auth"}, func(s string) bool { return strings.Contains(name, s) })
}

// learn adds a secret. Short values would blot out half of a report.
func (r *redactor) learn(v string) {
	if len(v) >= 6 && !slices.Contains(r.secrets, v) {
		r.secrets = append(r.secrets, v)
		sort.Slice(r.secrets, func(i, j int) bool { return len(r.secrets[i]) > len(r.secrets[j]) })
	}
}

// text returns s without secrets and no longer than an entry may be.
func (r *redactor) text(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	if len(s) > entryLimit {
		cut := entryLimit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = fmt.Sprintf("%s … (%d bytes in all)", s[:cut], len(s))
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func (r *redactor) header(h http.Header) []string {
	var lines []string
	for name, values := range h {
		for _, v := range values {
			if key := http.CanonicalHeaderKey(name); masked[key] || r.fields[key] {
				v = "[redacted]"
			}
			lines = append(lines, name+": "+r.text(v))
		}
	}
	sort.Strings(lines)
	return lines
}

// carriers are the methods whose results hold the user's data, which a report
// shows the shape of and no more.
var carriers = map[string]bool{"tools/call": true, "resources/read": true, "prompts/get": true}

// result hides the data in a message that answers one of the carriers.
func (r *redactor) result(method string, raw []byte) string {
	if !carriers[method] {
		return r.text(string(raw))
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return r.text(string(raw))
	}
	top, ok := v.(map[string]any)
	if !ok || top["result"] == nil {
		return r.text(string(raw))
	}
	top["result"] = hide("", top["result"])
	data, err := json.Marshal(top)
	if err != nil {
		return r.text(string(raw))
	}
	return r.text(string(data))
}

// shown are the members whose strings are protocol, not data.
var shown = map[string]bool{"type": true, "mimeType": true, "role": true, "resultType": true, "cacheScope": true, "uri": true, "name": true}

func hide(member string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			v[k] = hide(k, m)
		}
	case []any:
		for i, m := range v {
			v[i] = hide(member, m)
		}
	case string:
		if !shown[member] && len(v) > 0 {
			return fmt.Sprintf("[%d characters]", utf8.RuneCountInString(v))
		}
	}
	return v
}

// note records an entry; what it says was redacted by the caller.
func (x *Exchange) note(direction, kind string, header []string, text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.log) < 200 {
		x.log = append(x.log, Entry{At: time.Now(), Direction: direction, Kind: kind, Header: header, Text: text})
	}
}

// Transcript is what went over the wire for this exchange, redacted.
func (x *Exchange) Transcript() []Entry {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.log)
}
