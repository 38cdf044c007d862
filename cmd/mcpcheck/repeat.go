package main

import (
	"context"
	"fmt"

	"github.com/mcpcheck/mcpcheck/reports"
)

// repeated judges as often as the user asked for, and makes one run of it. A
// repetition that fails does not end the others: whether it fails again is what
// the user wants to know. An interruption does.
func (o *settings) repeated(ctx context.Context, once func() reports.Run) reports.Run {
	var runs []reports.Run
	for range o.repeat {
		runs = append(runs, once())
		if ctx.Err() != nil {
			break
		}
	}
	run := reports.Merge(runs, o.strict)
	if len(runs) < o.repeat && run.Incomplete == "" { // the interruption came between two
		run.Incomplete = fmt.Sprintf("%v, after %d of %d repetitions", context.Cause(ctx), len(runs), o.repeat)
	}
	return run
}
