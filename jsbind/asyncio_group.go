package jsbind

import (
	"fmt"
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// taskGroup is asyncio.TaskGroup: the first task that fails has the others and the body cancelled.
type taskGroup struct {
	rt       *Runtime
	outer    *loop.Task
	body     *loop.Task
	owner    *job
	asked    int // the owner's cancellations when the group was opened
	jobs     jobSet
	failures []goja.Value
	aborting bool
	finished bool // the body has ended
	closed   bool
	cut      bool // the body was interrupted by the group
	wake     func()
	stop     goja.Value // Ctrl-C in a busy task
}

func (g *taskGroup) open(outer *loop.Task) *loop.Task {
	if g.body != nil {
		g.rt.throw(g.rt.plainFailure("Error", "TaskGroup has already been entered"))
	}
	g.outer = outer
	g.body = outer.Below(g.rt.loop.NewScope(outer.Scope))
	g.owner = g.rt.currentJob()
	g.asked = g.owner.cancelling
	return g.body
}

func (g *taskGroup) createTask(f goja.Callable, name string) goja.Value {
	switch {
	case g.body == nil:
		g.rt.throw(g.rt.plainFailure("Error", "TaskGroup has not been entered"))
	case g.closed, g.finished && g.jobs.len() == 0:
		g.rt.throw(g.rt.plainFailure("Error", "TaskGroup is finished"))
	case g.aborting:
		g.rt.throw(g.rt.plainFailure("Error", "TaskGroup is shutting down"))
	}
	rt := g.rt
	var j *job
	g.rt.loop.As(g.body, func() { j = g.rt.createTask(f, name) })
	g.jobs.add(j)
	j.whenDone(func() {
		g.jobs.remove(j)
		switch {
		case rt.isStop(j.reason):
			g.stop = j.reason
			g.abort()
		case j.reason != nil && !j.stopped:
			j.claimed = true
			g.failures = append(g.failures, j.reason)
			g.abort()
		}
		if g.wake != nil {
			g.wake()
		}
	})
	return j.taskObject()
}

// abort cancels the tasks and, when it still runs, the body.
func (g *taskGroup) abort() {
	if g.aborting {
		return
	}
	g.aborting = true
	for _, j := range g.jobs.list() {
		j.cancel("")
	}
	if !g.finished {
		g.cut = true
		g.body.Scope.Interrupt(&taskCancelled{})
	}
}

func (g *taskGroup) close(c *loop.Coroutine, failure goja.Value) goja.Value {
	rt := g.rt
	g.finished = true
	var cancel goja.Value
	switch {
	case failure == nil:
	case !rt.isCancelError(failure):
		defer func() { g.closed = true }()
		g.abort()
	default:
		if !g.cut || rt.isStop(failure) || g.owner.cancelling > g.asked || g.outer.Scope.Err() != nil {
			cancel = failure
		}
		failure = nil
		g.abort()
	}
	g.body.Scope.Uninterrupt()
	// The wait for the tasks can be cancelled, which cancels them; the group goes on waiting.
	rt.loop.Go(g.outer, g.outer.Scope, func(waiting *loop.Coroutine) {
		g.wake = func() { waiting.Wake(); c.Wake() }
		for g.jobs.len() > 0 {
			if err := waiting.Wait(func() bool { return g.jobs.len() == 0 }); err != nil {
				cancel = rt.toJSIn(g.outer, err)
				g.aborting = false
				g.abort()
				if _, edge := err.(*taskCancelled); !edge {
					break
				}
			}
		}
	})
	if err := c.Wait(func() bool { return g.jobs.len() == 0 }); err != nil {
		return rt.toJS(err) // the session ends
	}
	g.closed = true
	g.body.Scope.Close()
	if failure != nil {
		g.failures = append(g.failures, failure)
	}
	if g.stop != nil {
		return g.stop
	}
	if len(g.failures) > 0 {
		return rt.newGroup("unhandled errors in a TaskGroup", g.failures)
	}
	return cancel
}

// String is how the prompt shows a group.
func (g *taskGroup) String() string {
	state := ""
	switch {
	case g.closed:
		state = " closed"
	case g.aborting:
		state = " cancelling"
	case g.body != nil:
		state = " entered"
	}
	return fmt.Sprintf("<TaskGroup%s tasks=%d>", state, g.jobs.len())
}

// taskGroupClass is asyncio.TaskGroup: new TaskGroup() for await using, TaskGroup(async tg => …) as a callback.
func (rt *Runtime) taskGroupClass() *class {
	of := func(h *hostObject) *taskGroup { return h.value.(*taskGroup) }
	c := rt.once(&rt.concurrency.classes.taskGroup, func() classSpec {
		return classSpec{
			name:      "TaskGroup",
			construct: func(goja.ConstructorCall) any { return &taskGroup{rt: rt} },
			methods: []member{
				{"createTask", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return of(h).createTask(rt.callable(arg(args, 0), "createTask"), rt.taskName(arg(args, 1), "createTask"))
				}},
				rt.blockDisposal(), rt.reprMember(),
			},
			disposeA: "aclose",
		}
	})
	rt.callbackForm(c)
	return c
}

