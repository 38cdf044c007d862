package steps

import (
	"context"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var pingWords = []step{
	{when, "the client calls the tool and requests ping meanwhile", do((*World).pingMeanwhile)},
}

var pingInvariants = []invariant{
	{"ping.server.no-excess", fewPings},
}

// pingMeanwhile leaves the answer to ping as the last one.
func (w *World) pingMeanwhile(ctx context.Context) error {
	call := w.start(ctx, toolCall(w.tool.Name, w.arguments))
	w.do(ctx, wire.Call{Method: "ping"})
	w.session.Finish(ctx, call)
	return nil
}

// More pings than one a second, over so long a time, are excessive.
const (
	pingWindow = 10 * time.Second
	pingsMost  = 10
)

func fewPings(c *Conversation, t *tally) {
	var at []time.Time
	for _, m := range c.Messages() {
		if !m.IsRequest() || m.Method != "ping" || m.Resumed {
			continue
		}
		at = append(at, m.At)
		var err error
		if n := len(at) - pingsMost; n > 0 && m.At.Sub(at[n-1]) < pingWindow {
			err = unmetf("one ping a second at the most", "%d within %s", pingsMost+1, m.At.Sub(at[n-1]).Round(time.Millisecond))
		}
		t.check(origin(m), err)
	}
}
