package source

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// TestScopes checks that the host sees blocks with using open and end, and decides about their errors.
func TestScopes(t *testing.T) {
	for _, c := range []struct{ js, want string }{
		{`await (async () => { { await using a = r; log('in') } log('out') })()`, "enter in leave false out"},
		{`await (async () => { await using a = r; throw 1 })().catch(e => log('caught', e))`, "enter leave true caught new"},
		{`await (async () => { { await using a = swallow; throw 1 } log('out') })()`, "enter leave true out"},
		{`await (async () => { await using a = plain; throw 1 })().catch(e => log('caught', e))`, "enter leave true dispose caught 1"},
		{`await (async () => { await using a = plain, b = swallow; throw 1 })()`, "enter enter leave true leave false dispose"},
	} {
		vm := goja.New()
		var seen []string
		add := func(words ...string) { seen = append(seen, words...) }
		host := Host{
			Check: func() goja.Value { return nil },
			Enter: func(goja.Value) { add("enter") },
			Leave: func(v goja.Value, failed bool, _ goja.Value) goja.Value {
				add("leave", vm.ToValue(failed).String())
				p, resolve, reject := vm.NewPromise()
				switch kind := v.ToObject(vm).Get("kind").String(); {
				case kind == "plain":
					return nil
				case kind == "swallow":
					resolve(true)
				case failed:
					reject("new")
				default:
					resolve(nil)
				}
				return vm.ToValue(p)
			},
		}
		if err := Install(vm, host); err != nil {
			t.Fatal(err)
		}
		vm.Set("log", func(words ...string) { add(words...) })
		for _, kind := range []string{"r", "swallow", "plain"} {
			vm.RunString(`globalThis.` + kind + ` = {kind: '` + kind + `', [Symbol.asyncDispose]() { log('dispose') }}`)
		}
		cell, err := Compile("c1", c.js, NewNames())
		if err != nil {
			t.Fatal(err)
		}
		if err := cell.Begin(vm); err != nil {
			t.Fatal(err)
		}
		if _, err := vm.RunProgram(cell.Program); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(seen, " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.js, got, c.want)
		}
	}
}
