//go:build unix && !linux

package wire

import "syscall"

// childAttributes puts a server into a process group of its own, so that a
// Ctrl-C meant for mcpcheck does not reach it and all it starts can be ended
// together.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
