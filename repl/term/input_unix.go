//go:build unix

package term

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ttyReader reads a terminal with poll, so that a wait for keys can be ended.
type ttyReader struct {
	fd         int
	wakeR      *os.File
	wakeW      *os.File
	mu         sync.Mutex
	changed    *sync.Cond
	on, closed bool
	reading    bool
}

func newTTYReader(f *os.File) (*ttyReader, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	t := &ttyReader{fd: int(f.Fd()), wakeR: r, wakeW: w}
	t.changed = sync.NewCond(&t.mu)
	return t, nil
}

func (t *ttyReader) set(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	t.changed.Broadcast()
	if t.reading {
		t.wakeW.Write([]byte{0})
	}
	for t.reading && !t.on {
		t.changed.Wait()
	}
}

func (t *ttyReader) resume() { t.set(func() { t.on = true }) }

// pause returns when nothing reads the terminal any more.
func (t *ttyReader) pause() { t.set(func() { t.on = false }) }

func (t *ttyReader) close() {
	t.set(func() { t.on, t.closed = false, true })
	t.wakeW.Close()
	t.wakeR.Close()
}

// Read waits until it is resumed and a key is there.
func (t *ttyReader) Read(p []byte) (int, error) {
	for {
		t.mu.Lock()
		for !t.on && !t.closed {
			t.changed.Wait()
		}
		if t.closed {
			t.mu.Unlock()
			return 0, io.EOF
		}
		t.reading = true
		t.mu.Unlock()

		n, err := t.poll(p)

		t.mu.Lock()
		t.reading = false
		t.changed.Broadcast()
		t.mu.Unlock()
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// poll reads what is there, or returns 0 when it was woken.
func (t *ttyReader) poll(p []byte) (int, error) {
	fds := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}, {Fd: int32(t.wakeR.Fd()), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, -1); err != nil {
		if errors.Is(err, unix.EINTR) {
			return 0, nil
		}
		return 0, err
	}
	if fds[1].Revents != 0 {
		var b [64]byte
		t.wakeR.Read(b[:])
		return 0, nil
	}
	n, err := unix.Read(t.fd, p)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// watchSize calls changed for each change of the window's size until the
// function that it returns is called.
func watchSize(changed func()) (stop func()) {
	size := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(size, unix.SIGWINCH)
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			select {
			case <-size:
				changed()
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(size)
		close(done)
		ended.Wait()
	}
}

// suspend stops the process group as the terminal's own Ctrl-Z does and returns
// when it is continued, or soon when nothing stopped it.
func suspend() {
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, unix.SIGCONT)
	defer signal.Stop(resumed)
	if unix.Kill(0, unix.SIGTSTP) != nil {
		return
	}
	timer := time.NewTimer(300 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-resumed:
	case <-timer.C:
	}
}
