// Command mutation changes a package in many small ways and tells which of them
// its tests do not notice. All changes are compiled into one test binary, which
// does one of them at a time, so that a change costs a run and no build.
//
//	go run ./internal/mutation [-sample N] [-file NAME] ./steps
//
// A change that survives is a question, not always a fault of the tests: it may
// make no difference, or only one of speed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
)

func main() {
	sample := flag.Int("sample", 0, "try about `N` mutants, spread over all (0: every one)")
	file := flag.String("file", "", "try only the mutants of the file with this `NAME`")
	skip := flag.String("skip", "", "leave out the tests that match this `REGEXP`")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "mutation: name one package, such as ./steps")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, flag.Arg(0), *file, *skip, *sample)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(3)
	}
}

func run(ctx context.Context, out io.Writer, pkg, file, skip string, sample int) error {
	dir, err := os.MkdirTemp("", "mutation-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	t, err := build(ctx, dir, pkg)
	if err != nil {
		return err
	}
	if err := t.measure(ctx, skip); err != nil {
		return err
	}
	chosen := t.choose(file, sample)
	fmt.Fprintf(out, "%d of %d mutants, %d groups of tests\n", len(chosen), len(t.mutants), len(t.groups))

	var (
		mu                                sync.Mutex
		killed, survived, missed, decided int
		work                              = make(chan int)
		workers                           sync.WaitGroup
	)
	for range 3 { // the tests wait more than they work
		workers.Go(func() {
			for n := range work {
				verdict := t.try(ctx, n)
				mu.Lock()
				decided++
				switch verdict {
				case unreached:
					missed++
					fmt.Fprintln(out, "unreached", t.mutants[n])
				case alive:
					survived++
					fmt.Fprintln(out, "survives ", t.mutants[n])
				case dead:
					killed++
				}
				mu.Unlock()
			}
		})
	}
	for _, n := range chosen {
		if ctx.Err() != nil {
			break
		}
		work <- n
	}
	close(work)
	workers.Wait()
	fmt.Fprintf(out, "%d tried: %d killed, %d survive, %d are reached by no test\n", decided, killed, survived, missed)
	return ctx.Err()
}
