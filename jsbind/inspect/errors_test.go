package inspect

import (
	"strings"
	"testing"
)

func TestUncaughtErrors(t *testing.T) {
	tests := []struct{ source, want string }{
		{`new TypeError('x is not a function')`, "Uncaught TypeError: x is not a function"},
		{`new Error()`, "Uncaught Error"},
		{`new Error('', { cause: 1 })`, "Uncaught Error\n  cause: 1"},
		{`new (class ReadTimeout extends Error {})('no data')`, "Uncaught ReadTimeout [Error]: no data"},
		{`new (class HTTPError extends Error {})('bad')`, "Uncaught HTTPError: bad"},
		{`new (class Odd extends Error { name = 'ReadTimeout' })('no data')`, "Uncaught ReadTimeout: no data"},
		{`Object.assign(new Error('x'), { code: 'E' })`, "Uncaught Error: x"},
		{`Object.assign(new Error('x'), { name: '' })`, "Uncaught x"},
		{`new Error('one\ntwo\x1b[2J')`, "Uncaught Error: one\n  two\\x1B[2J"},
		{`'text'`, "Uncaught 'text'"},
		{`null`, "Uncaught null"},
		{`undefined`, "Uncaught undefined"},
		{`42`, "Uncaught 42"},
		{`({ code: 1 })`, "Uncaught { code: 1 }"},
		{`Symbol('x')`, "Uncaught Symbol(x)"},
		{`new Proxy(new RangeError('x'), {})`, "Uncaught RangeError: x"},
		{`new Error('a', { cause: new TypeError('b', { cause: new RangeError('c') }) })`,
			"Uncaught Error: a\n  cause: TypeError: b\n  cause: RangeError: c"},
		{`new Error('a', { cause: 'why' })`, "Uncaught Error: a\n  cause: 'why'"},
		{`new Error('a', { cause: null })`, "Uncaught Error: a\n  cause: null"},
		{`new Error('a', { cause: undefined })`, "Uncaught Error: a"},
		{`new Error('a', { cause: { deep: { deeper: {} }, n: 1 } })`,
			"Uncaught Error: a\n  cause: { deep: { deeper: {} }, n: 1 }"},
		{`new Error('a', { cause: new Error('one\ntwo') })`,
			"Uncaught Error: a\n  cause: Error: one\n    two"},
		{`(() => { const e = new Error('x'); e.cause = e; return e })()`,
			"Uncaught Error: x\n  cause: [Circular]"},
		{`new AggregateError([new Error('a'), 'b', new AggregateError([new TypeError('c')], 'inner')], 'all')`,
			"Uncaught AggregateError: all\n  - Error: a\n  - 'b'\n  - AggregateError: inner\n      - TypeError: c"},
		{`new AggregateError([new Error('a', { cause: new Error('b') })], 'all', { cause: new Error('c') })`,
			"Uncaught AggregateError: all\n  - Error: a\n      cause: Error: b\n  cause: Error: c"},
		{`new Error('x', { cause: new AggregateError([new Error('a')], 'all') })`,
			"Uncaught Error: x\n  cause: AggregateError: all\n    - Error: a"},
		{`new AggregateError(Array.from({ length: 13 }, (_, i) => new Error(String(i))))`,
			"Uncaught AggregateError\n  - Error: 0\n  - Error: 1\n  - Error: 2\n  - Error: 3\n  - Error: 4\n" +
				"  - Error: 5\n  - Error: 6\n  - Error: 7\n  - Error: 8\n  - Error: 9\n  ... 3 more"},
	}
	for _, test := range tests {
		t.Run(test.source, func(t *testing.T) {
			vm, i := newInspector()
			if got := Text(i.Error(eval(t, vm, test.source), Options{})); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestErrorTreeIsBounded(t *testing.T) {
	vm, i := newInspector()
	chain := i.Error(eval(t, vm, `(() => {
		let e = new Error('x');
		for (let i = 0; i < 1000; i++) e = new Error('x', { cause: e });
		return e;
	})()`), Options{})
	if len(chain) > 15 {
		t.Errorf("a chain of %d lines", len(chain))
	}
	tree := i.Error(eval(t, vm, `(() => {
		let e = new Error('x');
		for (let i = 0; i < 50; i++) e = new AggregateError(Array.from({ length: 50 }, () => e), 'x', { cause: e });
		return e;
	})()`), Options{})
	if len(tree) > 3*maxErrorEntries {
		t.Errorf("a tree of %d lines", len(tree))
	}
}

func TestStacks(t *testing.T) {
	vm, i := newInspector()
	_, err := vm.RunScript("cell-1", `
		function inner() { return new Error('x', { cause: new Error('y') }) }
		var error = [1].map(() => inner())[0]`)
	if err != nil {
		t.Fatal(err)
	}
	v := vm.Get("error")
	got := Text(i.Error(v, Options{Stack: true}))
	want := "Uncaught Error: x\n    at inner (cell-1:2:29)\n    at cell-1:3:34\n    at cell-1:3:22\n" +
		"  cause: Error: y\n      at inner (cell-1:2:53)\n      at cell-1:3:34\n      at cell-1:3:22"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = Text(i.Error(v, Options{Stack: true, HideFrame: func(frame string) bool {
		return !strings.Contains(frame, "inner")
	}}))
	want = "Uncaught Error: x\n    at inner (cell-1:2:29)\n  cause: Error: y\n      at inner (cell-1:2:53)"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = Text(i.Value(eval(t, vm, "[error.cause]"), Options{Stack: true}))
	want = "[\n  Error: y\n      at inner (cell-1:2:53)\n      at cell-1:3:34\n      at cell-1:3:22\n]"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
