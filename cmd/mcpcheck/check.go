package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/features"
	"github.com/mcpcheck/mcpcheck/internal/baseline"
	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// settings are the flags of the main job.
type settings struct {
	selection  target.Selection
	revision   string
	only       []string
	profile    string
	operations operations
	allowTools []string
	arguments  string
	features   string
	reports    []string
	strict     bool
	verbose    bool
	timeout    time.Duration
	deadline   time.Duration
	parallel   int
	repeat     int
	yes        bool // load may be put on a server that is not on this machine
	baseline   string
	accepted   string // where a baseline is to be written
	why        string
	question   *question // that --why asks; nil for none
}

func checkCommand() *cobra.Command {
	var o settings
	c := plain(&cobra.Command{
		Use:     "mcpcheck (--target URL|COMMAND | --reference NAME | --config FILE | --registry FILE)",
		Short:   "Judge an MCP server against the specification",
		Version: version(),
		Args:    cobra.NoArgs,
		Example: `  mcpcheck --target http://127.0.0.1:3000/mcp
  mcpcheck --target 'npx -y @modelcontextprotocol/server-memory'
  mcpcheck --config ~/.config/Claude/claude_desktop_config.json --server github
  mcpcheck --reference everything --report junit=report.xml`,
		RunE: func(c *cobra.Command, _ []string) error {
			o.selection.LookupEnv = os.LookupEnv
			if c.Flags().Changed("why") {
				return o.explain(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
			}
			return o.check(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	})
	f := c.Flags()
	f.SortFlags = false
	targetFlags(f, &o.selection)
	f.StringVar(&o.revision, "revision", "auto", "judge against `LIST`: revisions, 'all' that the server serves, or 'auto' for the newest of each era")
	f.StringSliceVar(&o.only, "only", nil, "judge requirements whose id begins with `PREFIX`; repeatable")
	f.StringVar(&o.profile, "profile", string(spec.Specification), "judge what the specification says ('spec'), or what a server in production is asked for as well ('production')")
	f.StringVar(&o.why, "why", "", "tell why the verdict on the requirement `ID` is what it is, and what would let it be judged")
	f.StringSliceVar(&o.allowTools, "allow-tool", nil, "the tool `NAME` may be called although it is not marked read-only; repeatable")
	f.StringVar(&o.arguments, "args", "", "take the arguments of tools from the JSON `FILE`: an object by tool name")
	f.StringVar(&o.features, "features", "", "run the feature files in `DIR` instead of the built-in ones")
	o.operations.addFlags(f)
	f.BoolVar(&o.yes, "yes-load", false, yesLoad+", where feature files ask for that")
	f.StringArrayVar(&o.reports, "report", nil, "write a report as `FORMAT=PATH`: text, json, junit or html; - is the standard output; repeatable")
	f.BoolVar(&o.strict, "strict", false, "a broken SHOULD costs conformance as well")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show passes, transcripts, and what would make the rest applicable")
	f.DurationVar(&o.timeout, "timeout", wire.DefaultTimeout, "wait this long for the answer to one request")
	f.DurationVar(&o.deadline, "deadline", 2*time.Minute, "end a run, or one repetition of it, after this long")
	f.IntVar(&o.parallel, "parallel", 0, "run `N` scenarios at once (default 16, up to 32 if the server is far, over stdio 4)")
	f.StringVar(&o.baseline, "baseline", "", "failures in the YAML `FILE` are known and cost no conformance; an entry of it that no longer fails costs it")
	f.StringVar(&o.accepted, "write-baseline", "", "write a baseline with the failures of this run to the new `FILE`, for you to add the reasons")
	f.IntVar(&o.repeat, "repeat", 1, "judge each server `N` times over: a verdict that changes is reported, and the worst counts")
	return c
}

// targetFlags are the flags that name the server and how to reach it.
func targetFlags(f *pflag.FlagSet, s *target.Selection) {
	f.StringVar(&s.Target, "target", "", "judge the server at a `URL`, or that a COMMAND launches")
	f.StringVar(&s.Reference, "reference", "", "judge the bundled server `NAME`: "+strings.Join(references, ", "))
	f.StringVar(&s.Config, "config", "", "judge the servers of a client's configuration `FILE`")
	f.StringVar(&s.Registry, "registry", "", "judge the servers of a registry `FILE`")
	f.StringArrayVar(&s.Only, "server", nil, "of several servers take the one called `NAME`; repeatable")
	f.StringVar(&s.Transport, "transport", "", "speak `NAME` instead of finding out: stdio, streamable-http or http+sse")
	f.StringArrayVar(&s.Env, "env", nil, "launch with the variable `K=V`; repeatable")
	f.StringVar(&s.Dir, "cwd", "", "launch in the folder `DIR`")
	f.StringArrayVar(&s.Header, "header", nil, "send the header field `'K: V'`; repeatable")
	f.StringArrayVar(&s.HeaderEnv, "header-env", nil, "send the header field K with the value of a variable, as `K=VAR`; repeatable")
	f.StringVar(&s.TokenEnv, "token-env", "", "send the value of the variable `VAR` as a bearer token")
}

// check is the main job.
func (o *settings) check(ctx context.Context, stdout, stderr io.Writer) error {
	if err := o.bounds(); err != nil {
		return err
	}
	job, err := o.prepare()
	if err != nil {
		return err
	}
	known, err := o.ledger(job)
	if err != nil {
		return err
	}
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	var added []baseline.Entry
	report := &reports.Report{
		SchemaVersion: reports.SchemaVersion,
		Tool:          reports.Tool{Name: "mcpcheck", Version: version()},
		Started:       time.Now().UTC().Truncate(time.Second),
		Strict:        o.strict,
	}
	progress := terminal(stderr)
	for _, server := range job.servers {
		runs, err := o.judge(ctx, job, server, progress)
		if err != nil {
			progress.clear()
			return err
		}
		known.Take(server.Name, runs)
		added = append(added, baseline.New(job.tell(server), runs, o.strict)...)
		report.Runs = append(report.Runs, runs...)
		if o.question != nil {
			o.question.account(runs)
		}
		if ctx.Err() != nil {
			break
		}
	}
	progress.clear()
	report.Sort()
	report.Baseline = known.Deviations()
	for _, out := range outputs {
		if err := out.write(report); err != nil {
			return cannot("report: %v", err)
		}
	}
	if err := o.accept(stderr, report, known, added); err != nil {
		return err
	}
	status := report.Status(o.strict)
	if o.question != nil {
		status = o.question.Status(o.strict)
	}
	if status != conforms {
		return verdict(status)
	}
	return nil
}

// A job is what the flags amount to.
type job struct {
	servers   []target.Server
	catalogue spec.Catalogue
	features  fs.FS
	arguments map[string]json.RawMessage
	revisions []spec.Revision // those that the user named
}

// bounds checks the flags that bound the main job.
func (o *settings) bounds() error {
	switch {
	case o.deadline <= 0:
		return usage("--deadline is %s, want a time longer than 0", o.deadline)
	case o.parallel < 0:
		return usage("--parallel is %d, want 1 or more, or 0 for the default", o.parallel)
	case o.repeat < 1:
		return usage("--repeat is %d, want 1 or more", o.repeat)
	}
	return nil
}

// prepare settles what the flags name. It reads those that commands share.
func (o *settings) prepare() (*job, error) {
	j := &job{features: features.Scenarios}
	var err error
	if j.revisions, err = o.revisions(); err != nil {
		return nil, err
	}
	if o.timeout <= 0 {
		return nil, usage("--timeout is %s, want a time longer than 0", o.timeout)
	}
	if j.catalogue, err = catalogue(); err != nil {
		return nil, err
	}
	if err := o.selectable(); err != nil {
		return nil, err
	}
	if o.features != "" {
		if info, err := os.Stat(o.features); err != nil || !info.IsDir() {
			return nil, usage("--features: %q is no folder", o.features)
		}
		j.features = os.DirFS(o.features)
		if err := steps.Lint(j.features); err != nil {
			return nil, usage("--features %s: %v", o.features, err)
		}
	}
	if j.arguments, err = o.argumentsByTool(); err != nil {
		return nil, err
	}
	o.selection.References = references
	if j.servers, err = target.Resolve(o.selection); err != nil {
		return nil, usage("%v", err)
	}
	return j, o.loads(j)
}

// argumentsByTool reads what tools are to be called with.
func (o *settings) argumentsByTool() (map[string]json.RawMessage, error) {
	if o.arguments == "" {
		return nil, nil
	}
	data, err := os.ReadFile(o.arguments)
	if err != nil {
		return nil, usage("--args: %v", err)
	}
	var all map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, usage("--args: %s is not an object of arguments by tool name: %v", o.arguments, plainly(err))
	}
	byTool := make(map[string]json.RawMessage, len(all))
	for tool, arguments := range all {
		if byTool[tool], err = json.Marshal(arguments); err != nil || arguments == nil {
			return nil, usage("--args: %s: the arguments of %q are not an object", o.arguments, tool)
		}
	}
	return byTool, nil
}

// plainly words a fault of JSON without the names of Go types.
func plainly(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return fmt.Errorf("it holds %s where an object is wanted", mistyped.Value)
	}
	return err
}

// revisions returns those that the user named; none for auto and all.
func (o *settings) revisions() ([]spec.Revision, error) {
	if o.revision == "auto" || o.revision == "all" {
		return nil, nil
	}
	var list []spec.Revision
	for _, s := range strings.Split(o.revision, ",") {
		r, err := spec.ParseRevision(strings.TrimSpace(s))
		if err != nil {
			return nil, usage("--revision: %v, auto, all", err)
		}
		list = append(list, r)
	}
	return list, nil
}

// judge judges one server, once for each revision. What keeps it from being
// judged is told in the report, so that the others still are; but a bundled server
// that could not be started is an error, since it is the only one.
func (o *settings) judge(ctx context.Context, j *job, server target.Server, p *progress) ([]reports.Run, error) {
	started := time.Now()
	not := func(t spec.Transport, r spec.Revision, unreachable bool, err error) reports.Run {
		return reports.Run{
			Target: server.String(), Transport: t, Revision: r, Duration: reports.Duration(time.Since(started)),
			Unreachable: unreachable, Incomplete: because(ctx, err).Error(),
		}
	}
	endpoint, stop, err := o.endpoint(ctx, server, p.note)
	if err != nil {
		return nil, cannot("%v", err)
	}
	defer stop()
	probing, done := context.WithTimeoutCause(ctx, o.deadline, steps.ErrDeadline)
	found, err := target.Probe(probing, endpoint)
	done()
	if err != nil {
		return []reports.Run{not(endpoint.Transport, "", true, err)}, nil
	}
	var runs []reports.Run
	against := o.against(ctx, j, found)
	if q := o.question; q != nil {
		if q.elsewhere(ctx, found, against) {
			run := reports.Run{Target: server.String(), Transport: found.Endpoint.Transport, Notes: found.Notes}
			if len(against) > 0 {
				run.Revision = against[0]
			}
			return []reports.Run{run}, nil
		}
		against = q.concerned(against)
	}
	for _, r := range against {
		told := o.question.listen()
		run := o.repeated(ctx, func() reports.Run {
			started = time.Now()
			run, err := steps.Run(ctx, steps.Config{
				Operations: o.operated(server),
				Target:     server.String(), Endpoint: found.Endpoint, Revision: r,
				Features: j.features, Extra: o.features != "", Catalogue: j.catalogue, Only: o.only,
				AllowTools: slices.Concat(o.allowTools, referenceTools(server.Reference)), Arguments: j.arguments,
				Load: o.loader(server, found, r), Parallel: o.parallel, Deadline: o.deadline,
				Planned: p.planned, Done: p.done, Told: told,
			})
			if err != nil {
				return not(found.Endpoint.Transport, r, false, fmt.Errorf("mcpcheck itself went wrong: %w", err))
			}
			return *run
		})
		run.Notes = append(run.Notes, found.Notes...)
		runs = append(runs, run)
		if ctx.Err() != nil {
			break
		}
	}
	return runs, nil
}

// against returns the revisions to judge a server against. One of which --only
// leaves nothing is left out, if another is left.
func (o *settings) against(ctx context.Context, j *job, found *target.Finding) []spec.Revision {
	all := o.spoken(ctx, j, found)
	some := slices.DeleteFunc(slices.Clone(all), func(r spec.Revision) bool {
		for _, q := range j.catalogue {
			if hasPrefix(q.ID, o.only) && q.In(r) && q.Over(found.Endpoint.Transport) {
				return false
			}
		}
		return true
	})
	if len(some) == 0 {
		return all
	}
	return some
}

func (o *settings) spoken(ctx context.Context, j *job, found *target.Finding) []spec.Revision {
	if len(j.revisions) > 0 {
		return j.revisions
	}
	if o.revision == "all" {
		if all := append(target.Negotiates(ctx, found.Endpoint), found.Modern...); len(all) > 0 {
			return all
		}
	}
	return found.Newest()
}

// because prefers the interruption to what it has led to.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (o *settings) endpoint(ctx context.Context, server target.Server, note func(string)) (wire.Endpoint, func(), error) {
	e := wire.Endpoint{
		URL: server.URL, Transport: server.Transport, Header: server.Header,
		Command: server.Command, Env: server.Env, Dir: server.Dir, Timeout: o.timeout,
	}
	if server.Reference == "" {
		return e, func() {}, nil
	}
	url, stop, err := startReference(ctx, server.Reference, note)
	if err != nil {
		return e, nil, fmt.Errorf("--reference %s: %w", server.Reference, err)
	}
	e.URL = url
	return e, stop, nil
}
