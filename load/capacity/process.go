package capacity

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

// sampling is how often the memory of a server is looked at.
const sampling = 100 * time.Millisecond

// ticks are those of a CPU second in /proc, on every Linux of today.
const ticks = 100

// A process is what /proc says of one.
type process struct {
	pid, parent, group int
	cpu                uint64 // ticks
	pages              int64  // resident
}

// parseStat reads a line of /proc/PID/stat. The name of the program, in
// parentheses, may hold anything.
func parseStat(line []byte) (p process, ok bool) {
	begin, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if begin < 0 || end < begin {
		return p, false
	}
	fields := bytes.Fields(line[end+1:])
	if len(fields) < 22 {
		return p, false
	}
	number := func(b []byte) int64 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		ok = ok && err == nil && n >= 0
		return n
	}
	ok = true
	p.pid = int(number(bytes.TrimSpace(line[:begin])))
	p.parent, p.group = int(number(fields[1])), int(number(fields[2]))
	p.cpu = uint64(number(fields[11])) + uint64(number(fields[12]))
	p.pages = number(fields[21])
	return p, ok
}

// family returns a process with all that descend from it or are in its group: a
// server may be what a launcher started.
func family(proc fs.FS, pid int) (map[int]process, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, err
	}
	all := map[int]process{}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		line, err := fs.ReadFile(proc, e.Name()+"/stat")
		if p, ok := parseStat(line); err == nil && ok {
			all[p.pid] = p
		}
	}
	if _, ok := all[pid]; !ok {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	members := map[int]process{}
	for id, p := range all {
		for q, hops := p, 0; hops < len(all); hops++ {
			if q.pid == pid || q.group == pid {
				members[id] = p
				break
			}
			var ok bool
			if q, ok = all[q.parent]; !ok {
				break
			}
		}
	}
	return members, nil
}

// A usage is what was seen of a family from one moment to another.
type usage struct {
	first, last map[int]process
	begin, end  time.Time
	pages       int64 // the most
}

func (u *usage) look(now time.Time, members map[int]process) {
	if u.first == nil {
		u.first, u.begin = members, now
	}
	u.last, u.end = members, now
	var pages int64
	for _, p := range members {
		pages += p.pages
	}
	u.pages = max(u.pages, pages)
}

func (u *usage) resources() *reports.Resources {
	took := u.end.Sub(u.begin).Seconds()
	if took <= 0 {
		return nil
	}
	var spent uint64
	for id, p := range u.last {
		if before := u.first[id]; p.cpu > before.cpu {
			spent += p.cpu - before.cpu
		}
	}
	return &reports.Resources{CPU: float64(spent) / ticks / took, Memory: float64(u.pages) * float64(os.Getpagesize()), Source: "process"}
}

// watch looks at a process while a step runs, after its warm-up and not longer
// than it lasts. What it saw is there when the function that it returns has ended.
func (s *search) watch(to **reports.Resources, pid int, after, d time.Duration) (wait func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var u usage
		pause := time.NewTimer(after)
		defer pause.Stop()
		end := time.Now().Add(after + d)
		for {
			select {
			case <-stop:
			case <-pause.C:
			}
			now := time.Now()
			if now.After(end) && u.first != nil {
				break
			}
			members, err := family(os.DirFS("/proc"), pid)
			if err != nil {
				break
			}
			u.look(now, members)
			select {
			case <-stop:
				*to = u.resources()
				return
			default:
			}
			pause.Reset(sampling)
		}
		*to = u.resources()
	}()
	return sync.OnceFunc(func() { close(stop); <-done })
}

// observe looks at a process for a while.
func (s *search) observe(to **reports.Resources, pid int, d time.Duration) {
	if pid > 0 {
		wait := s.watch(to, pid, 0, d)
		s.rest(d)
		wait()
	}
}

// resources says what the server used at the rate that was found.
func (s *search) resources() {
	c := s.found
	n := 0.0
	for _, step := range c.Steps {
		if step.Server == nil || step.Rate != c.Rate || step.Phase == levels || !step.Held {
			continue
		}
		if c.Server == nil {
			c.Server = &reports.Resources{Source: step.Server.Source}
		}
		c.Server.CPU = (c.Server.CPU*n + step.Server.CPU) / (n + 1)
		c.Server.Memory = max(c.Server.Memory, step.Server.Memory)
		n++
	}
	if c.Server == nil && c.Rate > 0 {
		s.note("CPU and memory of the server were not observed: it is not known which process it is, or it is not on this machine")
	}
}
