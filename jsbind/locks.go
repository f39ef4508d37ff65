package jsbind

import (
	"fmt"
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// Event, Lock, Semaphore, CapacityLimiter and Condition of the three environments, which differ in a few rules.

// tools are an environment's rules.
type tools struct {
	level bool // an operation is a checkpoint even when it does not have to wait
	owned bool // a lock is released by the task that holds it
}

var (
	asyncioTools = &tools{}
	trioTools    = &tools{level: true, owned: true}
)

// toolWait is the promise of an operation of a tool.
func (rt *Runtime) toolWait(t *tools, f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	if t.level {
		return rt.checkpoint(f)
	}
	return rt.async(f)
}

// held is what acquire gives: using or await using releases it at the block's end, once.
type held struct {
	release func() error
	over    bool
}

func (rt *Runtime) newHeld(release func() error) goja.Value {
	c := rt.once(&rt.concurrency.classes.held, func() classSpec {
		return classSpec{
			name: "Held",
			methods: []member{{"release", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				l := h.value.(*held)
				if !l.over {
					l.over = true
					if err := l.release(); err != nil {
						rt.throw(err)
					}
				}
				return goja.Undefined()
			}}},
			dispose: "release", disposeA: "release",
		}
	})
	return c.wrap(&held{release: release})
}

// lockable is what can be acquired and released.
type lockable interface {
	acquire(c *loop.Coroutine) error
	release(by *job) error
}

// lockMembers are acquire, release and with (the callback form of async with).
func (rt *Runtime) lockMembers(t *tools, of func(h *hostObject) lockable) []member {
	acquire := func(h *hostObject) goja.Value {
		j := rt.currentJob()
		return rt.toolWait(t, func(c *loop.Coroutine) (goja.Value, error) {
			if err := of(h).acquire(c); err != nil {
				return nil, err
			}
			return rt.newHeld(func() error { return of(h).release(j) }), nil
		})
	}
	return []member{
		{"acquire", 0, func(h *hostObject, _ []goja.Value) goja.Value { return acquire(h) }},
		{"release", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			if err := of(h).release(rt.currentJob()); err != nil {
				rt.throw(err)
			}
			return goja.Undefined()
		}},
		{"with", 1, func(h *hostObject, args []goja.Value) goja.Value {
			f, j, task := rt.callable(arg(args, 0), "with"), rt.currentJob(), rt.here()
			return rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
				var lock goja.Value
				rt.loop.As(task, func() { lock = acquire(h) })
				if _, err := rt.awaitValue(c, lock); err != nil {
					return nil, err
				}
				v, err := rt.within(c, task, f)
				if e := of(h).release(j); e != nil && err == nil {
					return nil, e
				}
				return v, err
			})
		}},
	}
}

// jobOf is the environment's task on whose behalf a coroutine runs.
func (rt *Runtime) jobOf(c *loop.Coroutine) *job {
	var j *job
	rt.loop.As(c.Task(), func() { j = rt.currentJob() })
	return j
}

type eventTool struct {
	set     bool
	waiting turnstile
}

func (rt *Runtime) eventTool(t *tools) *class {
	of := func(h *hostObject) *eventTool { return h.value.(*eventTool) }
	methods := []member{
		{"set", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			of(h).set = true
			of(h).waiting.all(nil)
			return goja.Undefined()
		}},
		{"isSet", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).set) }},
		{"wait", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			return rt.toolWait(t, func(c *loop.Coroutine) (goja.Value, error) {
				if of(h).set {
					return rt.vm.ToValue(true), nil
				}
				_, err := of(h).waiting.wait(c)
				return rt.vm.ToValue(true), err
			})
		}},
	}
	if !t.level {
		methods = append(methods, member{"clear", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			of(h).set = false
			return goja.Undefined()
		}})
	}
	return rt.newClass(classSpec{name: "Event", construct: func(goja.ConstructorCall) any { return &eventTool{} }, methods: methods})
}

type lockTool struct {
	rt      *Runtime
	tools   *tools
	locked  bool
	owner   *job
	waiting turnstile
}

func (l *lockTool) acquire(c *loop.Coroutine) error {
	j := l.rt.jobOf(c)
	if l.tools.owned && l.locked && l.owner == j {
		return l.rt.plainFailure("Error", "attempt to re-acquire an already held Lock")
	}
	if l.locked {
		if _, err := l.waiting.wait(c); err != nil {
			return err
		}
	}
	l.locked, l.owner = true, j
	return nil
}

