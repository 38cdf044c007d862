package postgres

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

func options(t *testing.T, environment map[string]string, arguments ...string) (Options, *pflag.FlagSet) {
	t.Helper()
	for _, name := range []string{"PGHOST", "PGSERVICE", "DB_CONNECTION_STRING"} {
		t.Setenv(name, "")
	}
	for k, v := range environment {
		t.Setenv(k, v)
	}
	var o Options
	fs := pflag.NewFlagSet("postgres", pflag.ContinueOnError)
	o.AddFlags(fs)
	if err := fs.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return o, fs
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		reason      string
		environment map[string]string
		arguments   []string
		err         string
	}{
		{"nothing is named", nil, nil, "no database is named: set DB_CONNECTION_STRING"},
		{"by the variable", map[string]string{"DB_CONNECTION_STRING": "postgres://a@b/c"}, nil, ""},
		{"by the flag", nil, []string{"--connection-string", "postgres://a@b/c"}, ""},
		{"as PostgreSQL's own programs name it", map[string]string{"PGHOST": "b"}, nil, ""},
		{"a variable that does not fit", map[string]string{"DB_CONNECTION_STRING": "postgres://a@b/c", "DB_MAX_ROWS": "many"}, nil, `DB_MAX_ROWS is "many", want what --max-rows takes`},
		{"no rows at all", nil, []string{"--connection-string", "postgres://a@b/c", "--max-rows", "0"}, "must be more than nothing"},
		{"a connection string that is none", map[string]string{"DB_CONNECTION_STRING": "postgres://a:p/w@b/c"}, nil, "the connection string is none: want postgres://"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o, _ := options(t, tt.environment, tt.arguments...)
			err := o.Check()
			if err == nil {
				_, err = o.config()
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestHelpShowsNoSecret(t *testing.T) {
	o, fs := options(t, map[string]string{"DB_CONNECTION_STRING": "postgres://a:s3cret@b/c", "DB_MAX_ROWS": "7"})
	if help := fs.FlagUsages(); strings.Contains(help, "s3cret") || !strings.Contains(help, "(default 7)") {
		t.Error(help)
	}
	if o.ConnectionString != "postgres://a:s3cret@b/c" || o.MaxRows != 7 {
		t.Errorf("got %q and %d rows", o.ConnectionString, o.MaxRows)
	}
}

// FuzzConnectionString looks for a connection string whose password gets into an
// error, of those that cannot be read and of those that lead nowhere.
func FuzzConnectionString(f *testing.F) {
	for _, s := range []string{"postgres://u:", "postgres://u:%", "host=/nowhere password=", "host=127.0.0.1 port=x password='", "postgres://[::1:", "", "postgres://u@h/d?sslmode=x&password=",
		"postgres://u@h/d?sslrootcert=", "service=", "postgres://h:5432:"} {
		f.Add(s, "@127.0.0.1:1/d?connect_timeout=1")
		f.Add(s, "")
	}
	const secret = "Zx9Zx9Zx9"
	guard, err := service.New("postgres", "test", service.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		o := Options{ConnectionString: before + secret + after, MaxRows: 1, MaxBytes: 1, PoolSize: 1, StatementTimeout: 1e9}
		config, err := o.config()
		if err == nil && strings.Contains(o.ConnectionString, "127.0.0.1:1/") && config.ConnConfig.Host == "127.0.0.1" && config.ConnConfig.Port == 1 && len(config.ConnConfig.Fallbacks) == 0 {
			s, e := New(t.Context(), o, guard)
			if err = e; err == nil {
				err = s.Ready(t.Context())
				s.Close()
			}
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", o.ConnectionString, err)
		}
	})
}
