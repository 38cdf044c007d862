package wire

import "testing"

func TestFirstValue(t *testing.T) {
	for _, c := range []struct{ body, want, reason string }{
		{`{"id":1}`, `{"id":1}`, "a single value is the body"},
		{"{\"id\":1}\n", "{\"id\":1}\n", "white space around it is legal"},
		{"{\"id\":1}\n{\"id\":2}", `{"id":1}`, "what follows is no message"},
		{`{"id":1}trailing`, `{"id":1}`, "nor is what is no JSON"},
		{`{"id":1`, `{"id":1`, "a value that is cut off stays as it is"},
		{`<html>`, `<html>`, "a page for people stays as it is"},
		{``, ``, "nothing is nothing"},
	} {
		if got := string(firstValue([]byte(c.body))); got != c.want {
			t.Errorf("firstValue(%q) = %q, want %q: %s", c.body, got, c.want, c.reason)
		}
	}
}
