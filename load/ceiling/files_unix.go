//go:build linux || darwin

package ceiling

import (
	"os"
	"syscall"
)

// descriptors is how many files this program may still open.
func descriptors() (left int, known bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return 0, false
	}
	return int(min(limit.Cur, 1<<30)) - len(open) - reserved, true
}
