package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
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

// headerLimit bounds the number of header fields of an entry.
const headerLimit = 64

// masked are the header fields whose values are secrets.
var masked = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true,
	"Mcp-Session-Id": true, "X-Api-Key": true, "X-Auth-Token": true,
}

// A redactor takes secrets out of what is recorded.
type redactor struct {
	fields map[string]bool // header fields that are secret as a whole

	mu      sync.RWMutex
	secrets []string // longest first
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
		if u.User != nil {
			name := u.User.Username()
			password, ok := u.User.Password()
			if !ok {
				r.learn(name) // then the name is the token
			}
			r.learn(password)
			// net/http makes a header field of them, which a server may repeat.
			r.learn(base64.StdEncoding.EncodeToString([]byte(name + ":" + password)))
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

// learnAddress adds what in the address of an endpoint event names the session:
// every value of the query and, in the path, what looks like no word.
func (r *redactor) learnAddress(address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	for _, values := range u.Query() {
		for _, v := range values {
			r.learn(v)
		}
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if len(segment) >= 16 && strings.ContainsAny(segment, "0123456789") {
			r.learn(segment)
		}
	}
}

// address writes an address without the secrets in it, whatever their length.
func (r *redactor) address(u *url.URL) string {
	shown := *u
	if u.User != nil {
		shown.User = url.User("redacted")
	}
	var query []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, ok := strings.Cut(pair, "="); ok && secretName(name) {
			pair = name + "=redacted"
		}
		query = append(query, pair)
	}
	shown.RawQuery = strings.Join(query, "&")
	return r.text(shown.String())
}

// head returns the lines of a header section without the secret values.
func (r *redactor) head(section string) []string {
	var lines []string
	for line := range strings.Lines(section) {
		name, _, field := strings.Cut(line, ":")
		if key := http.CanonicalHeaderKey(strings.TrimSpace(name)); field && r.secret(key) {
			line = name + ": [redacted]"
		}
		lines = append(lines, r.text(strings.TrimRight(line, "\r\n")))
	}
	return lines[:min(len(lines), headerLimit)]
}

func (r *redactor) secret(field string) bool { return masked[field] || r.fields[field] }

func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"key", "token", "secret", "password", "passwd", "pwd", "session", "sig", "auth", "code", "jwt"}, func(s string) bool { return strings.Contains(name, s) })
}

// learn adds a secret, in each way in which it may be written. Short values
// would blot out half of a report.
func (r *redactor) learn(v string) {
	if len(v) < shortest {
		return
	}
	plain, _ := marshal(v)
	escaped, _ := json.Marshal(v)
	forms := []string{v, string(plain[1 : len(plain)-1]), string(escaped[1 : len(escaped)-1]), url.QueryEscape(v), url.PathEscape(v),
		strings.TrimPrefix(url.UserPassword("", v).String(), ":")}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, form := range forms {
		if !slices.Contains(r.secrets, form) {
			r.secrets = append(r.secrets, form)
		}
	}
	sort.Slice(r.secrets, func(i, j int) bool { return len(r.secrets[i]) > len(r.secrets[j]) })
}

// shortest is the length of the shortest value that is taken for a secret.
const shortest = 6

// text returns s without secrets and no longer than an entry may be.
func (r *redactor) text(s string) string {
	r.mu.RLock()
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	r.mu.RUnlock()
	whole := len(s)
	// Bytes that are no text grow when they are replaced, so that the length is
	// bounded on both sides of it.
	s = strings.ToValidUTF8(s[:min(whole, entryLimit+utf8.UTFMax)], "\uFFFD")
	if whole <= entryLimit && len(s) <= entryLimit {
		return s
	}
	cut := min(len(s), entryLimit)
	for cut < len(s) && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s … (%d bytes in all)", s[:cut], whole)
}

func (r *redactor) header(h http.Header) []string {
	var lines []string
	for name, values := range h {
		for _, v := range values {
			if r.secret(http.CanonicalHeaderKey(name)) {
				v = "[redacted]"
			}
			lines = append(lines, r.text(name+": "+v))
		}
	}
	sort.Strings(lines)
	return lines[:min(len(lines), headerLimit)]
}

// carriers are the members of results that hold the user's data, of which a
// report shows the shape and no more. They are told by name, not by the method
// asked: the answer may come on another stream, or to another request.
var carriers = []string{"content", "contents", "messages", "structuredContent"}

// result hides the user's data in a message or a batch of them.
func (r *redactor) result(raw []byte) string {
	if !slices.ContainsFunc(carriers, func(name string) bool { return bytes.Contains(raw, []byte(name)) }) {
		return r.text(string(raw))
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return r.text(string(raw))
	}
	hidden := hideResult(v)
	if list, ok := v.([]any); ok {
		for _, m := range list {
			hidden = hideResult(m) || hidden
		}
	}
	data, err := marshal(v)
	if err != nil || !hidden {
		return r.text(string(raw))
	}
	return r.text(string(data))
}

// hideResult hides the data of one message; it reports whether there was any.
func hideResult(v any) bool {
	m, _ := v.(map[string]any)
	result, _ := m["result"].(map[string]any)
	if !slices.ContainsFunc(carriers, func(name string) bool { return result[name] != nil }) {
		return false
	}
	structured, ok := result["structuredContent"]
	m["result"] = hide("", result)
	if ok {
		result["structuredContent"] = hideAll(structured)
	}
	return true
}

// shown are the members whose strings are protocol, not data.
var shown = map[string]bool{"type": true, "mimeType": true, "role": true, "resultType": true, "cacheScope": true, "uri": true, "name": true}

// hide takes out the strings that are not protocol.
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

// hideAll takes out every value: a tool's own object has no protocol in it.
func hideAll(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			v[k] = hideAll(m)
		}
	case []any:
		for i, m := range v {
			v[i] = hideAll(m)
		}
	case string:
		return fmt.Sprintf("[%d characters]", utf8.RuneCountInString(v))
	case json.Number:
		return "[number]"
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
