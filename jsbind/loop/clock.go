package loop

import "time"

// Pace is how the session's clock runs while nothing is replayed. The zero value is the real clock's pace.
type Pace struct {
	// Virtual detaches the clock from real time: it runs Rate times as fast, which may be 0.
	Virtual bool
	Rate    float64
	// Jump lets the clock jump to the next timer once nothing has been runnable for Threshold of real time, and no
	// network operation is in flight.
	Jump      bool
	Threshold time.Duration
}

// clock is the session's clock between turns: a line through a point, in real and in session time.
type clock struct {
	pace    Pace
	real    time.Duration
	session time.Duration
	flights int
}

// Pace is how the clock runs now.
func (l *Loop) Pace() Pace { return l.clock.pace }

// SetPace changes how the clock runs from the current turn on; it never runs backwards. A replay takes its times from the
// tape and ignores it.
func (l *Loop) SetPace(p Pace) {
	if l.tape == nil {
		l.clock.session, l.clock.real = l.time(), l.o.Elapsed()
		if p.Virtual {
			l.clock.session = l.now // so that sums of whole durations stay exact
		}
	}
	l.clock.pace = p
}

// Advance moves the session's clock forward by d, at once. Timers that have become due fire on turns of their own.
func (l *Loop) Advance(d time.Duration) {
	d = max(d, 0)
	l.now += d
	l.clock.session += d
}

// Flight counts a network operation that has begun (1) or ended (-1): while there is one, the clock does not jump.
func (l *Loop) Flight(n int) { l.clock.flights += n }

// time is the session's time now; live only.
func (l *Loop) time() time.Duration {
	rate := 1.0
	if l.clock.pace.Virtual {
		rate = l.clock.pace.Rate
	}
	passed := l.o.Elapsed() - l.clock.real
	if rate != 1 {
		passed = time.Duration(float64(passed) * rate)
	}
	return l.clock.session + passed
}

// tillTimer is how long, in real time, to wait for the next timer, and whether it is reached by a jump. It is false when no timer
// will come.
func (l *Loop) tillTimer(next *timer) (wait time.Duration, jump, ok bool) {
	due := next.due - l.time()
	p := l.clock.pace
	switch {
	case !p.Virtual || p.Rate == 1:
		wait, ok = due, true
	case due <= 0:
		return 0, false, true
	case p.Rate > 0:
		wait, ok = time.Duration(float64(due)/p.Rate), true
	}
	if p.Jump && l.clock.flights == 0 && (!ok || p.Threshold < wait) {
		return p.Threshold, true, true
	}
	return wait, false, ok
}

// jumpTo moves the clock to a timer's time.
func (l *Loop) jumpTo(next *timer) {
	l.clock.session += max(next.due-l.time(), 0)
}