func (l *lockTool) release(by *job) error {
	if l.tools.owned && (!l.locked || l.owner != by) {
		return l.rt.plainFailure("Error", "can't release a Lock you don't own")
	}
	if !l.locked {
		return l.rt.plainFailure("Error", "Lock is not acquired.")
	}
	if !l.waiting.next(nil) {
		l.locked, l.owner = false, nil
	}
	return nil
}

func (rt *Runtime) lockTool(t *tools) *class {
	return rt.newClass(classSpec{
		name:      "Lock",
		construct: func(goja.ConstructorCall) any { return &lockTool{rt: rt, tools: t} },
		methods: append(rt.lockMembers(t, func(h *hostObject) lockable { return h.value.(*lockTool) }),
			member{"locked", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(h.value.(*lockTool).locked) }}),
	})
}

type semaphoreTool struct {
	rt      *Runtime
	value   int64
	most    int64
	waiting turnstile
}

func (s *semaphoreTool) acquire(c *loop.Coroutine) error {
	if s.value > 0 && len(s.waiting.line) == 0 {
		s.value--
		return nil
	}
	_, err := s.waiting.wait(c)
	return err
}

func (s *semaphoreTool) release(*job) error {
	if s.value >= s.most {
		return s.rt.plainFailure("RangeError", "BoundedSemaphore released too many times")
	}
	if !s.waiting.next(nil) {
		s.value++
	}
	return nil
}

func (rt *Runtime) semaphoreTool(t *tools, name string) *class {
	of := func(h *hostObject) *semaphoreTool { return h.value.(*semaphoreTool) }
	return rt.newClass(classSpec{
		name: name,
		construct: func(call goja.ConstructorCall) any {
			s := &semaphoreTool{rt: rt, value: 1, most: math.MaxInt64}
			if v := call.Argument(0); !missing(v) || t.level {
				s.value = rt.integer(v, "a semaphore's initial value")
			}
			if s.value < 0 {
				panic(rt.newError("RangeError", "Semaphore initial value must be >= 0"))
			}
			if v := rt.options(call.Argument(1), name, "maxValue")["maxValue"]; v != nil && !goja.IsNull(v) {
				if s.most = rt.integer(v, "maxValue"); s.most < s.value {
					panic(rt.newError("RangeError", "maxValue must be >= initial value"))
				}
			}
			if name == "BoundedSemaphore" {
				s.most = s.value
			}
			return s
		},
		methods: append(rt.lockMembers(t, func(h *hostObject) lockable { return of(h) }),
			member{"locked", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).value == 0) }}),
		accessors: []accessor{{name: "value", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).value) }}},
	})
}

// limiter is CapacityLimiter: a number of tokens, at most one for each task.
type limiter struct {
	rt      *Runtime
	total   float64
	holders []*job
	waiting turnstile
}

func (l *limiter) holds(j *job) int {
	for i, x := range l.holders {
		if x == j {
			return i
		}
	}
	return -1
}

func (l *limiter) acquire(c *loop.Coroutine) error {
	j := l.rt.jobOf(c)
	if l.holds(j) >= 0 {
		return l.rt.plainFailure("Error", "this borrower is already holding one of this CapacityLimiter's tokens")
	}
	if float64(len(l.holders)) >= l.total || len(l.waiting.line) > 0 {
		if _, err := l.waiting.wait(c); err != nil {
			return err
		}
	}
	l.holders = append(l.holders, j)
	return nil
}

func (l *limiter) release(by *job) error {
	i := l.holds(by)
	if i < 0 {
		return l.rt.plainFailure("Error", "this borrower isn't holding any of this CapacityLimiter's tokens")
	}
	l.holders = append(l.holders[:i:i], l.holders[i+1:]...)
	l.refill()
	return nil
}

func (l *limiter) refill() {
	for float64(len(l.holders)) < l.total && l.waiting.next(nil) {
	}
}

// String is how the prompt shows a limiter.
func (l *limiter) String() string {
	return fmt.Sprintf("<CapacityLimiter %d/%s>", len(l.holders), l.rt.vm.ToValue(l.total))
}

