package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Unstable is a requirement whose verdict was not the same each time that one
// server was judged. Which of the verdicts counts is in the run's results.
type Unstable struct {
	ID       string    `json:"id"`
	Verdicts []Verdict `json:"verdicts"` // one for each repetition
	Reasons  []string  `json:"reasons"`  // of each verdict; "" of a Pass
}

// Merge makes one run of several: of one server over one transport against one
// revision, in the order in which they took place. The worst verdict on a
// requirement counts, with the evidence of the first repetition that came to it:
// what was seen broken once is broken, however often it held. So the merged run
// conforms only if each repetition does. A repetition that gave no verdict on a
// requirement contradicts none; that it ended early is told of the whole run.
func Merge(runs []Run, strict bool) Run {
	if len(runs) == 1 {
		return runs[0]
	}
	var merged Run
	early := earlyEnds{of: len(runs)}
	byID := make(map[string][]repetition)
	for i, r := range runs {
		if i == 0 {
			merged = Run{Target: r.Target, Transport: r.Transport, Revision: r.Revision, Repetitions: len(runs), Unreachable: true}
		}
		merged.Unreachable = merged.Unreachable && r.Unreachable
		if merged.Server == (Server{}) {
			merged.Server = r.Server
		}
		merged.Untestable, merged.Unchecked = max(merged.Untestable, r.Untestable), max(merged.Unchecked, r.Unchecked)
		merged.Duration += r.Duration
		merged.StderrTail = cmp.Or(r.StderrTail, merged.StderrTail)
		for _, note := range r.Notes {
			if !slices.Contains(merged.Notes, note) {
				merged.Notes = append(merged.Notes, note)
			}
		}
		early.add(i+1, r.Incomplete)
		for _, x := range r.Results {
			if byID[x.ID] == nil {
				byID[x.ID] = make([]repetition, len(runs))
			}
			byID[x.ID][i] = append(byID[x.ID][i], x)
		}
	}
	merged.Incomplete = early.String()
	for id, all := range byID {
		merged.Results = append(merged.Results, worstOf(all, strict)...)
		if u := (Unstable{ID: id}); u.compare(all, strict) {
			merged.Unstable = append(merged.Unstable, u)
		}
	}
	slices.SortFunc(merged.Unstable, func(a, b Unstable) int { return cmp.Compare(a.ID, b.ID) })
	report := Report{Runs: []Run{merged}}
	report.Sort()
	return report.Runs[0]
}

// A repetition is what one run found of one requirement; nothing, perhaps.
type repetition []Result

// worse orders results by what they say for conformance; where that is the same,
// the one that binds is worse.
func worse(a, b Result, strict bool) int {
	weigh := func(r Result) int {
		if r.binds(strict) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(kindOf(a, strict), kindOf(b, strict)), cmp.Compare(weigh(a), weigh(b)))
}

// speaks returns the result that speaks for a repetition that has any.
func (p repetition) speaks(strict bool) Result {
	return slices.MaxFunc(p, func(a, b Result) int { return worse(a, b, strict) })
}

func worstOf(all []repetition, strict bool) repetition {
	var worst repetition
	for _, p := range all {
		if len(p) > 0 && (worst == nil || worse(p.speaks(strict), worst.speaks(strict), strict) > 0) {
			worst = p
		}
	}
	return worst
}

// compare takes the verdicts in, and reports whether they differ.
func (u *Unstable) compare(all []repetition, strict bool) (differ bool) {
	var first Verdict
	for _, p := range all {
		if len(p) == 0 {
			u.Verdicts = append(u.Verdicts, Inconclusive)
			u.Reasons = append(u.Reasons, "this repetition gave no verdict")
			continue
		}
		x := p.speaks(strict)
		reason := ""
		if x.Verdict != Pass {
			reason = finding(x)
		}
		u.Verdicts, u.Reasons = append(u.Verdicts, x.Verdict), append(u.Reasons, reason)
		first = cmp.Or(first, x.Verdict)
		differ = differ || x.Verdict != first
	}
	return differ
}

// earlyEnds gathers why repetitions ended early, each reason once.
type earlyEnds struct {
	of      int
	reasons []string
	at      map[string][]int
}

func (e *earlyEnds) add(n int, reason string) {
	if reason == "" {
		return
	}
	if e.at == nil {
		e.at = make(map[string][]int)
	}
	if e.at[reason] == nil {
		e.reasons = append(e.reasons, reason)
	}
	e.at[reason] = append(e.at[reason], n)
}

func (e *earlyEnds) String() string {
	var list []string
	for _, reason := range e.reasons {
		if len(e.at[reason]) == e.of {
			return "in each repetition: " + reason
		}
		list = append(list, fmt.Sprintf("%s of %d: %s", repetitions(e.at[reason]), e.of, reason))
	}
	return strings.Join(list, "; ")
}

// repetitions names some by their numbers.
func repetitions(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = fmt.Sprint(n)
	}
	if len(numbers) == 1 {
		return "repetition " + words[0]
	}
	return "repetitions " + strings.Join(words, ", ")
}

func (u Unstable) check() error {
	switch {
	case u.ID == "":
		return fmt.Errorf("id is missing")
	case len(u.Reasons) != len(u.Verdicts):
		return fmt.Errorf("%s of %q for %s, want one each", plural(len(u.Reasons), "reason"), line(u.ID, maxLabel), plural(len(u.Verdicts), "verdict"))
	}
	for _, v := range u.Verdicts {
		if !slices.Contains(Verdicts, v) {
			return fmt.Errorf("a verdict of %q is %q, want one of %q", line(u.ID, maxLabel), line(string(v), maxLabel), Verdicts)
		}
	}
	return nil
}

// share says how often a verdict was given.
func (u Unstable) share(v Verdict) string {
	n := 0
	for _, w := range u.Verdicts {
		if w == v {
			n++
		}
	}
	return fmt.Sprintf("%s in %d of %s", line(string(v), maxLabel), n, plural(len(u.Verdicts), "repetition"))
}

// unsteady returns what did not repeat, by requirement.
func (r Run) unsteady() map[string]Unstable {
	by := make(map[string]Unstable, len(r.Unstable))
	for _, u := range r.Unstable {
		by[u.ID] = u
	}
	return by
}

func (p *page) unstable(r Run) {
	if len(r.Unstable) == 0 {
		if r.Repetitions > 1 && r.Incomplete == "" {
			p.printf("\nEach verdict was the same in %d repetitions.\n", r.Repetitions)
		}
		return
	}
	p.heading("Unstable", "the verdict did not repeat; the worst counts")
	for _, u := range r.Unstable {
		p.printf("  %s\n", p.paint(bold, line(u.ID, maxLabel)))
		p.verdicts(8, u)
	}
}

// verdicts gives each verdict once, in the order in which they came up: when, and
// why the first time.
func (p *page) verdicts(indent int, u Unstable) {
	var order []Verdict
	when, why := make(map[Verdict][]int), make(map[Verdict]string)
	for i, v := range u.Verdicts {
		if when[v] == nil {
			order, why[v] = append(order, v), u.Reasons[i]
		}
		when[v] = append(when[v], i+1)
	}
	for _, v := range order {
		text := line(string(v), maxLabel) + " in " + repetitions(when[v])
		if why[v] != "" {
			text += ": " + line(why[v], 400)
		}
		p.block(plain, indent, "", text)
	}
}
