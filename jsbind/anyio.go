package jsbind

import (
	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// anyioModule is the anyio global: trio's structure in the manner of either library, so that one program does the same on both.
func (rt *Runtime) anyioModule() goja.Value {
	m := rt.module("anyio")
	scopes, groups := rt.cancelScopeClass(nil), rt.nurseryClass("TaskGroup")
	open, channels := rt.channelClasses("MemoryObjectSendStream", "MemoryObjectReceiveStream", "EndOfStream")
	m.functions(
		member{"run", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			o := rt.options(arg(args, 1), "anyio.run", "backend", "args")
			f, name := rt.callable(arg(args, 0), "anyio.run"), functionName(arg(args, 0))
			backend := "asyncio"
			if v := o["backend"]; v != nil {
				backend = rt.text(v, "backend")
			}
			switch backend {
			case "asyncio":
				arguments := rt.runArgs(o)
				return rt.asyncioRun(func(this goja.Value, _ ...goja.Value) (goja.Value, error) { return f(this, arguments...) })
			case "trio":
				return rt.trioRun(f, name, rt.runArgs(o), nil)
			}
			panic(rt.newError("RangeError", "there is no backend "+rt.brief(o["backend"])+"; anyio.run takes \"asyncio\" or \"trio\""))
		}},
		member{"sleep", 1, func(_ *hostObject, args []goja.Value) goja.Value {
			d := rt.secondsOrForever(arg(args, 0), "anyio.sleep's delay")
			return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, rt.sleep(c, d) })
		}},
		rt.sleepForever(),
		member{"currentTime", 0, func(*hostObject, []goja.Value) goja.Value { return rt.vm.ToValue(inSeconds(rt.loop.Now())) }},
		rt.currentDeadline("currentEffectiveDeadline"),
		rt.nurseryBlock("createTaskGroup", groups, scopes, nil, "unhandled errors in a TaskGroup"),
		rt.deadlineBlock("moveOnAfter", scopes, nil, false, ""),
		rt.deadlineBlock("failAfter", scopes, nil, false, "TimeoutError"),
		rt.channelFunction("createMemoryObjectStream", false, open),
		member{"getCancelledExcClass", 0, func(*hostObject, []goja.Value) goja.Value {
			if rt.placeOf(rt.here()).library == trioLibrary {
				return rt.trioCancelled()
			}
			return rt.errorClass("CancelledError")
		}},
	)
	m.value("CancelScope", scopes.ctor)
	m.value("TaskGroup", groups.ctor)
	m.errors("WouldBlock", "EndOfStream", "BrokenResourceError", "ClosedResourceError", "TimeoutError")
	for _, c := range append(channels,
		rt.eventTool(trioTools), rt.lockTool(trioTools), rt.semaphoreTool(trioTools, "Semaphore"), rt.conditionTool(trioTools), rt.limiterTool(),
	) {
		m.value(c.name, c.ctor)
	}
	lowlevel := rt.module("anyio.lowlevel")
	lowlevel.functions(member{"checkpoint", 0, func(*hostObject, []goja.Value) goja.Value {
		return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, rt.sleep(c, 0) })
	}})
	m.value("lowlevel", lowlevel.object)
	return m.object
}
