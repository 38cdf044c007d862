package steps

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// What the server originates: its own requests, and notifications.

const notificationPrefix = "notifications/"

// isInteger reports whether a JSON value is a number without a fraction, however
// it is written.
func isInteger(raw json.RawMessage) bool {
	if len(raw) == 0 || len(raw) > 400 || raw[0] == '"' {
		return false
	}
	var n json.Number
	if json.Unmarshal(raw, &n) != nil {
		return false
	}
	if i := strings.IndexAny(n.String(), "eE"); i >= 0 && len(n.String())-i > 5 {
		return false // beyond what anybody means by an integer
	}
	r, ok := new(big.Rat).SetString(n.String())
	return ok && r.IsInt()
}

// eachServerRequest judges the requests that the server makes. A notification
// with an id is none, but jsonrpc.notification.no-id broken.
func eachServerRequest(f func(*Conversation, *wire.Message) error) func(*Conversation, *tally) {
	return eachMessage(func(c *Conversation, m *wire.Message) (bool, error) {
		if !m.IsRequest() || strings.HasPrefix(m.Method, notificationPrefix) {
			return false, nil
		}
		return true, f(c, m)
	})
}

func requestIDNotNull(_ *Conversation, m *wire.Message) error {
	if string(m.ID) == "null" {
		return unmetf("a request with an id that is not null", "id null in a request for %s", m.Method)
	}
	return nil
}

func requestIDTyped(_ *Conversation, m *wire.Message) error {
	if string(m.ID) != "null" && !isString(m.ID) && !isInteger(m.ID) {
		return unmetf("a request whose id is a string or an integer", "id %s in a request for %s", brief(string(m.ID)), m.Method)
	}
	return nil
}

// requestIDsUnique leaves out what a resumed stream repeats, and the same message
// on several streams, which http.multi.no-broadcast forbids.
func requestIDsUnique(c *Conversation, t *tally) {
	first := map[string]*wire.Message{}
	for _, m := range c.Messages() {
		if !m.IsRequest() || m.Resumed || string(m.ID) == "null" || strings.HasPrefix(m.Method, notificationPrefix) {
			continue
		}
		before, used := first[string(m.ID)]
		switch {
		case !used:
			first[string(m.ID)] = m
			t.check(origin(m), nil)
		case before.Exchange != m.Exchange && string(before.Raw) == string(m.Raw):
		default:
			t.check(origin(m), unmetf("each id in one request of the session only", "id %s in two, for %s and for %s", brief(string(m.ID)), before.Method, m.Method))
		}
	}
}

func requestShaped(c *Conversation, m *wire.Message) error {
	if m.Method == "" {
		return unmetf("method, a string", "%s", brief(string(m.Members["method"])))
	}
	if err := paramsTyped(m); err != nil {
		return err
	}
	if _, ok := spec.ServerRequestDefinition(c.Revision(), m.Method); !ok && !c.extended() && !judgedByLifecycle(c, m) {
		return advisory(unmetf("a request that servers make in revision "+string(c.Revision()), "%q", m.Method))
	}
	return nil
}

func paramsTyped(m *wire.Message) error {
	if params := m.Params(); params != nil {
		if _, err := object(params); err != nil {
			return unmetf("params, an object, in "+m.Method, "%s", brief(string(params)))
		}
	}
	return nil
}

// extended reports whether the server declares something beyond the
// specification, which may come with methods of its own.
func (c *Conversation) extended() bool {
	if c.Hello == nil {
		return false
	}
	result, err := resultOf(c.Hello)
	if err != nil {
		return false
	}
	var r struct {
		Capabilities map[string]json.RawMessage `json:"capabilities"`
	}
	if json.Unmarshal(result, &r) != nil {
		return false
	}
	for _, name := range []string{"experimental", "extensions"} {
		if declared, err := object(r.Capabilities[name]); err == nil && len(declared) > 0 {
			return true
		}
	}
	return false
}

func notificationWithoutID(_ *Conversation, m *wire.Message) (bool, error) {
	if !strings.HasPrefix(m.Method, notificationPrefix) {
		return false, nil
	}
	if m.Has("id") {
		return true, unmetf("a notification without an id", "id %s in %s", brief(string(m.ID)), m.Method)
	}
	return true, nil
}

// notificationShaped judges params alone: the other members, and _meta, have
// requirements of their own.
func notificationShaped(c *Conversation, m *wire.Message) (bool, error) {
	switch {
	case m.Method == "":
		return true, unmetf("method, a string", "%s", brief(string(m.Members["method"])))
	case strings.HasPrefix(m.Method, "rpc."):
		return false, nil // judged by jsonrpc.method.rpc-prefix-reserved
	case strings.HasSuffix(m.Method, "/list_changed"):
		return false, nil // judged by features.list-changed.shape
	case m.Method == ackMethod:
		return false, nil // judged by subs.ack.shape
	}
	if err := paramsTyped(m); err != nil {
		return true, err
	}
	definition, known := spec.NotificationDefinition(c.Revision(), m.Method)
	if !known {
		if c.extended() || judgedByLifecycle(c, m) {
			return true, nil
		}
		return true, advisory(unmetf("a notification that servers send in revision "+string(c.Revision()), "%q", m.Method))
	}
	schema, err := spec.MessageSchema(c.Revision(), definition)
	if err != nil {
		return false, nil //nolint:nilerr // there is nothing to judge by
	}
	for _, v := range schema.Validate(m.Raw) {
		if strings.HasPrefix(v.Path, "params") && !strings.Contains(v.Path, "_meta") && !v.Unjudged() {
			return true, unmetf(fmt.Sprintf("a %s of revision %s", definition, c.Revision()), "%s: %s", v.Path, v.Text)
		}
	}
	return true, nil
}
