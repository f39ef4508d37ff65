package loop

import (
	"errors"
	"reflect"
	"runtime/debug"
	"unsafe"

	"github.com/dop251/goja"
)

// An interrupt, a stack overflow or a Go panic that unwinds through an async function or a generator leaves goja's
// call stack and try stack non-empty; it then believes that it is still inside JavaScript and never drains a promise job
// again: every later await would hang. goja has no way to put that right, so Repair reaches into its private state. The
// layout is checked by a test (TestRepairLayout) against the pinned version.

// Uncatchable reports whether err unwound JavaScript without running its finally blocks, so that Repair is due.
func Uncatchable(err error) bool {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	return errors.As(err, &interrupted) || errors.As(err, &overflow)
}

// Repair puts a runtime in which nothing runs any more back to its idle state. Globals, closures and promises stay; jobs
// that were queued are lost.
func Repair(vm *goja.Runtime) {
	rv := reflect.ValueOf(vm).Elem()
	m := private(rv, "vm").Elem()
	for _, name := range []string{"callStack", "tryStack", "iterStack", "refStack"} {
		private(m, name).SetLen(0)
	}
	for _, name := range []string{"stack", "prg", "privEnv", "newTarget", "result", "curAsyncRunner"} {
		private(m, name).SetZero()
	}
	private(m, "sp").SetInt(0)
	private(m, "args").SetInt(0)
	private(m, "sb").SetInt(-1)
	private(m, "pc").SetInt(-1)
	private(m, "stash").Set(private(private(rv, "global"), "stash").Addr())
	private(rv, "jobQueue").SetLen(0)
	vm.ClearInterrupt()
}

// private is a settable view of an unexported field.
func private(v reflect.Value, name string) reflect.Value {
	f := v.FieldByName(name)
	if !f.IsValid() {
		panic("goja's layout changed: no field " + name)
	}
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

// CallDepth returns a cheap reader of the depth of vm's JavaScript call stack.
func CallDepth(vm *goja.Runtime) func() int {
	frames := private(private(reflect.ValueOf(vm).Elem(), "vm").Elem(), "callStack")
	header := (*[]struct{})(unsafe.Pointer(frames.UnsafeAddr())) // only the length is read
	return func() int { return len(*header) }
}

func stack() []byte { return debug.Stack() }
