//go:build unix

package engine

import "syscall"

// hears tells whether there is something to read from a socket, or it has ended. What there is may be lost.
func hears(fd uintptr) bool {
	var one [1]byte
	_, err := syscall.Read(int(fd), one[:])
	return err != syscall.EAGAIN && err != syscall.EINTR
}
