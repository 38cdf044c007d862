package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// A Column is one of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type" jsonschema_description:"as PostgreSQL names it"`
}

// A Result is what a statement gives back.
type Result struct {
	Columns   []Column `json:"columns"`
	Rows      [][]any  `json:"rows" jsonschema_description:"values in the order of the columns: numbers, booleans, JSON and null as such, all else as PostgreSQL writes it, and so numbers that JSON may not hold exactly"`
	RowCount  int      `json:"rowCount" jsonschema_description:"how many rows are given here"`
	Truncated bool     `json:"truncated" jsonschema_description:"there are more rows than were asked for or may be given"`
}

// cursor is before a query, to make it the body of a cursor: then it can be nothing
// but a query, for the grammar of PostgreSQL has no other place there.
const cursor = "DECLARE mcp NO SCROLL CURSOR FOR "

// query reads what a SELECT, VALUES or TABLE gives.
func (d *database) query(ctx context.Context, sql string, parameters [][]byte, most int) (result *Result, err error) {
	if most <= 0 || most > d.MaxRows {
		most = d.MaxRows
	}
	err = d.transact(ctx, "query", reading, func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := prefixed(ctx, conn, cursor, sql, parameters); err != nil {
			return err
		}
		none := conn.ExecParams(ctx, "FETCH FORWARD 0 FROM mcp", nil, nil, nil, nil)
		if _, err := none.Close(); err != nil {
			return err
		}
		columns, err := columns(ctx, conn, none.FieldDescriptions())
		if err != nil {
			return err
		}
		fetching, stop := context.WithCancel(ctx)
		defer stop()
		reader := conn.ExecParams(fetching, "FETCH FORWARD "+strconv.Itoa(most+1)+" FROM mcp", nil, nil, nil, nil)
		rows, full := collect(reader, most, d.MaxBytes)
		if full {
			stop() // what is still to come is not worth waiting for
		}
		if _, err := reader.Close(); err != nil && !full {
			return err
		}
		result = rows.named(columns)
		return ctx.Err()
	})
	return result, err
}

// execute runs one statement, and keeps what it did.
func (d *database) execute(ctx context.Context, sql string, parameters [][]byte) (done *Done, err error) {
	err = d.transact(ctx, "execute", writing, func(ctx context.Context, conn *pgconn.PgConn) error {
		if strings.ContainsRune(sql, 0) {
			return refuse("the statement holds a NUL character")
		}
		reader := conn.ExecParams(ctx, sql, parameters, nil, nil, nil)
		rows, _ := collect(reader, d.MaxRows, d.MaxBytes)
		tag, err := reader.Close()
		if err != nil || conn.TxStatus() == 'I' {
			return err
		}
		columns, err := columns(ctx, conn, reader.FieldDescriptions())
		done = &Done{Command: tag.String(), RowsAffected: tag.RowsAffected(), Result: *rows.named(columns)}
		return err
	})
	return done, err
}

// A Done tells of a statement that was executed.
type Done struct {
	Command      string `json:"command" jsonschema_description:"the tag of the command, such as UPDATE 3"`
	RowsAffected int64  `json:"rowsAffected"`
	Result
}

// explain tells the plan of a statement, and with analyze what it took to run.
func (d *database) explain(ctx context.Context, sql string, parameters [][]byte, analyze bool) (plan *Plan, err error) {
	prefix := "EXPLAIN (FORMAT JSON) "
	if analyze { // what runs must be a query
		prefix = "EXPLAIN (FORMAT JSON, ANALYZE, BUFFERS) " + cursor
	}
	err = d.transact(ctx, "explain", reading, func(ctx context.Context, conn *pgconn.PgConn) error {
		if strings.ContainsRune(sql, 0) {
			return refuse("the statement holds a NUL character")
		}
		read := conn.ExecParams(ctx, prefix+sql, parameters, nil, nil, nil).Read()
		if read.Err != nil {
			return shifted(read.Err, prefix)
		}
		if len(read.Rows) == 0 {
			return refuse("the database has no plan for it: only queries, INSERT, UPDATE, DELETE, MERGE and the like have one")
		}
		plan = &Plan{}
		return json.Unmarshal(read.Rows[0][0], &plan.Plan)
	})
	return plan, err
}

// A Plan is what EXPLAIN says.
type Plan struct {
	Plan []map[string]any `json:"plan" jsonschema_description:"as EXPLAIN (FORMAT JSON) gives it"`
}

// prefixed runs a statement that begins as we say and goes on as the client says.
func prefixed(ctx context.Context, conn *pgconn.PgConn, prefix, sql string, parameters [][]byte) error {
	if strings.ContainsRune(sql, 0) { // which would end the statement, and begin something else
		return refuse("the statement holds a NUL character")
	}
	_, err := conn.ExecParams(ctx, prefix+sql, parameters, nil, nil, nil).Close()
	return shifted(err, prefix)
}

// shifted makes the place of an error one in the client's text.
func shifted(err error, prefix string) error {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		answer.Position = max(answer.Position-int32(len(prefix)), 0)
	}
	return err
}

// rows are those of a result, and whether there were more.
type rows struct {
	values [][]any
	more   bool
}

func (r rows) named(columns []Column) *Result {
	return &Result{Columns: columns, Rows: r.values, RowCount: len(r.values), Truncated: r.more}
}

// collect keeps at most so many rows. When it has as many bytes as it may have, it
// says so, and does not wait for the rest.
func collect(reader *pgconn.ResultReader, most, bytes int) (r rows, full bool) {
	r.values = [][]any{}
	for reader.NextRow() {
		if r.more = r.more || len(r.values) == most; r.more {
			continue
		}
		values, fields := reader.Values(), reader.FieldDescriptions()
		row := make([]any, len(values))
		for i, text := range values {
			if bytes -= len(text) + 4; bytes < 0 {
				return rows{r.values, true}, true
			}
			row[i] = value(fields[i].DataTypeOID, text)
		}
		r.values = append(r.values, row)
	}
	return r, false
}

// columns asks what the types of columns are called.
func columns(ctx context.Context, conn *pgconn.PgConn, fields []pgconn.FieldDescription) ([]Column, error) {
	list := []Column{}
	if len(fields) == 0 {
		return list, nil
	}
	var types, modifiers []string
	for _, f := range fields {
		list = append(list, Column{Name: f.Name})
		types = append(types, strconv.FormatUint(uint64(f.DataTypeOID), 10))
		modifiers = append(modifiers, strconv.Itoa(int(f.TypeModifier)))
	}
	read := conn.ExecParams(ctx, "SELECT pg_catalog.format_type(t, m) FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int[])) AS x(t, m)",
		[][]byte{[]byte("{" + strings.Join(types, ",") + "}"), []byte("{" + strings.Join(modifiers, ",") + "}")}, nil, nil, nil).Read()
	if read.Err != nil {
		return nil, read.Err
	}
	for i := range list {
		list[i].Type = string(read.Rows[i][0])
	}
	return list, nil
}
