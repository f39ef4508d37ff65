package jsbind

import (
	"fmt"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// nursery is trio's nursery and anyio's task group: tasks in a cancel scope, which ends when all of them have ended. The first that
// fails cancels the others.
type nursery struct {
	rt       *Runtime
	kind     string // the class's name
	message  string // of the ExceptionGroup
	scope    *cancelScope
	object   *goja.Object // its cancelScope property
	body     *loop.Task
	running  int
	failures []goja.Value
	cancels  []goja.Value
	stop     goja.Value // Ctrl-C in a busy task, which outweighs the rest
	closer   *loop.Coroutine
	closed   bool
}

// String is how the prompt shows a nursery.
func (n *nursery) String() string {
	if n.closed {
		return "<" + n.kind + " closed>"
	}
	return fmt.Sprintf("<%s open, tasks=%d>", n.kind, n.running)
}

func (n *nursery) open(outer *loop.Task) *loop.Task {
	n.body = n.scope.open(outer)
	return n.body
}

// failed takes a task's or the body's error.
func (n *nursery) failed(reason goja.Value) {
	switch {
	case n.rt.isStop(reason):
		n.stop = reason
	case n.rt.isCancelError(reason):
		n.cancels = append(n.cancels, reason)
	default:
		n.failures = append(n.failures, reason)
	}
	n.scope.cancel()
}

func (n *nursery) close(c *loop.Coroutine, failure goja.Value) goja.Value {
	if failure != nil {
		n.failed(failure)
	}
	n.closer = c
	if err := c.Wait(func() bool { return n.running == 0 }); err != nil {
		return n.rt.toJS(err) // the session ends
	}
	n.closed = true
	var reason goja.Value
	if len(n.cancels) > 0 {
		reason = n.cancels[0]
	}
	if len(n.failures) > 0 {
		all := n.failures
		if reason != nil {
			all = append(all, reason)
		}
		reason = n.rt.newGroup(n.message, all)
	}
	if n.stop != nil {
		reason = n.stop
	}
	return n.scope.close(c, reason)
}

// begin counts a task; end gives it back.
func (n *nursery) begin() {
	if n.body == nil || n.closed {
		n.rt.throw(n.rt.plainFailure("Error", "Nursery is closed to new arrivals"))
	}
	n.running++
}

func (n *nursery) end() {
	n.running--
	if n.running == 0 && n.closer != nil {
		n.closer.Wake()
	}
}

// startSoon starts a task that runs f(...args).
func (n *nursery) startSoon(f goja.Callable, name string, args []goja.Value) {
	n.begin()
	rt := n.rt
	task := n.body.Below(n.scope.scope)
	rt.newJob(task, name)
	args = append([]goja.Value(nil), args...)
	rt.soon(task, func() {
		rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
			defer n.end()
			if _, err := rt.within(c, task, f, args...); err != nil {
				n.failed(rt.toJS(err))
			}
			return nil, nil
		})
	})
}

// start starts a task and waits until it calls taskStatus.started. Up to then it belongs to the caller's scope, and its error is the
// caller's.
func (n *nursery) start(f goja.Callable, name string, args []goja.Value) goja.Value {
	n.begin()
	rt := n.rt
	outer := rt.here()
	scope := rt.loop.NewScope(outer.Scope)
	task := n.body.Below(scope)
	rt.newJob(task, name)
	promise, resolve, reject := rt.vm.NewPromise()
	started, ended := false, false
	status := rt.vm.NewObject()
	must(status.Set("started", rt.function("started", 1, func(call goja.FunctionCall) goja.Value {
		if started {
			panic(rt.newError("Error", "called 'started' twice on the same task status"))
		}
		if ended {
			return goja.Undefined()
		}
		started = true
		scope.Move(n.scope.scope)
		must(resolve(call.Argument(0)))
		return goja.Undefined()
	})))
	options := rt.vm.NewObject()
	must(options.Set("taskStatus", status))
	args = append(append([]goja.Value(nil), args...), options)
	rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
		defer n.end()
		_, err := rt.within(c, task, f, args...)
		ended = true
		scope.Close()
		switch {
		case started && err != nil:
			n.failed(rt.toJS(err))
		case err != nil:
			must(reject(rt.toJS(err)))
		case !started:
			must(reject(rt.newError("Error", "child exited without calling taskStatus.started()")))
		}
		return nil, nil
	})
	return rt.vm.ToValue(promise)
}

// nurseryClass is the class of trio's nurseries and anyio's task groups.
func (rt *Runtime) nurseryClass(name string) *class {
	of := func(h *hostObject) *nursery { return h.value.(*nursery) }
	return rt.newClass(classSpec{
		name: name,
		methods: []member{
			{"startSoon", 1, func(h *hostObject, args []goja.Value) goja.Value {
				of(h).startSoon(rt.callable(arg(args, 0), "startSoon"), functionName(args[0]), args[1:])
				return goja.Undefined()
			}},
			{"start", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return of(h).start(rt.callable(arg(args, 0), "start"), functionName(args[0]), args[1:])
			}},
			rt.blockDisposal(), rt.reprMember(),
		},
		accessors: []accessor{
			{name: "cancelScope", get: func(h *hostObject) goja.Value { return of(h).object }},
		},
		disposeA: "aclose",
	})
}

// nurseryBlock is openNursery and createTaskGroup.
func (rt *Runtime) nurseryBlock(name string, nurseries, scopes *class, l *library, message string) member {
	return member{name, 1, func(_ *hostObject, args []goja.Value) goja.Value {
		n := &nursery{rt: rt, kind: nurseries.name, message: message, scope: rt.newCancelScope(l)}
		n.object = scopes.wrap(n.scope)
		object := nurseries.wrap(n)
		if missing(arg(args, 0)) {
			return object
		}
		return rt.inBlock(n, rt.callable(args[0], name), object)
	}}
}

// functionName is a function's own name.
func functionName(f goja.Value) string {
	if o, ok := f.(*goja.Object); ok && o.ExportType() != proxyType {
		if v := o.Get("name"); v != nil && goja.IsString(v) && v.String() != "" {
			return v.String()
		}
	}
	return "<anonymous>"
}
