package service

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// flags defines flags whose defaults come from the environment. A variable that
// does not fit its flag is kept in bad, until a server is made of it all.
type flags struct {
	*pflag.FlagSet
	bad *[]error
}

func help(text, variable string) string { return text + " (" + variable + ")" }

func (f flags) from(name, variable string) {
	text, ok := os.LookupEnv(variable)
	if !ok || text == "" {
		return
	}
	flag := f.Lookup(name)
	if err := flag.Value.Set(text); err != nil {
		*f.bad = append(*f.bad, fmt.Errorf("%s is %q, want what --%s takes: %w", variable, text, name, err))
		return
	}
	flag.DefValue = flag.Value.String()
}

func (f flags) text(p *string, name, variable, def, text string) {
	f.StringVar(p, name, def, help(text, variable))
	f.from(name, variable)
}

// secret is a text that no help shows.
func (f flags) secret(p *string, name, variable, text string) {
	f.StringVar(p, name, os.Getenv(variable), help(text, variable))
	f.Lookup(name).DefValue = ""
}

func (f flags) flag(p *bool, name, variable string, def bool, text string) {
	f.BoolVar(p, name, def, help(text, variable))
	f.from(name, variable)
}

func (f flags) number(p *int, name, variable string, def int, text string) {
	f.IntVar(p, name, def, help(text, variable))
	f.from(name, variable)
}

func (f flags) size(p *int64, name, variable string, def int64, text string) {
	f.Int64Var(p, name, def, help(text, variable))
	f.from(name, variable)
}

func (f flags) time(p *time.Duration, name, variable string, def time.Duration, text string) {
	f.DurationVar(p, name, def, help(text, variable))
	f.from(name, variable)
}

func (f flags) list(p *[]string, name, variable, text string) {
	var def []string
	for item := range strings.SplitSeq(os.Getenv(variable), ",") {
		if item = strings.TrimSpace(item); item != "" {
			def = append(def, item)
		}
	}
	f.StringArrayVar(p, name, def, help(text, variable)+"; repeatable")
}
