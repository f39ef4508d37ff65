package jsbind

import (
	"time"

	"github.com/dop251/goja"
)

// installTimers defines HTML's timers. As in Node, a timer is an object with ref, unref and hasRef that converts to its
// number; setTimeout's delay is in milliseconds.
func (rt *Runtime) installTimers() {
	timer := rt.newClass(classSpec{
		name: "Timeout",
		methods: []member{
			{"ref", 0, func(t *hostObject, _ []goja.Value) goja.Value {
				rt.loop.TimerRef(t.value.(timerID).id, true)
				return t.object
			}},
			{"unref", 0, func(t *hostObject, _ []goja.Value) goja.Value {
				rt.loop.TimerRef(t.value.(timerID).id, false)
				return t.object
			}},
			{"hasRef", 0, func(t *hostObject, _ []goja.Value) goja.Value {
				_, ref := rt.loop.HasTimer(t.value.(timerID).id)
				return rt.vm.ToValue(ref)
			}},
			{"valueOf", 0, func(t *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(t.value.(timerID).id) }},
			{"toString", 0, func(t *hostObject, _ []goja.Value) goja.Value {
				return rt.vm.ToValue(t.value.(timerID).id).ToString()
			}},
		},
	})
	set := func(name string, repeat bool) {
		rt.global(name, rt.function(name, 1, func(call goja.FunctionCall) goja.Value {
			f, ok := goja.AssertFunction(call.Argument(0))
			if !ok {
				panic(rt.vm.NewTypeError("%s takes a function to call, not %s", name, rt.brief(call.Argument(0))))
			}
			var args []goja.Value
			if len(call.Arguments) > 2 {
				args = append(args, call.Arguments[2:]...)
			}
			delay := milliseconds(call.Argument(1))
			every := time.Duration(0)
			if repeat {
				every = max(delay, time.Millisecond)
			}
			var id int
			id = rt.loop.SetTimer(delay, every, true, func() {
				if _, err := f(goja.Undefined(), args...); err != nil {
					if rt.isCancelled(rt.thrown(err)) {
						rt.loop.ClearTimer(id) // Ctrl-C ends an interval that keeps the loop busy
					}
					panic(err) // out of the turn, to Uncaught
				}
			})
			return timer.wrap(timerID{id})
		}))
	}
	set("setTimeout", false)
	set("setInterval", true)
	clearTimer := func(call goja.FunctionCall) goja.Value {
		if t, ok := valueOf[timerID](call.Argument(0)); ok {
			rt.loop.ClearTimer(t.id)
		} else if isNumber(call.Argument(0)) {
			rt.loop.ClearTimer(int(call.Argument(0).ToInteger()))
		}
		return goja.Undefined()
	}
	rt.global("clearTimeout", rt.function("clearTimeout", 1, clearTimer))
	rt.global("clearInterval", rt.function("clearInterval", 1, clearTimer))
	rt.global("queueMicrotask", rt.function("queueMicrotask", 1, func(call goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(call.Argument(0))
		if !ok {
			panic(rt.vm.NewTypeError("queueMicrotask takes a function to call, not %s", rt.brief(call.Argument(0))))
		}
		task := rt.loop.Task()
		rt.soon(task, func() {
			if _, err := f(goja.Undefined()); err != nil {
				rt.uncaught(err, task)
			}
		})
		return goja.Undefined()
	}))
}

type timerID struct{ id int }

// milliseconds reads a timer's delay as HTML does: what is no number, or negative, is 0. The longest is that of a 32-bit count.
func milliseconds(v goja.Value) time.Duration {
	f := v.ToFloat()
	if !(f > 0) {
		return 0
	}
	return time.Duration(min(f, 1<<31-1) * float64(time.Millisecond))
}
