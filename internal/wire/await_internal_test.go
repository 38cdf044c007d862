package wire

import (
	"testing"
	"time"
)

// TestAwaitFrom demands that messages from before a mark are passed over, and
// those after it are found whether they have come already or come later.
func TestAwaitFrom(t *testing.T) {
	s := &Session{changed: make(chan struct{})}
	notify := func(text string) { s.receive(Parse([]byte(text))[0]) }
	told := func(m *Message) bool { return m.Method == "notifications/told" }
	const message = `{"jsonrpc":"2.0","method":"notifications/told"}`
	notify(message)
	mark := len(s.Messages())
	if s.Await(t.Context(), 0, told) == nil {
		t.Error("Await does not see what has come already")
	}
	if m := s.AwaitFrom(t.Context(), mark, 10*time.Millisecond, told); m != nil {
		t.Errorf("AwaitFrom sees what came before: %s", m.Raw)
	}
	if m := s.AwaitFrom(t.Context(), mark+5, 10*time.Millisecond, told); m != nil {
		t.Errorf("AwaitFrom a mark that is not reached sees %s", m.Raw)
	}
	go notify(message)
	if s.AwaitFrom(t.Context(), mark, 5*time.Second, told) == nil {
		t.Error("AwaitFrom does not see what comes later")
	}
	if s.AwaitFrom(t.Context(), mark, 0, told) == nil {
		t.Error("AwaitFrom does not see what has come since")
	}
}
