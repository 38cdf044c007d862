package postgres

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// A Table is one of the database, or what looks like one.
type Table struct {
	Schema        string `json:"schema"`
	Name          string `json:"name"`
	Kind          string `json:"kind" jsonschema_description:"table, partitioned table, view, materialized view or foreign table"`
	EstimatedRows *int64 `json:"estimatedRows,omitempty" jsonschema_description:"as of the last ANALYZE"`
	Comment       string `json:"comment,omitempty"`
}

// A Description tells all of a table that a query may need.
type Description struct {
	Table
	Columns     []TableColumn `json:"columns"`
	PrimaryKey  []string      `json:"primaryKey"`
	ForeignKeys []ForeignKey  `json:"foreignKeys"`
	Indexes     []string      `json:"indexes" jsonschema_description:"as CREATE INDEX makes them"`
}

// A TableColumn is one of a table.
type TableColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	Default  string `json:"default,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

// A ForeignKey leads from columns to those of another table.
type ForeignKey struct {
	Columns    []string `json:"columns"`
	References string   `json:"references" jsonschema_description:"the other table, as schema.name"`
	Referenced []string `json:"referencedColumns"`
}

// A Schema holds tables.
type Schema struct {
	Name    string `json:"name"`
	Tables  int    `json:"tables"`
	Comment string `json:"comment,omitempty"`
}

var (
	// RoleSQL makes a role that the server may be given: it reads, and no more.
	//go:embed role.sql
	RoleSQL string

	//go:embed catalogue/schemas.sql
	schemasSQL string
	//go:embed catalogue/tables.sql
	tablesSQL string
	//go:embed catalogue/table.sql
	tableSQL string
)

// ask runs one of our own queries, which gives one value of JSON.
func (d *database) ask(ctx context.Context, operation, sql string, answer any, arguments ...string) error {
	var parameters [][]byte
	for _, a := range arguments {
		if strings.ContainsRune(a, 0) {
			return refuse("a name holds a NUL character")
		}
		parameters = append(parameters, []byte(a))
	}
	return d.transact(ctx, operation, reading, func(ctx context.Context, conn *pgconn.PgConn) error {
		read := conn.ExecParams(ctx, sql, parameters, nil, nil, nil).Read()
		if read.Err != nil {
			return read.Err
		}
		if len(read.Rows) == 0 {
			return errNone
		}
		return json.Unmarshal(read.Rows[0][0], answer)
	})
}

var errNone = missing("there is none of that name that may be read")

// schemas lists those of which a table may be read.
func (d *database) schemas(ctx context.Context) (list []Schema, err error) {
	return list, d.ask(ctx, "schemas", schemasSQL, &list)
}

// tables lists those that may be read, of one schema or of all.
func (d *database) tables(ctx context.Context, schema string) (list []Table, err error) {
	return list, d.ask(ctx, "tables", tablesSQL, &list, schema)
}

// describe tells of a table, whose schema may go unsaid if it is on the search path.
func (d *database) describe(ctx context.Context, schema, table string) (*Description, error) {
	t := &Description{}
	if err := d.ask(ctx, "describe", tableSQL, t, schema, table); err != nil {
		if errors.Is(err, errNone) {
			return nil, missing("there is no table %q that may be read: list_tables tells which there are", strings.TrimPrefix(schema+"."+table, "."))
		}
		return nil, err
	}
	return t, nil
}

// column finds one of a table.
func (t *Description) column(name string) (*TableColumn, error) {
	i := slices.IndexFunc(t.Columns, func(c TableColumn) bool { return c.Name == name })
	if i < 0 {
		return nil, missing("table %s.%s has no column %q that may be read", t.Schema, t.Name, name)
	}
	return &t.Columns[i], nil
}
