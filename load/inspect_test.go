package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// TestInspectorKeepsToItsShare demands that looking closely takes its share of
// the time at the most, however long it takes for one answer.
func TestInspectorKeepsToItsShare(t *testing.T) {
	for _, each := range []time.Duration{10 * time.Microsecond, time.Millisecond, 70 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var worked time.Duration
			in := newInspector(func(int, []byte) error { time.Sleep(each); worked += each; return nil })
			began := time.Now()
			for time.Since(began) < 10*time.Second {
				in.offer(0, []byte("{}"))
				time.Sleep(100 * time.Microsecond)
			}
			in.close()
			if share := worked.Seconds() / time.Since(began).Seconds(); share > inspecting*1.01+each.Seconds()/10 || share < inspecting/20 {
				t.Errorf("at %s an answer: %.4f of the time, want up to %.4f", each, share, inspecting)
			}
			if got := in.report(); got.Answers != uint64(worked/each) || got.Broken != 0 {
				t.Errorf("at %s an answer: %+v", each, got)
			}
			time.Sleep(time.Minute) // until it would be at leisure again
		})
	}
}

func TestInspectorTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		in := newInspector(func(int, []byte) error { n++; return errors.New(fmt.Sprint("fault ", min(n/2, 9))) })
		for range 30 {
			in.offer(0, []byte("{}"))
			time.Sleep(time.Second)
		}
		in.offer(0, make([]byte, largestInspected+1))
		in.close()
		if got := in.report(); got.Answers != 30 || got.Broken != 30 || len(got.Faults) != faultsKept || got.Faults[1] != "fault 1" {
			t.Errorf("got %+v, want 30 answers, each broken, and %d faults", got, faultsKept)
		}
	})
	var none *inspector
	none.offer(0, nil)
	none.close()
	if none.report() != nil {
		t.Error("a report of nothing")
	}
}

func TestConforms(t *testing.T) {
	p := Plan{Revision: spec.R20251125, Mix: Mix{{Name: "tools/call x", Method: "tools/call"}, {Name: "ping", Method: "ping"}, {Name: "acme/greet", Method: "acme/greet"}}}
	for _, tt := range []struct {
		reason    string
		operation int
		answer    string
		want      string
	}{
		{"as it should be", 0, `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"x"}]}}`, ""},
		{"an empty result", 1, `{"jsonrpc":"2.0","id":1,"result":{}}`, ""},
		{"a method of the server's own", 2, `{"jsonrpc":"2.0","id":1,"result":[]}`, ""},
		{"content that is no list", 0, `{"jsonrpc":"2.0","id":1,"result":{"content":"x"}}`, "tools/call x: the result breaks CallToolResult: "},
		{"no content", 0, `{"jsonrpc":"2.0","id":1,"result":{}}`, "tools/call x: the result breaks CallToolResult: "},
		{"JSON to the eye only", 0, `{"jsonrpc":"2.0","id":1,"result":{"content":[nothing]}}`, "tools/call x: the answer is no JSON throughout"},
	} {
		if a := readAnswer([]byte(tt.answer)); !a.valid || !a.result {
			t.Errorf("%s: it does not pass for a success: %+v", tt.reason, a)
		}
		got := ""
		if err := p.conforms(tt.operation, []byte(tt.answer)); err != nil {
			got = err.Error()
		}
		if got != tt.want && (tt.want == "" || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: %q, want %q", tt.reason, got, tt.want)
		}
	}
}

// echo is a server over pipes that answers each request at once.
func echo(answer string) wire.Endpoint {
	return wire.Endpoint{Transport: spec.Stdio, Launch: func() (*wire.Child, error) {
		in, stdin := io.Pipe()
		stdout, out := io.Pipe()
		c := &wire.Child{
			Stdin: stdin, Stdout: stdout, Stderr: &wire.Tail{}, Exited: make(chan struct{}),
			Signal: func(os.Signal) error { in.Close(); return nil }, Status: func() string { return "exit status 0" },
		}
		var once sync.Once
		go func() {
			defer once.Do(func() { close(c.Exited) })
			defer out.Close()
			for lines := bufio.NewReader(in); ; {
				line, err := lines.ReadBytes('\n')
				if err != nil {
					return
				}
				var q struct {
					ID     json.RawMessage `json:"id"`
					Method string          `json:"method"`
				}
				json.Unmarshal(line, &q)
				switch {
				case q.ID == nil:
				case q.Method == "initialize":
					fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"echo","version":"1"}}}`+"\n", q.ID)
				default:
					fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", q.ID, answer)
				}
			}
		}()
		return c, nil
	}}
}

func echoed(answer string) Plan {
	return Plan{
		Endpoint: echo(answer), Revision: spec.R20251125, Rate: 200, Duration: 200 * time.Millisecond,
		Mix: Mix{{Name: "tools/call x", Method: "tools/call", Params: map[string]any{"name": "x"}, Weight: 1}},
	}
}

// TestAttackInspects demands that answers which pass for successes and are none
// are told of, and change no figure.
func TestAttackInspects(t *testing.T) {
	for answer, broken := range map[string]bool{`{"content":[]}`: false, `{"content":"none"}`: true} {
		l, err := Attack(t.Context(), echoed(answer))
		if err != nil {
			t.Fatal(err)
		}
		in := l.Inspection
		if in == nil || in.Answers == 0 || (in.Broken == in.Answers) != broken || (len(in.Faults) > 0) != broken || l.ErrorShare != 0 {
			t.Errorf("of %s: %+v, errors %v", answer, in, l.ErrorShare)
		}
	}
}

// BenchmarkInspection compares attacks as fast as one worker can, with and
// without a closer look at answers of some size: in time, in CPU time, which other
// load on the machine disturbs less, and by the time that the looks took.
func BenchmarkInspection(b *testing.B) {
	answer := `{"content":[` + strings.Repeat(`{"type":"text","text":"some text that is as long as texts are"},`, 50) + `{"type":"text","text":""}]}`
	for name, inspect := range map[string]bool{"with": true, "without": false} {
		b.Run(name, func(b *testing.B) {
			p := echoed(answer)
			clients, err := openClients(b.Context(), p)
			if err != nil {
				b.Fatal(err)
			}
			defer closeClients(clients)
			rt := &roundTripper{ctx: b.Context(), plan: p, clients: clients}
			if inspect {
				rt.inspect = newInspector(p.conforms)
			}
			n, began, before := 0, time.Now(), cpuTime(b)
			for b.Loop() {
				n++
				h := &hit{id: fmt.Sprint(n)}
				if rt.line(b.Context(), h); h.kind != ok {
					b.Fatal(h.outcome)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(n), "cpu-ns/op")
			if took := time.Since(began); inspect {
				rt.inspect.close()
				b.ReportMetric(100*rt.inspect.worked.Seconds()/took.Seconds(), "%looking")
			}
		})
	}
}

// cpuTime is what this process has used, server and all.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
