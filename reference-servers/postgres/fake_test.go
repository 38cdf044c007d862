package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A fake speaks the protocol of PostgreSQL on loopback, knows a few answers, and
// keeps what it was sent.
type fake struct {
	net.Listener
	answer func(sql string) reply

	cancels chan struct{}

	mu   sync.Mutex
	sent []string
}

// A reply is one column of text, or an error.
type reply struct {
	oid  uint32
	rows []string
	err  *pgproto3.ErrorResponse
	hang bool // it never comes, though it be cancelled
}

func newFake(t *testing.T, answer func(sql string) reply) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Listener: l, answer: answer, cancels: make(chan struct{}, 100)}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				f.session(t.Context(), conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); group.Wait() })
	return f
}

func (f *fake) session(ctx context.Context, conn net.Conn) {
	b := pgproto3.NewBackend(conn, conn)
	if m, err := b.ReceiveStartupMessage(); err != nil {
		return
	} else if _, ok := m.(*pgproto3.StartupMessage); !ok {
		f.cancels <- struct{}{}
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	status, failed := byte('I'), false
	ready := func() error {
		b.Send(&pgproto3.ReadyForQuery{TxStatus: status})
		return b.Flush()
	}
	run := func(sql string) {
		f.mu.Lock()
		f.sent = append(f.sent, sql)
		f.mu.Unlock()
		r := f.answer(sql)
		if r.hang {
			for range 2 { // of the call, and of the connection when it is given up
				select {
				case <-f.cancels:
				case <-ctx.Done():
				}
			}
			conn.Close()
			return
		}
		if r.err != nil {
			b.Send(r.err)
			failed = true
			if status == 'T' {
				status = 'E'
			}
			return
		}
		switch verb, _, _ := strings.Cut(sql, " "); verb {
		case "BEGIN":
			status = 'T'
		case "ROLLBACK", "COMMIT":
			status = 'I'
		}
		if r.oid != 0 {
			b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("n"), DataTypeOID: r.oid, TypeModifier: -1}}})
		}
		for _, row := range r.rows {
			b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte(row)}})
		}
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte(strings.ToUpper(strings.Fields(sql)[0]))})
	}
	if ready() != nil {
		return
	}
	var parsed string
	for {
		m, err := b.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pgproto3.Query:
			failed = false
			run(m.String)
			err = ready()
		case *pgproto3.Parse:
			parsed = m.Query
		case *pgproto3.Execute:
			if !failed {
				run(parsed)
			}
		case *pgproto3.Sync:
			failed = false
			err = ready()
		}
		if err != nil || ctx.Err() != nil {
			return
		}
	}
}

// usual answers what each session asks, and one query of one whole number.
func usual(sql string) reply {
	switch {
	case strings.HasPrefix(sql, "SELECT session_user"):
		return reply{oid: pgtype.TextOID} // no row: this is no such database
	case strings.HasPrefix(sql, "FETCH FORWARD 0"):
		return reply{oid: pgtype.Int4OID}
	case strings.HasPrefix(sql, "FETCH"):
		return reply{oid: pgtype.Int4OID, rows: []string{"1", "2", "3"}}
	case strings.HasPrefix(sql, "SELECT pg_catalog.format_type"):
		return reply{oid: pgtype.TextOID, rows: []string{"integer"}}
	case strings.HasPrefix(sql, "SELECT coalesce(json_agg(t)"):
		return reply{oid: pgtype.JSONOID, rows: []string{`[{"schema":"public","name":"customers","kind":"table"}]`}}
	}
	return reply{}
}

func fakeOptions(address string) Options {
	return Options{ConnectionString: "postgres://someone:s3cret@" + address + "/shop?sslmode=disable", AllowPowerful: true,
		MaxRows: 2, MaxBytes: 1000, PoolSize: 1, StatementTimeout: 10 * time.Second}
}

