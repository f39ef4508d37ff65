package jsbind

import "github.com/dop251/goja"

// webClasses are the web platform's classes, each made at its first use.
type webClasses struct {
	event, eventTarget, abortSignal, abortController *class
	url, searchParams, paramsIterator                *class
	textEncoder, textDecoder, performance, crypto    *class
	domExceptionClass                                *goja.Object
	realm                                            webRealm
}

// installWeb defines the web platform's globals.
func (rt *Runtime) installWeb() {
	rt.takeWebRealm()
	class := func(c func() *class) func() goja.Value {
		return func() goja.Value { return c().ctor }
	}
	function := func(name string, length int, f func(args []goja.Value) goja.Value) func() goja.Value {
		return func() goja.Value {
			return rt.function(name, length, func(call goja.FunctionCall) goja.Value { return f(call.Arguments) })
		}
	}
	for _, entry := range []struct {
		name string
		make func() goja.Value
	}{
		{"Event", class(rt.eventClass)},
		{"EventTarget", class(rt.eventTargetClass)},
		{"AbortController", class(rt.abortControllerClass)},
		{"AbortSignal", class(rt.abortSignalClass)},
		{"DOMException", func() goja.Value { return rt.domExceptionCtor() }},
		{"URL", class(rt.webURLClass)},
		{"URLSearchParams", class(rt.searchParamsClass)},
		{"TextEncoder", class(rt.textEncoderClass)},
		{"TextDecoder", class(rt.textDecoderClass)},
		{"atob", function("atob", 1, rt.atob)},
		{"btoa", function("btoa", 1, rt.btoa)},
		{"structuredClone", function("structuredClone", 1, rt.structuredClone)},
		{"Performance", class(rt.performanceClass)},
		{"performance", func() goja.Value { return rt.performanceClass().wrap(performance{}) }},
		{"Crypto", class(rt.cryptoClass)},
		{"crypto", func() goja.Value { return rt.cryptoClass().wrap(crypto{}) }},
	} {
		rt.lazyGlobal(entry.name, entry.make)
	}
}
