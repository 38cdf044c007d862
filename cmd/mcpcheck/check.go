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

	"github.com/mcpcheck/mcpcheck/features"
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
	allowTools []string
	arguments  string
	features   string
	reports    []string
	strict     bool
	verbose    bool
	timeout    time.Duration
	deadline   time.Duration
	parallel   int
}

func checkCommand(stdin io.Reader) *cobra.Command {
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
			return o.check(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	})
	_ = stdin
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.selection.Target, "target", "", "judge the server at a `URL`, or that a COMMAND launches")
	f.StringVar(&o.selection.Reference, "reference", "", "judge the bundled server `NAME`: everything")
	f.StringVar(&o.selection.Config, "config", "", "judge the servers of a client's configuration `FILE`")
	f.StringVar(&o.selection.Registry, "registry", "", "judge the servers of a registry `FILE`")
	f.StringArrayVar(&o.selection.Only, "server", nil, "of several servers take the one called `NAME`; repeatable")
	f.StringVar(&o.selection.Transport, "transport", "", "speak `NAME` instead of finding out: stdio, streamable-http or http+sse")
	f.StringArrayVar(&o.selection.Env, "env", nil, "launch with the variable `K=V`; repeatable")
	f.StringVar(&o.selection.Dir, "cwd", "", "launch in the folder `DIR`")
	f.StringArrayVar(&o.selection.Header, "header", nil, "send the header field `'K: V'`; repeatable")
	f.StringArrayVar(&o.selection.HeaderEnv, "header-env", nil, "send the header field K with the value of a variable, as `K=VAR`; repeatable")
	f.StringVar(&o.selection.TokenEnv, "token-env", "", "send the value of the variable `VAR` as a bearer token")
	f.StringVar(&o.revision, "revision", "auto", "judge against `LIST`: revisions, 'all' that the server serves, or 'auto' for the newest of each era")
	f.StringSliceVar(&o.only, "only", nil, "judge requirements whose id begins with `PREFIX`; repeatable")
	f.StringSliceVar(&o.allowTools, "allow-tool", nil, "the tool `NAME` may be called although it is not marked read-only; repeatable")
	f.StringVar(&o.arguments, "args", "", "take the arguments of tools from the JSON `FILE`: an object by tool name")
	f.StringVar(&o.features, "features", "", "run the feature files in `DIR` instead of the built-in ones")
	f.StringArrayVar(&o.reports, "report", nil, "write a report as `FORMAT=PATH`: text, json or junit; - is the standard output; repeatable")
	f.BoolVar(&o.strict, "strict", false, "a broken SHOULD costs conformance as well")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show passes, transcripts, and what would make the rest applicable")
	f.DurationVar(&o.timeout, "timeout", wire.DefaultTimeout, "wait this long for the answer to one request")
	f.DurationVar(&o.deadline, "deadline", 2*time.Minute, "end a run after this long")
	f.IntVar(&o.parallel, "parallel", 0, "run this many scenarios at once (default 8, over stdio 4)")
	return c
}

