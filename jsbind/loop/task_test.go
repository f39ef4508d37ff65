package loop

import (
	"fmt"
	"testing"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine/event"
)

func TestTasksBelow(t *testing.T) {
	h := newHarness(t)
	child := h.root.Below(h.NewScope(h.root.Scope)).Below(h.root.Scope)
	if child.Cell != "c1" || child.Root() != h.root || h.root.Root() != h.root {
		t.Errorf("%+v", child)
	}
	if a, b, c := h.root.NextExchange(), child.NextExchange(), h.root.NextExchange(); a != 1 || b != 2 || c != 3 {
		t.Errorf("numbers %d %d %d", a, b, c)
	}
	h.do(func() {
		h.As(child, func() { h.SetTimer(time.Hour, 0, true, func() {}) })
		h.Abandon(h.root)
		h.As(child, func() { h.SetTimer(time.Hour, 0, true, func() {}) })
		if h.refTimers() != 0 {
			t.Error("an abandoned cell's tasks keep timers")
		}
	})
}

// TestDescend checks that what a function enters follows it over its awaits, to its end, and not its caller.
func TestDescend(t *testing.T) {
	h := newHarness(t)
	below := map[string]*Task{}
	h.vm.Set("enter", func(name string) {
		task := h.Task().Below(h.root.Scope)
		task.Cell = name
		below[name] = task
		h.Descend(task, 1)
	})
	h.vm.Set("leave", func(name string) { h.Ascend(below[name]) })
	if err := h.script(`
		const say = where => log(where + ' in ' + task());
		async function f(name) { enter(name); say(name); await 0; say(name); await g(name); await 0; say(name); leave(name); say(name); await 0; say(name + ' after') }
		async function g(name) { say(name + ' callee'); await 0; say(name + ' callee') }
		f('a'); say('caller'); f('b'); say('caller');
		Promise.resolve().then(() => say('then'))`); err != nil {
		t.Fatal(err)
	}
	h.do(func() {
		h.check(
			"a in a", "caller in c1", "b in b", "caller in c1",
			"a in a", "a callee in a", "b in b", "b callee in b", "then in c1",
			"a callee in a", "b callee in b",
			"a in a", "a in c1", "b in b", "b in c1",
			"a after in c1", "b after in c1")
	})
}

func TestInterruptEndsOneWait(t *testing.T) {
	h := newHarness(t)
	twice := func(scope *Scope, name string) {
		h.Go(h.root, scope, func(c *Coroutine) {
			for range 2 {
				h.log = append(h.log, fmt.Sprint(name, " ", c.Wait(func() bool { return false })))
			}
		})
	}
	for name, f := range map[string]func(outer *Scope){
		"once, in all scopes below": func(outer *Scope) {
			twice(outer, "out")
			twice(h.NewScope(outer), "in")
			outer.Interrupt(errOne)
			h.check("out one", "in one")
			outer.Interrupt(errTwo)
			h.check("out two", "in two")
		},
		"the next wait when there is none": func(outer *Scope) {
			outer.Interrupt(errOne)
			twice(h.NewScope(outer), "late")
			h.check("late one")
		},
		"taken back": func(outer *Scope) {
			outer.Interrupt(errOne)
			outer.Uninterrupt()
			twice(outer, "a")
			h.check()
		},
		"not past a shield or another task": func(outer *Scope) {
			shielded, other := h.NewScope(outer), h.NewScope(outer)
			shielded.Shield(true)
			other.Boundary()
			twice(shielded, "shielded")
			twice(other, "other")
			outer.Interrupt(errOne)
			h.check()
			twice(other, "other late")
			h.check()
			outer.Cancel(errTwo)
			h.check("other two", "other two", "other late two", "other late two")
		},
		"a moved scope belongs to its new parent": func(outer *Scope) {
			second := h.NewScope(nil)
			moved := h.NewScope(outer)
			twice(moved, "moved")
			moved.Move(second)
			outer.Cancel(errOne)
			h.check()
			second.Cancel(errTwo)
			h.check("moved two", "moved two")
		},
		"moved below a cancelled one": func(outer *Scope) {
			second := h.NewScope(nil)
			second.Cancel(errOne)
			moved := h.NewScope(outer)
			twice(moved, "moved")
			moved.Move(second)
			h.check("moved one", "moved one")
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := h.turn(func() { f(h.NewScope(nil)) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestJobOrder checks that a script function that a job calls does not let later jobs overtake.
func TestJobOrder(t *testing.T) {
	h := newHarness(t)
	err := h.turn(func() {
		f, _ := goja.AssertFunction(must(h.vm.RunString(`(name => { log(name); Promise.resolve().then(() => log(name + ' job')) })`)))
		for _, name := range []string{"a", "b"} {
			p, resolve, _ := h.vm.NewPromise()
			h.then(h.vm.ToValue(p), h.Job(func() { f(goja.Undefined(), h.vm.ToValue(name)) }))
			resolve(nil)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	h.do(func() { h.check("a", "b", "a job", "b job") })
}

// TestVirtualClock checks jumps: exact, in order, and not while a network operation is in flight.
func TestVirtualClock(t *testing.T) {
	h := newHarness(t)
	start := time.Now()
	done := make(chan struct{})
	var from time.Duration
	h.turn(func() {
		h.SetPace(Pace{Virtual: true, Jump: true})
		from = h.Now()
		for _, hours := range []time.Duration{3, 1, 2} {
			h.SetTimer(hours*time.Hour, 0, true, func() {
				h.log = append(h.log, fmt.Sprint((h.Now() - from).Hours()))
				if hours == 3 {
					close(done)
				}
			})
		}
	})
	<-done
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	h.do(func() { h.check("1", "2", "3") })

	fired := make(chan struct{})
	h.turn(func() {
		h.Flight(1)
		h.SetTimer(time.Hour, 0, true, func() { close(fired) })
	})
	h.do(func() {})
	h.turn(func() {
		if len(h.events) != 3 {
			t.Errorf("the clock jumped over a network operation: %+v", h.events)
		}
		h.Flight(-1)
	})
	<-fired
	h.turn(func() {
		before := h.Now()
		h.Advance(time.Minute)
		if h.Now()-before != time.Minute {
			t.Errorf("advanced by %v", h.Now()-before)
		}
		h.SetPace(Pace{})
	})
	later := make(chan struct{})
	h.turn(func() {
		if h.Now() < from+4*time.Hour+time.Minute {
			t.Errorf("the clock ran backwards: %v after %v", h.Now(), from)
		}
		h.SetTimer(time.Millisecond, 0, true, func() { close(later) })
	})
	<-later
	h.do(func() {
		last := time.Duration(0)
		for _, e := range h.events {
			if e.Kind == event.Timer && e.At < last {
				t.Errorf("recorded %v after %v", e.At, last)
			}
			last = e.At
		}
	})
}

// TestClockRate checks a clock that runs fast, and one that stands still.
func TestClockRate(t *testing.T) {
	h := newHarness(t)
	fast := make(chan struct{})
	h.turn(func() {
		h.SetPace(Pace{Virtual: true, Rate: 1e6})
		h.SetTimer(time.Hour, 0, true, func() { close(fast) })
	})
	<-fast
	frozen := false
	h.turn(func() {
		h.SetPace(Pace{Virtual: true})
		h.SetTimer(time.Microsecond, 0, true, func() { frozen = true })
	})
	for range 100 {
		h.do(func() {})
	}
	h.do(func() {
		if frozen {
			t.Error("a standing clock moved")
		}
	})
}
