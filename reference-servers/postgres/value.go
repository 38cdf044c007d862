package postgres

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// exact is the highest whole number up to which every reader of JSON keeps all.
const exact = 1 << 53

// value makes JSON of what PostgreSQL wrote of a value.
func value(oid uint32, text []byte) any {
	if text == nil {
		return nil
	}
	s := string(text)
	switch oid {
	case pgtype.BoolOID:
		if s == "t" || s == "f" {
			return s == "t"
		}
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && -exact <= n && n <= exact {
			return n
		}
	case pgtype.Float4OID, pgtype.Float8OID:
		if f, err := strconv.ParseFloat(s, 64); err == nil && json.Valid(text) { // NaN and Infinity are not
			return f
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		if json.Valid(text) {
			return json.RawMessage(s)
		}
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// parameters writes values of JSON as PostgreSQL reads them; which types they are
// of follows there from where they stand.
func parameters(values []json.RawMessage) (texts [][]byte, err error) {
	for i, v := range values {
		text := strings.TrimSpace(string(v))
		var s string
		switch {
		case text == "null":
			texts = append(texts, nil)
			continue
		case strings.HasPrefix(text, `"`):
			if err := json.Unmarshal(v, &s); err != nil {
				return nil, fmt.Errorf("parameter %d: %w", i+1, err)
			}
		default: // a number or a boolean, or JSON for a parameter of that type
			s = text
		}
		if strings.ContainsRune(s, 0) {
			return nil, fmt.Errorf("parameter %d holds a NUL character, which no value of PostgreSQL can", i+1)
		}
		texts = append(texts, []byte(s))
	}
	return texts, nil
}
