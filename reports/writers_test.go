package reports_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mcpcheck/mcpcheck/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWriters holds each format to its golden file; a format without one fails.
func TestWriters(t *testing.T) {
	for name, write := range reports.Writers {
		t.Run(name, func(t *testing.T) { golden(t, "report."+name, render(t, write, sample())) })
	}
	verbose := reports.Text(reports.TextOptions{Verbose: true, Strict: true, Width: 72})
	t.Run("verbose", func(t *testing.T) { golden(t, "report.verbose.text", render(t, verbose, sample())) })
	one := &reports.Report{Tool: reports.Tool{Name: "mcpcheck", Version: "0.1.0"}, Runs: []reports.Run{broken()}}
	t.Run("one", func(t *testing.T) { golden(t, "report.one.text", render(t, reports.Writers["text"], one)) })
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s, line %d:\n got %s\nwant %s\n(-update rewrites it, if the difference is meant)", path, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", path, len(g), len(w))
}

func render(t *testing.T, write reports.Writer, r *reports.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHarmless asks of each format that a terminal can show it, whatever a server
// sent, and that nothing a server sent stands where mcpcheck speaks.
func TestHarmless(t *testing.T) {
	writers := map[string]reports.Writer{"verbose": reports.Text(reports.TextOptions{Verbose: true})}
	for name, write := range reports.Writers {
		writers[name] = write
	}
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			out := render(t, write, sample())
			if !utf8.Valid(out) {
				t.Error("the output is not UTF-8")
			}
			for i, r := range string(out) {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%U at byte %d, after %q", r, i, out[max(0, i-40):i])
				}
			}
		})
	}
	alone := &reports.Report{Runs: []reports.Run{wicked()}}
	for l := range strings.Lines(string(render(t, writers["verbose"], alone))) {
		if strings.HasPrefix(l, "Verdict: conforms") {
			t.Error("a server has given itself a verdict")
		}
	}
}

// TestWritersLeaveReport matters since one report goes to several writers.
func TestWritersLeaveReport(t *testing.T) {
	r := sample()
	for name, write := range reports.Writers {
		render(t, write, r)
		if !reflect.DeepEqual(r, sample()) {
			t.Errorf("%s changed the report", name)
		}
	}
}

// TestWriteError asks that a full disk does not look like a report.
func TestWriteError(t *testing.T) {
	for name, write := range reports.Writers {
		for _, room := range []int{0, 100} {
			if err := write(&full{room}, sample()); err == nil {
				t.Errorf("%s on a disk with room for %d bytes: no error", name, room)
			}
		}
	}
}

type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.room {
		return f.room, os.ErrClosed
	}
	f.room -= len(b)
	return len(b), nil
}
