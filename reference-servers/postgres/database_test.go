//go:build containers

package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// TestDatabase asks one real PostgreSQL in all the ways that there are.
func TestDatabase(t *testing.T) {
	db := start(t)
	reader := Options{ConnectionString: connection(db.address(), "mcp_reader", "shop")}
	owner := Options{ConnectionString: connection(db.address(), "owner", "open")}
	writer := owner
	writer.AllowWrites = true
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"values", func(t *testing.T) { testValues(t, serve(t, service.Config{}, reader)) }},
		{"tools", func(t *testing.T) { testTools(t, serve(t, service.Config{}, reader)) }},
		{"resources", func(t *testing.T) { testResources(t, db, serve(t, service.Config{}, owner)) }},
		{"completion and prompts", func(t *testing.T) { testCompletion(t, serve(t, service.Config{}, reader)) }},
		{"parameters", func(t *testing.T) { testParameters(t, serve(t, service.Config{}, reader)) }},
		{"explain", func(t *testing.T) { testExplain(t, db, serve(t, service.Config{}, owner)) }},
		{"oversized", func(t *testing.T) { testOversized(t, serve(t, service.Config{}, reader)) }},
		{"cancelled", func(t *testing.T) { testCancelled(t, db, serve(t, service.Config{}, owner)) }},
		{"1,000 calls at once", func(t *testing.T) { testConcurrent(t, reader) }},
		{"power", func(t *testing.T) { testPower(t, db) }},
		{"secrets", func(t *testing.T) { testSecrets(t, db) }},
		{"execute", func(t *testing.T) { testExecute(t, db, serve(t, service.Config{}, writer)) }}, // the last, for it writes
	} {
		t.Run(test.name, test.run)
	}
}

