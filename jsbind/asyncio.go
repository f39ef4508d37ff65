package jsbind

import (
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// asyncioModule is the asyncio global. Functions stand where Python has coroutines: a promise has already started.
func (rt *Runtime) asyncioModule() goja.Value {
	m := rt.module("asyncio")
	group, timeouts := rt.taskGroupClass(), rt.timeoutBlockClass()
	m.functions(
		member{"run", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			rt.options(arg(args, 1), "asyncio.run", "debug")
			return rt.asyncioRun(rt.callable(arg(args, 0), "asyncio.run"))
		}},
		member{"sleep", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			d := rt.secondsOrForever(arg(args, 0), "asyncio.sleep's delay")
			return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return arg(args, 1), rt.sleep(c, d) })
		}},
		member{"createTask", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			return rt.createTask(rt.callable(arg(args, 0), "asyncio.createTask"), rt.taskName(arg(args, 1), "asyncio.createTask")).taskObject()
		}},
		member{"currentTask", 0, func(*hostObject, []goja.Value) goja.Value { return rt.currentJob().taskObject() }},
		member{"allTasks", 0, func(*hostObject, []goja.Value) goja.Value {
			var all []any
			for _, j := range rt.placeOf(rt.here()).home.jobs.list() {
				all = append(all, j.taskObject())
			}
			return rt.array(all...)
		}},
		member{"gather", 0, func(_ *hostObject, args []goja.Value) goja.Value { return rt.gather(args) }},
		member{"wait", 1, func(_ *hostObject, args []goja.Value) goja.Value { return rt.waitAll(args) }},
		member{"asCompleted", 1, func(_ *hostObject, args []goja.Value) goja.Value { return rt.asCompleted(args) }},
		member{"shield", 1, func(_ *hostObject, args []goja.Value) goja.Value { return rt.shield(arg(args, 0)) }},
		rt.timeoutFunction("timeout", timeouts, false),
		rt.timeoutFunction("timeoutAt", timeouts, true),
		member{"waitFor", 2, func(_ *hostObject, args []goja.Value) goja.Value { return rt.waitFor(arg(args, 0), arg(args, 1)) }},
		member{"time", 0, func(*hostObject, []goja.Value) goja.Value { return rt.vm.ToValue(inSeconds(rt.loop.Now())) }},
	)
	m.value("CancelledError", rt.errorClass("CancelledError"))
	m.errors("TimeoutError", "InvalidStateError", "QueueEmpty", "QueueFull", "QueueShutDown", "BrokenBarrierError")
	m.value("Task", rt.taskClass().ctor)
	m.value("TaskGroup", group.ctor)
	m.value("Timeout", timeouts.ctor)
	for _, c := range []*class{
		rt.eventTool(asyncioTools), rt.lockTool(asyncioTools), rt.semaphoreTool(asyncioTools, "Semaphore"), rt.semaphoreTool(asyncioTools, "BoundedSemaphore"),
		rt.conditionTool(asyncioTools), rt.barrierTool(), rt.queueTool("Queue"), rt.queueTool("LifoQueue"), rt.queueTool("PriorityQueue"),
	} {
		m.value(c.name, c.ctor)
	}
	for _, name := range []string{"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"} {
		m.value(name, rt.vm.ToValue(name))
	}
	return m.object
}

// module is a global with functions in both spellings.
type module struct {
	rt     *Runtime
	object *goja.Object
}

