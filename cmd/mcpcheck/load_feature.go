package main

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/load"
	"github.com/mcpcheck/mcpcheck/reports"
	"github.com/mcpcheck/mcpcheck/steps"
)

// yesLoad says what --yes-load is for.
const yesLoad = "put load on a server that is not on this machine"

// mayLoad refuses a server that is not the user's own for certain.
func (o *settings) mayLoad(server target.Server) error {
	if server.URL == "" || o.yes || loopback(server.URL) {
		return nil
	}
	return usage("%s is not on this machine: say --yes-load if you may put load on it", server)
}

func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

// loads refuses feature files that put load on a server which may get none.
func (o *settings) loads(j *job) error {
	puts, err := steps.PutsLoad(j.features)
	if err != nil || !puts {
		return err
	}
	for _, server := range j.servers {
		if err := o.mayLoad(server); err != nil {
			return err
		}
	}
	return nil
}

// loader puts the load of a feature file on a server: with the tools that are
// safe to call, as the load command does.
func (o *settings) loader(server target.Server, found *target.Finding, r spec.Revision) func(context.Context, steps.Load) (*reports.Load, error) {
	return func(ctx context.Context, l steps.Load) (*reports.Load, error) {
		if err := o.mayLoad(server); err != nil {
			return nil, err
		}
		p := load.Plan{
			Target: server.String(), Endpoint: found.Endpoint, Revision: r, Rate: l.Rate, Duration: l.Duration, Sessions: l.Sessions, Timeout: o.timeout,
		}
		var err error
		p.Mix, err = load.DefaultMix(ctx, p, load.Safe{
			Only: l.Tool, Allowed: slices.Concat(o.allowTools, referenceTools(server.Reference)), Arguments: map[string]json.RawMessage{l.Tool: l.Arguments},
		})
		if err != nil {
			return nil, err
		}
		return load.Attack(ctx, p)
	}
}
