package autoscale

import "fmt"

// warn tells what the figures do not.
func (r *Recommendation) warn() {
	c := r.capacity
	warn := func(format string, a ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, a...)) }
	if c.Stateful {
		warn("sessions stay with the replica that opened them: a new pod takes new sessions only, so that more pods do not relieve a busy one before its sessions end, " +
			"the average that the autoscaler looks at hides the busy ones, and a pod that goes takes its sessions with it; revision 2026-07-28 has no sessions")
	}
	if words := c.Shared(); words != "" {
		warn("%s, so measure again from another machine before you pay for replicas", words)
	}
	if _, found := limit(c); !found {
		warn("the search ended before the server did: it may hold more than %s, and the target is lower than it could be", perSecond(c.Rate))
	}
	if c.Knee > 0 && c.Knee < r.Target {
		warn("the target lies above the knee at %s, from which on latency grows faster than load: it holds the objectives, but answers come later", perSecond(c.Knee))
	}
	if s := c.Soak; s != nil {
		for _, t := range s.Trends {
			if t.Verdict == "leak" {
				warn("%s grew by %.3g an hour in the soak, under %s, and did not come back: however many replicas there are, each one ends at its limit", t.Of, t.Slope, t.Phase)
			}
		}
	}
	if r.inputs.Selector == "app="+r.inputs.Deployment {
		warn("the pods of %s are taken to have the label %s: the disruption budget holds for no pod if they have not; --selector names another", r.inputs.Deployment, r.inputs.Selector)
	}
}
