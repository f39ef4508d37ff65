package loop

import (
	"slices"
	"time"
)

// Scope is a cancel scope, trio's: what is cancelled together. The zero value is a root scope.
type Scope struct {
	parent   *Scope
	children scopes
	before   *Scope // neighbours in the list of the parent's children
	after    *Scope
	shield   bool
	reason   error
	boundary bool  // an interrupt from above does not reach into it
	edge     error // an interrupt that nothing has felt yet
	waiters  waiters
	deadline *timer
	loop     *Loop
	onCancel []*cancelFunc
}

// NewScope makes a scope below parent (nil for a root).
func (l *Loop) NewScope(parent *Scope) *Scope {
	s := &Scope{parent: parent, loop: l}
	if parent != nil {
		parent.children.add(s)
	}
	return s
}

// Cancel cancels the scope for the given reason: every coroutine that waits in it or in an unshielded scope below is
// woken with it, and later waits fail at once. The first reason stays. Loop goroutine only.
func (s *Scope) Cancel(reason error) {
	if s.reason != nil {
		return
	}
	s.reason = reason
	s.notify(reason)
}

func (s *Scope) notify(reason error) {
	for _, f := range slices.Clone(s.onCancel) {
		f.call(reason)
	}
	for _, c := range s.waiters.all() {
		c.Wake()
	}
	for _, child := range s.children.all() {
		if !child.shield && child.reason == nil {
			child.notify(reason)
		}
	}
}

// Interrupt ends, once, the waits that are under way in the scope and in unshielded scopes below: asyncio's cancellation. With no wait
// under way, the next one gets the reason. The scope is not cancelled; waits after that one go on as ever.
func (s *Scope) Interrupt(reason error) {
	waiting := s.waiting(nil)
	if len(waiting) == 0 {
		s.edge = reason
		return
	}
	for _, c := range waiting {
		if c.parked {
			c.edge = reason
			c.Wake()
		}
	}
}

// Uninterrupt takes an interrupt back that nothing has felt yet.
func (s *Scope) Uninterrupt() { s.edge = nil }

// waiting lists the coroutines that wait in the scope and in unshielded scopes below.
func (s *Scope) waiting(list []*Coroutine) []*Coroutine {
	list = append(list, s.waiters.all()...)
	for child := s.children.first; child != nil; child = child.after {
		if !child.shield && !child.boundary {
			list = child.waiting(list)
		}
	}
	return list
}

// Parent is the scope above, nil for a root.
func (s *Scope) Parent() *Scope { return s.parent }

// Cancelled reports whether the scope itself was cancelled.
func (s *Scope) Cancelled() bool { return s.reason != nil }

// Shielded reports whether cancellation from above is kept off.
func (s *Scope) Shielded() bool { return s.shield }

// OnCancel calls f when the scope is cancelled, by itself or from above, and returns what takes f back. Functions are
// called in the order in which they came.
func (s *Scope) OnCancel(f func(reason error)) (remove func()) {
	if err := s.Err(); err != nil {
		f(err)
		return func() {}
	}
	entry := &cancelFunc{call: f}
	s.onCancel = append(s.onCancel, entry)
	return func() {
		if i := slices.Index(s.onCancel, entry); i >= 0 {
			s.onCancel = slices.Delete(s.onCancel, i, i+1)
		}
	}
}

type cancelFunc struct{ call func(reason error) }

// Err is the reason for which the scope counts as cancelled: its own, or the nearest one above that no shield keeps off.
func (s *Scope) Err() error {
	for at := s; at != nil; at = at.parent {
		if at.reason != nil {
			return at.reason
		}
		if at.shield {
			return nil
		}
	}
	return nil
}

// Shield keeps cancellation from above off (true), or lets it in again; a cancellation that waited is felt at once.
func (s *Scope) Shield(on bool) {
	s.shield = on
	if err := s.Err(); !on && err != nil && s.reason == nil {
		s.notify(err)
	}
}

// Deadline cancels the scope for the given reason once the session's clock has come to at; it replaces an earlier one. The
// passing of a deadline is a timer's event.
func (s *Scope) Deadline(at time.Duration, reason error) {
	s.OnDeadline(at, func() { s.Cancel(reason) })
}

// OnDeadline is Deadline for a scope that is not simply cancelled. A turn that runs for long does not shorten the time.
func (s *Scope) OnDeadline(at time.Duration, passed func()) {
	s.ClearDeadline()
	l := s.loop
	s.deadline = l.addTimer(at+l.base()-l.now, 0, true, l.Task(), func() {
		s.deadline = nil
		passed()
	})
}

// ClearDeadline takes the deadline away.
func (s *Scope) ClearDeadline() {
	if s.deadline != nil {
		s.loop.ClearTimer(s.deadline.id)
		s.deadline = nil
	}
}

// Close ends the scope: it leaves its parent, and its deadline goes. What still waits in it goes on waiting.
func (s *Scope) Close() {
	s.ClearDeadline()
	s.leave()
}

func (s *Scope) leave() {
	if s.parent != nil {
		s.parent.children.remove(s)
	}
}

// scopes is a list of scopes in the order of their making: cancellation goes down in that order.
type scopes struct{ first, last *Scope }

func (l *scopes) add(s *Scope) {
	s.before, s.after = l.last, nil
	if l.last == nil {
		l.first = s
	} else {
		l.last.after = s
	}
	l.last = s
}

// remove takes s out; one that is not in the list is left alone.
func (l *scopes) remove(s *Scope) {
	if s.before == nil && l.first != s {
		return
	}
	if s.before == nil {
		l.first = s.after
	} else {
		s.before.after = s.after
	}
	if s.after == nil {
		l.last = s.before
	} else {
		s.after.before = s.before
	}
	s.before, s.after = nil, nil
}

func (l *scopes) all() []*Scope {
	var list []*Scope
	for s := l.first; s != nil; s = s.after {
		list = append(list, s)
	}
	return list
}

// Boundary makes the scope that of a task of its own: an interrupt from above does not reach into it.
func (s *Scope) Boundary() { s.boundary = true }

// Move puts the scope below another parent. What that one's cancellation means for it is felt at once.
func (s *Scope) Move(parent *Scope) {
	s.leave()
	s.parent = parent
	parent.children.add(s)
	if err := s.Err(); err != nil && s.reason == nil {
		s.notify(err)
	}
}

// EffectiveDeadline is the earliest deadline of the scope and those above it that no shield keeps off.
func (s *Scope) EffectiveDeadline() (at time.Duration, ok bool) {
	for ; s != nil; s = s.parent {
		if s.deadline != nil && (!ok || s.deadline.due < at) {
			at, ok = s.deadline.due, true
		}
		if s.shield {
			break
		}
	}
	return at, ok
}
