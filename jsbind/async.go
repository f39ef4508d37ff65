package jsbind

import (
	"io"
	"runtime/debug"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// async runs f as a coroutine of the current task and returns the promise of its result. Everything native that can wait is
// written so.
func (rt *Runtime) async(f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	return rt.asyncIn(nil, f)
}

// asyncIn is async under an AbortSignal, which may be nil: when it aborts, what f waits for is cancelled with its reason.
func (rt *Runtime) asyncIn(signal *abortSignal, f func(c *loop.Coroutine) (goja.Value, error)) goja.Value {
	promise, resolve, reject := rt.vm.NewPromise()
	task := rt.loop.Task()
	if task == nil {
		task = rt.sessionTask
	}
	scope := task.Scope
	release := func() {}
	if signal != nil {
		scope = rt.loop.NewScope(task.Scope)
		release = signal.bind(scope)
	}
	rt.loop.Ref()
	rt.loop.Go(task, scope, func(c *loop.Coroutine) {
		defer rt.loop.Unref()
		v, err := protected(c, f)
		if x := openExchange(v); x != nil && signal != nil && err == nil {
			ended := x.release // the signal goes on ending the body that is still to come
			x.release = func() { ended(); release() }
		} else {
			release()
		}
		rt.conclude(task, resolve, reject, v, err)
	})
	return rt.vm.ToValue(promise)
}

// conclude settles the promise of a coroutine of task with what it returned.
func (rt *Runtime) conclude(task *loop.Task, resolve, reject func(any) error, v goja.Value, err error) {
	if err != nil {
		must(reject(rt.toJSIn(task, err)))
		return
	}
	if v == nil {
		v = goja.Undefined()
	}
	must(resolve(v))
}

// openExchange is the exchange of a response whose body is still coming, or nil.
func openExchange(v goja.Value) *exchange {
	if r, ok := valueOf[*engine.Response](v); ok {
		if x, ok := r.Stream.(*exchange); ok && !x.ended {
			return x
		}
	}
	return nil
}

// protected runs f and turns what it throws, and a defect of ours, into an error, so that its promise settles whatever happens.
func protected(c *loop.Coroutine, f func(c *loop.Coroutine) (goja.Value, error)) (v goja.Value, err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case goja.Value:
			err = &thrownError{x}
		case *goja.Exception:
			err = x
		case *goja.InterruptedError, *goja.StackOverflowError:
			panic(x)
		default:
			err = &loop.PanicError{Value: x, Stack: debug.Stack()}
		}
	}()
	return f(c)
}

// call calls a function of the script from a coroutine and awaits what it returns when that is a promise.
func (rt *Runtime) call(c *loop.Coroutine, f goja.Callable, this goja.Value, args ...goja.Value) (goja.Value, error) {
	v, err := f(this, args...)
	if err != nil {
		if loop.Uncatchable(err) {
			panic(err) // ends the turn
		}
		return nil, err
	}
	return rt.awaitValue(c, v)
}

// try runs code that may run getters and proxies of the script, outside any native method: what they throw is its error. It must
// not wait.
func (rt *Runtime) try(f func()) error {
	if exception := rt.vm.Try(f); exception != nil {
		return exception
	}
	return nil
}

// awaitValue is await: a promise's value, or the value itself.
func (rt *Runtime) awaitValue(c *loop.Coroutine, v goja.Value) (goja.Value, error) {
	o, ok := v.(*goja.Object)
	if !ok {
		return v, nil
	}
	if o.ExportType() == promiseType {
		return c.Await(o.Export().(*goja.Promise))
	}
	var then goja.Callable
	if err := rt.try(func() { then, _ = goja.AssertFunction(o.Get("then")) }); err != nil {
		return nil, err
	}
	if then == nil {
		return v, nil
	}
	promise, resolve, reject := rt.vm.NewPromise()
	if _, err := then(o, rt.vm.ToValue(resolve), rt.vm.ToValue(reject)); err != nil {
		must(reject(rt.thrown(err)))
	}
	return c.Await(promise)
}

// asyncIterator is a JavaScript async iterator over what next gives, until io.EOF. Leaving a loop over it early closes it.
func (rt *Runtime) asyncIterator(next func(c *loop.Coroutine) (goja.Value, error), close func() error) goja.Value {
	return rt.asyncIteratorClass().wrap(&asyncSequence{next: next, close: close})
}

// asyncSequence serves one next at a time: requests made before the one before has settled wait in line, as for an async
// generator.
type asyncSequence struct {
	next    func(c *loop.Coroutine) (goja.Value, error)
	close   func() error
	done    bool
	busy    bool
	waiting []*loop.Coroutine
}

func (rt *Runtime) asyncIteratorClass() *class {
	return rt.once(&rt.httpx.asyncIterator, func() classSpec {
		return classSpec{
			name: "AsyncIterator", iteratorA: true,
			methods: []member{
				{"next", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					s := h.value.(*asyncSequence)
					return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return rt.step(c, s) })
				}},
				{"return", 1, func(h *hostObject, args []goja.Value) goja.Value {
					s := h.value.(*asyncSequence)
					return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
						s.done = true
						if err := s.close(); err != nil {
							return nil, err
						}
						return rt.iterResult(arg(args, 0), true), nil
					})
				}},
				{"throw", 1, func(h *hostObject, args []goja.Value) goja.Value {
					s := h.value.(*asyncSequence)
					return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
						s.done = true
						s.close()
						return nil, &thrownError{arg(args, 0)}
					})
				}},
			},
		}
	})
}

func (rt *Runtime) step(c *loop.Coroutine, s *asyncSequence) (goja.Value, error) {
	for s.busy {
		s.waiting = append(s.waiting, c)
		if err := c.Wait(func() bool { return !s.busy }); err != nil {
			return nil, err
		}
	}
	if s.done {
		return rt.iterResult(goja.Undefined(), true), nil
	}
	s.busy = true
	v, err := s.next(c)
	s.busy = false
	if len(s.waiting) > 0 {
		first := s.waiting[0]
		s.waiting = s.waiting[1:]
		defer first.Wake()
	}
	if err == io.EOF {
		s.done = true
		return rt.iterResult(goja.Undefined(), true), nil
	}
	if err != nil {
		s.done = true
		return nil, err
	}
	return rt.iterResult(v, false), nil
}

func (rt *Runtime) iterResult(v goja.Value, done bool) goja.Value {
	o := rt.vm.NewObject()
	must(o.Set("value", v))
	must(o.Set("done", done))
	return o
}
