package refserver

import (
	"bytes"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// The labels of what this package makes.
const (
	ownerLabel     = "mcpcheck.owner"     // the process that ends it
	runLabel       = "mcpcheck.run"       // tells apart what one process has made
	referenceLabel = "mcpcheck.reference" // the server that it belongs to
	imageLabel     = "mcpcheck.image"     // of the image built from the program
)

func labels(reference, run string) map[string]string {
	l := map[string]string{ownerLabel: self().String(), runLabel: run, referenceLabel: reference}
	maps.Copy(l, testcontainers.GenericLabels())
	return l
}

// An owner is a process, told from a later one of the same id. What a system
// does not tell is empty.
type owner struct {
	boot      string // of the machine: it differs once that was started anew
	namespace string // in which the pid counts
	pid       int
	started   string // in ticks since the boot
}

func self() owner {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	return owner{strings.TrimSpace(string(boot)), namespace, os.Getpid(), started(os.Getpid())}
}

func (o owner) String() string {
	return strings.Join([]string{o.boot, o.namespace, strconv.Itoa(o.pid), o.started}, "/")
}

func parseOwner(s string) (o owner, ok bool) {
	fields := strings.Split(s, "/")
	if len(fields) != 4 {
		return o, false
	}
	pid, err := strconv.Atoi(fields[2])
	return owner{fields[0], fields[1], pid, fields[3]}, err == nil && pid > 0
}

// foreign is the age at which something is taken for left behind when its owner
// cannot be asked for from here.
const foreign = 24 * time.Hour

// left says whether what o has made is left behind, as seen from another
// process. The engine is on this machine, so that they have its boot in common.
func (o owner) left(from owner, age time.Duration) bool {
	switch {
	case o.boot != "" && from.boot != "" && o.boot != from.boot:
		return true
	case o.boot != from.boot || o.namespace != from.namespace:
		return age > foreign
	case o.pid == from.pid:
		return o.started != from.started
	}
	return !alive(o.pid) || started(o.pid) != o.started
}

// started tells when a process was, or "" where that is not known. One that has
// ended, and whose parent has not asked for it yet, was never.
func started(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}
