package jsbind

import (
	"errors"
	"fmt"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// The concurrency environments asyncio, trio and anyio are three manners over the one tree of tasks and scopes of package loop. What
// they share is here: where a task is (place), how it is told of its cancellation, and blocks, which are Python's async with.

// library is the manner in which a task is told of its cancellation.
type library struct {
	name      string // as sniffio gives it
	cancelled string // the class of its cancellation error
}

var (
	asyncioLibrary = &library{"asyncio", "CancelledError"}
	trioLibrary    = &library{"trio", "Cancelled"}
)

// place is where a task is: loop.Task.Local.
type place struct {
	library *library
	home    *home // where asyncio's tasks live
	job     *job  // nil at the prompt itself
}

// home is one run of an environment, or the session at the prompt.
type home struct {
	scope *loop.Scope // nil for the session's, where tasks belong to their cells
	jobs  jobSet      // asyncio's, until they are done
}

// concurrency is the environments' part of a runtime.
type concurrency struct {
	session   home
	unclaimed []*job // failed, and nobody has asked
	blocks    map[*goja.Object]*loop.Task
	lastTask  int
	mock      *mockClock // that drives the session's clock now
	stopped   goja.Value // what Ctrl-C threw into a busy script last, which no scope may keep for its own
	classes   struct {
		task, taskGroup, timeout, held *class
	}
	groupClass  *goja.Object
	isGroup     goja.Callable
	splitGroup  goja.Callable
	moreErrors  map[string]*goja.Object
	cancelClass *goja.Object
}

// here is the current task.
func (rt *Runtime) here() *loop.Task {
	if t := rt.loop.Task(); t != nil {
		return t
	}
	return rt.sessionTask
}

// placeOf is where a task is; the prompt is asyncio's.
func (rt *Runtime) placeOf(t *loop.Task) place {
	if t != nil {
		if p, ok := t.Local.(place); ok {
			return p
		}
	}
	return place{library: asyncioLibrary, home: &rt.session}
}

// scopeCancelled is the reason of a scope that was cancelled as a whole: every checkpoint in it fails until it ends.
type scopeCancelled struct{}

func (*scopeCancelled) Error() string { return "cancelled by its scope" }

// taskCancelled is the reason with which asyncio's task.cancel ends one wait.
type taskCancelled struct{ message string }

func (e *taskCancelled) Error() string { return e.message }

// isCancellation reports whether a Go error is the cancellation of a scope or task, whoever asked for it.
func isCancellation(err error) bool {
	var scope *scopeCancelled
	var task *taskCancelled
	var ctrlC *cancelled
	return errors.As(err, &scope) || errors.As(err, &task) || errors.As(err, &ctrlC)
}

// toJSIn is toJS for a task: a cancellation becomes the error of the task's library.
func (rt *Runtime) toJSIn(task *loop.Task, err error) goja.Value {
	if !isCancellation(err) {
		return rt.toJS(err)
	}
	var ctrlC *cancelled
	library := rt.placeOf(task).library
	if library == asyncioLibrary && errors.As(err, &ctrlC) {
		return ctrlC.value
	}
	message := ""
	var edge *taskCancelled
	if library == asyncioLibrary && errors.As(err, &edge) {
		message = edge.message
	}
	return rt.cancellation(library, message)
}

// cancellation is a new cancellation error of a library.
func (rt *Runtime) cancellation(l *library, message string) goja.Value {
	if l == asyncioLibrary {
		return rt.cancelledError(message)
	}
	e, err := rt.vm.New(rt.trioCancelled(), rt.vm.ToValue(message))
	must(err)
	return e
}

// trioCancelled is the class trio.Cancelled.
func (rt *Runtime) trioCancelled() *goja.Object {
	if rt.cancelClass == nil {
		rt.cancelClass = rt.newErrorClass("Cancelled")
	}
	return rt.cancelClass
}

// isCancelError reports whether a JavaScript value is a cancellation error of either library.
func (rt *Runtime) isCancelError(v goja.Value) bool {
	if rt.isCancelled(v) {
		return true
	}
	o, ok := v.(*goja.Object)
	return ok && rt.cancelClass != nil && rt.vm.InstanceOf(o, rt.cancelClass)
}

// isStop reports whether a JavaScript value is what Ctrl-C threw into a busy script.
func (rt *Runtime) isStop(v goja.Value) bool { return v != nil && v == rt.stopped }

const errorClassSource = `(function (name, Base) {
	const C = {[name]: class extends Base {}}[name];
	Object.defineProperty(C.prototype, 'name', {value: name, writable: true, configurable: true});
	return C;
})`

// newErrorClass makes a subclass of Error.
func (rt *Runtime) newErrorClass(name string) *goja.Object {
	v, err := rt.compileIntrinsic("errors.js", errorClassSource)(goja.Undefined(), rt.vm.ToValue(name), rt.errorCtor)
	must(err)
	return v.ToObject(rt.vm)
}

// environmentError is an error class of the environments; all of them that have one name are one class.
func (rt *Runtime) environmentError(name string) *goja.Object {
	if rt.moreErrors[name] == nil {
		if rt.moreErrors == nil {
			rt.moreErrors = map[string]*goja.Object{}
		}
		rt.moreErrors[name] = rt.newErrorClass(name)
	}
	return rt.moreErrors[name]
}

// failure is a new error of an environment's class, as a Go error.
func (rt *Runtime) failure(class, message string) error {
	e, err := rt.vm.New(rt.environmentError(class), rt.vm.ToValue(message))
	must(err)
	return &thrownError{e}
}

// plainFailure is a new error of one of the language's classes, as a Go error.
func (rt *Runtime) plainFailure(class, message string) error {
	return &thrownError{rt.newError(class, message)}
}

// checkpoint is rt.async for what counts as a checkpoint even when it does not have to wait: in a cancelled scope it fails.
func (rt *Runtime) checkpoint(f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
		if err := c.Scope().Err(); err != nil {
			return nil, err
		}
		return f(c)
	})
}

