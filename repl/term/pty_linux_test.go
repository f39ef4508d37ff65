package term_test

import (
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const ioctlGetTermios = unix.TCGETS

func openPty() (file, tty *os.File, err error) { return pty.Open() }
