package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// The test binary is the server too: these name what it plays and where it
// reports that it lives.
const (
	roleVar = "MCPCHECK_TEST_ROLE"
	lifeVar = "MCPCHECK_TEST_LIFE"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		play, ok := roles[role]
		if !ok {
			os.Exit(9)
		}
		os.Exit(play())
	}
	os.Exit(m.Run())
}

const ready = `{"jsonrpc":"2.0","method":"notifications/ready"}` + "\n"

var roles = map[string]func() int{
	"answers": answers,
	"logs and answers": func() int {
		fmt.Fprint(os.Stderr, "first words\n", strings.Repeat("noise\n", 40<<10), "last words\n")
		fmt.Print(ready)
		return answers()
	},
	"banners and answers": func() int {
		fmt.Print("\u001b[1mWelcome!\u001b[0m\n\nlistening on stdio\n")
		return answers()
	},
	"answers with 10 MB": func() int {
		return respond(func(id string) {
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{"text":"%s"}}`+"\n", id, strings.Repeat("x", 10_000_000))
		})
	},
	"answers without LF and ends": func() int {
		return respond(func(id string) {
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{}}`, id)
			os.Exit(0)
		})
	},
	"answers with CRLF": func() int {
		return respond(func(id string) { fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{}}`+"\r\n", id) })
	},
	"ends at once": func() int { fmt.Fprintln(os.Stderr, "no configuration"); return 3 },
	"ends when asked": func() int {
		return respond(func(string) { os.Exit(4) })
	},
	"closes its output": func() int { os.Stdout.Close(); return respond(func(string) {}) },
	"needs SIGTERM":     func() int { fmt.Print(ready); return forever() },
	"needs SIGKILL": func() int {
		signal.Ignore(syscall.SIGTERM)
		fmt.Print(ready)
		return forever()
	},
	"says goodbye": func() int {
		answers()
		fmt.Print(strings.Repeat("\n", 5_000), "goodbye\n")
		return 0
	},
	"answers without LF": func() int {
		return respond(func(id string) { fmt.Printf("\n"+`{"jsonrpc":"2.0","id":%s,"result":{}}`, id) })
	},
	"lives": func() int { alive(); return forever() },
	"has a child": func() int {
		attend(exec.Command(os.Args[0]), "lives")
		return answers()
	},
	"has a child that holds all pipes": func() int {
		c := exec.Command(os.Args[0])
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		attend(c, "lives")
		return respond(func(string) { os.Exit(5) })
	},
	"has a child in a group of its own that holds stdout": func() int {
		c := exec.Command(os.Args[0])
		c.Stdout, c.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
		attend(c, "lives")
		return 6
	},
	"is mcpcheck": func() int {
		s, err := Open(context.Background(), Endpoint{Transport: spec.Stdio, Command: []string{os.Args[0]}, Env: []string{roleVar + "=lives"}})
		if err != nil {
			return 1
		}
		<-s.Child().Exited
		return 0
	},
	"is mcpcheck and cleans up": leave,
}

// leave is a program that is told to end while servers run and start.
func leave() int {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	open := func() error {
		_, err := Open(context.Background(), Endpoint{
			Transport: spec.Stdio, Command: []string{os.Args[0]}, Env: []string{roleVar + "=has a child"},
		})
		return err
	}
	for range servers {
		if open() != nil {
			return 1
		}
	}
	<-told
	go open() //nolint:errcheck // it is too late, or just not
	KillAll()
	if !errors.Is(open(), errLeaving) {
		return 2
	}
	return 130
}

// servers is how many of them leave has.
const servers = 3

func attend(c *exec.Cmd, role string) {
	c.Env = append(os.Environ(), roleVar+"="+role)
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(8)
	}
}

// forever ignores the end of stdin and waits for a signal.
func forever() int {
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGUSR1)
	<-never
	return 0
}

// alive connects to the test, which sees from the connection how long this
// process lives. A process that nobody else would end ends with the connection.
func alive() {
	conn, err := net.Dial("tcp", os.Getenv(lifeVar))
	if err != nil {
		os.Exit(7)
	}
	go func() {
		io.Copy(io.Discard, conn) //nolint:errcheck // any end is one
		os.Exit(0)
	}()
}

func answers() int {
	return respond(func(id string) { fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{}}`+"\n", id) })
}

// respond calls f with the id of each request until stdin ends.
func respond(f func(id string)) int {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return 0
		}
		if m := Parse(bytes.TrimSuffix(line, []byte("\n")))[0]; m.IsRequest() {
			f(string(m.ID))
		}
	}
}