func (rt *Runtime) limiterTool() *class {
	of := func(h *hostObject) *limiter { return h.value.(*limiter) }
	total := func(v goja.Value) float64 {
		f := v.ToFloat()
		if !isNumber(v) || f < 1 || f != math.Trunc(f) && !math.IsInf(f, 1) {
			panic(rt.vm.NewTypeError("totalTokens is a whole number of at least 1, or Infinity, not %s", rt.brief(v)))
		}
		return f
	}
	return rt.newClass(classSpec{
		name:      "CapacityLimiter",
		construct: func(call goja.ConstructorCall) any { return &limiter{rt: rt, total: total(call.Argument(0))} },
		methods:   append(rt.lockMembers(trioTools, func(h *hostObject) lockable { return of(h) }), rt.reprMember()),
		accessors: []accessor{
			{"totalTokens", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).total) }, func(h *hostObject, v goja.Value) {
				of(h).total = total(v)
				of(h).refill()
			}},
			{name: "borrowedTokens", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(len(of(h).holders)) }},
			{name: "availableTokens", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).total - float64(len(of(h).holders))) }},
		},
	})
}

// condition is a lock with a line of tasks that wait for word from its holder.
type condition struct {
	lock    *lockTool
	waiting turnstile
}

func (rt *Runtime) conditionTool(t *tools) *class {
	of := func(h *hostObject) *condition { return h.value.(*condition) }
	holds := func(cond *condition, what string) {
		if !cond.lock.locked || t.owned && cond.lock.owner != rt.currentJob() {
			panic(rt.newError("Error", "cannot "+what+" on un-acquired lock"))
		}
	}
	// The lock is taken back whatever happens: cancellation waits for that.
	wait := func(cond *condition) goja.Value {
		task, owner, released := rt.here(), cond.lock.owner, false
		word := rt.waitIn(task, task.Scope, func(c *loop.Coroutine) (goja.Value, error) {
			if err := c.Scope().Err(); err != nil {
				return nil, err
			}
			if err := cond.lock.release(owner); err != nil {
				return nil, err
			}
			released = true
			_, err := cond.waiting.wait(c)
			return rt.vm.ToValue(true), err
		})
		return rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
			v, err := rt.awaitValue(c, word)
			if released {
				if cond.lock.locked {
					if _, err := cond.lock.waiting.wait(c); err != nil {
						return nil, err
					}
				}
				cond.lock.locked, cond.lock.owner = true, owner
			}
			return v, err
		})
	}
	notify := func(name string, count func(args []goja.Value, cond *condition) int) member {
		return member{name, 0, func(h *hostObject, args []goja.Value) goja.Value {
			holds(of(h), "notify")
			for n := count(args, of(h)); n > 0 && of(h).waiting.next(nil); n-- {
			}
			return goja.Undefined()
		}}
	}
	methods := append(rt.lockMembers(t, func(h *hostObject) lockable { return of(h).lock }),
		member{"locked", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).lock.locked) }},
		member{"wait", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			holds(of(h), "wait")
			return wait(of(h))
		}},
		notify("notify", func(args []goja.Value, _ *condition) int {
			if missing(arg(args, 0)) {
				return 1
			}
			return int(rt.integer(args[0], "how many to notify"))
		}),
		notify("notifyAll", func(_ []goja.Value, cond *condition) int { return len(cond.waiting.line) }),
	)
	if !t.level {
		methods = append(methods, member{"waitFor", 1, func(h *hostObject, args []goja.Value) goja.Value {
			f := rt.callable(arg(args, 0), "waitFor")
			holds(of(h), "wait")
			task := rt.here()
			return rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
				for {
					v, err := rt.within(c, task, f)
					if err != nil || v.ToBoolean() {
						return v, err
					}
					var word goja.Value
					rt.loop.As(task, func() { word = wait(of(h)) })
					if _, err := rt.awaitValue(c, word); err != nil {
						return nil, err
					}
				}
			})
		}})
	}
	return rt.newClass(classSpec{
		name: "Condition",
		construct: func(call goja.ConstructorCall) any {
			if v := call.Argument(0); !none(v) {
				l, ok := valueOf[*lockTool](v)
				if !ok {
					panic(rt.vm.NewTypeError("a Condition's lock is a Lock, not %s", rt.brief(v)))
				}
				return &condition{lock: l}
			}
			return &condition{lock: &lockTool{rt: rt, tools: t}}
		},
		methods: methods,
	})
}