func (rt *Runtime) module(name string) *module {
	m := &module{rt, rt.vm.NewObject()}
	must(m.object.DefineDataPropertySymbol(goja.SymToStringTag, rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return m
}

func (m *module) functions(list ...member) {
	for _, f := range list {
		o := m.rt.function(f.name, f.length, func(call goja.FunctionCall) goja.Value { return f.call(nil, call.Arguments) })
		for i, name := range spellings(f.name) {
			enumerable := goja.FLAG_TRUE
			if i > 0 {
				enumerable = goja.FLAG_FALSE
				m.rt.aliases[name] = true
			}
			must(m.object.DefineDataProperty(name, o, goja.FLAG_TRUE, goja.FLAG_TRUE, enumerable))
		}
	}
}

func (m *module) value(name string, v goja.Value) {
	must(m.object.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

func (m *module) errors(names ...string) {
	for _, name := range names {
		m.value(name, m.rt.environmentError(name))
	}
}

// taskName reads the name option of what creates a task.
func (rt *Runtime) taskName(v goja.Value, what string) string {
	if name := rt.options(v, what, "name")["name"]; name != nil && !goja.IsNull(name) {
		return rt.text(name, "name")
	}
	return ""
}

// currentJob is the current task; a cell counts as one.
func (rt *Runtime) currentJob() *job {
	task := rt.here()
	if j := rt.placeOf(task).job; j != nil {
		return j
	}
	root := task.Root()
	j := rt.placeOf(root).job
	if j == nil {
		j = rt.newJob(root, root.Cell)
		j.running = true
	}
	return j
}

// enterHome begins a run of an environment around main, below the current scope.
func (rt *Runtime) enterHome(l *library, name string) (*home, *job) {
	outer := rt.here()
	if rt.placeOf(outer).home != &rt.session {
		panic(rt.newError("Error", map[*library]string{
			asyncioLibrary: "asyncio.run() cannot be called from a running event loop",
			trioLibrary:    "Attempted to call run() from inside a run()",
		}[l]))
	}
	h := &home{scope: rt.loop.NewScope(outer.Scope)}
	scope := rt.loop.NewScope(h.scope)
	scope.Boundary()
	task := outer.Below(scope)
	task.Local = place{library: l, home: h}
	j := rt.newJob(task, name)
	j.running = true
	return h, j
}

// runHome runs main and then ends what it left behind.
func (rt *Runtime) runHome(h *home, j *job, main func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	outer := rt.here()
	return rt.supervise(outer, func(c *loop.Coroutine) (goja.Value, error) {
		v, err := main(c)
		j.done = true
		for h.jobs.len() > 0 {
			left := h.jobs.list()
			for _, j := range left {
				j.cancel("")
			}
			for _, j := range left {
				j.whenDone(c.Wake)
				if err := c.Wait(func() bool { return j.done }); err != nil {
					return nil, err
				}
			}
		}
		h.scope.Close()
		rt.reportHome(h)
		if err != nil && rt.isCancelError(rt.toJS(err)) && outer.Scope.Err() != nil {
			return nil, outer.Scope.Err() // it was cancelled from outside, and is told so outside
		}
		return v, err
	})
}

// reportHome tells of the failures of a run that nobody has asked about.
func (rt *Runtime) reportHome(h *home) {
	for _, j := range rt.unclaimed {
		if j.home == h {
			rt.reportTasks(j.task.Cell)
			return
		}
	}
}

func (rt *Runtime) asyncioRun(f goja.Callable) goja.Value {
	h, j := rt.enterHome(asyncioLibrary, "")
	return rt.runHome(h, j, func(c *loop.Coroutine) (goja.Value, error) { return rt.within(c, j.task, f) })
}

// thing is something that can be waited for: a function, which becomes a task, a Task, a promise, or a plain value.
func (rt *Runtime) thing(v goja.Value) *job {
	if j, ok := valueOf[*job](v); ok {
		return j
	}
	if f, ok := goja.AssertFunction(v); ok {
		return rt.createTask(f, "")
	}
	// A promise is waited for by a task of its own, which can be cancelled while the promise cannot.
	var j *job
	j = rt.createTask(func(goja.Value, ...goja.Value) (goja.Value, error) {
		return rt.waitIn(j.task, j.task.Scope, func(c *loop.Coroutine) (goja.Value, error) { return rt.awaitValue(c, v) }), nil
	}, "")
	if o, ok := v.(*goja.Object); ok && o.ExportType() == promiseType {
		rt.handled(v)
	}
	return j
}

// handled marks a promise as one whose rejection somebody takes care of.
func (rt *Runtime) handled(promise goja.Value) {
	nothing := rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	if _, err := rt.promiseThen(promise, nothing, nothing); err != nil {
		panic(err)
	}
}

// things reads what gather and its like are given: the things, and their options.
func (rt *Runtime) things(args []goja.Value, what string, known ...string) ([]*job, options) {
	var o options
	if n := len(args); n > 0 && rt.isOptions(args[n-1]) {
		o = rt.options(args[n-1], what, known...)
		args = args[:n-1]
	}
	jobs := make([]*job, len(args))
	for i, v := range args {
		jobs[i] = rt.thing(v)
	}
	return jobs, o
}

// isOptions reports whether v is a plain object: neither one of ours, nor a promise, nor anything with a then method.
func (rt *Runtime) isOptions(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok || hostOf(v) != nil || o.ExportType() == promiseType {
		return false
	}
	if _, callable := goja.AssertFunction(v); callable {
		return false
	}
	then := o.Get("then")
	return then == nil || goja.IsUndefined(then)
}

// gather waits for all, and fails with the first that fails; the others go on. Cancelling it cancels all.
func (rt *Runtime) gather(args []goja.Value) goja.Value {
	jobs, o := rt.things(args, "asyncio.gather", "returnExceptions")
	keep := o["returnExceptions"] != nil && rt.boolean(o["returnExceptions"], "returnExceptions")
	return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
		left := len(jobs)
		var failed *job
		for _, j := range jobs {
			j.whenDone(func() {
				left--
				if j.reason != nil && !keep && failed == nil {
					failed = j
				}
				j.claimed = true
				c.Wake()
			})
		}
		var cancelled error
		for {
			err := c.Wait(func() bool { return left == 0 || failed != nil && cancelled == nil })
			edge, ok := err.(*taskCancelled)
			if err != nil && !ok {
				return nil, err
			}
			if err == nil {
				break
			}
			cancelled = err
			for _, j := range jobs {
				j.cancel(edge.message)
			}
		}
		if cancelled != nil {
			return nil, cancelled
		}
		if failed != nil {
			return failed.outcome()
		}
		results := make([]any, len(jobs))
		for i, j := range jobs {
			if results[i] = j.value; j.reason != nil {
				results[i] = j.reason
			}
		}
		return rt.array(results...), nil
	})
}

// waitAll is asyncio.wait: [done, pending], two Sets of tasks. It cancels nothing and throws nobody's error.
func (rt *Runtime) waitAll(args []goja.Value) goja.Value {
	list, ok := rt.elements(arg(args, 0))
	if !ok || len(list) == 0 {
		panic(rt.newError("RangeError", "Set of Tasks/Futures is empty: asyncio.wait takes a list of tasks"))
	}
	var jobs []*job
	for _, v := range list {
		j, ok := valueOf[*job](v)
		if !ok {
			panic(rt.vm.NewTypeError("asyncio.wait takes tasks, such as asyncio.createTask gives, not %s", rt.brief(v)))
		}
		jobs = append(jobs, j)
	}
	o := rt.options(arg(args, 1), "asyncio.wait", "timeout", "returnWhen")
	when := "ALL_COMPLETED"
	if v := o["returnWhen"]; v != nil {
		when = rt.text(v, "returnWhen")
		if !contains([]string{"ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"}, when) {
			panic(rt.newError("RangeError", "Invalid returnWhen value: "+when))
		}
	}
	limit := math.Inf(1)
	if v := o["timeout"]; v != nil && !goja.IsNull(v) {
		limit = rt.secondsOrForever(v, "timeout")
	}
	return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
		late := false
		if !math.IsInf(limit, 1) {
			id := rt.loop.SetTimer(duration(limit), 0, true, func() { late = true; c.Wake() })
			defer rt.loop.ClearTimer(id)
		}
		for _, j := range jobs {
			j.whenDone(c.Wake)
		}
		enough := func() bool {
			done, failed := 0, false
			for _, j := range jobs {
				if j.done {
					done++
					failed = failed || j.reason != nil && !j.stopped
				}
			}
			return late || done == len(jobs) || done > 0 && when == "FIRST_COMPLETED" || failed && when == "FIRST_EXCEPTION"
		}
		if err := c.Wait(enough); err != nil {
			return nil, err
		}
		var done, pending []any
		for _, j := range jobs {
			if j.done {
				done = append(done, j.taskObject())
			} else {
				pending = append(pending, j.taskObject())
			}
		}
		return rt.array(rt.set(done), rt.set(pending)), nil
	})
}

