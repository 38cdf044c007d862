package gauge

import (
	"fmt"
	"os"
	"testing"
	"testing/fstest"
)

func line(pid, parent, group, user, system, pages int) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, "%d (a ) b) S %d %d 1 0 -1 0 1 2 3 4 %d %d 0 0 20 0 3 0 100 5000 %d 18446744073709551615 0", pid, parent, group, user, system, pages)}
}

func TestProcess(t *testing.T) {
	before := fstest.MapFS{
		"1/stat": line(1, 0, 1, 900, 900, 9000), "10/stat": line(10, 1, 10, 10, 5, 100), "11/stat": line(11, 10, 10, 20, 0, 200),
		"12/stat": line(12, 1, 10, 7, 0, 50), "20/stat": line(20, 1, 20, 500, 0, 7000), "self/stat": line(20, 1, 20, 500, 0, 7000),
		"10/fd/0": {}, "10/fd/1": {}, "11/fd/0": {}, "12/fd/9": {}, "20/fd/0": {},
	}
	after := fstest.MapFS{
		"10/stat": line(10, 1, 10, 60, 5, 100), "11/stat": line(11, 10, 10, 20, 50, 300), "13/stat": line(13, 11, 13, 100, 0, 1), "20/stat": line(20, 1, 20, 900, 0, 7000),
	}
	p := &process{proc: before, pid: 10, members: family}
	first, err := p.Read(t.Context())
	page := float64(os.Getpagesize())
	if err != nil || first.Memory != 350*page || first.Counts[Threads] != 9 || first.Counts[Files] != 4 {
		t.Errorf("got %+v, %v, want the process, its child and one of its group: 350 pages, 3 threads each, 4 files", first, err)
	}
	p.proc = after
	second, err := p.Read(t.Context())
	if err != nil || second.CPU-first.CPU != 2 || second.Memory != 401*page {
		t.Errorf("got %+v, %v, want 50+50+100 ticks more, and 401 pages of the process, its child and its grandchild", second, err)
	}
	if _, counted := second.Counts[Files]; counted {
		t.Error("files are counted that cannot be listed")
	}
	if _, err := (&process{proc: after, pid: 1, members: family}).Read(t.Context()); err == nil {
		t.Error("a process that is gone is read")
	}
	if r, err := (&process{proc: before, pid: 10, members: alone}).Read(t.Context()); err != nil || r.Memory != 100*page {
		t.Errorf("got %+v, %v, want the process without what it started", r, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add(line(10, 1, 10, 10, 5, 100).Data)
	f.Add([]byte("1 (x"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, line []byte) {
		if p, ok := parseStat(line); ok && (p.pid < 0 || p.parent < 0 || p.pages < 0 || p.threads < 0) {
			t.Errorf("%q is read as %+v", line, p)
		}
	})
}
