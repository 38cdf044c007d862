//go:build containers

package postgres

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// An injection is a statement that wants more than to read. Reader is how it ends
// for the role of RoleSQL; owner is how it ends for the owner of all tables, in a
// database where nothing was taken from anybody. Each is an SQLSTATE, several, or
// what the text has; "" lets the statement pass, if only it leaves nothing behind.
type injection struct {
	reason, sql   string
	reader, owner string
}

const (
	noQuery   = "42601" // syntax error: a cursor has no place for it
	forbidden = "42501" // insufficient privilege
	readOnly_ = "25006" // not in a read-only transaction
	tooLate   = "25001" // the transaction is read-only already
	tooSlow   = "57014"
)

var injections = []injection{
	{"writes rows", `INSERT INTO customers (email) VALUES ('x')`, noQuery, noQuery},
	{"changes rows", `UPDATE customers SET email = 'x'`, noQuery, noQuery},
	{"deletes rows", `DELETE FROM customers`, noQuery, noQuery},
	{"merges rows", `MERGE INTO customers USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE`, noQuery, noQuery},
	{"empties a table", `TRUNCATE customers CASCADE`, noQuery, noQuery},
	{"drops a table", `DROP TABLE customers CASCADE`, noQuery, noQuery},
	{"makes a table", `CREATE TABLE x (a int)`, noQuery, noQuery},
	{"makes a temporary table", `CREATE TEMPORARY TABLE x (a int)`, noQuery, noQuery},
	{"makes a table of a query", `CREATE TABLE x AS SELECT 1`, noQuery, noQuery},
	{"makes a function", `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, noQuery, noQuery},
	{"alters a table", `ALTER TABLE customers ADD x int`, noQuery, noQuery},
	{"gives rights away", `GRANT ALL ON customers TO PUBLIC`, noQuery, noQuery},
	{"changes its own password", `ALTER ROLE CURRENT_USER PASSWORD 'x'`, noQuery, noQuery},
	{"lifts its own limits for the next session", `ALTER ROLE CURRENT_USER SET statement_timeout = 0`, noQuery, noQuery},
	{"comments", `COMMENT ON TABLE customers IS 'x'`, noQuery, noQuery},
	{"refreshes statistics", `ANALYZE customers`, noQuery, noQuery},
	{"vacuums", `VACUUM customers`, noQuery, noQuery},
	{"adds an extension", `CREATE EXTENSION file_fdw`, noQuery, noQuery},

	{"a second statement", `SELECT 1; DELETE FROM customers`, noQuery, noQuery},
	{"a second statement that ends the transaction first", `SELECT 1; COMMIT; DELETE FROM customers`, noQuery, noQuery},
	{"a second statement behind comments", "SELECT 1 /* ; */ ; -- x\nDELETE FROM customers", noQuery, noQuery},
	{"a second statement behind an empty one", `SELECT 1;;DELETE FROM customers;`, noQuery, noQuery},
	{"a second statement that is a query", `SELECT 1; SELECT wipe_as_owner()`, noQuery, noQuery},
	{"a second statement behind a NUL", "SELECT 1\x00; DELETE FROM customers", "NUL", "NUL"},
	{"a string that ends the statement", `SELECT '\'; DELETE FROM customers; --'`, noQuery, noQuery},
	{"a dollar-quoted string that does", `SELECT $x$ $x$; DELETE FROM customers; --$x$`, noQuery, noQuery},
	{"a parenthesis that closes what is not open", `SELECT 1) FOR READ ONLY; DELETE FROM customers; --`, noQuery, noQuery},
	{"nothing", ``, noQuery, noQuery},
	{"only a comment", `-- DELETE FROM customers`, noQuery, noQuery},

	{"deletes in a WITH", `WITH x AS (DELETE FROM customers RETURNING *) SELECT * FROM x`, "0A000", "0A000"},
	{"inserts in a WITH of a WITH", `WITH x AS (WITH y AS (INSERT INTO customers (email) VALUES ('x') RETURNING 1) SELECT * FROM y) SELECT * FROM x`, "0A000 42601", "0A000 42601"},
	{"selects into a table", `SELECT * INTO x FROM customers`, noQuery, noQuery},
	{"locks rows", `SELECT * FROM customers FOR UPDATE`, readOnly_, readOnly_},
	{"locks a table", `LOCK TABLE customers`, noQuery, noQuery},

	{"counts a sequence on", `SELECT nextval('customers_id_seq')`, forbidden, readOnly_},
	{"sets a sequence", `SELECT setval('customers_id_seq', 1)`, forbidden, readOnly_},
	{"a function that deletes", `SELECT wipe()`, readOnly_, readOnly_},
	{"a function that deletes as its owner", `SELECT wipe_as_owner()`, readOnly_, readOnly_},
	{"a view that does", `SELECT * FROM trap`, readOnly_ + " " + forbidden, readOnly_},
	{"a condition that does", `SELECT 1 WHERE 0 < (SELECT wipe_as_owner())`, readOnly_, readOnly_},
	{"an order that does", `SELECT id FROM customers ORDER BY (SELECT wipe_as_owner())`, readOnly_, readOnly_},
	{"a limit that does", `SELECT 1 LIMIT (SELECT wipe_as_owner())`, readOnly_, readOnly_},
	{"a lateral join that does", `SELECT * FROM customers c, LATERAL (SELECT wipe_as_owner() WHERE c.id > 0) x`, readOnly_, readOnly_},
	{"a function of power that makes a table", `SELECT run('CREATE TABLE x (a int)')`, readOnly_, readOnly_},
	{"a function of power that leaves the read-only mode", `SELECT run('SET TRANSACTION READ WRITE')`, tooLate, tooLate},
	{"a function of power that leaves it by its setting", `SELECT run('SET transaction_read_only = off')`, tooLate, tooLate},
	{"a function of power that leaves it and bears the error", `SELECT run_anyway('SET TRANSACTION READ WRITE') || run_anyway('DELETE FROM orders')`, "", ""},
	{"a function of power that commits", `SELECT run('COMMIT')`, "0A000 2D000", "0A000 2D000"},
	{"a function of power that writes to a file", `SELECT run('COPY customers TO ''/tmp/stolen''')`, "", forbidden},
	{"a function that lifts the time limit where none would look", `SELECT innocent()`, "", ""},

	{"makes the transaction writable", `SET TRANSACTION READ WRITE`, noQuery, noQuery},
	{"makes it writable by a function", `SELECT set_config('transaction_read_only', 'off', false)`, tooLate, tooLate},
	{"makes it writable for itself", `SELECT set_config('transaction_read_only', 'off', true), wipe_as_owner()`, tooLate, tooLate},
	{"makes the next ones writable", `SELECT set_config('default_transaction_read_only', 'off', false)`, "", ""},
	{"lifts the time limit of the next ones", `SELECT set_config('statement_timeout', '0', false)`, "", ""},
	{"moves the search path of the next ones", `SELECT set_config('search_path', 'nowhere', false)`, "", ""},
	{"changes how the next ones write values", `SELECT set_config('bytea_output', 'escape', false), set_config('datestyle', 'german', false)`, "", ""},
	{"changes the encoding", `SELECT set_config('client_encoding', 'SQL_ASCII', false)`, "", ""},
	{"becomes somebody else", `SET ROLE postgres`, noQuery, noQuery},
	{"becomes somebody else by a function", `SELECT set_config('role', 'postgres', false)`, forbidden, forbidden},
	{"becomes somebody else for the session", `SELECT set_config('session_authorization', 'postgres', false)`, forbidden, forbidden},
	{"goes back to who it was", `RESET ROLE`, noQuery, noQuery},
	{"resets all", `RESET ALL`, noQuery, noQuery},
	{"logs to where all can read", `SELECT set_config('log_statement', 'all', false)`, forbidden, forbidden},
	{"loads a library", `LOAD 'dblink'`, noQuery, noQuery},
	{"loads a library by a setting", `SELECT set_config('session_preload_libraries', 'x', false)`, forbidden, forbidden},

	{"begins", `BEGIN`, noQuery, noQuery},
	{"commits", `COMMIT`, noQuery, noQuery},
	{"commits, and goes on", `COMMIT AND CHAIN`, noQuery, noQuery},
	{"rolls back", `ROLLBACK`, noQuery, noQuery},
	{"sets a savepoint", `SAVEPOINT x`, noQuery, noQuery},
	{"prepares a transaction", `PREPARE TRANSACTION 'x'`, noQuery, noQuery},
	{"runs a block", `DO $$ BEGIN DELETE FROM customers; END $$`, noQuery, noQuery},
	{"calls a procedure that commits", `CALL commit_and_wipe()`, noQuery, noQuery},
	{"prepares a statement", `PREPARE x AS DELETE FROM customers`, noQuery, noQuery},
	{"executes one", `EXECUTE x`, noQuery, noQuery},
	{"declares a cursor that stays", `DECLARE x CURSOR WITH HOLD FOR SELECT 1`, noQuery, noQuery},
	{"closes the cursor", `CLOSE ALL`, noQuery, noQuery},
	{"discards", `DISCARD ALL`, noQuery, noQuery},
	{"listens", `LISTEN x`, noQuery, noQuery},
	{"notifies", `NOTIFY x`, noQuery, noQuery},
	{"notifies by a function", `SELECT pg_notify('x', 'y')`, forbidden, ""},
	{"takes a lock of the session", `SELECT pg_advisory_lock(42)`, forbidden, ""},
	{"tries for a lock of the session", `SELECT pg_try_advisory_lock(42)`, forbidden, ""},
	{"takes a lock of the transaction", `SELECT pg_advisory_xact_lock(42)`, forbidden, ""},
	{"explains, and so runs", `EXPLAIN ANALYZE SELECT wipe_as_owner()`, noQuery, noQuery},

	{"sleeps", `SELECT pg_sleep(3600)`, forbidden, tooSlow},
	{"sleeps by another name", `SELECT pg_sleep_for('1 hour')`, forbidden, tooSlow},
	{"sleeps until", `SELECT pg_sleep_until(now() + interval '1 hour')`, forbidden, tooSlow},
	{"lifts the limit, and sleeps", `SELECT set_config('statement_timeout', '0', true), pg_sleep(3600)`, forbidden, tooSlow},
	{"counts for long", `SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b`, tooSlow, tooSlow},
	{"counts without end", `WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r`, tooSlow, tooSlow},
	{"is slow while it is planned", `SELECT run_anyway('SET statement_timeout = 0'), count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b`, tooSlow, tooSlow},

	{"reads a file", `SELECT pg_read_file('/etc/passwd')`, forbidden, forbidden},
	{"reads a file as bytes", `SELECT pg_read_binary_file('/etc/passwd')`, forbidden, forbidden},
	{"lists a folder", `SELECT pg_ls_dir('/')`, forbidden, forbidden},
	{"asks for a file", `SELECT pg_stat_file('/etc/passwd')`, forbidden, forbidden},
	{"lists the log", `SELECT * FROM pg_ls_logdir()`, forbidden, forbidden},
	{"reads a file into a large object", `SELECT lo_import('/etc/passwd')`, forbidden, forbidden},
	{"writes a large object to a file", `SELECT lo_export(1, '/tmp/x')`, forbidden, forbidden},
	{"makes a large object", `SELECT lo_create(4711)`, forbidden, ""},
	{"makes a large object of bytes", `SELECT lo_from_bytea(4711, 'x')`, forbidden, ""},
	{"copies from a file", `COPY customers FROM '/etc/passwd'`, noQuery, noQuery},
	{"copies to a file", `COPY customers TO '/tmp/x'`, noQuery, noQuery},
	{"copies from a program", `COPY customers FROM PROGRAM 'id'`, noQuery, noQuery},
	{"copies to a program", `COPY customers TO PROGRAM 'sh'`, noQuery, noQuery},
	{"copies to the client", `COPY customers TO STDOUT`, noQuery, noQuery},
	{"copies from the client", `COPY customers FROM STDIN`, noQuery, noQuery},
	{"reads a file by an entity of XML", `SELECT xmlparse(DOCUMENT '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')`, "", ""},

	{"connects to elsewhere", `SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS x (a int)`, forbidden, "2F003 08001"},
	{"connects to elsewhere and stays", `SELECT dblink_connect('x', 'dbname=postgres')`, forbidden, "2F003 08001"},
	{"connects as a superuser of known password", `SELECT dblink_connect_u('dbname=postgres user=postgres')`, forbidden, forbidden},
	{"runs there", `SELECT dblink_exec('dbname=postgres', 'DELETE FROM customers')`, forbidden, "2F003 08001"},
	{"runs a query out of a string", `SELECT query_to_xml('DELETE FROM customers', true, true, '')`, forbidden, "25006 0A000 42601"},
	{"runs several out of a string", `SELECT query_to_xml('SELECT 1; DELETE FROM customers', true, true, '')`, forbidden, "25006 0A000 42601"},

	{"ends other sessions", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()`, forbidden, forbidden},
	{"stops the calls of others", `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()`, forbidden, forbidden},
	{"has the configuration read again", `SELECT pg_reload_conf()`, forbidden, forbidden},
	{"turns the log over", `SELECT pg_rotate_logfile()`, forbidden, forbidden},
	{"turns the write-ahead log over", `SELECT pg_switch_wal()`, forbidden, forbidden},
	{"writes into the write-ahead log", `SELECT pg_logical_emit_message(false, 'x', 'y')`, forbidden, ""},
	{"resets statistics", `SELECT pg_stat_reset()`, forbidden, forbidden},
	{"reads the passwords", `SELECT rolpassword FROM pg_authid`, forbidden, forbidden},
	{"reads the passwords by a view", `SELECT * FROM pg_shadow`, forbidden, forbidden},
	{"reads who may connect", `SELECT * FROM pg_hba_file_rules`, forbidden, forbidden},
	{"asks where the data lies", `SELECT current_setting('data_directory')`, forbidden, forbidden},
}

