package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// judge files the answer of a hit.
func (h *hit) judge(data []byte, a answer) {
	h.got = len(data)
	h.outcome = judgeAnswer(a, h.id)
	if h.canary == "" || bytes.Contains(data, []byte(h.canary)) {
		return
	}
	switch client, another := canaryIn(data); {
	case another && client != h.client:
		h.outcome = outcome{leaked, ""} // also in the words of an error
	case h.kind != ok:
	case another:
		h.outcome = outcome{wrongAnswer, "with the canary of another request"}
	default:
		h.outcome = outcome{wrongAnswer, "without its canary"}
	}
}

// canaryPrefix begins each canary of this program.
const canaryPrefix = "mcpcheck-canary-"

// canaryIn returns the session whose canary a text holds, if it holds any.
func canaryIn(data []byte) (client int, found bool) {
	_, rest, found := bytes.Cut(data, []byte(canaryPrefix))
	if !found {
		return 0, false
	}
	number, _, _ := bytes.Cut(rest, []byte("-"))
	client, err := strconv.Atoi(string(number))
	return client, err == nil
}

func newCanary(client int, n uint64) string {
	return fmt.Sprintf("%s%d-%d-", canaryPrefix, client, n)
}
