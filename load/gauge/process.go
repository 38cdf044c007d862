package gauge

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"
)

// ticks are those of a CPU second in /proc, on every Linux of today.
const ticks = 100

// Process is the gauge of a process of this machine, with all that it started.
func Process(pid int) Gauge { return &process{proc: os.DirFS("/proc"), pid: pid, members: family} }

// Self is the gauge of this very program, without what it started.
func Self() Gauge { return &process{proc: os.DirFS("/proc"), pid: os.Getpid(), members: alone} }

type process struct {
	proc    fs.FS
	pid     int
	members func(proc fs.FS, pid int) (map[int]stat, error)

	mu     sync.Mutex
	before map[int]stat
	spent  uint64 // ticks, also of those that have ended
}

func (*process) Source() string       { return "process" }
func (*process) Every() time.Duration { return 100 * time.Millisecond }

// Read sums up a family. Of a process that has ended, what it used until the
// reading before counts.
func (p *process) Read(context.Context) (Reading, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	members, err := p.members(p.proc, p.pid)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{At: now, Counts: map[string]float64{}}
	files, whole := 0, true
	for id, m := range members {
		if before := p.before[id]; m.cpu > before.cpu {
			p.spent += m.cpu - before.cpu
		}
		r.Memory += float64(m.pages) * float64(os.Getpagesize())
		r.Counts[Threads] += float64(m.threads)
		open, err := fs.ReadDir(p.proc, strconv.Itoa(id)+"/fd")
		files, whole = files+len(open), whole && err == nil
	}
	if whole { // those of somebody else's process cannot be counted
		r.Counts[Files] = float64(files)
	}
	p.before, r.CPU = members, float64(p.spent)/ticks
	return r, nil
}

// A stat is what /proc says of a process.
type stat struct {
	pid, parent, group int
	cpu                uint64 // ticks
	threads, pages     int64  // pages that are resident
}

// parseStat reads a line of /proc/PID/stat. The name of the program, in
// parentheses, may hold anything.
func parseStat(line []byte) (p stat, ok bool) {
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
	p.threads, p.pages = number(fields[17]), number(fields[21])
	return p, ok
}

// family returns a process with all that descend from it or are in its group: a
// server may be what a launcher started.
func family(proc fs.FS, pid int) (map[int]stat, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, err
	}
	all := map[int]stat{}
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
	members := map[int]stat{}
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

func alone(proc fs.FS, pid int) (map[int]stat, error) {
	line, err := fs.ReadFile(proc, strconv.Itoa(pid)+"/stat")
	if err != nil {
		return nil, err
	}
	p, ok := parseStat(line)
	if !ok {
		return nil, fmt.Errorf("/proc/%d/stat is not understood", pid)
	}
	return map[int]stat{pid: p}, nil
}
