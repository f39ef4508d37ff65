package jsbind

import "github.com/dop251/goja"

// webClasses are the web platform's classes, each made at its first use.
type webClasses struct {
	event, eventTarget, abortSignal, abortController *class
}

// installWeb defines the web platform's globals.
func (rt *Runtime) installWeb() {
	for _, entry := range []struct {
		name string
		make func() *class
	}{
		{"Event", rt.eventClass},
		{"EventTarget", rt.eventTargetClass},
		{"AbortController", rt.abortControllerClass},
		{"AbortSignal", rt.abortSignalClass},
	} {
		rt.lazyGlobal(entry.name, func() goja.Value { return entry.make().ctor })
	}
}
