//go:build unix

package term

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock that closing f gives back. It waits up to ten seconds
// for another process: one that was stopped while it held the lock must not
// stop the prompt too.
func lockFile(f *os.File) error {
	const step = 2 * time.Millisecond
	for range 5000 {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		time.Sleep(step)
	}
	return errors.New("another process holds the lock of " + f.Name())
}
