package engine

import (
	"sync"
	"time"
)

// watchdog ends a flight when something does not happen in time.
type watchdog struct {
	bite func(cause error)

	mu      sync.Mutex
	timer   *time.Timer
	turn    int // a timer of an earlier turn that has just fired does nothing
	stopped bool
}

// expect bites with cause after limit, unless there is another call before; 0 is no limit.
func (w *watchdog) expect(limit time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
	if w.stopped || limit <= 0 {
		return
	}
	turn := w.turn
	w.timer = time.AfterFunc(limit, func() {
		w.mu.Lock()
		due := w.turn == turn
		w.mu.Unlock()
		if due {
			w.bite(cause)
		}
	})
}

// rest waits for nothing until the next expect.
func (w *watchdog) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
}

// stop ends the watch for good.
func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
	w.stopped = true
}

func (w *watchdog) quiet() {
	w.turn++
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}
