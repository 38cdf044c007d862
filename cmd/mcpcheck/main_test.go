package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// as makes the test binary another program: "mcpcheck" itself, or a server that
// after a number of lines crashes ("mortal 20") or hangs for good ("frozen 20").
const as = "MCPCHECK_TEST_AS"

func TestMain(m *testing.M) {
	switch role, n, _ := strings.Cut(os.Getenv(as), " "); role {
	case "mcpcheck":
		os.Unsetenv(as) // the servers that it launches say for themselves what they are
		main()
	case "mortal", "frozen":
		lines, err := strconv.Atoi(n)
		if err != nil {
			panic(err)
		}
		serveLines(lines)
		if role == "frozen" {
			signal.Ignore(syscall.SIGTERM)
			select {}
		}
		fmt.Fprintln(os.Stderr, "fatal: out of luck")
		os.Exit(3)
	default:
		os.Exit(m.Run())
	}
}

// serveLines serves everything over stdio until one line more than lines came.
func serveLines(lines int) {
	server, err := everything.New(everything.Options{})
	if err != nil {
		panic(err)
	}
	in, heard := io.Pipe()
	go server.ServeStdio(context.Background(), in, os.Stdout)
	input := bufio.NewReader(os.Stdin)
	for range lines {
		line, err := input.ReadString('\n')
		if err != nil {
			os.Exit(0)
		}
		io.WriteString(heard, line)
	}
	if _, err := input.ReadString('\n'); err != nil {
		os.Exit(0)
	}
}

// self is a command line that starts the test binary.
func self() string { return quoteAll([]string{os.Args[0]}) }

// quoteAll makes a command line of words.
func quoteAll(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}

// An outcome is what one call of mcpcheck amounts to.
type outcome struct {
	status         int
	stdout, stderr string
	took           time.Duration
}

// call calls mcpcheck within the test.
func call(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	started := time.Now()
	status := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String(), time.Since(started)}
}

// report reads the JSON report on stdout.
func (o outcome) report(t *testing.T) *reports.Report {
	t.Helper()
	r, err := reports.Read(strings.NewReader(o.stdout))
	if err != nil {
		t.Fatalf("exit %d, no report: %v\nstdout: %s\nstderr: %s", o.status, err, o.stdout, o.stderr)
	}
	return r
}

// count is how many results of a report have a verdict.
func count(r *reports.Report, v reports.Verdict) (n int) {
	for _, run := range r.Runs {
		for _, x := range run.Results {
			if x.Verdict == v {
				n++
			}
		}
	}
	return n
}
