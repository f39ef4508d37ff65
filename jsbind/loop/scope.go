package loop

import (
	"slices"
	"time"
)

// Scope is a cancel scope, trio's: what is cancelled together. The zero value is a root scope.
type Scope struct {
	parent   *Scope
	children []*Scope
	shield   bool
	reason   error
	waiters  waiters
	deadline *timer
	loop     *Loop
	onCancel []*cancelFunc
}

// NewScope makes a scope below parent (nil for a root).
func (l *Loop) NewScope(parent *Scope) *Scope {
	s := &Scope{parent: parent, loop: l}
	if parent != nil {
		parent.children = append(parent.children, s)
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
	for _, child := range slices.Clone(s.children) {
		if !child.shield && child.reason == nil {
			child.notify(reason)
		}
	}
}

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
	s.ClearDeadline()
	s.deadline = s.loop.addTimer(at, 0, true, s.loop.task, func() { s.Cancel(reason) })
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
	if s.parent != nil {
		if i := slices.Index(s.parent.children, s); i >= 0 {
			s.parent.children = slices.Delete(s.parent.children, i, i+1)
		}
	}
}
