package refserver

import (
	"debug/elf"
	"fmt"
)

// machines are the processors of programs, as an engine calls them.
var machines = map[elf.Machine][]string{
	elf.EM_X86_64:  {"x86_64", "amd64"},
	elf.EM_AARCH64: {"aarch64", "arm64"},
	elf.EM_ARM:     {"armv7l", "armv6l", "arm"},
	elf.EM_386:     {"i386", "i686", "386"},
	elf.EM_RISCV:   {"riscv64"},
	elf.EM_S390:    {"s390x"},
	elf.EM_PPC64:   {"ppc64le"},
}

// runs says why the engine cannot run a program in an image that holds nothing
// else, and what to do.
func (e *engine) runs(program string) error {
	const do = "build one with CGO_ENABLED=0 GOOS=linux go build ./cmd/mcpcheck and run that, " +
		"or name an image of reference-servers/deploy/Dockerfile in MCPCHECK_SERVER_IMAGE"
	f, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("the image of the servers needs a static Linux program, which %s is not: %s", program, do)
	}
	defer f.Close() //nolint:errcheck // it was but read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("the image of the servers needs a static program, but %s wants libraries: %s", program, do)
		}
	}
	for _, name := range machines[f.Machine] {
		if name == e.architecture {
			return nil
		}
	}
	return fmt.Errorf("the engine runs %s, but %s is a program for %s: %s", e.architecture, program, f.Machine, do)
}
