package everything

import (
	"context"
	"strconv"
	"time"
)

// opener is a sink that can show the client an event stream before there is a
// message, and close the connection while the stream goes on.
type opener interface {
	open()
	hangUp(retry time.Duration)
}

// streamTools send something before they answer.
func streamTools() []tool {
	return []tool{
		{name: "test_tool_with_logging", title: "Logging", description: "Sends three log messages while it works",
			run: logThree},
		{name: "test_logging_tool", title: "Log levels", description: "Sends one log message at each of four levels",
			run: func(c *call, _ object) (object, *rpcError) {
				for _, level := range []string{"debug", "info", "warning", "error"} {
					c.log(level, object{"text": "A message at level " + level})
				}
				return said("Logged at four levels."), nil
			}},
		{name: "test_tool_with_progress", title: "Progress", description: "Reports its progress three times",
			run: func(c *call, _ object) (object, *rpcError) {
				c.announceUpdate()
				for done := 0; done <= 100; done += 50 {
					if done > 0 && !c.pause(50*time.Millisecond) {
						break
					}
					c.progress(done, 100, strconv.Itoa(done)+" percent")
				}
				return said("Progress is complete."), nil
			}},
		{name: "test_reconnection", title: "Reconnection", description: "Closes its event stream while it works, so that the client has to resume",
			run: reconnect},
		{name: "test_slow", title: "Slow", description: "Takes as long as asked, reporting progress every 50 ms",
			input: object{
				"milliseconds": object{"type": "integer", "minimum": 0, "maximum": 10000, "default": 50, "description": "How long to work"},
				"key":          object{"type": "string", "description": "Name for test_slow_report to ask for"},
			},
			run: beSlow},
		{name: "test_slow_report", title: "Report on slow calls", description: "Tells what became of the call of test_slow with that key",
			input:    object{"key": object{"type": "string", "description": "The key of the call"}},
			required: list{"key"},
			output: object{
				"type": "object",
				"properties": object{
					"state": object{"type": "string", "enum": list{"unknown", "running", "finished", "cancelled"}},
					"steps": object{"type": "integer"},
				},
				"required": list{"state", "steps"},
			},
			run: reportSlow},
	}
}

func logThree(c *call, _ object) (object, *rpcError) {
	for i, text := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
		if i > 0 && !c.pause(25*time.Millisecond) {
			break
		}
		c.log("info", text)
	}
	return said("Three messages logged."), nil
}

// reconnect closes the connection where the revision lets the server do so: up
// to 2025-06-18 a stream should not end before its response.
func reconnect(c *call, _ object) (object, *rpcError) {
	o, streams := c.out.(opener)
	if streams {
		o.open()
	}
	c.progress(10, 100, "started")
	if streams && c.revision == rev2025_11_25 {
		o.hangUp(20 * time.Millisecond)
	}
	c.pause(60 * time.Millisecond)
	c.progress(60, 100, "while the client was away")
	c.pause(60 * time.Millisecond)
	return said("The stream was resumed."), nil
}

// slowRun is what test_slow_report tells of one call of test_slow.
type slowRun struct {
	state string
	steps int
}

const slowRunsKept = 256

func beSlow(c *call, args object) (object, *rpcError) {
	total := 50
	if n, ok := rational(args["milliseconds"]); ok {
		total = int(n.Num().Int64())
	}
	label, _ := args["key"].(string)
	note := func(state string, steps int) { c.srv.noteSlow(label, state, steps) }
	note("running", 0)
	worker := *c
	if c.srv.broken("stdio.cancel.stop-work") && c.transport == overStdio {
		worker.ctx = context.WithoutCancel(c.ctx)
	}
	steps := 0
	for done := 0; done < total; {
		step := min(50, total-done)
		if !worker.pause(time.Duration(step) * time.Millisecond) {
			for note("cancelled", steps); c.srv.broken("http.cancel.stop-work") && done < total; done += 50 {
				<-time.After(50 * time.Millisecond)
				steps++
				note("cancelled", steps)
			}
			return nil, nil
		}
		done += step
		steps++
		note("running", steps)
		c.progress(done, total, "working")
	}
	note("finished", steps)
	return said("Worked for " + strconv.Itoa(total) + " ms."), nil
}

func (s *Server) noteSlow(label, state string, steps int) {
	if label == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slow[label] == nil {
		if len(s.slowOrder) == slowRunsKept {
			delete(s.slow, s.slowOrder[0])
			s.slowOrder = s.slowOrder[1:]
		}
		s.slowOrder = append(s.slowOrder, label)
	}
	s.slow[label] = &slowRun{state: state, steps: steps}
}

func reportSlow(c *call, args object) (object, *rpcError) {
	label, _ := args["key"].(string)
	c.srv.mu.Lock()
	run := slowRun{state: "unknown"}
	if found := c.srv.slow[label]; found != nil {
		run = *found
	}
	c.srv.mu.Unlock()
	report := object{"state": run.state, "steps": run.steps}
	result := said(string(encode(report)))
	result["structuredContent"] = report
	return result, nil
}
