package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A database is asked through transactions alone, of which each leaves nothing in
// its connection for the next.
type database struct {
	Options
	pool  *pgxpool.Pool
	guard *service.Guard
	turns chan struct{} // one for each connection, so that waiting for one is no fault of the database
}

func open(ctx context.Context, o Options, g *service.Guard) (*database, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	d := &database{Options: o, guard: g, turns: make(chan struct{}, o.PoolSize)}
	config.AfterConnect = d.refusePower
	config.AfterRelease = clean
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, errors.New("the pool of connections cannot be made")
	}
	return d, nil
}

// config reads the connection string. What is wrong with it is not told, for every
// part of it may be one of the password.
func (o Options) config() (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.ConnectionString)
	if err != nil {
		var file *os.PathError
		if errors.As(err, &file) {
			return nil, fmt.Errorf("connection string: %s: %w", file.Op, file.Err)
		}
		return nil, errors.New("the connection string is none: want postgres://USER:PASSWORD@HOST:5432/NAME, with %25 for % and the like, or host=HOST dbname=NAME user=USER")
	}
	config.MaxConns = int32(o.PoolSize)
	config.MinConns, config.MinIdleConns = 0, 0
	c := config.ConnConfig
	c.DefaultQueryExecMode, c.StatementCacheCapacity, c.DescriptionCacheCapacity = pgx.QueryExecModeExec, 0, 0
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "mcpcheck-postgres"
	}
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(o.MaxBytes + 1<<20) // one row, before it is in memory
		return f
	}
	// A call that its client gives up shall end in the database, too.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 2 * time.Second}
	}
	return config, nil
}

// clean makes a connection as if it were new: without what outlives a transaction,
// such as advisory locks of the session and prepared statements.
func clean(conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := conn.PgConn().Exec(ctx, "DISCARD ALL").ReadAll()
	return err == nil
}

// A powerfulError tells of a role whom the database refuses too little.
type powerfulError struct{ role, power string }

func (e *powerfulError) Error() string {
	return fmt.Sprintf("role %q is %s, whom the database does not keep from the files and programs of its machine: "+
		"connect as a role that may only read (mcpcheck serve postgres --role-sql makes one), or give --allow-powerful-role", e.role, e.power)
}

func (d *database) refusePower(ctx context.Context, conn *pgx.Conn) error {
	if d.AllowPowerful {
		return nil
	}
	e := &powerfulError{}
	err := conn.QueryRow(ctx, `SELECT session_user, coalesce((
		SELECT pg_catalog.string_agg(CASE WHEN rolsuper THEN 'a superuser' WHEN rolname LIKE 'pg\_%' THEN 'a member of ' || rolname
			ELSE 'one that makes roles' END, ', ' ORDER BY rolname)
		FROM pg_catalog.pg_roles
		WHERE pg_catalog.pg_has_role(session_user, oid, 'MEMBER') AND (rolsuper OR rolcreaterole
			OR rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
			AND (rolname = session_user OR NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user))), '')`).
		Scan(&e.role, &e.power)
	if err != nil || e.power == "" {
		return err
	}
	return e
}

func (d *database) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return unreachable(err)
	}
	defer conn.Release()
	if err := conn.Ping(ctx); err != nil {
		return unreachable(err)
	}
	return nil
}

// A mode is how a transaction begins and ends.
type mode struct{ begin, end string }

var (
	reading = mode{"BEGIN READ ONLY", "ROLLBACK"} // so that nothing stays, of settings and locks either
	writing = mode{"BEGIN READ WRITE", "COMMIT"}
)

var errEnded = errors.New("the statement ended the transaction that it ran in: BEGIN, COMMIT and ROLLBACK are not for it to say")

// transact lets f work within one transaction.
func (d *database) transact(ctx context.Context, operation string, m mode, f func(context.Context, *pgconn.PgConn) error) error {
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
	case <-ctx.Done():
		return errors.New("the database is busy: no connection became free in time")
	}
	return d.guard.Call(ctx, operation, func(ctx context.Context) error {
		conn, err := d.begin(ctx, m)
		if err != nil {
			return err
		}
		defer conn.Release()
		pg := conn.Conn().PgConn()
		err = f(ctx, pg)
		if err == nil && pg.TxStatus() == 'I' {
			err = errEnded
		}
		if err != nil {
			m = reading
		}
		// The time of the call may be over; that of its end is not.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if pg.TxStatus() != 'I' && !pg.IsClosed() {
			results, e := pg.Exec(ending, m.end).ReadAll()
			switch {
			case err == nil && e != nil:
				err = e
			case err == nil && m == writing && results[0].CommandTag.String() != "COMMIT":
				err = errors.New("the database rolled the statement back")
			}
		}
		if ctx.Err() != nil && err != nil {
			err = ctx.Err()
		}
		return told(err)
	})
}

// begin takes a connection and begins a transaction on it. A connection that has
// died unnoticed, with a database that was restarted, is one of several: the pool
// is emptied, and asked once more.
func (d *database) begin(ctx context.Context, m mode) (*pgxpool.Conn, error) {
	limit := d.StatementTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(min(limit, time.Until(deadline)-100*time.Millisecond), time.Millisecond)
	}
	milliseconds := strconv.FormatInt(limit.Milliseconds(), 10)
	// The SELECT takes the snapshot after which no statement can make a read-only
	// transaction any other.
	sql := m.begin + "; SELECT pg_catalog.set_config('statement_timeout', '" + milliseconds + "', true)," +
		" pg_catalog.set_config('lock_timeout', '" + milliseconds + "', true)," +
		" pg_catalog.set_config('idle_in_transaction_session_timeout', '30000', true)"
	for again := false; ; again = true {
		conn, err := d.pool.Acquire(ctx)
		if err != nil {
			return nil, unreachable(err)
		}
		_, err = conn.Conn().PgConn().Exec(ctx, sql).ReadAll()
		if err == nil {
			return conn, nil
		}
		conn.Conn().Close(ctx) //nolint:errcheck // it is of no use any more
		conn.Release()
		if again || ctx.Err() != nil {
			return nil, unreachable(err)
		}
		d.pool.Reset()
	}
}

// unreachable says why there is no connection, but not where to, and as whom.
func unreachable(err error) error {
	var powerful *powerfulError
	var answer *pgconn.PgError
	var dial *net.OpError
	why := "it cannot be reached"
	switch {
	case errors.As(err, &powerful):
		return powerful
	case errors.As(err, &answer):
		why = answer.Message + " (" + answer.Code + ")"
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
		why = "it does not answer in time"
	case errors.As(err, &dial):
		var call *os.SyscallError
		if errors.As(dial.Err, &call) {
			why = call.Err.Error()
		}
	}
	return fmt.Errorf("no connection to the database: %s", why)
}
