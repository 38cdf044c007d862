package capacity_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/load"
)

// A queue is a server with some slots, each of which serves one call at a time.
type queue struct {
	slots   int
	service time.Duration
	fails   bool
}

// plan attacks the server over pipes, as if it were a process.
func (q queue) plan() load.Plan {
	return load.Plan{
		Target: "queue", Revision: spec.R20251125, Endpoint: wire.Endpoint{Transport: spec.Stdio, Launch: q.launch},
		Mix: load.Mix{{Name: "work", Method: "tools/call", Weight: 1, Params: map[string]any{"name": "work", "arguments": map[string]any{}}}},
	}
}

func (q queue) launch() (*wire.Child, error) {
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	c := &wire.Child{
		Stdin: stdin, Stdout: stdout, Stderr: &wire.Tail{}, Exited: make(chan struct{}),
		Signal: func(os.Signal) error { return in.Close() }, Status: func() string { return "exit status 0" },
	}
	free := make(chan struct{}, q.slots)
	go func() {
		var calls sync.WaitGroup
		defer func() { calls.Wait(); out.Close(); close(c.Exited) }()
		for lines := bufio.NewReader(in); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			var m struct {
				ID     json.RawMessage `json:"id"`
				Method string          `json:"method"`
			}
			json.Unmarshal(line, &m) //nolint:errcheck // the client under test writes well
			switch m.Method {
			case "initialize":
				fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"queue","version":"1"}}}`+"\n", m.ID)
			case "tools/call":
				calls.Go(func() {
					free <- struct{}{}
					time.Sleep(q.service)
					<-free
					fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"content":[],"isError":%t}}`+"\n", m.ID, q.fails)
				})
			}
		}
	}()
	return c, nil
}
