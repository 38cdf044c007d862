package postgres

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

func TestValue(t *testing.T) {
	for _, tt := range []struct {
		reason string
		oid    uint32
		text   []byte
		want   string
	}{
		{"null", pgtype.Int4OID, nil, `null`},
		{"a number", pgtype.Int4OID, []byte("-7"), `-7`},
		{"the last number that all readers hold", pgtype.Int8OID, []byte("9007199254740992"), `9007199254740992`},
		{"the first that they do not", pgtype.Int8OID, []byte("9007199254740993"), `"9007199254740993"`},
		{"a fraction", pgtype.Float8OID, []byte("1e-07"), `1e-7`},
		{"no number", pgtype.Float8OID, []byte("NaN"), `"NaN"`},
		{"exact", pgtype.NumericOID, []byte("1.10"), `"1.10"`},
		{"true", pgtype.BoolOID, []byte("t"), `true`},
		{"a boolean that no database writes", pgtype.BoolOID, []byte("yes"), `"yes"`},
		{"JSON", pgtype.JSONBOID, []byte(`{"a": 1}`), `{"a":1}`},
		{"JSON that no database writes", pgtype.JSONOID, []byte(`{`), `"{"`},
		{"JSON deeper than is read", pgtype.JSONOID, []byte(strings.Repeat("[", 20000) + strings.Repeat("]", 20000)),
			strconv.Quote(strings.Repeat("[", 20000) + strings.Repeat("]", 20000))},
		{"text that is not UTF-8", pgtype.TextOID, []byte("a\xff"), "\"a\ufffd\""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := json.Marshal(value(tt.oid, tt.text))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %.100s, %v, want %.100s", got, err, tt.want)
			}
		})
	}
}

// FuzzValue demands that whatever a database writes becomes JSON, and a whole number
// the same one for every reader.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"1", "-9007199254740993", "1e5", "NaN", "t", `{"a":[1]}`, "\x00", "\xff", "0x10", "1_000", " 1"} {
		f.Add(uint32(pgtype.Int8OID), []byte(s))
		f.Add(uint32(pgtype.JSONOID), []byte(s))
		f.Add(uint32(pgtype.Float8OID), []byte(s))
	}
	f.Fuzz(func(t *testing.T, oid uint32, text []byte) {
		got, err := json.Marshal(value(oid, text))
		if err != nil || !json.Valid(got) {
			t.Fatalf("%d %q: %s, %v", oid, text, got, err)
		}
		if n, err := strconv.ParseInt(string(got), 10, 64); err == nil && oid == pgtype.Int8OID && (math.Abs(float64(n)) > exact || string(text) == "") {
			t.Errorf("%q became %s", text, got)
		}
	})
}

// FuzzParameters demands that a text reaches the database as it is, and that nothing
// else is made into SQL.
func FuzzParameters(f *testing.F) {
	for _, s := range []string{`["a",1,true,null]`, `["\u0000"]`, `[{"a":"b"},[1]]`, `[" x"]`, `["\ud800"]`, `[1e400]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var values []json.RawMessage
		if json.Unmarshal([]byte(text), &values) != nil {
			return
		}
		got, err := parameters(values)
		if err != nil {
			return
		}
		if len(got) != len(values) {
			t.Fatalf("%s became %q", text, got)
		}
		for i, v := range values {
			var s string
			if strings.HasPrefix(strings.TrimSpace(string(v)), `"`) && json.Unmarshal(v, &s) == nil && s != string(got[i]) {
				t.Errorf("%s became %q", v, got[i])
			}
			if strings.ContainsRune(string(got[i]), 0) {
				t.Errorf("%s holds a NUL", v)
			}
		}
	})
}

// FuzzNames demands that the URI of a table or column leads back to it.
func FuzzNames(f *testing.F) {
	f.Add("public", "customers", "id")
	f.Add("odd name", "a/b%c", "?#")
	f.Add("..", ".", "ä")
	f.Fuzz(func(t *testing.T, schema, table, column string) {
		uri := root + url.PathEscape(schema) + "/" + url.PathEscape(table) + "/" + url.PathEscape(column)
		got, err := names(uri)
		if schema == "" || table == "" || column == "" {
			if err == nil {
				t.Errorf("%s has a name that is empty, but is read as %q", uri, got)
			}
			return
		}
		if !utf8.ValidString(schema + table + column) {
			return
		}
		if err != nil || len(got) != 3 || got[0] != schema || got[1] != table || got[2] != column {
			t.Errorf("%s is read as %q, %v", uri, got, err)
		}
		if _, err := names(uri + "/x"); err == nil {
			t.Errorf("%s/x is read", uri)
		}
	})
}