func testValues(t *testing.T, c *client) {
	for _, tt := range []struct{ reason, sql, want string }{
		{"whole numbers", `SELECT 1::smallint, -2, 3::bigint, 9007199254740992`, `[[1,-2,3,9007199254740992]]`},
		{"whole numbers that JSON readers do not hold", `SELECT 9007199254740993, -9223372036854775808`, `[["9007199254740993","-9223372036854775808"]]`},
		{"numbers", `SELECT 1.5::float8, 1e300::float8, 0.1::float4, 'NaN'::float8, '-Infinity'::float8`, `[[1.5,1e+300,0.1,"NaN","-Infinity"]]`},
		{"exact numbers stay exact", `SELECT 12.50::numeric, 1e30::numeric`, `[["12.50","1000000000000000000000000000000"]]`},
		{"booleans and null", `SELECT true, false, NULL::int`, `[[true,false,null]]`},
		{"JSON", `SELECT '{"a": [1, null]}'::jsonb, '"x"'::json, 'null'::jsonb`, `[[{"a":[1,null]},"x",null]]`},
		{"text", `SELECT 'ä"\', '', 'x'::char(3), '<>&'`, `[["ä\"\\","","x  ","\u003c\u003e\u0026"]]`},
		{"all else as PostgreSQL writes it", `SELECT '2026-01-02'::date, '{1,2}'::int[], '\x00ff'::bytea, 'infinity'::timestamp, (1, 'a')`,
			`[["2026-01-02","{1,2}","\\x00ff","infinity","(1,a)"]]`},
		{"no row", `SELECT 1 WHERE false`, `[]`},
		{"no column", `SELECT`, `[[]]`},
		{"VALUES", `VALUES (1), (2)`, `[[1],[2]]`},
		{"TABLE, and a semicolon at the end", `TABLE large LIMIT 0;`, `[]`},
		{"two columns of one name", `SELECT 1 AS a, 2 AS a`, `[[1,2]]`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if got, err := c.query(t.Context(), tt.sql); err != nil || got != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
	var r Result
	if err := c.call(t.Context(), "query", map[string]any{"sql": `SELECT id, email AS "E-Mail", 1.5::numeric(10,2) FROM customers ORDER BY id`, "maxRows": 2}, &r); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(r), `{[{id integer} {E-Mail text} {numeric numeric(10,2)}] [[1 c1@example.org 1.50] [2 c2@example.org 1.50]] 2 true}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func testTools(t *testing.T, c *client) {
	for _, tt := range []struct {
		reason, tool string
		arguments    map[string]any
		want         string
	}{
		{"tables of all schemas that may be read", "list_tables", map[string]any{},
			`{"tables":[{"schema":"public","name":"customers","kind":"table","comment":"who buys"},{"schema":"public","name":"large","kind":"view"},` +
				`{"schema":"public","name":"orders","kind":"table"},{"schema":"public","name":"trap","kind":"view"},{"schema":"public","name":"trapped","kind":"table"}]}`},
		{"tables of a schema that is none", "list_tables", map[string]any{"schema": "x' OR true --"}, `{"tables":[]}`},
		{"a table with keys", "describe_table", map[string]any{"table": "orders", "schema": "public"},
			`{"schema":"public","name":"orders","kind":"table","columns":[` +
				`{"name":"id","type":"bigint","nullable":false,"default":"nextval('orders_id_seq'::regclass)"},` +
				`{"name":"customer","type":"integer","nullable":false},{"name":"total","type":"numeric(10,2)","nullable":false}],` +
				`"primaryKey":["id"],"foreignKeys":[{"columns":["customer"],"references":"public.customers","referencedColumns":["id"]}],` +
				`"indexes":["CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id)","CREATE INDEX orders_by_customer ON public.orders USING btree (customer)"]}`},
		{"a table that is none", "describe_table", map[string]any{"table": "pg_authid"}, `error: there is no table "pg_authid" that may be read: list_tables tells which there are`},
		{"a statement with an error in it", "query", map[string]any{"sql": "SELECT 1 FROM nowhere"}, `error: ERROR: relation "nowhere" does not exist (42P01, at character 15)`},
		{"execute is not offered", "execute", map[string]any{"sql": "DELETE FROM customers"}, `error: error -32602: tool 'execute' not found: tool not found`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var got any
			var raw json.RawMessage
			err := c.call(t.Context(), tt.tool, tt.arguments, &raw)
			if got = string(raw); err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func testResources(t *testing.T, db *cluster, c *client) {
	list := func() (uris string) {
		result, err := c.request(t.Context(), "resources/list", map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		var r struct{ Resources []struct{ URI, Name string } }
		if err := json.Unmarshal(result, &r); err != nil {
			t.Fatal(err)
		}
		for _, r := range r.Resources {
			uris += " " + r.URI
		}
		return uris
	}
	before := list()
	if want := " postgres:///odd%20name postgres:///odd%20name/a%2Fb%25c postgres:///public postgres:///public/customers postgres:///public/large" +
		" postgres:///public/orders postgres:///public/trap postgres:///public/trapped postgres:///"; before != want {
		t.Errorf("listed are%s, want%s", before, want)
	}
	for uri := range strings.FieldsSeq(before) {
		if _, err := c.request(t.Context(), "resources/read", map[string]any{"uri": uri}); err != nil {
			t.Errorf("%s is listed, but cannot be read: %v", uri, err)
		}
	}
	result, err := c.request(t.Context(), "resources/read", map[string]any{"uri": "postgres:///odd%20name/a%2Fb%25c/d%20e"})
	if err != nil || !strings.Contains(string(result), `{\"name\":\"d e\",\"type\":\"integer\",\"nullable\":true}`) {
		t.Errorf("a column reads as %s, %v", result, err)
	}
	db.admin("open", "SET SESSION AUTHORIZATION owner", "CREATE TABLE newcomer (a int)")
	if after := list(); !strings.Contains(after, "/newcomer") {
		t.Errorf("a new table is not listed:%s", after)
	}
	db.admin("open", "DROP TABLE newcomer")
	if after := list(); after != before {
		t.Errorf("a table that is gone stays listed:%s", after)
	}
	_, err = c.request(t.Context(), "resources/read", map[string]any{"uri": "postgres:///public/newcomer"})
	contains(t, "a table that is gone", err, "there is no table")
}

func testCompletion(t *testing.T, c *client) {
	for _, tt := range []struct{ reason, ref, argument, known, want string }{
		{"a table of a template", `{"type":"ref/resource","uri":"postgres:///{schema}/{table}"}`, `{"name":"table","value":"Cust"}`, `{"schema":"public"}`, `{"values":["customers"],"total":1}`},
		{"a column of a table", `{"type":"ref/resource","uri":"postgres:///{schema}/{table}/{column}"}`, `{"name":"column","value":""}`,
			`{"schema":"public","table":"orders"}`, `{"values":["customer","id","total"],"total":3}`},
		{"a schema", `{"type":"ref/resource","uri":"postgres:///{schema}"}`, `{"name":"schema","value":""}`, `{}`, `{"values":["public"],"total":1}`},
		{"a table of a prompt", `{"type":"ref/prompt","name":"write_query"}`, `{"name":"table","value":"o"}`, `{}`, `{"values":["orders"],"total":1}`},
		{"a name that is SQL", `{"type":"ref/prompt","name":"write_query"}`, `{"name":"table","value":"' OR true --"}`, `{"schema":"' OR true --"}`, `{"values":[]}`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			result, err := c.request(t.Context(), "completion/complete", map[string]any{"ref": json.RawMessage(tt.ref), "argument": json.RawMessage(tt.argument),
				"context": map[string]any{"arguments": json.RawMessage(tt.known)}})
			if want := `{"completion":` + tt.want + `}`; err != nil || string(result) != want {
				t.Errorf("got %s, %v, want %s", result, err, want)
			}
		})
	}
	for name, arguments := range map[string]map[string]string{
		"explore_schema": {"schema": "public"}, "write_query": {"question": "how many?", "table": "customers"}, "improve_query": {"sql": "SELECT * FROM large"},
	} {
		result, err := c.request(t.Context(), "prompts/get", map[string]any{"name": name, "arguments": arguments})
		if err != nil || !strings.Contains(string(result), `"messages":[{`) {
			t.Errorf("prompt %s: %s, %v", name, result, err)
		}
	}
}

func testParameters(t *testing.T, c *client) {
	for _, tt := range []struct {
		reason, sql string
		parameters  []any
		want        string
	}{
		{"text", `SELECT id FROM customers WHERE email = $1`, []any{"c7@example.org"}, `[[7]]`},
		{"text that would be SQL", `SELECT id FROM customers WHERE email = $1`, []any{"' OR true; DELETE FROM customers; --"}, `[]`},
		{"a name that would be SQL", `SELECT count(*) FROM pg_class WHERE relname = $1`, []any{`customers"; DROP TABLE customers; --`}, `[[0]]`},
		{"a number as it is", `SELECT $1::bigint, $2::numeric, $3::float8`, []any{json.Number("9007199254740993"), json.Number("0.1000"), 1e21}, `[["9007199254740993","0.1000",1e+21]]`},
		{"a boolean, and null", `SELECT $1::bool, $2::text`, []any{true, nil}, `[[true,null]]`},
		{"JSON", `SELECT $1::jsonb ->> 'a', $2::jsonb`, []any{map[string]any{"a": "b"}, []any{1}}, `[["b",[1]]]`},
		{"a type that follows from where it stands", `SELECT id + $1 FROM customers WHERE joined > $2 ORDER BY id LIMIT $3`, []any{1, "2025-12-31", 1}, `[[2]]`},
		{"a value that is none of its type", `SELECT $1::int`, []any{"1 OR 1=1"}, `ERROR: invalid input syntax for type integer: "1 OR 1=1" (22P02)`},
		{"too few", `SELECT $1::int + $2::int`, []any{1}, `ERROR: bind message supplies 1 parameters, but prepared statement "" requires 2 (08P01)`},
		{"too many", `SELECT $1::int`, []any{1, 2}, `ERROR: bind message supplies 2 parameters, but prepared statement "" requires 1 (08P01)`},
		{"a NUL", `SELECT $1::text`, []any{"a\x00b"}, `parameter 1 holds a NUL character, which no value of PostgreSQL can`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := c.query(t.Context(), tt.sql, tt.parameters...)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func testExplain(t *testing.T, db *cluster, c *client) {
	watch := watch(t, db, "open")
	for _, tt := range []struct {
		reason, sql string
		analyze     bool
		want        string // in the plan, or in the error
	}{
		{"a query", `SELECT * FROM orders WHERE customer = 1`, false, `"Node Type"`},
		{"a query that is run", `SELECT * FROM orders WHERE customer = 1`, true, `"Actual Rows":10`},
		{"a statement that would write", `DELETE FROM orders`, false, `"Operation":"Delete"`},
		{"a statement that would write, run", `DELETE FROM orders`, true, "42601"},
		{"a function that would write, run", `SELECT wipe_as_owner()`, true, "25006"},
		{"a function that sleeps, run", `SELECT pg_sleep(3600)`, true, "57014"},
		{"options of its own", `ANALYZE DELETE FROM orders`, false, "42601"},
		{"options of its own, in parentheses", `(ANALYZE) DELETE FROM orders`, false, "42601"},
		{"a second statement", `SELECT 1; DELETE FROM orders`, false, "42601"},
		{"what has no plan", `DROP TABLE orders`, false, "42601"},
		{"a NUL", "SELECT 1\x00", false, "NUL"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var plan json.RawMessage
			err := c.call(t.Context(), "explain", map[string]any{"sql": tt.sql, "analyze": tt.analyze}, &plan)
			if got := string(plan) + fmt.Sprint(err); !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			watch.unchanged(t)
		})
	}
}

func testPower(t *testing.T, db *cluster) {
	db.admin("shop", "CREATE ROLE fileman LOGIN PASSWORD '"+password+"'", "GRANT pg_read_server_files TO fileman", "CREATE ROLE maker LOGIN CREATEROLE PASSWORD '"+password+"'")
	for _, tt := range []struct {
		reason, user string
		allow        bool
		err          string
	}{
		{"a superuser", "postgres", false, `role "postgres" is a superuser, whom the database does not keep`},
		{"a superuser, allowed", "postgres", true, ""},
		{"a role that reads files", "fileman", false, `role "fileman" is a member of pg_read_server_files`},
		{"a role that makes roles", "maker", false, `role "maker" is one that makes roles`},
		{"a role that owns the tables", "owner", false, ""},
		{"the role of RoleSQL", "mcp_reader", false, ""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			guard, err := service.New("postgres", "test", service.Config{Transport: "http"})
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(t.Context(), Options{ConnectionString: connection(db.address(), tt.user, "shop"), AllowPowerful: tt.allow,
				MaxRows: 1, MaxBytes: 1, PoolSize: 1, StatementTimeout: time.Second}, guard)
			if err == nil {
				s.Close()
			}
			if tt.err == "" && err != nil || tt.err != "" && err == nil || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

// testSecrets demands that a connection that cannot be had tells nobody with which
// password it was tried, nor where.
func testSecrets(t *testing.T, db *cluster) {
	for reason, user := range map[string]string{"a wrong password": "owner", "a role that is none": "nobody"} {
		t.Run(reason, func(t *testing.T) {
			c := serve(t, service.Config{}, Options{ConnectionString: strings.Replace(connection(db.address(), user, "open"), "s3cret", "wr0ng", 1)})
			_, err := c.query(t.Context(), "SELECT 1")
			contains(t, reason, err, `password authentication failed for user "`+user+`" (28P01)`)
			ready := c.server.Ready(t.Context())
			contains(t, "ready", ready, "28P01")
			for _, said := range []string{err.Error(), fmt.Sprint(ready)} {
				if strings.Contains(said, "wr0ng") || strings.Contains(said, "127.0.0.1") {
					t.Errorf("it tells %s", said)
				}
			}
		})
	}
}

func testExecute(t *testing.T, db *cluster, c *client) {
	for _, tt := range []struct {
		reason, sql string
		parameters  []any
		want        string
	}{
		{"it inserts, and gives what is returned", `INSERT INTO customers (email) VALUES ($1) RETURNING id, email`, []any{"new'; --@example.org"},
			`{"command":"INSERT 0 1","rowsAffected":1,"columns":[{"name":"id","type":"integer"},{"name":"email","type":"text"}],"rows":[[51,"new'; --@example.org"]],"rowCount":1,"truncated":false}`},
		{"it updates", `UPDATE customers SET extra = $1 WHERE id = $2`, []any{map[string]any{"a": 1}, 51},
			`{"command":"UPDATE 1","rowsAffected":1,"columns":[],"rows":[],"rowCount":0,"truncated":false}`},
		{"it makes tables, as the role may", `CREATE TABLE made (a int)`, nil, `{"command":"CREATE TABLE","rowsAffected":0,"columns":[],"rows":[],"rowCount":0,"truncated":false}`},
		{"one statement alone", `DELETE FROM orders; DELETE FROM customers`, nil, `42601`},
		{"a transaction is not for it to end", `COMMIT`, nil, errEnded.Error()},
		{"nor by rolling back", `ROLLBACK AND CHAIN`, nil, `{"command":"ROLLBACK"`},
		{"what is checked at the end is told", `INSERT INTO orders (customer, total) VALUES (4711, 1)`, nil, `23503`},
		{"what the role may not", `COPY customers TO '/tmp/x'`, nil, `42501`},
		{"what no transaction may", `VACUUM customers`, nil, `25001`},
		{"more rows than may be given are changed all the same", `UPDATE orders SET total = total RETURNING id`, nil, `"rowsAffected":500`},
		{"a NUL", "DELETE FROM orders\x00", nil, `NUL`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var raw json.RawMessage
			err := c.call(t.Context(), "execute", map[string]any{"sql": tt.sql, "parameters": append([]any{}, tt.parameters...)}, &raw)
			if got := string(raw) + fmt.Sprint(err); !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	got, err := c.query(t.Context(), `SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM orders), (SELECT extra->>'a' FROM customers WHERE id = 51), to_regclass('made')`)
	if want := `[[51,500,"1","made"]]`; err != nil || got != want {
		t.Errorf("then there are %s, %v, want %s", got, err, want)
	}
	if _, err := c.query(t.Context(), `SELECT wipe()`); err == nil {
		t.Error("query writes where execute may")
	}
	slow := serve(t, service.Config{BackendTimeout: time.Second}, Options{ConnectionString: connection(db.address(), "owner", "open"), AllowWrites: true, PoolSize: 1})
	for _, sql := range []string{`COPY customers FROM STDIN`, `SELECT pg_sleep(3600)`} {
		if err := slow.call(t.Context(), "execute", map[string]any{"sql": sql}, nil); err == nil {
			t.Errorf("%s passes", sql)
		}
		if got, err := slow.query(t.Context(), "SELECT 1"); err != nil || got != "[[1]]" {
			t.Errorf("after %s: %s, %v", sql, got, err)
		}
	}
}
