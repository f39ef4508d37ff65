package jsbind

import (
	"time"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// disposal is what a top-level using or await using keeps for the session.
type disposal struct {
	name    string
	value   goja.Value
	dispose goja.Callable
}

// keep takes over the value of a top-level using declaration, whose method package source has checked; it is disposed of,
// last first, at the session's end.
func (rt *Runtime) keep(value goja.Value, async bool, name string) goja.Value {
	o, ok := value.(*goja.Object)
	if !ok {
		return nil
	}
	if _, scoped := valueOf[block](value); scoped {
		return rt.newError("Error", "a "+hostOf(value).class.name+" ends with its block, and a cell's top level has no end: write { await using … } in a block or a function, or give it a function")
	}
	var method goja.Value
	if async {
		method = o.GetSymbol(rt.symbols.asyncDispose)
	}
	if none(method) {
		method = o.GetSymbol(rt.symbols.dispose)
	}
	dispose, _ := goja.AssertFunction(method)
	rt.disposals = append(rt.disposals, disposal{name, value, dispose})
	return nil
}

// disposeAll disposes of everything kept, last first, and waits for it, at most the given time.
func (rt *Runtime) disposeAll(grace time.Duration) {
	done := make(chan struct{})
	if !rt.loop.Control(func() { rt.startDisposing(func() { close(done) }) }) {
		return
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

func (rt *Runtime) startDisposing(done func()) {
	if len(rt.disposals) == 0 || rt.loop.Replaying() {
		done()
		return
	}
	rt.loop.Enter(rt.sessionTask, func() {
		rt.loop.Go(rt.sessionTask, rt.root, func(c *loop.Coroutine) {
			defer done()
			for n := len(rt.disposals); n > 0; n = len(rt.disposals) {
				d := rt.disposals[n-1]
				rt.disposals = rt.disposals[:n-1]
				if _, err := rt.call(c, d.dispose, d.value); err != nil {
					rt.uncaught(err, rt.sessionTask)
				}
			}
		})
	})
}
