package everything

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// The page sizes without Options.Page.
var pageSizes = map[string]int{"tools": 1000, "prompts": 5, "resources": 4, "resourceTemplates": 1}

// page returns the page of the list that the request asks for, under the name
// of the list.
func (c *call) page(name string, items list) (object, *rpcError) {
	s := c.srv
	items = s.varied(c, name, items)
	start := 0
	cursor, present := c.params["cursor"]
	if s.broken("pagination.invalid-cursor.graceful") && s.disturbed(c, name, cursor, present) {
		return nil, fail(codeInternal, "the list is broken")
	}
	if present {
		var ok bool
		if start, ok = s.position(name, cursor); !ok || start >= len(items) {
			if !s.broken("pagination.invalid-cursor.code") {
				return nil, invalidParams("cursor was not issued by this server for this list")
			}
			start = 0
		}
	}
	size := s.page
	if size == 0 {
		size = pageSizes[name]
	}
	end := min(start+size, len(items))
	result := object{name: items[start:end]}
	if end < len(items) {
		next := end
		if s.broken("pagination.cursor.opaque-position") && name == "prompts" && size > 1 {
			next = end - 1
		}
		result["nextCursor"] = s.cursor(name, next)
	}
	return result, nil
}

// cursor names a position in a list. It is signed, so that whatever a client
// makes up is told from what was issued.
func (s *Server) cursor(name string, at int) string {
	plain := name + " " + strconv.Itoa(at)
	if s.broken("pagination.cursor.stable") {
		plain += " " + strconv.Itoa(s.number())
	}
	return base64.RawURLEncoding.EncodeToString([]byte(plain + " " + s.sign(plain)))
}

func (s *Server) position(name string, cursor any) (int, bool) {
	coded, _ := cursor.(string)
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil {
		return 0, false
	}
	i := strings.LastIndexByte(string(raw), ' ')
	if i < 0 {
		return 0, false
	}
	plain, mac := string(raw[:i]), string(raw[i+1:])
	if !hmac.Equal([]byte(mac), []byte(s.sign(plain))) {
		return 0, false
	}
	words := strings.Fields(plain)
	n, err := strconv.Atoi(words[1])
	if s.broken("pagination.cursor.stable") && s.changed(coded) > 1 {
		n++ // once used, the cursor has moved on
	}
	if s.broken("pagination.cursor.accepted") && name == "resourceTemplates" {
		return 0, false
	}
	return n, err == nil && words[0] == name
}

// disturbed reports whether the same client has just sent a cursor that is no
// string; only a fault calls it.
func (s *Server) disturbed(c *call, name string, cursor any, present bool) bool {
	id, _ := strconv.Atoi(string(c.id))
	place := fmt.Sprintf("%s %p ", name, c.sess)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, text := cursor.(string); present && !text {
		s.changes[place+strconv.Itoa(id+1)] = 1
	}
	mine := place + strconv.Itoa(id)
	if present || s.changes[mine] == 0 {
		return false
	}
	delete(s.changes, mine)
	return true
}

func (s *Server) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
