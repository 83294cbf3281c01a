package snapshot

import (
	"os"
	"syscall"
)

// punch makes a part of a file a hole of zeros (fallocate(2)). Not every file
// system can.
func punch(f *os.File, start, end int64) error {
	const keepSize, punchHole = 0x1, 0x2
	return syscall.Fallocate(int(f.Fd()), keepSize|punchHole, start, end-start)
}
