//go:build containers

package postgres

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func testOversized(t *testing.T, c *client) {
	for _, tt := range []struct {
		reason, sql string
		rows        int
		more        bool
		err         string
	}{
		{"more rows than may be given", `SELECT g FROM generate_series(1, 100000) g`, 100, true, ""},
		{"as many rows as may be given", `SELECT g FROM generate_series(1, 100) g`, 100, false, ""},
		{"more bytes than may be given", `SELECT repeat('x', 20000) FROM generate_series(1, 100) g`, 52, true, ""},
		{"a gigabyte, row by row", `SELECT repeat('x', 1000000) FROM generate_series(1, 1000) g`, 1, true, ""},
		{"one row that is too large for memory", `SELECT repeat('x', 50000000)`, 0, false, "one row is of 50000006 bytes, which is more than --max-bytes allows"},
		{"many columns that are", `SELECT repeat('x', 900000), repeat('x', 900000), repeat('x', 900000)`, 0, false, "one row is of 2700014 bytes"},
		{"a long error", `SELECT repeat('x', 1000000)::int`, 0, false, "..."},
		{"a long statement", `SELECT 1 /* ` + strings.Repeat("x", 1<<20) + `*/`, 1, false, ""},
		{"a deep statement", `SELECT ` + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000), 0, false, "ERROR: "},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var r Result
			err := c.call(t.Context(), "query", map[string]any{"sql": tt.sql}, &r)
			if tt.err != "" {
				contains(t, tt.reason, err, tt.err)
				if err != nil && len(err.Error()) > 5000 {
					t.Errorf("the error is of %d characters", len(err.Error()))
				}
			} else if err != nil || r.RowCount != tt.rows || r.Truncated != tt.more || len(r.Rows) != r.RowCount || len(r.Columns) != 1 {
				t.Errorf("got %d rows, truncated %v, columns %v, %v", r.RowCount, r.Truncated, r.Columns, err)
			}
			if got, err := c.query(t.Context(), "SELECT 1"); err != nil || got != "[[1]]" {
				t.Errorf("then %s, %v", got, err)
			}
		})
	}
}

// testCancelled demands that a call which is given up ends in the database, too.
func testCancelled(t *testing.T, db *cluster, c *client) {
	watch := watch(t, db, "open")
	running := func() (n int) {
		if err := watch.conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE usename = 'owner' AND state = 'active' AND wait_event = 'PgSleep'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := c.query(ctx, `SELECT pg_sleep(3600)`)
		done <- err
	}()
	eventually(t, "the call runs", func() error {
		if running() != 1 {
			return fmt.Errorf("%d run", running())
		}
		return nil
	})
	cancel()
	if err := <-done; err == nil {
		t.Error("a call that was given up has an answer")
	}
	eventually(t, "the call has ended", func() error {
		if running() != 0 {
			return fmt.Errorf("%d run", running())
		}
		return nil
	})
}

// testConcurrent makes 1,000 calls at once over HTTP, by far more than there are
// connections, and demands that each has the answer to its own question.
func testConcurrent(t *testing.T, o Options) {
	o.MaxRows, o.MaxBytes, o.StatementTimeout, o.PoolSize = 10, 1<<20, 30*time.Second, 5
	guard, err := service.New("postgres", "test", service.Config{Transport: "http", Address: "127.0.0.1:0", Stateless: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), o, guard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- guard.Run(ctx, s, nil, io.Discard, in) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // it ends with the test
	target := strings.TrimSpace(line[strings.Index(line, "http://"):])
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for i := range 1000 {
		group.Go(func() {
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"query","arguments":{"sql":"SELECT $1::int * 2, count(*) FROM customers","parameters":[%d]}}}`, i+1, i)
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			r.Header.Set("Mcp-Protocol-Version", "2025-11-25")
			response, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			if err != nil || !bytes.Contains(answer, fmt.Appendf(nil, `"rows":[[%d,50]]`, 2*i)) || !bytes.Contains(answer, fmt.Appendf(nil, `"id":%d`, i+1)) {
				t.Errorf("call %d: %s, %v", i, answer, err)
			}
		})
	}
	group.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
