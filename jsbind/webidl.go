package jsbind

import "github.com/dop251/goja"

// Web IDL's conversions (https://webidl.spec.whatwg.org/), as far as the web platform's classes need them.

// needs checks that a call has its required arguments.
func (rt *Runtime) needs(args []goja.Value, n int, what string) {
	if len(args) >= n {
		return
	}
	if n == 1 {
		panic(rt.vm.NewTypeError("%s needs an argument", what))
	}
	panic(rt.vm.NewTypeError("%s needs %d arguments; it was given %d", what, n, len(args)))
}

// scalar is a value as a USVString: any value converts, as in a template literal, but a symbol; a lone surrogate becomes
// U+FFFD.
func (rt *Runtime) scalar(v goja.Value) string {
	if v == nil {
		v = goja.Undefined()
	}
	if _, ok := v.(*goja.Symbol); ok {
		panic(rt.vm.NewTypeError("a symbol is no string: %s", rt.brief(v)))
	}
	return v.String()
}