// supervise runs f as a coroutine that cancellation does not reach: it waits for others to end, whatever happens.
func (rt *Runtime) supervise(task *loop.Task, f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	return rt.waitIn(task, rt.root, f)
}

// waitIn is rt.async for a given task and scope.
func (rt *Runtime) waitIn(task *loop.Task, scope *loop.Scope, f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	promise, resolve, reject := rt.vm.NewPromise()
	rt.loop.Ref()
	rt.loop.Go(task, scope, func(c *loop.Coroutine) {
		defer rt.loop.Unref()
		v, err := protected(c, f)
		rt.conclude(task, resolve, reject, v, err)
	})
	return rt.vm.ToValue(promise)
}

// soon runs f as a job of its own, after the code that runs now, in task.
func (rt *Runtime) soon(task *loop.Task, f func()) {
	p, resolve, _ := rt.vm.NewPromise()
	rt.loop.As(task, func() {
		if _, err := rt.promiseThen(rt.vm.ToValue(p), rt.loop.Job(f)); err != nil {
			panic(err)
		}
	})
	must(resolve(goja.Undefined()))
}

// within calls f with task current and waits for what it returns. Cancellation reaches what f waits for, not this wait.
func (rt *Runtime) within(c *loop.Coroutine, task *loop.Task, f goja.Callable, args ...goja.Value) (goja.Value, error) {
	var v goja.Value
	var err error
	rt.loop.As(task, func() { v, err = f(goja.Undefined(), args...) })
	if err != nil {
		if loop.Uncatchable(err) {
			panic(err) // ends the turn
		}
		return nil, err
	}
	return rt.awaitValue(c, v)
}

