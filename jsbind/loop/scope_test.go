package loop

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dop251/goja"
)

var (
	errOne = errors.New("one")
	errTwo = errors.New("two")
)

// waiter starts a coroutine that waits in scope for ever and logs why it was woken.
func (h *harness) waiter(name string, scope *Scope) {
	h.Go(h.root, scope, func(c *Coroutine) {
		err := c.Wait(func() bool { return false })
		h.log = append(h.log, fmt.Sprint(name, " ", err))
	})
}

// check compares what was logged in this turn and forgets it.
func (h *harness) check(want ...string) {
	h.t.Helper()
	if !slices.Equal(h.log, want) {
		h.t.Errorf("logged %q, want %q", h.log, want)
	}
	h.log = nil
}

func TestScopes(t *testing.T) {
	h := newHarness(t)
	for name, f := range map[string]func(outer *Scope){
		"cancelling wakes in the order of waiting, from outside in": func(outer *Scope) {
			inner := h.NewScope(outer)
			h.waiter("a", outer)
			h.waiter("in", inner)
			h.waiter("b", outer)
			outer.Cancel(errOne)
			h.check("a one", "b one", "in one")
		},
		"the first reason stays": func(outer *Scope) {
			h.waiter("a", outer)
			outer.Cancel(errOne)
			outer.Cancel(errTwo)
			h.waiter("late", outer)
			h.check("a one", "late one")
		},
		"an inner scope leaves the outer one alone": func(outer *Scope) {
			inner := h.NewScope(outer)
			h.waiter("out", outer)
			h.waiter("in", inner)
			inner.Cancel(errOne)
			h.check("in one")
			outer.Cancel(errTwo)
			h.waiter("in again", inner)
			h.check("out two", "in again one")
		},
		"a shield keeps cancellation off, and lifting it lets it in": func(outer *Scope) {
			inner := h.NewScope(outer)
			inner.Shield(true)
			below := h.NewScope(inner)
			h.waiter("in", inner)
			h.waiter("below", below)
			outer.Cancel(errOne)
			h.check()
			inner.Shield(false)
			h.check("in one", "below one")
		},
		"a shield does not stop its own cancellation": func(outer *Scope) {
			inner := h.NewScope(outer)
			inner.Shield(true)
			h.waiter("in", inner)
			inner.Cancel(errTwo)
			h.check("in two")
		},
		"cancelled before the wait": func(outer *Scope) {
			outer.Cancel(errOne)
			h.waiter("a", outer)
			h.check("a one")
		},
		"what is ready wins over cancellation": func(outer *Scope) {
			outer.Cancel(errOne)
			h.Go(h.root, outer, func(c *Coroutine) {
				h.log = append(h.log, fmt.Sprint(c.Wait(func() bool { return true })))
			})
			h.check("<nil>")
		},
		"functions are called first, in their order, and can be taken back": func(outer *Scope) {
			h.waiter("waits", outer)
			outer.OnCancel(func(error) { h.log = append(h.log, "first") })
			remove := outer.OnCancel(func(error) { h.log = append(h.log, "taken back") })
			h.NewScope(outer).OnCancel(func(err error) { h.log = append(h.log, "below "+err.Error()) })
			remove()
			remove()
			outer.Cancel(errOne)
			outer.OnCancel(func(error) { h.log = append(h.log, "late") })
			h.check("first", "waits one", "below one", "late")
		},
		"a woken coroutine may wait in another scope": func(outer *Scope) {
			other := h.NewScope(nil)
			h.Go(h.root, outer, func(c *Coroutine) {
				c.Wait(func() bool { return false })
				h.waiter("next", other)
			})
			outer.Cancel(errOne)
			h.check()
			other.Cancel(errTwo)
			h.check("next two")
		},
		"a closed scope is no longer its parent's": func(outer *Scope) {
			inner := h.NewScope(outer)
			inner.OnCancel(func(error) { h.log = append(h.log, "closed") })
			inner.Close()
			inner.Close()
			outer.Cancel(errOne)
			h.check()
		},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			if err := h.turn(func() { f(h.NewScope(nil)) }); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	h := newHarness(t)
	h.turn(func() {
		scope := h.NewScope(nil)
		scope.Deadline(h.Now()+time.Hour, errTwo)
		scope.Deadline(h.Now()+time.Millisecond, errOne) // replaces it
		h.waiter("a", scope)
		cleared := h.NewScope(nil)
		cleared.Deadline(h.Now(), errOne)
		cleared.ClearDeadline()
		closed := h.NewScope(nil)
		closed.Deadline(h.Now(), errOne)
		closed.Close()
		h.waiter("never", cleared)
	})
	h.idle()
	h.do(func() { h.check("a one") })
}

// TestCoroutines checks waiting for promises, nesting, reuse and the end.
func TestCoroutines(t *testing.T) {
	h := newHarness(t)
	var resolve, reject func(any) error
	h.turn(func() {
		var p, q *goja.Promise
		p, resolve, _ = h.vm.NewPromise()
		q, _, reject = h.vm.NewPromise()
		h.Go(h.root, h.root.Scope, func(c *Coroutine) {
			if FromContext(c.Context()) != c || c.Task() != h.root || c.Scope() != h.root.Scope {
				t.Error("the coroutine's context")
			}
			v, err := c.Await(p)
			h.log = append(h.log, fmt.Sprint(v, err))
			_, err = c.Await(q)
			var rejected *Rejected
			h.log = append(h.log, fmt.Sprint(errors.As(err, &rejected), " ", err))
		})
	})
	h.do(func() { h.check() })
	h.turn(func() { resolve(5) })
	h.do(func() { h.check("5 <nil>") })
	h.turn(func() { reject("no") })
	h.do(func() { h.check("true rejected: no") })
	h.turn(func() {
		before := len(h.coroutines.idle)
		for range 10 {
			h.Go(h.root, h.root.Scope, func(*Coroutine) {})
		}
		if n := len(h.coroutines.idle); n != before {
			t.Errorf("%d coroutines are kept for reuse, %d before", n, before)
		}
	})
	if err := h.turn(func() { h.Go(h.root, h.root.Scope, func(*Coroutine) { panic("in a coroutine") }) }); err == nil {
		t.Error("a panic in a coroutine was lost")
	}
	// A script that has broken Promise.prototype does not break waiting.
	h.script(`Promise.prototype.then = null`)
	h.turn(func() {
		p, resolve, _ := h.vm.NewPromise()
		resolve(7)
		h.Go(h.root, h.root.Scope, func(c *Coroutine) {
			v, err := c.Await(p)
			h.log = append(h.log, fmt.Sprint(v, err))
		})
	})
	h.do(func() { h.check("7 <nil>") })
	h.turn(func() {
		for range 300 { // more than are kept
			h.waiter("left", h.NewScope(nil))
		}
	})
	h.close()
	if len(h.log) != 300 || h.log[0] != "left "+ErrClosed.Error() {
		t.Errorf("%d were ended by Close: %.3q", len(h.log), h.log)
	}
}
