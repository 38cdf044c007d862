package steps

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// abandonSlow starts work that another tool reports on, and drops the connection
// as soon as the work has begun.
func (w *World) abandonSlow(ctx context.Context) error {
	w.key = "mcpcheck-" + randomHex()
	work := 6 * w.subject.silence()
	if !w.subject.Revision.Modern() {
		work = max(w.subject.silence(), 600*time.Millisecond)
	}
	x := w.start(ctx, progressing(toolCall("test_slow", mustJSON(map[string]any{
		"milliseconds": min(work.Milliseconds(), 10000), "key": w.key}))))
	if x.WaitMessage(ctx, w.subject.patience(), func(m *wire.Message) bool { return m.Method == "notifications/progress" }) == nil {
		return notApplicable("the tool reports no progress, so that nobody sees it begin")
	}
	x.Cut()
	return nil
}

func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// slowReport asks what became of the work.
func (w *World) slowReport(ctx context.Context) (state string, steps int, err error) {
	x := w.do(ctx, toolCall("test_slow_report", mustJSON(map[string]any{"key": w.key})))
	result, err := resultOf(x)
	if err != nil {
		return "", 0, inconclusive{err}
	}
	var r struct {
		Content []struct{ Text string } `json:"content"`
	}
	var report struct {
		State string `json:"state"`
		Steps int    `json:"steps"`
	}
	if json.Unmarshal(result, &r) != nil || len(r.Content) == 0 || json.Unmarshal([]byte(r.Content[0].Text), &report) != nil {
		return "", 0, inconclusivef("test_slow_report does not report: %s", brief(string(result)))
	}
	return report.State, report.Steps, nil
}

// slowEnd waits until the work is over, for as long as it may take.
func (w *World) slowEnd(ctx context.Context) (state string, err error) {
	wait := w.subject.patience() / 20
	for range 40 {
		if state, _, err = w.slowReport(ctx); err != nil || state != "running" {
			return state, err
		}
		w.rest(ctx, wait)
	}
	return state, nil
}

func (w *World) slowFinished(ctx context.Context) error {
	state, err := w.slowEnd(ctx)
	if err == nil && state != "finished" {
		return unmetf("work that goes on although the connection was lost", "it is %s", state)
	}
	return err
}

func (w *World) slowCancelled(ctx context.Context) error {
	w.rest(ctx, w.subject.silence())
	state, _, err := w.slowReport(ctx)
	if err == nil && state != "cancelled" {
		return unmetf("work that is cancelled because the client closed its stream", "it is %s", state)
	}
	return err
}

func (w *World) slowStopped(ctx context.Context) error {
	if err := w.slowCancelled(ctx); err != nil {
		var u *unmet
		if errors.As(err, &u) {
			return rootCause{errors.New("a closed stream does not cancel, see http.cancel.disconnect-is-cancel")}
		}
		return err
	}
	_, before, err := w.slowReport(ctx)
	if err != nil {
		return err
	}
	w.rest(ctx, w.subject.silence())
	_, after, err := w.slowReport(ctx)
	if err == nil && after > before {
		return unmetf("no more work after the cancellation", "%d more steps", after-before)
	}
	return err
}

// rest lets time pass in which the server may work.
func (w *World) rest(ctx context.Context, d time.Duration) {
	w.await(ctx, d, func(*wire.Message) bool { return false })
}
