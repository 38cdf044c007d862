package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/reports"
)

// compareSettings are the flags that hold a load test against an earlier one.
type compareSettings struct {
	before []string
	noise  string
}

func (o *compareSettings) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.before, "compare", nil, "fail if a load test is worse than the one in `FILE`, a JSON report or results of --out; several tell how much runs vary")
	c.Flags().StringVar(&o.noise, "noise", strconv.Itoa(load.DefaultNoise*100)+"%", "take a difference below this `SHARE` for noise, however sure it is")
}

func reportCommand() *cobra.Command {
	var o loadSettings
	c := plain(&cobra.Command{
		Use:   "report FILE...",
		Short: "Merge results and reports, and write them in other formats",
		Args:  cobra.MinimumNArgs(1),
		Example: `  mcpcheck report run*.bin --slo 'p99<200ms'              the results of several load generators, as one load test
  mcpcheck report after.bin --compare before.json         is it slower than before?
  mcpcheck report a.json b.json --report junit=all.xml    the reports of several jobs, as one`,
		RunE: func(c *cobra.Command, files []string) error {
			return o.rewrite(files, c.OutOrStdout())
		},
	})
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.reports, "report", nil, "write a report as `FORMAT=PATH`: text, json, junit or html; - is the standard output; repeatable")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show passes, transcripts, and what would make the rest applicable")
	f.StringVar(&o.slo, "slo", "", "demand `OBJECTIVES` of the load tests such as 'p99<200ms,errors<0.1%,rate>=95/s'")
	o.compareSettings.flags(c)
	return c
}

// rewrite is the report command. Its status is that of the report it writes.
func (o *loadSettings) rewrite(files []string, stdout io.Writer) error {
	slo, err := o.objectives()
	if err != nil {
		return err
	}
	before, err := o.earlier()
	if err != nil {
		return err
	}
	report, err := gather(files)
	if err != nil {
		return err
	}
	tests := 0
	for i := range report.Runs {
		l := report.Runs[i].Load
		if l == nil {
			continue
		}
		tests++
		if slo != nil {
			l.Objectives = slo.Judge(l)
		}
		if before != nil {
			l.Comparison = before(l)
		}
	}
	if (before != nil || slo != nil) && tests == 0 {
		return usage("%s: there is no load test, which --compare and --slo are about", strings.Join(files, ", "))
	}
	o.strict = report.Strict
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	return publish(outputs, report)
}

// earlier reads the load tests to compare with; the function that it returns does
// so, and is nil if there are none.
func (o *compareSettings) earlier() (func(*reports.Load) *reports.Comparison, error) {
	noise, err := parseShare(o.noise)
	if err != nil {
		return nil, usage("--noise is %q, want a share such as 10%%", o.noise)
	}
	if len(o.before) == 0 {
		return nil, nil
	}
	var list []*reports.Load
	for _, file := range o.before {
		r, err := gather([]string{file})
		if err != nil {
			return nil, usage("--compare: %v", err)
		}
		n := len(list)
		for _, run := range r.Runs {
			if run.Load != nil {
				list = append(list, run.Load)
			}
		}
		if len(list) == n {
			return nil, usage("--compare: %s: there is no load test", file)
		}
	}
	return func(after *reports.Load) *reports.Comparison {
		return load.Compare(strings.Join(o.before, ", "), list, after, noise)
	}, nil
}

func parseShare(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if strings.HasSuffix(s, "%") {
		v /= 100
	}
	if err == nil && !(v >= 0 && v < 10) {
		err = strconv.ErrRange
	}
	return v, err
}

// gather reads files and makes one report of them: results become one load test,
// reports stay as they are, one run after the other.
func gather(files []string) (*reports.Report, error) {
	all := &reports.Report{SchemaVersion: reports.SchemaVersion, Tool: reports.Tool{Name: "mcpcheck", Version: version()}}
	var results []load.Source
	read := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("%v", err)
		}
		defer f.Close() //nolint:errcheck // it is only read
		b := bufio.NewReader(f)
		if !isReport(b) {
			results = append(results, load.Source{Name: name, Reader: b})
			continue
		}
		r, err := reports.Read(b)
		if err != nil {
			return nil, usage("%s: %v", name, err)
		}
		if read > 0 && r.Strict != all.Strict {
			return nil, usage("%s: of these reports some were made with --strict and some without: write them apart", name)
		}
		if read++; read == 1 {
			all = r
			continue
		}
		if all.Tool != r.Tool {
			all.Tool = reports.Tool{Name: "mcpcheck", Version: version()}
		}
		if all.Started.After(r.Started) {
			all.Started = r.Started
		}
		all.Runs = slices.Concat(all.Runs, r.Runs)
		all.Baseline = reports.MergeBaselines(all.Baseline, r.Baseline)
	}
	switch {
	case read > 0 && len(results) > 0:
		return nil, usage("%s holds results, and other files are reports: write them apart", results[0].Name)
	case len(results) > 0:
		run, began, err := load.Merge(results...)
		if err != nil {
			return nil, usage("%v", err)
		}
		all.Started, all.Runs = began.UTC().Truncate(time.Second), []reports.Run{*run}
	}
	return all, nil
}

// sniffed is how much of a file is looked at to see what it is, in bytes.
const sniffed = 512

// isReport tells a report in JSON from results, which vegeta too can write in
// JSON, a line each.
func isReport(b *bufio.Reader) bool {
	start, _ := b.Peek(sniffed) // a shorter file is looked at as a whole
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	return bytes.HasPrefix(start, []byte("{")) && !bytes.HasPrefix(start, []byte(`{"attack":`))
}
