package service

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// batch splits an array of messages. Only 2025-03-26 has such.
func batch(data []byte, version string) ([]json.RawMessage, bool) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '[' || !slices.Contains([]string{"", mcp.ProtocolVersion20250326}, version) {
		return nil, false
	}
	var list []json.RawMessage
	return list, json.Unmarshal(data, &list) == nil && len(list) > 0
}

// handleAll answers a batch, once all of its members are.
func (p *pipe) handleAll(list []json.RawMessage) []byte {
	answers := make([][]byte, len(list))
	var all sync.WaitGroup
	for i, data := range list {
		m, wrong := p.guard.parse(data)
		switch {
		case wrong != nil:
			answers[i] = wrong.json()
		case m.method == string(mcp.MethodInitialize):
			answers[i] = (&refusal{id: m.id, code: mcp.INVALID_REQUEST, text: "initialize cannot be part of a batch"}).json()
		case m.method == "":
		case m.id == nil:
			p.notified(m)
		default:
			a := p.begin(m)
			all.Go(func() { answers[i] = p.finishing(m, a) })
		}
	}
	all.Wait()
	return joined(answers)
}

// joined is the array of those answers that there are.
func joined(answers [][]byte) []byte {
	var some [][]byte
	for _, a := range answers {
		if a != nil {
			some = append(some, bytes.TrimSpace(a))
		}
	}
	if len(some) == 0 {
		return nil
	}
	return append(append([]byte{'['}, bytes.Join(some, []byte{','})...), ']')
}