// asked makes a server of the options, and asks it one thing.
func asked(t *testing.T, o Options, config service.Config, method, params string) string {
	t.Helper()
	guard, err := service.New("postgres", "test", config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), o, guard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answer, err := json.Marshal(s.MCP.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}`)))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestConversation holds what is said to the database for one query, and in which
// order: what makes it harmless is all in there.
func TestConversation(t *testing.T) {
	f := newFake(t, usual)
	got := asked(t, fakeOptions(f.Addr().String()), service.Config{}, "tools/call", `{"name":"query","arguments":{"sql":"SELECT $1 -- x","parameters":[1]}}`)
	if want := `"structuredContent":{"columns":[{"name":"n","type":"integer"}],"rows":[[1],[2]],"rowCount":2,"truncated":true}`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	want := []string{
		"BEGIN READ ONLY; SELECT pg_catalog.set_config('statement_timeout', '10000', true), pg_catalog.set_config('lock_timeout', '10000', true)," +
			" pg_catalog.set_config('idle_in_transaction_session_timeout', '30000', true)",
		"DECLARE mcp NO SCROLL CURSOR FOR SELECT $1 -- x",
		"FETCH FORWARD 0 FROM mcp",
		"SELECT pg_catalog.format_type(t, m) FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int[])) AS x(t, m)",
		"FETCH FORWARD 3 FROM mcp",
		"ROLLBACK",
		"DISCARD ALL",
	}
	if i := max(len(sent)-len(want), 0); !slices.Equal(sent[i:], want) {
		t.Errorf("sent was\n%s\nwant at its end\n%s", strings.Join(sent, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnswers(t *testing.T) {
	refused := func(code, severity, message string, position int32) reply {
		return reply{err: &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: message, Position: position}}
	}
	for _, tt := range []struct {
		reason, method, params string
		on                     string // the statement that is answered otherwise
		reply                  reply
		config                 service.Config
		want                   string
	}{
		{reason: "tables", method: "tools/call", params: `{"name":"list_tables"}`, want: `"structuredContent":{"tables":[{"schema":"public","name":"customers","kind":"table"}]}`},
		{reason: "resources", method: "resources/list", params: `{}`, want: `"uri":"postgres:///public/customers"`},
		{reason: "a schema", method: "resources/read", params: `{"uri":"postgres:///public"}`, want: `"text":"[{\"schema\":\"public\",\"name\":\"customers\",\"kind\":\"table\"}]"`},
		{reason: "completion", method: "completion/complete", params: `{"ref":{"type":"ref/prompt","name":"write_query"},"argument":{"name":"table","value":"c"}}`,
			want: `{"values":["customers"],"total":1}`},
		{reason: "a prompt", method: "prompts/get", params: `{"name":"explore_schema"}`, want: `customers`},
		{reason: "a prompt without what it needs", method: "prompts/get", params: `{"name":"write_query"}`, want: `the prompt wants the arguments question and table`},
		{reason: "a table that is none", method: "tools/call", params: `{"name":"describe_table","arguments":{"table":"x"}}`, want: `there is no table \"x\" that may be read`},
		{reason: "the place of an error is one in the client's text", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT x"}}`,
			on: "DECLARE", reply: refused("42703", "ERROR", "no x", int32(len(cursor)+8)), want: `ERROR: no x (42703, at character 8)`},
		{reason: "a long error is cut", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT x"}}`,
			on: "FETCH FORWARD 3", reply: refused("22P02", "ERROR", strings.Repeat("x", 5000), 0), want: strings.Repeat("x", 2000) + "... (22P02)"},
		{reason: "a session that ends", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT x"}}`,
			on: "FETCH FORWARD 3", reply: refused("57P01", "FATAL", "terminating", 0), want: `FATAL: terminating (57P01)`},
		{reason: "a database that starts", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT x"}}`,
			on: "BEGIN", reply: refused("57P03", "FATAL", "starting up", 0), want: `no connection to the database: starting up (57P03)`},
		{reason: "a database that says nothing", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT x"}}`,
			on: "DECLARE", reply: reply{hang: true}, config: service.Config{BackendTimeout: 50 * time.Millisecond}, want: `the database does not answer in time`},
		{reason: "a NUL never gets there", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT 1\u0000;"}}`, want: `the statement holds a NUL character`},
		{reason: "an argument that is none", method: "tools/call", params: `{"name":"query","arguments":{"sql":"SELECT 1","x":1}}`, want: `validation failed`},
		{reason: "execute is not offered", method: "tools/call", params: `{"name":"execute","arguments":{"sql":"SELECT 1"}}`, want: `tool 'execute' not found`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			f := newFake(t, func(sql string) reply {
				if tt.on != "" && strings.HasPrefix(sql, tt.on) {
					return tt.reply
				}
				return usual(sql)
			})
			if got := asked(t, fakeOptions(f.Addr().String()), tt.config, tt.method, tt.params); !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, sql := range f.sent {
				if strings.ContainsRune(sql, 0) {
					t.Errorf("a NUL was sent: %q", sql)
				}
			}
		})
	}
}

// TestUnreachable demands that a server whose database is not there starts, says
// that it is not ready, and tells nobody where it looks for it.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	guard, err := service.New("postgres", "test", service.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), fakeOptions(address), guard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ready := fmt.Sprint(s.Ready(t.Context()))
	if ready != "no connection to the database: connection refused" {
		t.Errorf("ready says %q", ready)
	}
	got := asked(t, fakeOptions(address), service.Config{}, "tools/call", `{"name":"list_tables"}`)
	if !strings.Contains(got, `{"type":"text","text":"no connection to the database: connection refused"}],"isError":true`) {
		t.Errorf("a call says %s", got)
	}
}
