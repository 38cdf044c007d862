package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/target"
	"github.com/mcpcheck/mcpcheck/steps"
)

// operations are the flags of the production profile.
type operations struct {
	health, ready, metrics string
	replicas, denied       []string
	down, up               string
}

func (o *operations) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.health, "health-url", "", "with --profile production: the server's liveness probe is at `URL` (default: looked for beside the MCP endpoint)")
	f.StringVar(&o.ready, "ready-url", "", "with --profile production: its readiness probe is at `URL`")
	f.StringVar(&o.metrics, "metrics-url", "", "with --profile production: its Prometheus metrics are at `URL`")
	f.StringArrayVar(&o.replicas, "replica", nil, "with --profile production: sessions go on at this `URL` as well; repeatable")
	f.StringArrayVar(&o.denied, "denied", nil, "with --profile production: the server is to deny the resource `URI`; repeatable")
	f.StringVar(&o.down, "backend-down", "", "with --profile production: the shell `COMMAND` takes the server's backend down")
	f.StringVar(&o.up, "backend-up", "", "with --profile production: the shell `COMMAND` brings it up again")
}

// bounds checks the flags.
func (o *operations) bounds(profile spec.Profile) error {
	addresses := map[string][]string{"health-url": {o.health}, "ready-url": {o.ready}, "metrics-url": {o.metrics}, "replica": o.replicas}
	for _, flag := range []string{"health-url", "ready-url", "metrics-url", "replica"} {
		for _, address := range addresses[flag] {
			u, err := url.Parse(address)
			switch {
			case address == "":
			case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
				return usage("--%s is %q, want an address such as http://127.0.0.1:8080/", flag, address)
			case profile != spec.Production:
				return usage("--%s is of the production profile: say --profile production", flag)
			}
		}
	}
	switch {
	case (o.down == "") != (o.up == ""):
		return usage("--backend-down and --backend-up need each other: what is taken down has to come up again")
	case len(o.denied) > 0 && profile != spec.Production:
		return usage("--denied is of the production profile: say --profile production")
	case o.down != "" && profile != spec.Production:
		return usage("--backend-down is of the production profile: say --profile production")
	}
	return nil
}

func knownProfile(p spec.Profile) error {
	if p != spec.Specification && p != spec.Production {
		return usage("--profile is %q, want %s or %s", p, spec.Specification, spec.Production)
	}
	return nil
}

// selectable refuses a selection of which nothing is left.
func (o *settings) selectable() error {
	o.profile = cmp.Or(o.profile, string(spec.Specification)) // load and capacity have no such flag
	if _, err := rows(spec.Profile(o.profile), o.only); err != nil {
		return err
	}
	if o.features != "" && o.profile == string(spec.Production) {
		return usage("--profile names built-in requirements, which --features does not judge")
	}
	return o.operations.bounds(spec.Profile(o.profile))
}

// operated says how a server is run, for the production profile; nil without it.
func (o *settings) operated(server target.Server) *steps.Operations {
	if o.profile != string(spec.Production) {
		return nil
	}
	f := o.operations
	return &steps.Operations{
		Health: f.health, Ready: f.ready, Metrics: f.metrics, Replicas: f.replicas, Denied: f.denied,
		Down: shell("--backend-down", f.down), Up: shell("--backend-up", f.up),
		MayBurst: func() error {
			if o.mayLoad(server) != nil {
				return fmt.Errorf("%s is not on this machine, so it gets no burst of requests", server)
			}
			return nil
		},
	}
}

// shell makes a command of the user's one to call; nil if there is none.
func shell(flag, command string) func(context.Context) error {
	if command == "" {
		return nil
	}
	return func(ctx context.Context) error {
		var said bytes.Buffer
		c := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // it is the user's own
		c.Stdout, c.Stderr = &said, &said
		c.WaitDelay = time.Second // a process that it leaves behind may hold the pipe
		if err := c.Run(); err != nil {
			last := strings.TrimSpace(said.String())
			return fmt.Errorf("%s: %w: %s", flag, err, last[max(0, len(last)-200):])
		}
		return nil
	}
}
