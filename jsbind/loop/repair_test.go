package loop

import (
	"errors"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// TestRepairLayout fails when the pinned goja has another private layout than Repair and CallDepth expect.
func TestRepairLayout(t *testing.T) {
	vm := goja.New()
	depth := CallDepth(vm)
	var inside []int
	vm.Set("depth", func() { inside = append(inside, depth()) })
	if _, err := vm.RunString("depth(); (function f() { depth(); (() => depth())() })()"); err != nil {
		t.Fatal(err)
	}
	if depth() != 0 || inside[1] != inside[0]+1 || inside[2] != inside[1]+1 {
		t.Errorf("depths %v, %d outside", inside, depth())
	}
	Repair(vm) // panics when a field is gone
	if v, err := vm.RunString("[1, 2].map(x => x + 1).join()"); err != nil || v.String() != "2,3" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestRepair stops JavaScript hard in every kind of frame. Afterwards globals, closures and promises are as they were, and jobs run.
func TestRepair(t *testing.T) {
	for name, js := range map[string]string{
		"function":                `(function () { stop() })()`,
		"nested functions":        `(function a() { (function b() { (() => stop())() })() })()`,
		"try":                     `try { stop() } catch (e) { bad() } finally { bad() }`,
		"async function":          `(async () => { stop() })()`,
		"after an await":          `(async () => { await 0; stop() })()`,
		"after several awaits":    `(async () => { for (let i = 0; i < 3; i++) await i; try { await 1; stop() } finally { bad() } })()`,
		"generator":               `[...(function* () { yield 1; stop() })()]`,
		"delegated generator":     `[...(function* () { yield* (function* () { yield 1; stop() })() })()]`,
		"generator's finally":     `for (const x of (function* () { try { yield 1 } finally { stop() } })()) break`,
		"lowered async generator": `(async () => { const it = (function* () { yield 1; stop() })(); it.next(); await 0; it.next() })()`,
		"method":                  `(new class { m() { stop() } }).m()`,
		"constructor":             `new (class extends (class { constructor() { stop() } }) {})()`,
		"static block":            `class S { static { stop() } }`,
		"field":                   `new (class { x = stop() })()`,
		"private method":          `(new class { #p() { stop() } m() { this.#p() } }).m()`,
		"sort callback":           `[2, 1].sort(() => stop())`,
		"forEach":                 `[1].forEach(() => stop())`,
		"getter":                  `({get x() { stop() }}).x`,
		"setter":                  `({set x(v) { stop() }}).x = 1`,
		"proxy trap":              `new Proxy({}, {get() { stop() }}).x`,
		"destructuring":           `const {a} = {get a() { stop() }}`,
		"iterator":                `const [a] = {[Symbol.iterator]() { return {next() { stop() }} }}`,
		"for of":                  `for (const x of [1, 2]) { for (const y of [3]) stop() }`,
		"for in":                  `for (const k in {a: 1}) stop()`,
		"with":                    `with ({a: 1}) { stop() }`,
		"spread":                  `f(...[1, 2], stop()); function f() {}`,
		"template":                "`${stop()}`",
		"toString":                `'' + {toString() { stop() }}`,
		"replace callback":        `'x'.replace(/x/, () => stop())`,
		"JSON":                    `JSON.stringify({toJSON() { stop() }})`,
		"promise executor":        `new Promise(() => stop())`,
		"then callback":           `Promise.resolve().then(() => stop())`,
		"finally callback":        `Promise.resolve().finally(() => stop())`,
		"thenable":                `(async () => { await {then() { stop() }} })()`,
		"eval":                    `eval('stop()')`,
		"bound function":          `(function () { stop() }).bind(1)()`,
		"Reflect":                 `Reflect.construct(function () { stop() }, [])`,
		"switch":                  `switch (1) { case 1: { let x = 1; stop(() => x) } }`,
		"closure":                 `(x => { let y = x; stop(() => y) })(1)`,
	} {
		for kind, stop := range map[string]func(vm *goja.Runtime) func(goja.FunctionCall) goja.Value{
			"interrupt": func(vm *goja.Runtime) func(goja.FunctionCall) goja.Value {
				return func(goja.FunctionCall) goja.Value {
					vm.Interrupt(errors.New("enough"))
					must(vm.RunString("for (;;);"))
					return nil
				}
			},
			"overflow": func(vm *goja.Runtime) func(goja.FunctionCall) goja.Value {
				return func(goja.FunctionCall) goja.Value {
					f, _ := goja.AssertFunction(must(vm.RunString("(function f() { f() })")))
					_, err := f(goja.Undefined())
					panic(err)
				}
			},
			"panic": func(vm *goja.Runtime) func(goja.FunctionCall) goja.Value {
				return func(goja.FunctionCall) goja.Value { panic("a defect") }
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				h := newHarness(t)
				h.vm.SetMaxCallStackSize(200)
				h.script(`var kept = {n: 1}, count = (() => { let n = 0; return () => ++n })(); count(); var bad = () => log('ran on')
					var resolve, pending = new Promise(r => resolve = r); pending.then(v => log('settled ' + v));
					(async () => { log('waited for ' + await pending) })()`)
				h.do(func() { h.vm.Set("stop", stop(h.vm)) })
				h.script(js)
				h.do(func() {
					if len(h.uncaught) == 0 {
						t.Error("nothing was stopped")
					}
				})
				if err := h.script(`log(kept.n + ' ' + count()); resolve('now'); (async () => { await 0; await new Promise(r => r()); log('awaited') })()`); err != nil {
					t.Fatal(err)
				}
				h.turn(func() {
					h.SetTimer(time.Microsecond, 0, true, func() {
						if _, err := h.vm.RunString(`[...(function* () { yield 1; yield 2 })()].forEach(x => log('g' + x))`); err != nil {
							t.Error(err)
						}
					})
				})
				h.idle()
				h.do(func() { h.check("1 2", "settled now", "waited for now", "awaited", "g1", "g2") })
			})
		}
	}
}
