package loop

import (
	"context"
	"iter"
	"time"

	"github.com/dop251/goja"
)

// Coroutine is a Go function that runs on the loop's goroutine in pieces: it waits by giving the goroutine back.
type Coroutine struct {
	loop    *Loop
	task    *Task
	scope   *Scope
	fn      func(*Coroutine)
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	parked  bool
	stopped bool
	edge    error      // an interrupt that woke it
	before  *Coroutine // neighbours in the list of its scope's waiters
	after   *Coroutine
}

// coroutines keeps finished coroutines for reuse: their stacks have grown already.
type coroutines struct {
	idle   []*Coroutine
	parked map[*Coroutine]struct{}
}

const maxIdle = 256

// Go runs f as a coroutine of task in scope. It starts at once and Go returns when f first waits or ends.
func (l *Loop) Go(task *Task, scope *Scope, f func(*Coroutine)) {
	var c *Coroutine
	if n := len(l.idle); n > 0 {
		c = l.idle[n-1]
		l.idle = l.idle[:n-1]
	} else {
		c = l.newCoroutine()
	}
	c.task, c.scope, c.fn = task, scope, f
	c.resume()
}

func (l *Loop) newCoroutine() *Coroutine {
	c := &Coroutine{loop: l}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.fn(c)
			c.fn, c.task, c.scope, c.edge = nil, nil, nil, nil
			if c.stopped || len(l.idle) >= maxIdle {
				return
			}
			l.idle = append(l.idle, c)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// resume gives the loop's goroutine to the coroutine until it waits or ends.
func (c *Coroutine) resume() {
	l := c.loop
	before := l.task
	l.task = c.task
	c.next()
	l.task = before
}

// Wake makes a waiting coroutine look at its condition again, now. Waking one that does not wait does nothing.
func (c *Coroutine) Wake() {
	if c.parked {
		c.parked = false
		c.resume()
	}
}

// Wait gives the loop's goroutine back until ready is true, which is looked at whenever the coroutine is woken. It returns
// the reason when the coroutine's scope is cancelled or interrupted first, and ErrClosed when the loop ends.
func (c *Coroutine) Wait(ready func() bool) error {
	for !ready() {
		if c.stopped {
			return ErrClosed
		}
		if err := c.interrupted(); err != nil {
			return err
		}
		if err := c.scope.Err(); err != nil {
			return err
		}
		c.park()
	}
	if c.edge != nil { // it came together with what was waited for, which counts; the next wait gets it
		c.scope.edge, c.edge = c.edge, nil
	}
	return nil
}

// interrupted takes the interrupt that is meant for this wait, if there is one.
func (c *Coroutine) interrupted() error {
	if err := c.edge; err != nil {
		c.edge = nil
		return err
	}
	for s := c.scope; s != nil; s = s.parent {
		if err := s.edge; err != nil {
			s.edge = nil
			return err
		}
		if s.shield || s.boundary {
			break
		}
	}
	return nil
}

func (c *Coroutine) park() {
	l, scope := c.loop, c.scope
	scope.waiters.add(c)
	l.parked[c] = struct{}{}
	c.parked = true
	if !c.yield(struct{}{}) {
		c.stopped = true
	}
	c.parked = false
	scope.waiters.remove(c)
	delete(l.parked, c)
}

// waiters is the list of the coroutines that wait in a scope, in the order of waiting: cancellation wakes in that order.
type waiters struct{ first, last *Coroutine }

func (w *waiters) add(c *Coroutine) {
	c.before, c.after = w.last, nil
	if w.last == nil {
		w.first = c
	} else {
		w.last.after = c
	}
	w.last = c
}

func (w *waiters) remove(c *Coroutine) {
	if c.before == nil {
		w.first = c.after
	} else {
		c.before.after = c.after
	}
	if c.after == nil {
		w.last = c.before
	} else {
		c.after.before = c.before
	}
	c.before, c.after = nil, nil
}

func (w *waiters) all() []*Coroutine {
	var list []*Coroutine
	for c := w.first; c != nil; c = c.after {
		list = append(list, c)
	}
	return list
}

// Await waits for a promise and returns its value or, as a *Rejected, its reason. The promise counts as handled.
func (c *Coroutine) Await(promise *goja.Promise) (goja.Value, error) {
	settled := promise.State() != goja.PromiseStatePending
	wake := c.loop.Job(func() {
		settled = true
		c.Wake()
	})
	if _, err := c.loop.then(c.loop.vm.ToValue(promise), wake, wake); err != nil {
		return nil, err
	}
	if err := c.Wait(func() bool { return settled }); err != nil {
		return nil, err
	}
	if promise.State() == goja.PromiseStateRejected {
		return nil, &Rejected{Reason: promise.Result()}
	}
	return promise.Result(), nil
}

// Rejected is a rejected promise as a Go error.
type Rejected struct{ Reason goja.Value }

func (e *Rejected) Error() string { return "rejected: " + e.Reason.String() }

// Context is the coroutine as the context of engine calls: Err follows its scope, FromContext finds it again.
func (c *Coroutine) Context() context.Context { return coroutineContext{c} }

type coroutineKey struct{}

type coroutineContext struct{ c *Coroutine }

func (x coroutineContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is nil: what waits on the loop is woken by its scope, and what waits elsewhere gets a context of its own.
func (x coroutineContext) Done() <-chan struct{} { return nil }

func (x coroutineContext) Err() error {
	if x.c.scope == nil {
		return nil
	}
	return x.c.scope.Err()
}

func (x coroutineContext) Value(key any) any {
	if _, ok := key.(coroutineKey); ok {
		return x.c
	}
	return nil
}

// FromContext is the coroutine on which the call with this context runs, or nil.
func FromContext(ctx context.Context) *Coroutine {
	c, _ := ctx.Value(coroutineKey{}).(*Coroutine)
	return c
}

// Task is the coroutine's task.
func (c *Coroutine) Task() *Task { return c.task }

// Scope is the scope in which the coroutine waits.
func (c *Coroutine) Scope() *Scope { return c.scope }

func (l *Loop) stopCoroutines() {
	for len(l.parked) > 0 {
		for c := range l.parked {
			l.Enter(c.task, c.stop)
		}
	}
	for _, c := range l.idle {
		c.stop()
	}
	l.idle = nil
}
