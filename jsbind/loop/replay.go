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

// Owners hands recorded events to what they belong to: the exchanges that the script has issued, the running cell.
type Owners interface {
	// Waiting reports whether the event's owner exists now.
	Waiting(e event.Event) bool
	// Deliver returns the task of the owner and what delivers the event to it.
	Deliver(e event.Event) (*Task, func())
}

// Replay feeds the current cell's events, a turn each, until the tape has no more for it. State tells whether the
// cell's promise has settled, and ends the replay with its error. The error is a divergence.
func (l *Loop) Replay(owners Owners, state func() (settled bool, err error)) error {
	ready := func(e event.Event) bool {
		if e.Kind == event.Timer {
			return l.live[e.Timer] != nil
		}
		return owners.Waiting(e)
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
		task, deliver := owners.Deliver(e)
		l.dispatch(e, task, deliver)
	}
}