// check is the main job.
func (o *settings) check(ctx context.Context, stdout, stderr io.Writer) error {
	job, err := o.prepare()
	if err != nil {
		return err
	}
	outputs, err := o.outputs(stdout)
	if err != nil {
		return err
	}
	report := &reports.Report{
		SchemaVersion: reports.SchemaVersion,
		Tool:          reports.Tool{Name: "mcpcheck", Version: version()},
		Started:       time.Now().UTC().Truncate(time.Second),
		Strict:        o.strict,
	}
	progress := terminal(stderr)
	for _, server := range job.servers {
		if err := o.judge(ctx, job, server, report, progress); err != nil {
			progress.clear()
			return err
		}
	}
	progress.clear()
	report.Sort()
	for _, out := range outputs {
		if err := out.write(report); err != nil {
			return cannot("report: %v", err)
		}
	}
	if status := report.Status(o.strict); status != conforms {
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

func (o *settings) prepare() (*job, error) {
	j := &job{features: features.Scenarios}
	var err error
	if j.revisions, err = o.revisions(); err != nil {
		return nil, err
	}
	if o.timeout <= 0 || o.deadline <= 0 {
		return nil, usage("--timeout and --deadline must be longer than 0")
	}
	if j.catalogue, err = catalogue(); err != nil {
		return nil, err
	}
	if _, err := rows(o.only); err != nil {
		return nil, err
	}
	if o.features != "" {
		if info, err := os.Stat(o.features); err != nil || !info.IsDir() {
			return nil, usage("--features: %q is no folder", o.features)
		}
		j.features = os.DirFS(o.features)
	}
	if o.arguments != "" {
		data, err := os.ReadFile(o.arguments)
		if err != nil {
			return nil, usage("--args: %v", err)
		}
		if err := json.Unmarshal(data, &j.arguments); err != nil {
			return nil, usage("--args: %s: %v, want an object of arguments by tool name", o.arguments, err)
		}
	}
	if j.servers, err = target.Resolve(o.selection); err != nil {
		return nil, usage("%v", err)
	}
	return j, nil
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

// judge judges one server, once for each revision. A server that cannot be
// reached is told in the report, so that the others are still judged.
func (o *settings) judge(ctx context.Context, j *job, server target.Server, report *reports.Report, p *progress) error {
	endpoint, stop, err := o.endpoint(server)
	if err != nil {
		return err
	}
	defer stop()
	p.say("finding out what " + server.String() + " speaks")
	found, err := target.Probe(ctx, endpoint)
	if err != nil {
		report.Runs = append(report.Runs, reports.Run{
			Target: server.String(), Transport: endpoint.Transport, Unreachable: true, Incomplete: err.Error(),
		})
		return nil
	}
	revisions := found.Newest()
	switch {
	case len(j.revisions) > 0:
		revisions = j.revisions
	case o.revision == "all":
		revisions = append(target.Negotiates(ctx, found.Endpoint), found.Modern...)
	}
	allowed := o.allowTools
	if server.Reference != "" {
		allowed = slices.Concat(allowed, referenceTools(server.Reference))
	}
	for _, r := range revisions {
		run, err := steps.Run(ctx, steps.Config{
			Target: server.String(), Endpoint: found.Endpoint, Revision: r,
			Features: j.features, Extra: o.features != "", Catalogue: j.catalogue, Only: o.only,
			AllowTools: allowed, Arguments: j.arguments,
			Parallel: o.parallel, Deadline: o.deadline,
			Planned: p.planned, Done: p.done,
		})
		if err != nil {
			return cannot("%v", err)
		}
		run.Notes = append(run.Notes, found.Notes...)
		report.Runs = append(report.Runs, *run)
		if ctx.Err() != nil {
			break
		}
	}
	return nil
}

// An output is a place for a report.
type output struct {
	writer reports.Writer
	path   string // "" for the standard output
	stdout io.Writer
}

// outputs settles where reports go, before any work is done.
func (o *settings) outputs(stdout io.Writer) ([]output, error) {
	text := reports.Text(textOptions(stdout, o.strict, o.verbose))
	list := []output{}
	console := false
	for _, spec := range o.reports {
		format, path, ok := strings.Cut(spec, "=")
		w, known := reports.Writers[format]
		if !ok || !known || path == "" {
			return nil, usage("--report is %q, want FORMAT=PATH with one of the formats text, json, junit", spec)
		}
		if path == "-" {
			console, path = true, ""
			if format == "text" {
				w = text
			}
		} else if err := writable(path); err != nil {
			return nil, usage("--report: %v", err)
		}
		list = append(list, output{w, path, stdout})
	}
	if !console {
		list = append(list, output{text, "", stdout})
	}
	return list, nil
}

// writable finds out before the run whether a report can be written after it.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

func (out output) write(r *reports.Report) error {
	if out.path == "" {
		return out.writer(out.stdout, r)
	}
	f, err := os.Create(out.path)
	if err != nil {
		return err
	}
	return errors.Join(out.writer(f, r), f.Close())
}

func (o *settings) endpoint(server target.Server) (wire.Endpoint, func(), error) {
	e := wire.Endpoint{
		URL: server.URL, Transport: server.Transport, Header: server.Header,
		Command: server.Command, Env: server.Env, Dir: server.Dir, Timeout: o.timeout,
	}
	if server.Reference == "" {
		return e, func() {}, nil
	}
	url, stop, err := startReference(server.Reference)
	if err != nil {
		return e, nil, cannot("--reference %s: %v", server.Reference, err)
	}
	e.URL = url
	return e, stop, nil
}

var errNoReference = fmt.Errorf("no such reference server")