// TestInjections demands that the database refuses each injection in the way it is
// known to, and that none leaves anything behind: not in the database, and not in
// the session, of which there is one for all.
func TestInjections(t *testing.T) {
	db := start(t)
	for _, role := range []struct {
		name, database string
		want           func(injection) string
	}{
		{"mcp_reader", "shop", func(i injection) string { return i.reader }},
		{"owner", "open", func(i injection) string { return i.owner }},
	} {
		t.Run(role.name, func(t *testing.T) {
			c := serve(t, service.Config{}, Options{ConnectionString: connection(db.address(), role.name, role.database), PoolSize: 1, StatementTimeout: 500 * time.Millisecond})
			watch := watch(t, db, role.database)
			for _, i := range injections {
				t.Run(i.reason, func(t *testing.T) {
					rows, err := c.query(t.Context(), i.sql)
					refused(t, rows, err, role.want(i))
					watch.unchanged(t)
					asNew(t, c)
				})
			}
		})
	}
}

var state = regexp.MustCompile(`\(([0-9A-Z]{5})[,)]`)

// refused compares how a statement ended with how it is known to.
func refused(t *testing.T, rows string, err error, want string) {
	t.Helper()
	if strings.Contains(rows, "root:") || strings.Contains(rows, "SCRAM-SHA-256") || err != nil && strings.Contains(err.Error(), "root:") {
		t.Errorf("a secret came out: %s %v", rows, err)
	}
	switch {
	case want == "" || want == "NUL":
		if want == "" && err != nil {
			t.Errorf("got %v, want it to pass: the row says so", err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want an error that speaks of %s", err, want)
		}
	case err == nil:
		t.Errorf("passes, with %s, want one of %s", rows, want)
	default:
		m := state.FindStringSubmatch(err.Error())
		if m == nil || !strings.Contains(want, m[1]) {
			t.Errorf("got %v, want one of %s", err, want)
		}
	}
}

// asNew demands that the next call finds the session as new.
func asNew(t *testing.T, c *client) {
	t.Helper()
	const sql = `SELECT current_user = session_user, current_setting('statement_timeout'), current_setting('search_path'),
		current_setting('bytea_output'), current_setting('datestyle'), current_setting('client_encoding'), current_setting('transaction_read_only'),
		(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_prepared_statements),
		(SELECT count(*) FROM pg_cursors WHERE name NOT IN ('mcp', '')), (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM customers)`
	const want = `[[true,"500ms","\"$user\", public","hex","ISO, MDY","UTF8","on",0,0,0,0,50]]`
	if got, err := c.query(t.Context(), sql); got != want {
		t.Errorf("the next call finds %s %v, want %s", got, err, want)
	}
}

// A watcher sees whether a database changes.
type watcher struct {
	conn   *pgx.Conn
	before string
}

// All that an injection could have left: rows, relations, functions, roles and
// their settings, rights, sequences, large objects, sessions of others, messages.
const everything = `SELECT concat_ws(E'\n',
	(SELECT string_agg(c::text, ',' ORDER BY id) FROM customers c), (SELECT string_agg(o::text, ',' ORDER BY id) FROM orders o),
	(SELECT string_agg(concat_ws(' ', oid, relname, relkind, relacl), ',' ORDER BY oid) FROM pg_class),
	(SELECT string_agg(concat_ws(' ', oid, proname, proacl, md5(prosrc)), ',' ORDER BY oid) FROM pg_proc),
	(SELECT string_agg(concat_ws(' ', oid, rolname, rolpassword), ',' ORDER BY oid) FROM pg_authid),
	(SELECT string_agg(s::text, ',') FROM pg_db_role_setting s),
	(SELECT string_agg(concat_ws(' ', schemaname, sequencename, last_value), ',' ORDER BY 1) FROM pg_sequences),
	(SELECT string_agg(m::text, ',') FROM pg_largeobject_metadata m),
	(SELECT string_agg(extname, ',' ORDER BY 1) FROM pg_extension),
	(SELECT string_agg(description, ',' ORDER BY objoid, objsubid) FROM pg_description WHERE classoid = 'pg_class'::regclass),
	(SELECT string_agg(gid, ',') FROM pg_prepared_xacts),
	(SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()))`

func watch(t *testing.T, db *cluster, database string) *watcher {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, connection(db.address(), "postgres", database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	w := &watcher{conn: conn}
	if _, err := conn.Exec(ctx, "LISTEN x"); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(ctx, everything).Scan(&w.before); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watcher) unchanged(t *testing.T) {
	t.Helper()
	var now string
	if err := w.conn.QueryRow(t.Context(), everything).Scan(&now); err != nil {
		t.Fatal(err)
	}
	if now != w.before {
		t.Error("the database has changed")
		w.before = now
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if n, err := w.conn.WaitForNotification(ctx); err == nil {
		t.Errorf("a message arrived: %v", n)
	}
}
