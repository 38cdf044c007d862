package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// A refusal is what the database, or the server, has against a statement.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, args ...any) error {
	return service.Healthy(&refusal{fmt.Sprintf(format, args...)})
}

// missing is what there is to say of a name that is none, or of nothing to be read.
func missing(format string, args ...any) error {
	return service.NotFound(&refusal{fmt.Sprintf(format, args...)})
}

// told puts an error into words for the client: what the database said of the
// statement, or else that the connection was lost. It tells the errors of a
// database that works from those of one that does not.
func told(err error) error {
	var answer *pgconn.PgError
	var large *pgproto3.ExceededMaxBodyLenErr
	var r *refusal
	switch {
	case err == nil, errors.As(err, &r):
		return err
	case errors.Is(err, errEnded):
		return refuse("%v", err)
	case errors.As(err, &large):
		return refuse("one row is of %d bytes, which is more than --max-bytes allows: ask for less of it, with left() or substring()", large.ActualBodyLen)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &answer):
		if answer.SeverityUnlocalized == "FATAL" || answer.SeverityUnlocalized == "PANIC" {
			return errors.New(sentence(answer)) // which ended the session
		}
		return refuse("%s", sentence(answer))
	case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
		return errors.New("the database does not answer in time")
	}
	return errors.New("the connection to the database was lost")
}

// sentence writes what the database said, as psql does, in one line.
func sentence(e *pgconn.PgError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s", e.Severity, cut(e.Message), e.Code)
	if e.Position > 0 {
		fmt.Fprintf(&b, ", at character %d", e.Position)
	}
	b.WriteString(")")
	for _, part := range [][2]string{{"detail", e.Detail}, {"hint", e.Hint}} {
		if part[1] != "" {
			fmt.Fprintf(&b, "; %s: %s", part[0], cut(part[1]))
		}
	}
	return b.String()
}

// cut bounds what a statement can make the database say.
func cut(text string) string {
	const most = 2000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