// sleep waits until the session's clock has moved on by some time.
func (rt *Runtime) sleep(c *loop.Coroutine, seconds float64) error {
	if err := c.Scope().Err(); err != nil {
		return err
	}
	rung := false
	id := rt.loop.SetTimer(duration(seconds), 0, true, func() {
		rung = true
		c.Wake()
	})
	err := c.Wait(func() bool { return rung })
	rt.loop.ClearTimer(id)
	return err
}

// block is what an async with statement of Python runs in: open gives the task in which the body runs, close decides what becomes
// of the body's error, nil for none.
type block interface {
	open(outer *loop.Task) *loop.Task
	close(c *loop.Coroutine, failure goja.Value) goja.Value
}

// inBlock runs f(object) in a block: the callback form.
func (rt *Runtime) inBlock(b block, f goja.Callable, object goja.Value) goja.Value {
	outer := rt.here()
	return rt.supervise(outer, func(c *loop.Coroutine) (goja.Value, error) {
		body := b.open(outer)
		v, err := rt.within(c, body, f, object)
		var reason goja.Value
		if err != nil {
			reason = rt.toJS(err)
			v = nil
		}
		if reason = b.close(c, reason); reason != nil {
			return nil, &thrownError{reason}
		}
		return v, nil
	})
}

// enterBlock opens the block that await using declares, for the rest of the function's block; see source.Host.
func (rt *Runtime) enterBlock(v goja.Value) {
	b, ok := valueOf[block](v)
	if !ok {
		return
	}
	if rt.blocks == nil {
		rt.blocks = map[*goja.Object]*loop.Task{}
	}
	o := v.(*goja.Object)
	if rt.blocks[o] != nil {
		panic(rt.newError("Error", "this "+hostOf(v).class.name+" was entered already"))
	}
	body := b.open(rt.here())
	rt.blocks[o] = body
	rt.loop.Descend(body, 2) // the declaring function is below source's __using and this
}

// leaveBlock closes it, with what the block threw.
func (rt *Runtime) leaveBlock(v goja.Value, failed bool, failure goja.Value) goja.Value {
	b, ok := valueOf[block](v)
	if !ok {
		return nil
	}
	o := v.(*goja.Object)
	body := rt.blocks[o]
	delete(rt.blocks, o)
	rt.loop.Ascend(body)
	if !failed {
		failure = nil
	}
	return rt.supervise(rt.here(), func(c *loop.Coroutine) (goja.Value, error) {
		left := b.close(c, failure)
		if left != nil {
			return nil, &thrownError{left}
		}
		return rt.vm.ToValue(true), nil
	})
}

// blockDisposal is the method [Symbol.asyncDispose] of blocks, which says that the object can be declared with await using. What
// ends a block is leaveBlock.
func (rt *Runtime) blockDisposal() member {
	return member{"aclose", 0, func(h *hostObject, _ []goja.Value) goja.Value {
		panic(rt.vm.NewTypeError("a %s ends with its block: declare it with await using, or give it a function", h.class.name))
	}}
}

// reprMember is toString of what prints itself: Python's repr.
func (rt *Runtime) reprMember() member {
	return member{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value {
		return rt.vm.ToValue(h.value.(fmt.Stringer).String())
	}}
}

// callbackOf is the optional last argument of what opens a block: the function that runs in it.
func callbackOf(args []goja.Value) (f goja.Callable, rest []goja.Value) {
	if n := len(args); n > 0 {
		if f, ok := goja.AssertFunction(args[n-1]); ok {
			return f, args[:n-1]
		}
	}
	return nil, args
}

// callable reads an argument that must be a function.
func (rt *Runtime) callable(v goja.Value, what string) goja.Callable {
	f, ok := goja.AssertFunction(v)
	if !ok {
		hint := ""
		if o, isObject := v.(*goja.Object); isObject && o.ExportType() == promiseType {
			hint = "; a promise has already started: give the function itself, " + what + "(() => …)"
		}
		panic(rt.vm.NewTypeError("%s takes an async function, not %s%s", what, rt.brief(v), hint))
	}
	return f
}
