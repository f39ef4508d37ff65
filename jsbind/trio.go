package jsbind

import (
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// trioModule is the trio global. What it opens runs in trio's manner wherever it is used: cancellation is Cancelled, at every checkpoint.
func (rt *Runtime) trioModule() goja.Value {
	m := rt.module("trio")
	scopes, nurseries := rt.cancelScopeClass(trioLibrary), rt.nurseryClass("Nursery")
	clocks := rt.mockClockClass()
	open, channels := rt.channelClasses("MemorySendChannel", "MemoryReceiveChannel", "EndOfChannel")
	pass := func(c *loop.Coroutine) (goja.Value, error) { return nil, rt.sleep(c, 0) }
	m.functions(
		member{"run", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			o := rt.options(arg(args, 1), "trio.run", "args", "clock")
			return rt.trioRun(rt.callable(arg(args, 0), "trio.run"), functionName(arg(args, 0)), rt.runArgs(o), o["clock"])
		}},
		member{"sleep", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			d := rt.secondsOrForever(arg(args, 0), "trio.sleep's time")
			if d < 0 {
				panic(rt.newError("RangeError", "duration must be non-negative"))
			}
			return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, rt.sleep(c, d) })
		}},
		member{"sleepUntil", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			at := rt.secondsOrForever(arg(args, 0), "trio.sleepUntil's time")
			return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, rt.sleep(c, at-inSeconds(rt.loop.Now())) })
		}},
		rt.sleepForever(),
		member{"currentTime", 0, func(*hostObject, []goja.Value) goja.Value { return rt.vm.ToValue(inSeconds(rt.loop.Now())) }},
		rt.currentDeadline("currentEffectiveDeadline"),
		rt.nurseryBlock("openNursery", nurseries, scopes, trioLibrary, "Exceptions from Trio nursery"),
		rt.deadlineBlock("moveOnAfter", scopes, trioLibrary, false, ""),
		rt.deadlineBlock("moveOnAt", scopes, trioLibrary, true, ""),
		rt.deadlineBlock("failAfter", scopes, trioLibrary, false, "TooSlowError"),
		rt.deadlineBlock("failAt", scopes, trioLibrary, true, "TooSlowError"),
		rt.channelFunction("openMemoryChannel", true, open),
	)
	m.value("CancelScope", scopes.ctor)
	m.value("Nursery", nurseries.ctor)
	m.value("Cancelled", rt.trioCancelled())
	m.errors("TooSlowError", "WouldBlock", "EndOfChannel", "BrokenResourceError", "ClosedResourceError")
	for _, c := range append(channels,
		rt.eventTool(trioTools), rt.lockTool(trioTools), rt.semaphoreTool(trioTools, "Semaphore"), rt.conditionTool(trioTools), rt.limiterTool(),
	) {
		m.value(c.name, c.ctor)
	}
	lowlevel := rt.module("trio.lowlevel")
	lowlevel.functions(
		member{"checkpoint", 0, func(*hostObject, []goja.Value) goja.Value { return rt.async(pass) }},
		member{"checkpointIfCancelled", 0, func(*hostObject, []goja.Value) goja.Value {
			return rt.checkpoint(func(*loop.Coroutine) (goja.Value, error) { return nil, nil })
		}},
		member{"cancelShieldedCheckpoint", 0, func(*hostObject, []goja.Value) goja.Value {
			return rt.waitIn(rt.here(), rt.root, pass)
		}},
	)
	m.value("lowlevel", lowlevel.object)
	testing := rt.module("trio.testing")
	testing.value("MockClock", clocks.ctor)
	m.value("testing", testing.object)
	return m.object
}

// runArgs are the arguments that run hands to main.
func (rt *Runtime) runArgs(o options) []goja.Value {
	if o["args"] == nil {
		return nil
	}
	list, ok := rt.list(o["args"])
	if !ok {
		panic(rt.vm.NewTypeError("args is an array of what main is called with, not %s", rt.brief(o["args"])))
	}
	return list
}

func (rt *Runtime) trioRun(f goja.Callable, name string, args []goja.Value, clock goja.Value) goja.Value {
	var mock *mockClock
	if !none(clock) {
		var ok bool
		if mock, ok = valueOf[*mockClock](clock); !ok {
			panic(rt.vm.NewTypeError("clock is a trio.testing.MockClock, not %s", rt.brief(clock)))
		}
	}
	h, j := rt.enterHome(trioLibrary, name)
	if mock != nil {
		mock.begin()
	}
	return rt.runHome(h, j, func(c *loop.Coroutine) (goja.Value, error) {
		v, err := rt.within(c, j.task, f, args...)
		if mock != nil {
			mock.end()
		}
		return v, err
	})
}

func (rt *Runtime) sleepForever() member {
	return member{"sleepForever", 0, func(*hostObject, []goja.Value) goja.Value {
		return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, c.Wait(func() bool { return false }) })
	}}
}

// currentDeadline is the nearest deadline of the scopes that the current task is in: Infinity for none, -Infinity when it is cancelled.
func (rt *Runtime) currentDeadline(name string) member {
	return member{name, 0, func(*hostObject, []goja.Value) goja.Value {
		scope := rt.here().Scope
		if scope.Err() != nil {
			return rt.vm.ToValue(math.Inf(-1))
		}
		if at, ok := scope.EffectiveDeadline(); ok {
			return rt.vm.ToValue(inSeconds(at))
		}
		return rt.vm.ToValue(math.Inf(1))
	}}
}
