package loop

import "httpx-repl/engine/event"

// UseTape makes the loop a replaying one, before anything ran: events come from the tape, the clock is the tape's, and
// timers fire when the tape says so. Deliver hands an exchange's event to its owner.
func (l *Loop) UseTape(tape event.Tape) { l.tape = tape }

// Replaying reports whether events come from a tape.
func (l *Loop) Replaying() bool { return l.tape != nil }

// BeginReplay enters a cell of the tape.
func (l *Loop) BeginReplay(cell, source string) {
	l.now = l.tape.Begin(cell, source)
	l.cell = cell
}

// Exchanges hands recorded events to the exchanges that the script has issued.
type Exchanges interface {
	// Waiting reports whether the exchange is in flight.
	Waiting(exchange string) bool
	// Deliver returns the task of the exchange and what delivers the event to it.
	Deliver(e event.Event) (*Task, func())
}

// Replay feeds the current cell's events, a turn each, until the tape has no more for it. State tells whether the
// cell's promise has settled, and ends the replay with its error. The error is a divergence.
func (l *Loop) Replay(x Exchanges, state func() (settled bool, err error)) error {
	ready := func(e event.Event) bool {
		if e.Kind == event.Timer {
			return l.live[e.Timer] != nil
		}
		return e.Exchange != "" && x.Waiting(e.Exchange)
	}
	for {
		settled, err := state()
		if err != nil {
			return err
		}
		e, ok, err := l.tape.Next(ready, settled)
		if err != nil || !ok {
			return err
		}
		if e.Kind == event.Timer {
			l.now = e.At // the timer's next due time counts from here
			l.fireTimer(l.live[e.Timer], e)
			continue
		}
		task, deliver := x.Deliver(e)
		l.dispatch(e, task, deliver)
	}
}
