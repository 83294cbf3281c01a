package frontier

import (
	"crypto/rand"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// process names this process among all that ever had or will have its id
// ("PID-RANDOM"). Leases carry it, so that those of a killed process are free
// at once rather than when they expire.
var process = sync.OnceValue(func() string {
	return strconv.Itoa(os.Getpid()) + "-" + rand.Text()
})

// ownerGone tells whether the process that took a lease has certainly ended.
// Where that cannot be known it says no, and the lease runs until it expires.
// An error in the other direction (another machine's process id) costs a page
// fetched twice, no more: the fencing token refuses the late worker's writes.
func ownerGone(owner string) bool {
	if owner == "" || owner == process() {
		return false
	}
	id, _, ok := strings.Cut(owner, "-")
	pid, err := strconv.Atoi(id)
	if !ok || err != nil || pid <= 0 {
		return false
	}
	if pid == os.Getpid() {
		return true // it had this process's id before
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	defer func() { _ = p.Release() }()
	err = p.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
