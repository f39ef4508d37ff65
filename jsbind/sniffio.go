package jsbind

import "github.com/dop251/goja"

// sniffioModule is the sniffio global: which library the current task runs in.
func (rt *Runtime) sniffioModule() goja.Value {
	m := rt.module("sniffio")
	m.functions(member{"currentAsyncLibrary", 0, func(*hostObject, []goja.Value) goja.Value {
		return rt.vm.ToValue(rt.placeOf(rt.here()).library.name)
	}})
	return m.object
}
