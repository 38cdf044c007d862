// Command mcpcheck tells the truth about an MCP server: whether it conforms to
// the specification, over which transports and in which revisions.
//
//	mcpcheck --target URL|COMMAND     judge a server
//	mcpcheck --reference everything   judge the bundled server that conforms
//	mcpcheck list                     the requirements, and how each is checked
//	mcpcheck explain ID               one requirement in full
//	mcpcheck serve everything         run the bundled server
//	mcpcheck load --target URL        measure how a server answers at a rate
//	mcpcheck capacity --target URL    find the highest rate that it holds
//	mcpcheck report FILE...           merge results and reports, write other formats
//	mcpcheck autoscale --capacity F   derive an autoscaling target from a capacity
//
// Each has flags, which --help lists.
//
// Exit status: 0 conforms, 1 does not, 2 wrong usage, 3 could not finish.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The exit statuses.
const (
	conforms   = 0
	conformsNo = 1
	misused    = 2
	unfinished = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	wire.KillAll()
	os.Exit(status)
}

// A failure is an error with the exit status that it leads to.
type failure struct {
	error
	status int
}

func (f failure) Unwrap() error { return f.error }

func usage(format string, a ...any) error  { return failure{fmt.Errorf(format, a...), misused} }
func cannot(format string, a ...any) error { return failure{fmt.Errorf(format, a...), unfinished} }

// verdict is the status of a run that came to its end; its report said why.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("status %d", int(v)) }

// run is the whole program: arguments in, exit status out.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := checkCommand()
	root.AddCommand(loadCommand(), capacityCommand(), autoscaleCommand(), reportCommand(), listCommand(), explainCommand(), serveCommand(stdin))
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var v verdict
	var f failure
	switch {
	case err == nil:
		return conforms
	case errors.As(err, &v):
		return int(v)
	case errors.As(err, &f):
		fmt.Fprintf(stderr, "mcpcheck: %v\n", err)
		return f.status
	}
	fmt.Fprintf(stderr, "mcpcheck: %v (mcpcheck --help shows what there is)\n", err)
	return misused
}

// version is that of the module, or of the checkout it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

func plain(c *cobra.Command) *cobra.Command {
	c.SilenceErrors, c.SilenceUsage = true, true
	c.CompletionOptions.HiddenDefaultCmd = true
	return c
}