// callbackForm lets a class be called with a function, which then runs in a new block of that class.
func (rt *Runtime) callbackForm(c *class) {
	class := c.ctor
	call := rt.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		f, args := callbackOf(call.Arguments)
		o, err := rt.vm.New(class, args...)
		if err != nil {
			panic(err)
		}
		if f == nil {
			return o
		}
		return rt.inBlock(hostOf(o).value.(block), f, o).ToObject(rt.vm)
	}).ToObject(rt.vm)
	must(call.DefineDataProperty("name", rt.vm.ToValue(c.name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(call.DefineDataProperty("prototype", c.proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(c.proto.DefineDataProperty("constructor", call, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	c.ctor = call
}

// timeout is asyncio.timeout's block: at its deadline the body's wait is cancelled, and the body's CancelledError becomes a TimeoutError.
type timeout struct {
	rt      *Runtime
	after   float64 // seconds from its opening, or
	when    float64 // the time on the session's clock; Infinity is never
	outer   *loop.Task
	body    *loop.Task
	owner   *job
	asked   int
	expired bool
	closed  bool
}

// String is how the prompt shows a timeout.
func (t *timeout) String() string {
	switch {
	case t.closed && t.expired:
		return "<Timeout [expired]>"
	case t.closed:
		return "<Timeout [finished]>"
	case t.expired:
		return "<Timeout [expiring]>"
	case t.body != nil:
		return "<Timeout [active]>"
	}
	return "<Timeout [created]>"
}

func (t *timeout) open(outer *loop.Task) *loop.Task {
	if t.body != nil {
		t.rt.throw(t.rt.plainFailure("Error", "Timeout has already been entered"))
	}
	t.outer = outer
	t.body = outer.Below(t.rt.loop.NewScope(outer.Scope))
	t.owner = t.rt.currentJob()
	t.asked = t.owner.cancelling
	if !math.IsInf(t.after, 1) {
		t.when = inSeconds(t.rt.loop.Now()) + t.after
	}
	t.schedule()
	return t.body
}

func (t *timeout) schedule() {
	if math.IsInf(t.when, 1) {
		t.body.Scope.ClearDeadline()
		return
	}
	t.body.Scope.OnDeadline(duration(t.when), func() {
		t.expired = true
		t.body.Scope.Interrupt(&taskCancelled{})
	})
}

func (t *timeout) close(_ *loop.Coroutine, failure goja.Value) goja.Value {
	t.closed = true
	t.body.Scope.Uninterrupt()
	t.body.Scope.Close()
	if failure == nil || !t.expired || !t.rt.isCancelError(failure) || t.rt.isStop(failure) || t.owner.cancelling > t.asked || t.outer.Scope.Err() != nil {
		return failure
	}
	e := t.rt.toJS(t.rt.failure("TimeoutError", "")).ToObject(t.rt.vm)
	must(e.DefineDataProperty("cause", failure, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return e
}

func (rt *Runtime) timeoutBlockClass() *class {
	of := func(h *hostObject) *timeout { return h.value.(*timeout) }
	number := func(f float64) goja.Value {
		if math.IsInf(f, 1) {
			return goja.Null()
		}
		return rt.vm.ToValue(f)
	}
	return rt.once(&rt.concurrency.classes.timeout, func() classSpec {
		return classSpec{
			name: "Timeout",
			methods: []member{
				{"when", 0, func(h *hostObject, _ []goja.Value) goja.Value { return number(of(h).when) }},
				{"expired", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).expired) }},
				{"reschedule", 1, func(h *hostObject, args []goja.Value) goja.Value {
					t := of(h)
					if t.body == nil || t.closed || t.expired {
						panic(rt.newError("Error", "Cannot change state of a Timeout that is not active"))
					}
					t.when = math.Inf(1)
					if !goja.IsNull(arg(args, 0)) {
						t.when = rt.secondsOrForever(arg(args, 0), "reschedule's time")
					}
					t.schedule()
					return goja.Undefined()
				}},
				rt.blockDisposal(), rt.reprMember(),
			},
			disposeA: "aclose",
		}
	})
}

// timeoutFunction is asyncio.timeout or timeoutAt: with a function for a body, or for await using.
func (rt *Runtime) timeoutFunction(name string, timeouts *class, absolute bool) member {
	return member{name, 1, func(_ *hostObject, args []goja.Value) goja.Value {
		f, args := callbackOf(args)
		t := rt.newTimeout(arg(args, 0), "asyncio."+name, absolute)
		object := timeouts.wrap(t)
		if f == nil {
			return object
		}
		return rt.inBlock(t, f, object)
	}}
}

func (rt *Runtime) newTimeout(v goja.Value, what string, absolute bool) *timeout {
	t := &timeout{rt: rt, after: math.Inf(1), when: math.Inf(1)}
	if !goja.IsNull(v) {
		if seconds := rt.secondsOrForever(v, what+"'s time"); absolute {
			t.when = seconds
		} else {
			t.after = seconds
		}
	}
	return t
}

// waitFor waits for a thing at most so long, and then cancels it.
func (rt *Runtime) waitFor(v, limit goja.Value) goja.Value {
	t := rt.newTimeout(limit, "asyncio.waitFor", false)
	f, ok := goja.AssertFunction(v)
	if !ok {
		f = func(goja.Value, ...goja.Value) (goja.Value, error) {
			if j, ok := valueOf[*job](v); ok {
				return rt.awaitJob(t.body, j), nil
			}
			return rt.waitIn(t.body, t.body.Scope, func(c *loop.Coroutine) (goja.Value, error) { return rt.awaitValue(c, v) }), nil
		}
	} else {
		whole := f
		f = func(goja.Value, ...goja.Value) (goja.Value, error) { return whole(goja.Undefined()) }
	}
	return rt.inBlock(t, f, goja.Undefined())
}