func (rt *Runtime) set(list []any) goja.Value {
	s, err := rt.vm.New(rt.setCtor, rt.array(list...))
	must(err)
	return s
}

// elements are those of an array, or of anything else that can be iterated.
func (rt *Runtime) elements(v goja.Value) ([]goja.Value, bool) {
	if list, ok := rt.list(v); ok {
		return list, true
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	if _, ok := goja.AssertFunction(o.GetSymbol(goja.SymIterator)); !ok {
		return nil, false
	}
	var list []goja.Value
	rt.vm.ForOf(v, func(v goja.Value) bool {
		list = append(list, v)
		return len(list) < maxListLength
	})
	return list, true
}

// asCompleted is an array of promises: the first settles as the first that is done, and so on.
func (rt *Runtime) asCompleted(args []goja.Value) goja.Value {
	list, ok := rt.elements(arg(args, 0))
	if !ok {
		panic(rt.vm.NewTypeError("asyncio.asCompleted takes a list of functions or tasks, not %s", rt.brief(arg(args, 0))))
	}
	o := rt.options(arg(args, 1), "asyncio.asCompleted", "timeout")
	limit := math.Inf(1)
	if v := o["timeout"]; v != nil && !goja.IsNull(v) {
		limit = rt.secondsOrForever(v, "timeout")
	}
	var finished []*job
	late := false
	var waiting []*loop.Coroutine
	wake := func() {
		for _, c := range waiting {
			c.Wake()
		}
	}
	left := len(list)
	timer := 0
	if !math.IsInf(limit, 1) {
		timer = rt.loop.SetTimer(duration(limit), 0, true, func() { late = true; wake() })
	}
	for _, v := range list {
		j := rt.thing(v)
		j.whenDone(func() {
			j.claimed = true
			finished = append(finished, j)
			if left--; left == 0 && timer != 0 {
				rt.loop.ClearTimer(timer)
			}
			wake()
		})
	}
	promises := make([]any, len(list))
	for i := range list {
		p := rt.async(func(c *loop.Coroutine) (goja.Value, error) {
			waiting = append(waiting, c)
			if err := c.Wait(func() bool { return len(finished) > i || late }); err != nil {
				return nil, err
			}
			if len(finished) <= i {
				return nil, rt.failure("TimeoutError", "")
			}
			return finished[i].outcome()
		})
		rt.handled(p)
		promises[i] = p
	}
	return rt.array(promises...)
}

// shield waits for a thing that goes on when the wait is cancelled.
func (rt *Runtime) shield(v goja.Value) goja.Value {
	j := rt.thing(v)
	return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
		j.whenDone(c.Wake)
		if err := c.Wait(func() bool { return j.done }); err != nil {
			return nil, err
		}
		return j.outcome()
	})
}
