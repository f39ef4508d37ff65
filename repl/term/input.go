package term

import (
	"io"
	"os"
	"sync"

	xterm "golang.org/x/term"
)

// pump moves bytes from the input to the editor. A terminal is read only
// between resume and pause, so that a program started from a cell (an editor,
// a pager) gets every key that is meant for it. Another reader is read all the
// time, and its goroutine ends with the reader.
type pump struct {
	out  chan []byte
	stop chan struct{}
	once sync.Once
	tty  *ttyReader // nil for a reader that is no terminal
}

func newPump(in io.Reader) (*pump, error) {
	p := &pump{out: make(chan []byte), stop: make(chan struct{})}
	if f, ok := in.(*os.File); ok && xterm.IsTerminal(int(f.Fd())) {
		tty, err := newTTYReader(f)
		if err != nil {
			return nil, err
		}
		p.tty = tty
		in = tty
	}
	go p.run(in)
	return p, nil
}

func (p *pump) run(in io.Reader) {
	defer close(p.out)
	for {
		buf := make([]byte, 16<<10)
		n, err := in.Read(buf)
		if n > 0 {
			select {
			case p.out <- buf[:n]:
			case <-p.stop:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *pump) resume() {
	if p.tty != nil {
		p.tty.resume()
	}
}

func (p *pump) pause() {
	if p.tty != nil {
		p.tty.pause()
	}
}

func (p *pump) close() {
	p.once.Do(func() {
		close(p.stop)
		if p.tty != nil {
			p.tty.close()
		}
	})
}
